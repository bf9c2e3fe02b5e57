impl Bank {
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    fn open() -> Self {
        Bank
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    pub fn rating(&mut self, user: u64) -> Result<u32, BankError> {
        Ok(1)
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    pub fn note(&mut self, line: String) {}
}
#[doc(hidden)]
#[automatically_derived]
impl ::noex::rules::ServerBlock for Bank {
    const START: usize = {
        ::noex::rules::init::<Bank, Bank>();
        0
    };
    const MESSAGES: usize = {
        ::noex::rules::argument::<u64>();
        ::noex::rules::reply::<Result<u32, BankError>>();
        ::noex::rules::policy::retried::<u64>();
        ::noex::rules::policy::key::<u64>();
        ::noex::rules::argument::<String>();
        0
    };
}
const _: () = {
    ::noex::rules::policy::circuit_breaker(
        ::noex::resilience::CircuitBreakerOptions::new().failure_threshold(LIMIT),
    );
};
const _: () = {
    ::noex::rules::policy::rate_limit(
        ::noex::resilience::RateLimitOptions::new()
            .limit(100)
            .period(::core::time::Duration::from_millis(60000))
            .max_queue_size(0),
    );
};
const _: () = {
    ::noex::rules::policy::bulkhead(
        ::noex::resilience::BulkheadOptions::new().max_queue(0),
    );
};
const _: () = ::noex::rules::policy::timeout_fits(
    ::core::time::Duration::from_millis(1000),
    <Bank as ::noex::ServerConfig>::CALL_TIMEOUT,
);
///Calls of [`Bank`].
#[allow(
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub
)]
pub enum BankCall {
    Rating { user: u64 },
}
#[automatically_derived]
impl ::noex::Message for BankCall {
    const VARIANTS: &'static [&'static str] = &["rating"];
    const GUARDED: &'static [usize] = &[0];
    fn variant(&self) -> usize {
        match *self {
            Self::Rating { .. } => 0,
        }
    }
}
///Casts of [`Bank`].
#[allow(
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub
)]
pub enum BankCast {
    Note { line: String },
}
#[automatically_derived]
impl ::noex::Message for BankCast {
    const VARIANTS: &'static [&'static str] = &["note"];
    const GUARDED: &'static [usize] = &[0];
    fn variant(&self) -> usize {
        match *self {
            Self::Note { .. } => 0,
        }
    }
}
///Replies of [`Bank`], one variant for each call.
#[allow(
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub
)]
pub enum BankReply {
    Rating(Result<u32, BankError>),
}
/**A reference to [`Bank`], with a method for each of its calls and casts.

Clones are cheap and stay good over restarts. The parameter is always `Bank`; write `BankRef`.*/
#[allow(
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub
)]
pub struct BankRef<Server: ::noex::GenServer = Bank>(::noex::ServerRef<Server>);
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::clone::Clone for BankRef<Server> {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::cmp::PartialEq for BankRef<Server> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::cmp::Eq for BankRef<Server> {}
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::fmt::Debug for BankRef<Server> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Debug::fmt(&self.0, f)
    }
}
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::ops::Deref for BankRef<Server> {
    type Target = ::noex::ServerRef<Server>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::convert::From<::noex::ServerRef<Server>>
for BankRef<Server> {
    fn from(server: ::noex::ServerRef<Server>) -> Self {
        Self(server)
    }
}
#[automatically_derived]
#[allow(private_bounds, private_interfaces, unreachable_patterns, unreachable_pub)]
impl BankRef {
    ///Calls `Bank::rating`.
    pub fn rating(&self, user: u64) -> ::noex::Call<'_, Bank, u32, BankError> {
        ::noex::__private::call(
            &self.0,
            BankCall::Rating { user },
            |__noex_reply| {
                match __noex_reply {
                    BankReply::Rating(__noex_reply) => {
                        ::noex::__private::outcome(__noex_reply)
                    }
                    _ => ::noex::__private::other_reply(),
                }
            },
        )
    }
    ///Casts `Bank::note`.
    pub fn note(&self, line: String) -> ::noex::Cast<'_, Bank> {
        ::noex::ServerRef::cast(&self.0, BankCast::Note { line })
    }
}
#[automatically_derived]
#[allow(private_bounds, private_interfaces, unreachable_pub)]
impl Bank {
    ///Starts `Bank` with what its `open` takes: a builder that is also a future.
    pub fn start() -> ::noex::Start<Bank> {
        ::noex::__private::start(())
    }
    ///`Bank` as a child of a supervisor, which starts each one with a clone of these.
    pub fn child() -> ::noex::ChildSpec {
        ::noex::__private::child::<Bank>(())
    }
    #[doc(hidden)]
    pub fn __noex_args() {}
    ///The running `Bank` that has this name.
    pub fn whereis(name: &str) -> ::core::option::Option<BankRef> {
        ::noex::__private::whereis::<Bank>(name)
    }
    ///The `Bank` that has this name, or a reference to none, whose calls fail with `CallError::NotRunning`.
    pub fn named(name: &str) -> BankRef {
        ::noex::__private::named::<Bank>(name)
    }
}
#[automatically_derived]
impl ::noex::GenServer for Bank {
    type Call = ::noex::__private::Sound<
        BankCall,
        { <Self as ::noex::rules::ServerBlock>::MESSAGES },
    >;
    type Reply = ::noex::__private::Sound<
        BankReply,
        { <Self as ::noex::rules::ServerBlock>::MESSAGES },
    >;
    type Cast = ::noex::__private::Sound<
        BankCast,
        { <Self as ::noex::rules::ServerBlock>::MESSAGES },
    >;
    type Info = ::noex::Never;
    type Continue = ::noex::Never;
    type Ref = BankRef;
    fn protect(__noex_policies: &mut ::noex::Protection<Self>) {
        {
            let __noex_handler = __noex_policies
                .call(
                    "rating",
                    |__noex_reply| match __noex_reply {
                        BankReply::Rating(::core::result::Result::Ok(__noex_it)) => {
                            let _ = __noex_it;
                            ::noex::resilience::Class::Success
                        }
                        BankReply::Rating(::core::result::Result::Err(__noex_it)) => {
                            #[allow(unused_imports)]
                            use ::noex::__private::{ByClass as _, ByDefault as _};
                            let __noex_class = (&::noex::__private::Judged(__noex_it))
                                .class();
                            __noex_class
                        }
                        #[allow(unreachable_patterns)]
                        _ => ::noex::__private::other_reply(),
                    },
                );
            let __noex_handler = __noex_handler
                .fallback::<
                    u32,
                    BankError,
                >(
                    |__noex_reply| match __noex_reply {
                        BankReply::Rating(::core::result::Result::Err(__noex_it)) => {
                            #[allow(unused_imports)]
                            use ::noex::__private::{InNoWords as _, InWords as _};
                            (&::noex::__private::ToldError(__noex_it)).says()
                        }
                        _ => ::core::option::Option::None,
                    },
                    |__noex_reply| match __noex_reply {
                        BankReply::Rating(__noex_reply) => {
                            ::noex::__private::outcome(__noex_reply)
                        }
                        #[allow(unreachable_patterns)]
                        _ => ::noex::__private::other_reply(),
                    },
                    |_| {
                        let __noex_value: u32 = 0;
                        ::core::result::Result::Ok(__noex_value)
                    },
                    BankReply::Rating,
                );
            let __noex_handler = __noex_handler
                .retry(
                    ::noex::resilience::RetryOptions::new()
                        .max_attempts(3)
                        .jitter(::noex::resilience::Jitter::Full),
                    ::core::option::Option::Some(|__noex_reply| match __noex_reply {
                        BankReply::Rating(::core::result::Result::Ok(__noex_it)) => {
                            let _ = __noex_it;
                            ::noex::resilience::Class::Success
                        }
                        BankReply::Rating(::core::result::Result::Err(__noex_it)) => {
                            #[allow(unused_imports)]
                            use ::noex::__private::{ByClass as _, ByDefault as _};
                            let __noex_class = (&::noex::__private::Judged(__noex_it))
                                .class();
                            let __noex_class = ::noex::__private::retried_when(
                                {
                                    let __noex_when: fn(&BankError) -> bool = BankError::is_transient;
                                    __noex_when(__noex_it)
                                },
                                __noex_class,
                            );
                            __noex_class
                        }
                        #[allow(unreachable_patterns)]
                        _ => ::noex::__private::other_reply(),
                    }),
                    |__noex_message| match __noex_message {
                        BankCall::Rating { user } => {
                            BankCall::Rating {
                                user: ::noex::__private::copied::<
                                    ::noex::__private::Sound<
                                        u64,
                                        { <Bank as ::noex::rules::ServerBlock>::MESSAGES },
                                    >,
                                >(user),
                            }
                        }
                        #[allow(unreachable_patterns)]
                        _ => ::noex::__private::other_reply(),
                    },
                );
            let __noex_handler = __noex_handler
                .circuit_breaker(
                    ::noex::resilience::CircuitBreakerOptions::new()
                        .failure_threshold(LIMIT),
                    ::noex::resilience::Scope::Type,
                    ::core::option::Option::None,
                );
            let __noex_handler = __noex_handler
                .rate_limit_by::<
                    ::noex::__private::Sound<
                        u64,
                        { <Bank as ::noex::rules::ServerBlock>::MESSAGES },
                    >,
                >(
                    ::noex::resilience::RateLimitOptions::new()
                        .limit(100)
                        .period(::core::time::Duration::from_millis(60000))
                        .max_queue_size(0),
                    ::noex::resilience::Scope::Server,
                    ::core::option::Option::None,
                    |__noex_message| match __noex_message {
                        BankCall::Rating { user, .. } => user,
                        #[allow(unreachable_patterns)]
                        _ => ::noex::__private::other_reply(),
                    },
                );
            let __noex_handler = __noex_handler
                .bulkhead(
                    ::noex::resilience::BulkheadOptions::new().max_queue(0),
                    ::noex::resilience::Scope::Server,
                    ::core::option::Option::None,
                );
            let __noex_handler = __noex_handler
                .timeout(
                    ::noex::resilience::TimeoutOptions::new()
                        .timeout(::core::time::Duration::from_millis(1000)),
                );
            let _ = __noex_handler;
        }
        {
            let __noex_handler = __noex_policies.cast("note");
            let __noex_handler = __noex_handler
                .rate_limit(
                    ::noex::resilience::RateLimitOptions::new()
                        .limit(5)
                        .period(::core::time::Duration::from_millis(1000))
                        .max_queue_size(0),
                    ::noex::resilience::Scope::Server,
                    ::core::option::Option::None,
                );
            let _ = __noex_handler;
        }
    }
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
    fn call_now(
        &mut self,
        __noex_message: BankCall,
        __noex_cx: &mut ::noex::Context<Self>,
    ) -> ::noex::Now<BankReply, BankCall> {
        match __noex_message {
            BankCall::Rating { user } => {
                ::noex::Now::Done(BankReply::Rating(Self::rating(self, user)))
            }
        }
    }
    #[allow(deprecated)]
    fn cast_now(
        &mut self,
        __noex_message: BankCast,
        __noex_cx: &mut ::noex::Context<Self>,
    ) -> ::noex::Now<(), BankCast> {
        match __noex_message {
            BankCast::Note { line } => ::noex::Now::Done(Self::note(self, line)),
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
