impl Tickets {
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    fn open() -> Self {
        Tickets
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    pub fn take(&mut self, row: u32, reply: ReplyTo<Result<u32, SoldOut>>) {
        self.waiting.push((row, reply))
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    async fn close(&mut self, cx: &mut Context<Self>, reply: ReplyTo<()>) {
        self.closed.push(reply)
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    async fn price(&self, row: u32) -> Result<u32, SoldOut> {
        ask(row).await
    }
}
#[doc(hidden)]
#[automatically_derived]
impl ::noex::rules::ServerBlock for Tickets {
    const START: usize = {
        ::noex::rules::init::<Tickets, Tickets>();
        0
    };
    const MESSAGES: usize = {
        ::noex::rules::argument::<u32>();
        ::noex::rules::reply::<Result<u32, SoldOut>>();
        ::noex::rules::argument::<u32>();
        ::noex::rules::reply::<Result<u32, SoldOut>>();
        0
    };
    const FUTURES: usize = {
        #[allow(unused_imports)]
        use ::noex::__private::NotSendable as _;
        Self::MESSAGES + ::noex::__private::Sendable::<Self>::NO
    };
}
///Calls of [`Tickets`].
#[allow(
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub
)]
pub enum TicketsCall {
    Take { row: u32 },
    Close,
    Price { row: u32 },
}
#[automatically_derived]
impl ::noex::Message for TicketsCall {
    const VARIANTS: &'static [&'static str] = &["take", "close", "price"];
    const ASYNC: u64 = 7;
    fn variant(&self) -> usize {
        match *self {
            Self::Take { .. } => 0,
            Self::Close { .. } => 1,
            Self::Price { .. } => 2,
        }
    }
    #[allow(unreachable_patterns)]
    fn is_deferred(&self) -> bool {
        match *self {
            Self::Take { .. } => true,
            Self::Close { .. } => true,
            Self::Price { .. } => true,
            _ => false,
        }
    }
}
///Replies of [`Tickets`], one variant for each call.
#[allow(
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub
)]
pub enum TicketsReply {
    Take(Result<u32, SoldOut>),
    Close(()),
    Price(Result<u32, SoldOut>),
}
/**A reference to [`Tickets`], with a method for each of its calls and casts.

Clones are cheap and stay good over restarts. The parameter is always `Tickets`; write `TicketsRef`.*/
#[allow(
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub
)]
pub struct TicketsRef<Server: ::noex::GenServer = Tickets>(::noex::ServerRef<Server>);
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::clone::Clone for TicketsRef<Server> {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::cmp::PartialEq for TicketsRef<Server> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::cmp::Eq for TicketsRef<Server> {}
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::fmt::Debug for TicketsRef<Server> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Debug::fmt(&self.0, f)
    }
}
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::ops::Deref for TicketsRef<Server> {
    type Target = ::noex::ServerRef<Server>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::convert::From<::noex::ServerRef<Server>>
for TicketsRef<Server> {
    fn from(server: ::noex::ServerRef<Server>) -> Self {
        Self(server)
    }
}
#[automatically_derived]
#[allow(private_bounds, private_interfaces, unreachable_patterns, unreachable_pub)]
impl TicketsRef {
    ///Calls `Tickets::take`.
    pub fn take(&self, row: u32) -> ::noex::Call<'_, Tickets, u32, SoldOut> {
        ::noex::__private::call(
            &self.0,
            TicketsCall::Take { row },
            |__noex_reply| {
                match __noex_reply {
                    TicketsReply::Take(__noex_reply) => {
                        ::noex::__private::outcome(__noex_reply)
                    }
                    _ => ::noex::__private::other_reply(),
                }
            },
        )
    }
    ///Calls `Tickets::close`.
    fn close(&self) -> ::noex::Call<'_, Tickets, ()> {
        ::noex::__private::call(
            &self.0,
            TicketsCall::Close {},
            |__noex_reply| {
                match __noex_reply {
                    TicketsReply::Close(__noex_reply) => {
                        ::core::result::Result::Ok(__noex_reply)
                    }
                    _ => ::noex::__private::other_reply(),
                }
            },
        )
    }
    ///Calls `Tickets::price`.
    fn price(&self, row: u32) -> ::noex::Call<'_, Tickets, u32, SoldOut> {
        ::noex::__private::call(
            &self.0,
            TicketsCall::Price { row },
            |__noex_reply| {
                match __noex_reply {
                    TicketsReply::Price(__noex_reply) => {
                        ::noex::__private::outcome(__noex_reply)
                    }
                    _ => ::noex::__private::other_reply(),
                }
            },
        )
    }
}
#[automatically_derived]
#[allow(private_bounds, private_interfaces, unreachable_pub)]
impl Tickets {
    ///Starts `Tickets` with what its `open` takes: a builder that is also a future.
    pub fn start() -> ::noex::Start<Tickets> {
        ::noex::__private::start(())
    }
    ///`Tickets` as a child of a supervisor, which starts each one with a clone of these.
    pub fn child() -> ::noex::ChildSpec {
        ::noex::__private::child::<Tickets>(())
    }
    #[doc(hidden)]
    pub fn __noex_args() {}
    ///The running `Tickets` that has this name.
    pub fn whereis(name: &str) -> ::core::option::Option<TicketsRef> {
        ::noex::__private::whereis::<Tickets>(name)
    }
    ///The `Tickets` that has this name, or a reference to none, whose calls fail with `CallError::NotRunning`.
    pub fn named(name: &str) -> TicketsRef {
        ::noex::__private::named::<Tickets>(name)
    }
}
#[automatically_derived]
impl Tickets {
    #[allow(deprecated, private_interfaces)]
    fn __noex_close<'__noex>(
        &'__noex mut self,
        __noex_cx: &'__noex mut ::noex::Context<Self>,
        __noex_reply_to: ReplyTo<()>,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send + '__noex {
        ::noex::__private::future::<
            { <Self as ::noex::rules::ServerBlock>::FUTURES },
            _,
        >(Self::close(self, __noex_cx, __noex_reply_to))
    }
    #[allow(deprecated, private_interfaces)]
    fn __noex_price(
        __noex_state: Self,
        row: u32,
    ) -> impl ::core::future::Future<
        Output = Result<u32, SoldOut>,
    > + ::core::marker::Send + 'static {
        ::noex::__private::future::<
            { <Self as ::noex::rules::ServerBlock>::FUTURES },
            _,
        >(async move { Self::price(&__noex_state, row).await })
    }
}
#[automatically_derived]
impl ::noex::GenServer for Tickets {
    type Call = ::noex::__private::Sound<
        TicketsCall,
        { <Self as ::noex::rules::ServerBlock>::MESSAGES },
    >;
    type Reply = ::noex::__private::Sound<
        TicketsReply,
        { <Self as ::noex::rules::ServerBlock>::MESSAGES },
    >;
    type Cast = ::noex::Never;
    type Info = ::noex::Never;
    type Continue = ::noex::Never;
    type Ref = TicketsRef;
    type Args = ::noex::__private::Sound<
        (),
        { <Self as ::noex::rules::ServerBlock>::START },
    >;
    type InitError = <::noex::__private::Sound<
        Self,
        { <Self as ::noex::rules::ServerBlock>::START },
    > as ::noex::__private::IntoInit<Self>>::Error;
    #[allow(deprecated)]
    async fn init(
        (): ::noex::__private::Sound<
            (),
            { <Self as ::noex::rules::ServerBlock>::START },
        >,
        __noex_cx: &mut ::noex::Context<Self>,
    ) -> ::core::result::Result<::noex::Init<Self>, Self::InitError> {
        <::noex::__private::Sound<
            Self,
            { <Self as ::noex::rules::ServerBlock>::START },
        > as ::noex::__private::IntoInit<Self>>::into_init(Self::open())
    }
    #[allow(deprecated)]
    fn handle_call(
        &mut self,
        __noex_message: ::noex::__private::Sound<
            TicketsCall,
            { <Self as ::noex::rules::ServerBlock>::MESSAGES },
        >,
        __noex_cx: &mut ::noex::Context<Self>,
    ) -> impl ::core::future::Future<
        Output = ::core::option::Option<
            ::noex::__private::Sound<
                TicketsReply,
                { <Self as ::noex::rules::ServerBlock>::MESSAGES },
            >,
        >,
    > + ::core::marker::Send {
        ::noex::__private::future::<
            { <Self as ::noex::rules::ServerBlock>::FUTURES },
            _,
        >(async move {
            match __noex_message {
                TicketsCall::Take { row } => {
                    let __noex_reply_to = ::noex::Context::reply_to(
                        __noex_cx,
                        TicketsReply::Take,
                    );
                    Self::take(self, row, __noex_reply_to);
                    return ::core::option::Option::None;
                }
                TicketsCall::Close {} => {
                    let __noex_reply_to = ::noex::Context::reply_to(
                        __noex_cx,
                        |()| TicketsReply::Close(()),
                    );
                    Self::__noex_close(self, __noex_cx, __noex_reply_to).await;
                    return ::core::option::Option::None;
                }
                TicketsCall::Price { row } => {
                    let __noex_state = ::noex::__private::concurrent_state(&*self);
                    ::noex::Context::beside(
                        __noex_cx,
                        "price",
                        TicketsReply::Price,
                        Self::__noex_price(__noex_state, row),
                    );
                    return ::core::option::Option::None;
                }
            }
        })
    }
    fn terminate_now(
        &mut self,
        __noex_reason: &::noex::ExitReason,
        __noex_cx: &mut ::noex::Context<Self>,
    ) -> ::noex::Now<(), ()> {
        ::noex::Now::Done(())
    }
}
