///A supervision tree.
///
/**```text
Bank: one_for_one
├─ ledger: Ledger<S>
└─ branch: supervisor Branch<T> (shutdown: 9s)
```*/
///
/**```mermaid
graph TD
    n0["Bank: one_for_one"]
    n1("ledger: Ledger#lt;S#gt;")
    n0 --> n1
    n2["branch: supervisor Branch#lt;T#gt; (shutdown: 9s)"]
    n0 --> n2
```*/
///
///Trees below it: [`Branch`].
#[allow(rustdoc::private_intra_doc_links)]
#[must_use = "the tree stops when the last reference to it is dropped"]
pub struct Bank<S: Store + ::core::marker::Send + 'static, T>
where
    T: Clone,
    T: ::core::marker::Send + 'static,
{
    #[allow(dead_code)]
    ledger: ::noex::__private::ChildRef<Ledger<S>, 0>,
    #[allow(dead_code)]
    branch: Branch<T>,
    __noex_types: ::core::marker::PhantomData<fn() -> (S, T)>,
    __noex_supervisor: ::noex::SupervisorRef,
}
#[automatically_derived]
impl<S: Store + ::core::marker::Send + 'static, T> ::core::clone::Clone for Bank<S, T>
where
    T: Clone,
    T: ::core::marker::Send + 'static,
{
    fn clone(&self) -> Self {
        Self {
            ledger: ::core::clone::Clone::clone(&self.ledger),
            branch: ::core::clone::Clone::clone(&self.branch),
            __noex_types: ::core::marker::PhantomData,
            __noex_supervisor: ::core::clone::Clone::clone(&self.__noex_supervisor),
        }
    }
}
#[automatically_derived]
impl<S: Store + ::core::marker::Send + 'static, T> ::core::fmt::Debug for Bank<S, T>
where
    T: Clone,
    T: ::core::marker::Send + 'static,
{
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Debug::fmt(&self.__noex_supervisor, f)
    }
}
#[automatically_derived]
impl<S: Store + ::core::marker::Send + 'static, T> ::core::ops::Deref for Bank<S, T>
where
    T: Clone,
    T: ::core::marker::Send + 'static,
{
    type Target = ::noex::SupervisorRef;
    fn deref(&self) -> &Self::Target {
        &self.__noex_supervisor
    }
}
#[automatically_derived]
#[allow(private_interfaces)]
impl<S: Store + ::core::marker::Send + 'static, T> Bank<S, T>
where
    T: Clone,
    T: ::core::marker::Send + 'static,
{
    ///Starts `Bank` and its children, in the order they are written.
    pub fn start(store: S) -> ::noex::StartTree<Bank<S, T>> {
        const {
            ::noex::__private::hold(
                ::noex::__private::has_own_names::<Bank<S, T>>("branch"),
                "a server of `Branch<T>` has a static `name`, which a child before `branch` has as well",
            )
        };
        const {
            ::noex::__private::hold(
                ::noex::__private::has_time_for::<
                    Branch<T>,
                >(::core::time::Duration::from_millis(9000)),
                "a child of `Branch<T>` is given more time to shut down than the 9s of the whole tree",
            )
        };
        let mut __noex_tree = ::noex::Supervisor::builder("Bank");
        __noex_tree.strategy(::noex::Strategy::OneForOne);
        let ledger = __noex_tree
            .child::<
                ::noex::__private::ChildServer<Ledger<S>, 0>,
            >(
                ::noex::ChildOptions::new("ledger"),
                {
                    #[allow(unused_variables)]
                    let store = ::core::clone::Clone::clone(&store);
                    move || {
                        #[allow(unused_variables)]
                        let store = ::core::clone::Clone::clone(&store);
                        <Ledger<S>>::__noex_args(store)
                    }
                },
            );
        let branch = __noex_tree
            .nest::<
                Branch<T>,
            >(
                ::noex::ChildOptions::new("branch")
                    .shutdown(
                        ::noex::Shutdown::Timeout(
                            ::core::time::Duration::from_millis(9000),
                        ),
                    ),
                { <Branch<T>>::start() },
            );
        ::noex::__private::start_tree(
            __noex_tree,
            move |__noex_supervisor| Bank {
                ledger,
                branch,
                __noex_types: ::core::marker::PhantomData,
                __noex_supervisor,
            },
        )
    }
    ///The child `ledger`: `Ledger<S>`.
    #[allow(dead_code)]
    pub fn ledger(&self) -> &::noex::__private::ChildRef<Ledger<S>, 0> {
        &self.ledger
    }
    ///The child `branch`: `supervisor Branch<T>`.
    #[allow(dead_code)]
    pub fn branch(&self) -> &Branch<T> {
        &self.branch
    }
    #[allow(non_upper_case_globals)]
    const __noex_ledger: usize = {
        ::noex::rules::child::<Ledger<S>>();
        0
    };
    #[allow(non_upper_case_globals)]
    const __noex_branch: usize = {
        ::noex::rules::tree::<Branch<T>>();
        0
    };
}
#[automatically_derived]
impl<S: Store + ::core::marker::Send + 'static, T> ::noex::supervisor::DeclaredTree
for Bank<S, T>
where
    T: Clone,
    T: ::core::marker::Send + 'static,
{
    const CHILDREN: &'static [::noex::supervisor::DeclaredChild] = &[
        ::noex::supervisor::DeclaredChild::server::<
            ::noex::__private::ChildServer<Ledger<S>, 0>,
        >("ledger"),
        ::noex::supervisor::DeclaredChild::tree::<Branch<T>>("branch")
            .shutdown(
                ::noex::Shutdown::Timeout(::core::time::Duration::from_millis(9000)),
            ),
    ];
}
const _: () = {
    fn _parameters<S: Store, T>()
    where
        T: Clone,
    {
        ::noex::rules::parameter::<S>();
        ::noex::rules::parameter::<T>();
    }
};
