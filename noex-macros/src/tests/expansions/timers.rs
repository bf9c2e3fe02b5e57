impl Account {
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    fn open() -> Self {
        Account
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    fn accrue(&mut self) {
        self.cents += 1;
    }
    #[cfg(unix)]
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    async fn report(&self, cx: &mut Context<Self>) {
        report(cx).await
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    fn rest(&mut self) {
        self.cache.clear()
    }
}
#[doc(hidden)]
#[automatically_derived]
impl ::noex::rules::ServerBlock for Account {
    const START: usize = {
        ::noex::rules::init::<Account, Account>();
        0
    };
    const MESSAGES: usize = { 0 };
    const FUTURES: usize = {
        #[allow(unused_imports)]
        use ::noex::__private::NotSendable as _;
        #[cfg(unix)]
        ::noex::rules::shared::<
            ::noex::__private::Sound<Self, { ::noex::__private::Sendable::<Self>::NO }>,
        >();
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
    Accrue,
    #[cfg(unix)]
    Report,
    Rest,
}
#[automatically_derived]
impl ::noex::Message for AccountInfo {
    const VARIANTS: &'static [&'static str] = &["accrue", "report", "rest"];
    const ASYNC: u64 = 2;
    fn variant(&self) -> usize {
        match *self {
            Self::Accrue { .. } => 0,
            #[cfg(unix)]
            Self::Report { .. } => 1,
            Self::Rest { .. } => 2,
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
    fn __noex_report<'__noex>(
        &'__noex mut self,
        __noex_cx: &'__noex mut ::noex::Context<Self>,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send + '__noex {
        ::noex::__private::future::<
            { <Self as ::noex::rules::ServerBlock>::FUTURES },
            _,
        >(Self::report(self, __noex_cx))
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
        ::noex::__private::every(
            __noex_cx,
            ::core::time::Duration::from_millis(3600000),
            ::noex::Missed::Burst,
            || AccountInfo::Accrue {},
        );
        #[cfg(unix)]
        ::noex::__private::every(
            __noex_cx,
            PERIOD,
            ::noex::Missed::Skip,
            || AccountInfo::Report {},
        );
        ::noex::__private::idle(
            __noex_cx,
            &[(::core::time::Duration::from_millis(60000), || AccountInfo::Rest {})],
        );
        __noex_made
    }
    #[allow(deprecated, unreachable_code, unreachable_patterns)]
    fn info_now(
        &mut self,
        __noex_message: AccountInfo,
        __noex_cx: &mut ::noex::Context<Self>,
    ) -> ::noex::Now<(), AccountInfo> {
        match __noex_message {
            AccountInfo::Accrue {} => ::noex::Now::Done(Self::accrue(self)),
            AccountInfo::Rest {} => ::noex::Now::Done(Self::rest(self)),
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
                AccountInfo::Report {} => Self::__noex_report(self, __noex_cx).await,
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
