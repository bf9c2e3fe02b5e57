impl Account {
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    fn open() -> Self {
        Account
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    fn ticked(&mut self, Tick(at): Tick) {
        self.at = at;
    }
    #[cfg(feature = "warm")]
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    fn warm_up(&mut self, warm: Warm) {
        self.warm = true;
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
        ::noex::rules::argument::<Tick>();
        #[cfg(feature = "warm")] ::noex::rules::argument::<Warm>();
        0
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
    Ticked(Tick),
}
#[automatically_derived]
impl ::noex::Message for AccountInfo {
    const VARIANTS: &'static [&'static str] = &["ticked"];
    fn variant(&self) -> usize {
        match *self {
            Self::Ticked { .. } => 0,
        }
    }
}
///What `Account` continues with.
#[allow(
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub
)]
pub enum AccountContinue {
    #[cfg(feature = "warm")]
    WarmUp(Warm),
}
#[automatically_derived]
impl ::noex::Message for AccountContinue {
    const VARIANTS: &'static [&'static str] = &["warm_up"];
    fn variant(&self) -> usize {
        match *self {
            #[cfg(feature = "warm")]
            Self::WarmUp { .. } => 0,
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
    type Continue = ::noex::__private::Sound<
        AccountContinue,
        { <Self as ::noex::rules::ServerBlock>::MESSAGES },
    >;
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
        <::noex::__private::Sound<
            Self,
            { <Self as ::noex::rules::ServerBlock>::START },
        > as ::noex::__private::IntoInit<Self>>::into_init(Self::open())
    }
    #[allow(deprecated)]
    fn info_now(
        &mut self,
        __noex_message: AccountInfo,
        __noex_cx: &mut ::noex::Context<Self>,
    ) -> ::noex::Now<(), AccountInfo> {
        match __noex_message {
            AccountInfo::Ticked(__noex_0) => {
                ::noex::Now::Done(Self::ticked(self, __noex_0))
            }
        }
    }
    #[allow(deprecated, unreachable_code, unreachable_patterns)]
    fn continue_now(
        &mut self,
        __noex_message: AccountContinue,
        __noex_cx: &mut ::noex::Context<Self>,
    ) -> ::noex::Now<(), AccountContinue> {
        match __noex_message {
            #[cfg(feature = "warm")]
            AccountContinue::WarmUp(__noex_0) => {
                ::noex::Now::Done(Self::warm_up(self, __noex_0))
            }
        }
    }
    fn info_from(
        __noex_message: ::noex::__private::Erased,
    ) -> ::core::result::Result<AccountInfo, ::noex::__private::Erased> {
        use ::noex::__private::info_as as __noex_as;
        let __noex_message = ::core::result::Result::Err(__noex_message);
        let __noex_message = __noex_as::<Self, Tick>(__noex_message);
        __noex_message
    }
    fn terminate_now(
        &mut self,
        __noex_reason: &::noex::ExitReason,
        __noex_cx: &mut ::noex::Context<Self>,
    ) -> ::noex::Now<(), ()> {
        ::noex::Now::Done(())
    }
}
#[automatically_derived]
impl ::noex::HandlesInfo<Tick> for Account {
    fn info(message: Tick) -> AccountInfo {
        AccountInfo::Ticked(message)
    }
}
#[cfg(feature = "warm")]
#[automatically_derived]
impl ::noex::HandlesContinue<Warm> for Account {
    fn continuation(message: Warm) -> AccountContinue {
        AccountContinue::WarmUp(message)
    }
}
