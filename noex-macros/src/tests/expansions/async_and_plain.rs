impl Account {
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    async fn open(cx: &mut Context<Self>) -> Result<Init<Self>, io::Error> {
        load(cx).await
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    async fn rating(&self, cx: &mut Context<Self>, branch: String) -> Rating {
        rate(branch).await
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    fn name(&self) -> String {
        self.name.clone()
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    fn close(&mut self, reason: ExitReason) {
        log(reason)
    }
}
#[doc(hidden)]
#[automatically_derived]
impl ::noex::rules::ServerBlock for Account {
    const START: usize = {
        ::noex::rules::init::<Result<Init<Account>, io::Error>, Account>();
        0
    };
    const MESSAGES: usize = {
        ::noex::rules::argument::<String>();
        ::noex::rules::reply::<Rating>();
        ::noex::rules::reply::<String>();
        ::noex::rules::reason::<ExitReason>();
        0
    };
    const FUTURES: usize = {
        #[allow(unused_imports)]
        use ::noex::__private::NotSendable as _;
        ::noex::rules::shared::<
            ::noex::__private::Sound<Self, { ::noex::__private::Sendable::<Self>::NO }>,
        >();
        Self::MESSAGES + ::noex::__private::Sendable::<Self>::NO
    };
}
///Calls of `Account`.
#[allow(
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub
)]
pub enum AccountCall {
    Rating { branch: String },
    Name,
}
#[automatically_derived]
impl ::noex::Message for AccountCall {
    const VARIANTS: &'static [&'static str] = &["rating", "name"];
    const ASYNC: u64 = 1;
    fn variant(&self) -> usize {
        match *self {
            Self::Rating { .. } => 0,
            Self::Name { .. } => 1,
        }
    }
}
///Replies of `Account`, one variant for each call.
#[allow(
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub
)]
pub enum AccountReply {
    Rating(Rating),
    Name(String),
}
/**A reference to `Account`, with a method for each of its calls and casts.

Clones are cheap and stay good over restarts. The parameter is always `Account`; write `AccountRef`.*/
#[allow(
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub
)]
pub struct AccountRef<Server: ::noex::GenServer = Account>(::noex::ServerRef<Server>);
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::clone::Clone for AccountRef<Server> {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::cmp::PartialEq for AccountRef<Server> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::cmp::Eq for AccountRef<Server> {}
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::fmt::Debug for AccountRef<Server> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Debug::fmt(&self.0, f)
    }
}
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::ops::Deref for AccountRef<Server> {
    type Target = ::noex::ServerRef<Server>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::convert::From<::noex::ServerRef<Server>>
for AccountRef<Server> {
    fn from(server: ::noex::ServerRef<Server>) -> Self {
        Self(server)
    }
}
#[automatically_derived]
#[allow(private_bounds, private_interfaces, unreachable_patterns, unreachable_pub)]
impl AccountRef {
    ///Calls `Account::rating`.
    fn rating(&self, branch: String) -> ::noex::Call<'_, Account, Rating> {
        ::noex::__private::call(
            &self.0,
            AccountCall::Rating { branch },
            |__noex_reply| {
                match __noex_reply {
                    AccountReply::Rating(__noex_reply) => {
                        ::core::result::Result::Ok(__noex_reply)
                    }
                    _ => ::noex::__private::other_reply(),
                }
            },
        )
    }
    ///Calls `Account::name`.
    fn name(&self) -> ::noex::Call<'_, Account, String> {
        ::noex::__private::call(
            &self.0,
            AccountCall::Name {},
            |__noex_reply| {
                match __noex_reply {
                    AccountReply::Name(__noex_reply) => {
                        ::core::result::Result::Ok(__noex_reply)
                    }
                    _ => ::noex::__private::other_reply(),
                }
            },
        )
    }
}
#[automatically_derived]
#[allow(private_bounds, private_interfaces, unreachable_pub)]
impl Account {
    ///Starts `Account` with what its `open` takes: a builder that is also a future.
    pub fn start() -> ::noex::Start<Account> {
        ::noex::__private::start(())
    }
    ///`Account` as a child of a supervisor, which starts each one with a clone of these.
    pub fn child() -> ::noex::ChildSpec {
        ::noex::__private::child::<Account>(())
    }
    #[doc(hidden)]
    pub fn __noex_args() {}
    ///The running `Account` that has this name.
    pub fn whereis(name: &str) -> ::core::option::Option<AccountRef> {
        ::noex::__private::whereis::<Account>(name)
    }
    ///The `Account` that has this name, or a reference to none, whose calls fail with `CallError::NotRunning`.
    pub fn named(name: &str) -> AccountRef {
        ::noex::__private::named::<Account>(name)
    }
}
#[automatically_derived]
impl Account {
    #[allow(deprecated, private_interfaces)]
    fn __noex_open<'__noex>(
        __noex_cx: &'__noex mut ::noex::Context<Self>,
    ) -> impl ::core::future::Future<
        Output = Result<Init<Account>, io::Error>,
    > + ::core::marker::Send + '__noex {
        ::noex::__private::future::<
            {
                <Self as ::noex::rules::ServerBlock>::START
                    + <Self as ::noex::rules::ServerBlock>::FUTURES
            },
            _,
        >(Self::open(__noex_cx))
    }
    #[allow(deprecated, private_interfaces)]
    fn __noex_rating<'__noex>(
        &'__noex mut self,
        __noex_cx: &'__noex mut ::noex::Context<Self>,
        branch: String,
    ) -> impl ::core::future::Future<Output = Rating> + ::core::marker::Send + '__noex {
        ::noex::__private::future::<
            { <Self as ::noex::rules::ServerBlock>::FUTURES },
            _,
        >(Self::rating(self, __noex_cx, branch))
    }
}
#[automatically_derived]
impl ::noex::GenServer for Account {
    type Call = ::noex::__private::Sound<
        AccountCall,
        { <Self as ::noex::rules::ServerBlock>::MESSAGES },
    >;
    type Reply = ::noex::__private::Sound<
        AccountReply,
        { <Self as ::noex::rules::ServerBlock>::MESSAGES },
    >;
    type Cast = ::noex::Never;
    type Info = ::noex::Never;
    type Continue = ::noex::Never;
    type Ref = AccountRef;
    type Args = ::noex::__private::Sound<
        (),
        { <Self as ::noex::rules::ServerBlock>::START },
    >;
    type InitError = <::noex::__private::Sound<
        Result<Init<Self>, io::Error>,
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
            Result<Init<Self>, io::Error>,
            { <Self as ::noex::rules::ServerBlock>::START },
        > as ::noex::__private::IntoInit<
            Self,
        >>::into_init(Self::__noex_open(__noex_cx).await)
    }
    #[allow(deprecated)]
    fn call_now(
        &mut self,
        __noex_message: AccountCall,
        __noex_cx: &mut ::noex::Context<Self>,
    ) -> ::noex::Now<AccountReply, AccountCall> {
        match __noex_message {
            AccountCall::Name {} => {
                ::noex::Now::Done(AccountReply::Name(Self::name(self)))
            }
            __noex_message => ::noex::Now::Later(__noex_message),
        }
    }
    #[allow(deprecated)]
    fn handle_call(
        &mut self,
        __noex_message: ::noex::__private::Sound<
            AccountCall,
            { <Self as ::noex::rules::ServerBlock>::MESSAGES },
        >,
        __noex_cx: &mut ::noex::Context<Self>,
    ) -> impl ::core::future::Future<
        Output = ::core::option::Option<
            ::noex::__private::Sound<
                AccountReply,
                { <Self as ::noex::rules::ServerBlock>::MESSAGES },
            >,
        >,
    > + ::core::marker::Send {
        ::noex::__private::future::<
            { <Self as ::noex::rules::ServerBlock>::FUTURES },
            _,
        >(async move {
            ::core::option::Option::Some(
                match __noex_message {
                    AccountCall::Rating { branch } => {
                        AccountReply::Rating(
                            Self::__noex_rating(self, __noex_cx, branch).await,
                        )
                    }
                    __noex_message => {
                        ::noex::__private::done(
                            ::noex::GenServer::call_now(self, __noex_message, __noex_cx),
                        )
                    }
                },
            )
        })
    }
    #[allow(deprecated)]
    fn terminate_now(
        &mut self,
        __noex_reason: &::noex::ExitReason,
        __noex_cx: &mut ::noex::Context<Self>,
    ) -> ::noex::Now<(), ()> {
        let __noex_0: ::noex::__private::Sound<
            _,
            { <Self as ::noex::rules::ServerBlock>::MESSAGES },
        > = ::core::clone::Clone::clone(__noex_reason);
        ::noex::Now::Done(Self::close(self, __noex_0))
    }
}
