impl Account {
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    fn open() -> Self {
        Account
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    fn rate_changed(&mut self, topic: Topic, rate: Rate) {
        self.rates.insert(topic, rate)
    }
    #[cfg(unix)]
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    async fn alarmed(&mut self, cx: &mut Context<Self>, alarm: Alarm) {
        self.close(cx, alarm).await
    }
}
#[doc(hidden)]
#[automatically_derived]
impl ::noex::rules::ServerBlock for Account {
    const START: usize = {
        ::noex::rules::init::<Account, Account>();
        0
    };
    const MESSAGES: usize = {
        ::noex::rules::topic::<Topic>();
        ::noex::rules::event::<Rate>();
        ::noex::rules::buffer(16);
        #[cfg(unix)] ::noex::rules::event::<Alarm>();
        #[cfg(unix)] ::noex::rules::pattern(ALARMS);
        0
    };
    const FUTURES: usize = {
        #[allow(unused_imports)]
        use ::noex::__private::NotSendable as _;
        Self::MESSAGES + ::noex::__private::Sendable::<Self>::NO
    };
}
///Other messages that `Account` handles.
#[allow(
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub
)]
pub enum AccountInfo {
    RateChanged { topic: Topic, rate: Rate },
    #[cfg(unix)]
    Alarmed { alarm: Alarm },
}
#[automatically_derived]
impl ::noex::Message for AccountInfo {
    const VARIANTS: &'static [&'static str] = &["rate_changed", "alarmed"];
    const ASYNC: u64 = 2;
    fn variant(&self) -> usize {
        match *self {
            Self::RateChanged { .. } => 0,
            #[cfg(unix)]
            Self::Alarmed { .. } => 1,
        }
    }
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
impl AccountRef {}
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
    #[cfg(unix)]
    #[allow(deprecated, private_interfaces)]
    fn __noex_alarmed<'__noex>(
        &'__noex mut self,
        __noex_cx: &'__noex mut ::noex::Context<Self>,
        alarm: Alarm,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send + '__noex {
        ::noex::__private::future::<
            { <Self as ::noex::rules::ServerBlock>::FUTURES },
            _,
        >(Self::alarmed(self, __noex_cx, alarm))
    }
}
#[automatically_derived]
impl ::noex::GenServer for Account {
    type Call = ::noex::Never;
    type Reply = ::noex::__private::Sound<
        ::noex::Never,
        { <Self as ::noex::rules::ServerBlock>::MESSAGES },
    >;
    type Cast = ::noex::Never;
    type Info = ::noex::__private::Sound<
        AccountInfo,
        { <Self as ::noex::rules::ServerBlock>::MESSAGES },
    >;
    type Continue = ::noex::Never;
    type Ref = AccountRef;
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
        let __noex_made = <::noex::__private::Sound<
            Self,
            { <Self as ::noex::rules::ServerBlock>::START },
        > as ::noex::__private::IntoInit<Self>>::into_init(Self::open());
        if ::noex::__private::is_born(&__noex_made) {
            ::noex::__private::subscribe(
                __noex_cx,
                "rate_changed",
                const { ::noex::event_bus::Pattern::from_static("rates.*") },
                const {
                    ::noex::event_bus::Buffer::new(16)
                        .overflow(::noex::event_bus::Overflow::Wait)
                },
                |
                    __noex_topic: &::noex::event_bus::Topic,
                    __noex_event: ::noex::__private::Sound<
                        Rate,
                        { <Self as ::noex::rules::ServerBlock>::MESSAGES },
                    >|
                {
                    let __noex_topic: ::noex::__private::Sound<
                        _,
                        { <Self as ::noex::rules::ServerBlock>::MESSAGES },
                    > = ::core::clone::Clone::clone(__noex_topic);
                    AccountInfo::RateChanged {
                        topic: __noex_topic,
                        rate: __noex_event,
                    }
                },
            );
            #[cfg(unix)]
            ::noex::__private::subscribe(
                __noex_cx,
                "alarmed",
                const { ::noex::event_bus::Pattern::from_static(ALARMS) },
                const { ::noex::event_bus::Buffer::DEFAULT },
                |
                    _: &::noex::event_bus::Topic,
                    __noex_event: ::noex::__private::Sound<
                        Alarm,
                        { <Self as ::noex::rules::ServerBlock>::MESSAGES },
                    >|
                {
                    AccountInfo::Alarmed {
                        alarm: __noex_event,
                    }
                },
            );
        }
        __noex_made
    }
    #[allow(deprecated, unreachable_code, unreachable_patterns)]
    fn info_now(
        &mut self,
        __noex_message: AccountInfo,
        __noex_cx: &mut ::noex::Context<Self>,
    ) -> ::noex::Now<(), AccountInfo> {
        match __noex_message {
            AccountInfo::RateChanged { topic, rate } => {
                ::noex::Now::Done(Self::rate_changed(self, topic, rate))
            }
            __noex_message => ::noex::Now::Later(__noex_message),
        }
    }
    #[allow(deprecated, unreachable_code, unreachable_patterns)]
    fn handle_info(
        &mut self,
        __noex_message: ::noex::__private::Sound<
            AccountInfo,
            { <Self as ::noex::rules::ServerBlock>::MESSAGES },
        >,
        __noex_cx: &mut ::noex::Context<Self>,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send {
        ::noex::__private::future::<
            { <Self as ::noex::rules::ServerBlock>::FUTURES },
            _,
        >(async move {
            match __noex_message {
                #[cfg(unix)]
                AccountInfo::Alarmed { alarm } => {
                    Self::__noex_alarmed(self, __noex_cx, alarm).await
                }
                __noex_message => {
                    ::noex::__private::done(
                        ::noex::GenServer::info_now(self, __noex_message, __noex_cx),
                    )
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
