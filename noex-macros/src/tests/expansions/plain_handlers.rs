impl Account {
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    fn open(cents: i64) -> Self {
        Account { cents }
    }
    /// Takes `amount` out.
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    pub fn withdraw(&mut self, amount: i64) -> Result<i64, Overdrawn> {
        Ok(self.cents)
    }
    const LEAST: i64 = 1;
    fn helper(&self) -> bool {
        self.cents < Self::LEAST
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    pub fn deposit(&mut self, amount: i64) {
        self.cents += amount;
    }
}
#[doc(hidden)]
#[automatically_derived]
impl ::noex::rules::ServerBlock for Account {
    const START: usize = {
        ::noex::rules::argument::<i64>();
        ::noex::rules::init::<Account, Account>();
        0
    };
    const MESSAGES: usize = {
        ::noex::rules::argument::<i64>();
        ::noex::rules::reply::<Result<i64, Overdrawn>>();
        ::noex::rules::argument::<i64>();
        0
    };
}
///Calls of [`Account`].
#[allow(
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub
)]
pub enum AccountCall {
    Withdraw { amount: i64 },
}
#[automatically_derived]
impl ::noex::Message for AccountCall {
    const VARIANTS: &'static [&'static str] = &["withdraw"];
    fn variant(&self) -> usize {
        match *self {
            Self::Withdraw { .. } => 0,
        }
    }
}
///Casts of [`Account`].
#[allow(
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub
)]
pub enum AccountCast {
    Deposit { amount: i64 },
}
#[automatically_derived]
impl ::noex::Message for AccountCast {
    const VARIANTS: &'static [&'static str] = &["deposit"];
    fn variant(&self) -> usize {
        match *self {
            Self::Deposit { .. } => 0,
        }
    }
}
///Replies of [`Account`], one variant for each call.
#[allow(
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub
)]
pub enum AccountReply {
    Withdraw(Result<i64, Overdrawn>),
}
/**A reference to [`Account`], with a method for each of its calls and casts.

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
    /// Takes `amount` out.
    pub fn withdraw(&self, amount: i64) -> ::noex::Call<'_, Account, i64, Overdrawn> {
        ::noex::__private::limited(
            ::noex::__private::call(
                &self.0,
                AccountCall::Withdraw { amount },
                |__noex_reply| {
                    match __noex_reply {
                        AccountReply::Withdraw(__noex_reply) => {
                            ::noex::__private::outcome(__noex_reply)
                        }
                        _ => ::noex::__private::other_reply(),
                    }
                },
            ),
            ::core::option::Option::Some(::core::time::Duration::from_millis(1000)),
        )
    }
    ///Casts `Account::deposit`.
    pub fn deposit(&self, amount: i64) -> ::noex::Cast<'_, Account> {
        ::noex::ServerRef::cast(&self.0, AccountCast::Deposit { amount })
    }
}
#[automatically_derived]
#[allow(private_bounds, private_interfaces, unreachable_pub)]
impl Account {
    ///Starts `Account` with what its `open` takes: a builder that is also a future.
    pub fn start(cents: i64) -> ::noex::Start<Account> {
        ::noex::__private::start((cents,))
    }
    ///`Account` as a child of a supervisor, which starts each one with a clone of these.
    pub fn child(cents: i64) -> ::noex::ChildSpec
    where
        for<'__noex> (i64,): ::core::clone::Clone,
    {
        ::noex::__private::child::<Account>((cents,))
    }
    #[doc(hidden)]
    pub fn __noex_args(cents: i64) -> (i64,) {
        (cents,)
    }
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
    type Call = ::noex::__private::Sound<
        AccountCall,
        { <Self as ::noex::rules::ServerBlock>::MESSAGES },
    >;
    type Reply = ::noex::__private::Sound<
        AccountReply,
        { <Self as ::noex::rules::ServerBlock>::MESSAGES },
    >;
    type Cast = ::noex::__private::Sound<
        AccountCast,
        { <Self as ::noex::rules::ServerBlock>::MESSAGES },
    >;
    type Info = ::noex::Never;
    type Continue = ::noex::Never;
    type Ref = AccountRef;
    type Args = ::noex::__private::Sound<
        (i64,),
        { <Self as ::noex::rules::ServerBlock>::START },
    >;
    type InitError = <::noex::__private::Sound<
        Self,
        { <Self as ::noex::rules::ServerBlock>::START },
    > as ::noex::__private::IntoInit<Self>>::Error;
    #[allow(deprecated)]
    async fn init(
        (
            cents,
        ): ::noex::__private::Sound<
            (i64,),
            { <Self as ::noex::rules::ServerBlock>::START },
        >,
        __noex_cx: &mut ::noex::Context<Self>,
    ) -> ::core::result::Result<::noex::Init<Self>, Self::InitError> {
        <::noex::__private::Sound<
            Self,
            { <Self as ::noex::rules::ServerBlock>::START },
        > as ::noex::__private::IntoInit<Self>>::into_init(Self::open(cents))
    }
    #[allow(deprecated)]
    fn call_now(
        &mut self,
        __noex_message: AccountCall,
        __noex_cx: &mut ::noex::Context<Self>,
    ) -> ::noex::Now<AccountReply, AccountCall> {
        match __noex_message {
            AccountCall::Withdraw { amount } => {
                ::noex::Now::Done(AccountReply::Withdraw(Self::withdraw(self, amount)))
            }
        }
    }
    #[allow(deprecated)]
    fn cast_now(
        &mut self,
        __noex_message: AccountCast,
        __noex_cx: &mut ::noex::Context<Self>,
    ) -> ::noex::Now<(), AccountCast> {
        match __noex_message {
            AccountCast::Deposit { amount } => {
                ::noex::Now::Done(Self::deposit(self, amount))
            }
        }
    }
    fn terminate_now(
        &mut self,
        __noex_reason: &::noex::ExitReason,
        __noex_cx: &mut ::noex::Context<Self>,
    ) -> ::noex::Now<(), ()> {
        ::noex::Now::Done(())
    }
}
