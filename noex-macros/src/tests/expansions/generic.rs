impl<T: Job, const N: usize> Pool<T, N>
where
    T::Output: Send,
{
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    fn open(job: T) -> Self {
        Pool(job)
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    pub fn swap(&mut self, other: Self) -> Option<Self> {
        None
    }
}
#[doc(hidden)]
#[automatically_derived]
impl<
    T: Job + ::core::marker::Send + 'static,
    const N: usize,
> crate::noex::rules::ServerBlock for Pool<T, N>
where
    T::Output: Send,
{}
const _: () = {
    fn _parameters<T: Job, const N: usize>()
    where
        T::Output: Send,
    {
        crate::noex::rules::parameter::<T>();
    }
    fn _assert<T: Job + ::core::marker::Send + 'static, const N: usize>()
    where
        T::Output: Send,
    {
        crate::noex::rules::argument::<T>();
        crate::noex::rules::init::<Pool<T, N>, Pool<T, N>>();
        crate::noex::rules::argument::<Pool<T, N>>();
        crate::noex::rules::reply::<Option<Pool<T, N>>>();
    }
};
///Calls of [`Pool`].
#[allow(
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub
)]
pub enum PoolCall<T: Job + ::core::marker::Send + 'static, const N: usize>
where
    T::Output: Send,
{
    Swap { other: Pool<T, N> },
    #[doc(hidden)]
    __Phantom(crate::noex::Never, ::core::marker::PhantomData<fn() -> (T,)>),
}
#[automatically_derived]
impl<T: Job + ::core::marker::Send + 'static, const N: usize> crate::noex::Message
for PoolCall<T, N>
where
    T::Output: Send,
{
    const VARIANTS: &'static [&'static str] = &["swap"];
    fn variant(&self) -> usize {
        match *self {
            Self::Swap { .. } => 0,
            Self::__Phantom(ref __noex_never, _) => match *__noex_never {}
        }
    }
}
///Replies of [`Pool`], one variant for each call.
#[allow(
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub
)]
pub enum PoolReply<T: Job + ::core::marker::Send + 'static, const N: usize>
where
    T::Output: Send,
{
    Swap(Option<Pool<T, N>>),
    #[doc(hidden)]
    __Phantom(crate::noex::Never, ::core::marker::PhantomData<fn() -> (T,)>),
}
/**A reference to [`Pool`], with a method for each of its calls and casts.

Clones are cheap and stay good over restarts. The parameter is always `Pool`; write `PoolRef`.*/
#[allow(
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub
)]
pub struct PoolRef<
    T: Job + ::core::marker::Send + 'static,
    const N: usize,
    Server: crate::noex::GenServer = Pool<T, N>,
>(
    crate::noex::ServerRef<Server>,
    ::core::marker::PhantomData<fn() -> (T,)>,
)
where
    T::Output: Send;
#[automatically_derived]
impl<
    T: Job + ::core::marker::Send + 'static,
    const N: usize,
    Server: crate::noex::GenServer,
> ::core::clone::Clone for PoolRef<T, N, Server>
where
    T::Output: Send,
{
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0), ::core::marker::PhantomData)
    }
}
#[automatically_derived]
impl<
    T: Job + ::core::marker::Send + 'static,
    const N: usize,
    Server: crate::noex::GenServer,
> ::core::cmp::PartialEq for PoolRef<T, N, Server>
where
    T::Output: Send,
{
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
#[automatically_derived]
impl<
    T: Job + ::core::marker::Send + 'static,
    const N: usize,
    Server: crate::noex::GenServer,
> ::core::cmp::Eq for PoolRef<T, N, Server>
where
    T::Output: Send,
{}
#[automatically_derived]
impl<
    T: Job + ::core::marker::Send + 'static,
    const N: usize,
    Server: crate::noex::GenServer,
> ::core::fmt::Debug for PoolRef<T, N, Server>
where
    T::Output: Send,
{
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Debug::fmt(&self.0, f)
    }
}
#[automatically_derived]
impl<
    T: Job + ::core::marker::Send + 'static,
    const N: usize,
    Server: crate::noex::GenServer,
