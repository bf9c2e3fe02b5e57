/// The bank.
///
/**```text
Bank: rest_for_one, at most 5 restarts in 30s
├─ ledger: Ledger
├─ account: Account (transient, shutdown: 5s)
└─ audit: Audit, uses ledger, account
```*/
///
/**```mermaid
graph TD
    n0["Bank: rest_for_one, at most 5 restarts in 30s"]
    n1("ledger: Ledger")
    n0 --> n1
    n2("account: Account (transient, shutdown: 5s)")
    n0 --> n2
    n3("audit: Audit")
    n0 --> n3
    n3 -. uses .-> n1
    n3 -. uses .-> n2
```*/
#[must_use = "the tree stops when the last reference to it is dropped"]
pub struct Bank {
    #[allow(dead_code)]
    ledger: ::noex::__private::ChildRef<Ledger, { Bank::__noex_ledger }>,
    #[allow(dead_code)]
    account: ::noex::__private::ChildRef<Account, { Bank::__noex_account }>,
    #[allow(dead_code)]
    audit: ::noex::__private::ChildRef<Audit, { Bank::__noex_audit }>,
    __noex_supervisor: ::noex::SupervisorRef,
}
#[automatically_derived]
impl ::core::clone::Clone for Bank {
    fn clone(&self) -> Self {
        Self {
            ledger: ::core::clone::Clone::clone(&self.ledger),
            account: ::core::clone::Clone::clone(&self.account),
            audit: ::core::clone::Clone::clone(&self.audit),
            __noex_supervisor: ::core::clone::Clone::clone(&self.__noex_supervisor),
        }
    }
}
#[automatically_derived]
impl ::core::fmt::Debug for Bank {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Debug::fmt(&self.__noex_supervisor, f)
    }
}
#[automatically_derived]
impl ::core::ops::Deref for Bank {
    type Target = ::noex::SupervisorRef;
    fn deref(&self) -> &Self::Target {
        &self.__noex_supervisor
    }
}
#[automatically_derived]
#[allow(private_interfaces)]
impl Bank {
    ///Starts `Bank` and its children, in the order they are written.
    pub fn start(config: Config) -> ::noex::StartTree<Bank> {
        let mut __noex_tree = ::noex::Supervisor::builder("Bank");
        __noex_tree.strategy(::noex::Strategy::RestForOne);
        __noex_tree.restarts(5u32, ::core::time::Duration::from_millis(30000));
        let ledger = __noex_tree
            .child::<
                ::noex::__private::ChildServer<Ledger, { Bank::__noex_ledger }>,
            >(
                ::noex::ChildOptions::new("ledger"),
                {
                    #[allow(unused_variables)]
                    let config = ::core::clone::Clone::clone(&config);
                    move || {
                        #[allow(unused_variables)]
                        let config = ::core::clone::Clone::clone(&config);
                        <::noex::__private::Sound<
                            Ledger,
                            { Bank::__noex_ledger },
                        >>::__noex_args(config.path.clone())
                    }
                },
            );
        let account = __noex_tree
            .child::<
                ::noex::__private::ChildServer<Account, { Bank::__noex_account }>,
            >(
                ::noex::ChildOptions::new("account")
                    .restart(::noex::Restart::Transient)
                    .shutdown(
                        ::noex::Shutdown::Timeout(
                            ::core::time::Duration::from_millis(5000),
                        ),
                    ),
                {
                    #[allow(unused_variables)]
                    let config = ::core::clone::Clone::clone(&config);
                    move || {
                        #[allow(unused_variables)]
                        let config = ::core::clone::Clone::clone(&config);
                        <::noex::__private::Sound<
                            Account,
                            { Bank::__noex_account },
                        >>::__noex_args(config.opening)
                    }
                },
            );
        let audit = __noex_tree
            .child::<
                ::noex::__private::ChildServer<Audit, { Bank::__noex_audit }>,
            >(
                ::noex::ChildOptions::new("audit"),
                {
                    #[allow(unused_variables)]
                    let ledger = ::core::clone::Clone::clone(&ledger);
                    #[allow(unused_variables)]
                    let account = ::core::clone::Clone::clone(&account);
                    move || {
                        #[allow(unused_variables)]
                        let ledger = ::core::clone::Clone::clone(&ledger);
                        #[allow(unused_variables)]
                        let account = ::core::clone::Clone::clone(&account);
                        <::noex::__private::Sound<
                            Audit,
                            { Bank::__noex_audit },
                        >>::__noex_args(ledger, account)
                    }
                },
            );
        ::noex::__private::start_tree(
            __noex_tree,
            move |__noex_supervisor| Bank {
                ledger,
                account,
                audit,
                __noex_supervisor,
            },
        )
    }
    ///The child `ledger`: `Ledger`.
    #[allow(dead_code)]
    pub fn ledger(
        &self,
    ) -> &::noex::__private::ChildRef<Ledger, { Bank::__noex_ledger }> {
        &self.ledger
    }
    ///The child `account`: `Account`.
    #[allow(dead_code)]
    pub fn account(
        &self,
    ) -> &::noex::__private::ChildRef<Account, { Bank::__noex_account }> {
        &self.account
    }
    ///The child `audit`: `Audit`.
    #[allow(dead_code)]
    pub fn audit(&self) -> &::noex::__private::ChildRef<Audit, { Bank::__noex_audit }> {
        &self.audit
    }
    #[allow(non_upper_case_globals)]
    const __noex_ledger: usize = {
        ::noex::rules::child::<Ledger>();
        0
    };
    #[allow(non_upper_case_globals)]
    const __noex_account: usize = {
        ::noex::rules::child::<Account>();
        0
    };
    #[allow(non_upper_case_globals)]
    const __noex_audit: usize = {
        ::noex::rules::child::<Audit>();
        0
    };
}
#[automatically_derived]
impl ::noex::supervisor::DeclaredTree for Bank {
    const CHILDREN: &'static [::noex::supervisor::DeclaredChild] = &[
        ::noex::supervisor::DeclaredChild::server::<
            ::noex::__private::ChildServer<Ledger, { Bank::__noex_ledger }>,
        >("ledger"),
        ::noex::supervisor::DeclaredChild::server::<
            ::noex::__private::ChildServer<Account, { Bank::__noex_account }>,
        >("account")
            .shutdown(
                ::noex::Shutdown::Timeout(::core::time::Duration::from_millis(5000)),
            ),
        ::noex::supervisor::DeclaredChild::server::<
            ::noex::__private::ChildServer<Audit, { Bank::__noex_audit }>,
        >("audit"),
    ];
}
const _: () = ::noex::__private::hold(
    ::noex::__private::has_own_names::<Bank>("account"),
    "`Account` has a static `name`, which a child before `account` has as well",
);
const _: () = ::noex::__private::hold(
    ::noex::__private::has_own_names::<Bank>("audit"),
    "`Audit` has a static `name`, which a child before `audit` has as well",
);
