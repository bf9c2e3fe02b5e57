impl Mailer {
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    fn open() -> Self {
        Mailer
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    fn deliver(&mut self, mail: Mail, tries: u32) -> Result<Receipt, MailError> {
        Err(MailError)
    }
}
#[doc(hidden)]
#[automatically_derived]
impl ::noex::rules::ServerBlock for Mailer {
    const START: usize = {
        ::noex::rules::init::<Mailer, Mailer>();
        0
    };
    const MESSAGES: usize = {
        ::noex::rules::argument::<Mail>();
        ::noex::rules::argument::<u32>();
        ::noex::rules::reply::<Result<Receipt, MailError>>();
        0
    };
}
///Calls of `Mailer`.
#[allow(
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub
)]
pub enum MailerCall {
    Deliver { mail: Mail, tries: u32 },
}
#[automatically_derived]
impl ::noex::Message for MailerCall {
    const VARIANTS: &'static [&'static str] = &["deliver"];
    fn variant(&self) -> usize {
        match *self {
            Self::Deliver { .. } => 0,
        }
    }
}
///Replies of `Mailer`, one variant for each call.
#[allow(
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub
)]
pub enum MailerReply {
    Deliver(Result<Receipt, MailError>),
}
/**A reference to `Mailer`, with a method for each of its calls and casts.

Clones are cheap and stay good over restarts. The parameter is always `Mailer`; write `MailerRef`.*/
#[allow(
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub
)]
pub struct MailerRef<Server: ::noex::GenServer = Mailer>(::noex::ServerRef<Server>);
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::clone::Clone for MailerRef<Server> {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::cmp::PartialEq for MailerRef<Server> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::cmp::Eq for MailerRef<Server> {}
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::fmt::Debug for MailerRef<Server> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Debug::fmt(&self.0, f)
    }
}
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::ops::Deref for MailerRef<Server> {
    type Target = ::noex::ServerRef<Server>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
#[automatically_derived]
impl<Server: ::noex::GenServer> ::core::convert::From<::noex::ServerRef<Server>>
for MailerRef<Server> {
    fn from(server: ::noex::ServerRef<Server>) -> Self {
        Self(server)
    }
}
#[automatically_derived]
#[allow(private_bounds, private_interfaces, unreachable_patterns, unreachable_pub)]
impl MailerRef {
    ///Calls `Mailer::deliver`.
    fn deliver(
        &self,
        mail: Mail,
        tries: u32,
    ) -> ::noex::Call<'_, Mailer, Receipt, MailError> {
        ::noex::__private::call(
            &self.0,
            MailerCall::Deliver { mail, tries },
            |__noex_reply| {
                match __noex_reply {
                    MailerReply::Deliver(__noex_reply) => {
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
impl Mailer {
    ///Starts `Mailer` with what its `open` takes: a builder that is also a future.
    pub fn start() -> ::noex::Start<Mailer> {
        ::noex::__private::start(())
    }
    ///`Mailer` as a child of a supervisor, which starts each one with a clone of these.
    pub fn child() -> ::noex::ChildSpec {
        ::noex::__private::child::<Mailer>(())
    }
    #[doc(hidden)]
    pub fn __noex_args() {}
    ///The running `Mailer` that has this name.
    pub fn whereis(name: &str) -> ::core::option::Option<MailerRef> {
        ::noex::__private::whereis::<Mailer>(name)
    }
    ///The `Mailer` that has this name, or a reference to none, whose calls fail with `CallError::NotRunning`.
    pub fn named(name: &str) -> MailerRef {
        ::noex::__private::named::<Mailer>(name)
    }
}
#[automatically_derived]
impl ::noex::GenServer for Mailer {
    type Call = ::noex::__private::Sound<
        MailerCall,
        { <Self as ::noex::rules::ServerBlock>::MESSAGES },
    >;
    type Reply = ::noex::__private::Sound<
        MailerReply,
        { <Self as ::noex::rules::ServerBlock>::MESSAGES },
    >;
    type Cast = ::noex::Never;
    type Info = ::noex::Never;
    type Continue = ::noex::Never;
    type Ref = MailerRef;
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
        __noex_message: MailerCall,
        __noex_cx: &mut ::noex::Context<Self>,
    ) -> ::noex::Now<MailerReply, MailerCall> {
        match __noex_message {
            MailerCall::Deliver { mail, tries } => {
                ::noex::Now::Done(MailerReply::Deliver(Self::deliver(self, mail, tries)))
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
#[automatically_derived]
#[allow(private_interfaces)]
impl ::noex::Work for Mailer {
    type Job = (Mail, u32);
    type Output = Receipt;
    type Error = MailError;
    const IS_CONCURRENT: bool = false;
    fn work(
        __noex_worker: &<Self as ::noex::GenServer>::Ref,
        (mail, tries): Self::Job,
    ) -> ::noex::Call<'_, Self, Self::Output, Self::Error> {
        __noex_worker.deliver(mail, tries)
    }
}