> ::core::ops::Deref for PoolRef<T, N, Server>
where
    T::Output: Send,
{
    type Target = crate::noex::ServerRef<Server>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
#[automatically_derived]
impl<
    T: Job + ::core::marker::Send + 'static,
    const N: usize,
    Server: crate::noex::GenServer,
> ::core::convert::From<crate::noex::ServerRef<Server>> for PoolRef<T, N, Server>
where
    T::Output: Send,
{
    fn from(server: crate::noex::ServerRef<Server>) -> Self {
        Self(server, ::core::marker::PhantomData)
    }
}
#[automatically_derived]
#[allow(private_bounds, private_interfaces, unreachable_patterns, unreachable_pub)]
impl<T: Job + ::core::marker::Send + 'static, const N: usize> PoolRef<T, N>
where
    T::Output: Send,
{
    ///Calls `Pool::swap`.
    pub fn swap(
        &self,
        other: Pool<T, N>,
    ) -> crate::noex::Call<'_, Pool<T, N>, Option<Pool<T, N>>> {
        crate::noex::__private::call(
            &self.0,
            PoolCall::Swap { other },
            |__noex_reply| {
                match __noex_reply {
                    PoolReply::Swap(__noex_reply) => {
                        ::core::result::Result::Ok(__noex_reply)
                    }
                    _ => crate::noex::__private::other_reply(),
                }
            },
        )
    }
}
#[automatically_derived]
#[allow(private_bounds, private_interfaces, unreachable_pub)]
impl<T: Job + ::core::marker::Send + 'static, const N: usize> Pool<T, N>
where
    T::Output: Send,
{
    ///Starts `Pool` with what its `open` takes: a builder that is also a future.
    pub fn start(job: T) -> crate::noex::Start<Pool<T, N>> {
        crate::noex::__private::start((job,))
    }
    ///`Pool` as a child of a supervisor, which starts each one with a clone of these.
    pub fn child(job: T) -> crate::noex::ChildSpec
    where
        for<'__noex> (T,): ::core::clone::Clone,
    {
        crate::noex::__private::child::<Pool<T, N>>((job,))
    }
    #[doc(hidden)]
    pub fn __noex_args(job: T) -> (T,) {
        (job,)
    }
    ///The running `Pool` that has this name.
    pub fn whereis(name: &str) -> ::core::option::Option<PoolRef<T, N>> {
        crate::noex::__private::whereis::<Pool<T, N>>(name)
    }
    ///The `Pool` that has this name, or a reference to none, whose calls fail with `CallError::NotRunning`.
    pub fn named(name: &str) -> PoolRef<T, N> {
        crate::noex::__private::named::<Pool<T, N>>(name)
    }
}
#[automatically_derived]
impl<T: Job + ::core::marker::Send + 'static, const N: usize> crate::noex::GenServer
for Pool<T, N>
where
    T::Output: Send,
{
    type Call = PoolCall<T, N>;
    type Reply = PoolReply<T, N>;
    type Cast = crate::noex::Never;
    type Info = crate::noex::Never;
    type Continue = crate::noex::Never;
    type Ref = PoolRef<T, N>;
    type Args = (T,);
    type InitError = <Self as crate::noex::__private::IntoInit<Self>>::Error;
    #[allow(deprecated)]
    async fn init(
        (job,): (T,),
        __noex_cx: &mut crate::noex::Context<Self>,
    ) -> ::core::result::Result<crate::noex::Init<Self>, Self::InitError> {
        <Self as crate::noex::__private::IntoInit<Self>>::into_init(Self::open(job))
    }
    #[allow(deprecated)]
    fn call_now(
        &mut self,
        __noex_message: PoolCall<T, N>,
        __noex_cx: &mut crate::noex::Context<Self>,
    ) -> crate::noex::Now<PoolReply<T, N>, PoolCall<T, N>> {
        match __noex_message {
            PoolCall::Swap { other } => {
                crate::noex::Now::Done(PoolReply::Swap(Self::swap(self, other)))
            }
        }
    }
    fn terminate_now(
        &mut self,
        __noex_reason: &crate::noex::ExitReason,
        __noex_cx: &mut crate::noex::Context<Self>,
    ) -> crate::noex::Now<(), ()> {
        crate::noex::Now::Done(())
    }
}
