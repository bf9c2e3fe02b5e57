/// The bank.
///
/**```text
Bank: rest_for_one, at most 5 restarts in 30s
├─ ledger: Ledger
├─ account: Account (transient, shutdown: 5s)
└─ audit: Audit, uses ledger, account
```*/
#[must_use = "the tree stops when the last reference to it is dropped"]
pub struct Bank {
    ledger: <Ledger as ::noex::GenServer>::Ref,
    account: <Account as ::noex::GenServer>::Ref,
    audit: <Audit as ::noex::GenServer>::Ref,
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
                Ledger,
            >(
                ::noex::ChildOptions::new("ledger"),
                {
                    #[allow(unused_variables)]
                    let config = ::core::clone::Clone::clone(&config);
                    move || {
                        #[allow(unused_variables)]
                        let config = ::core::clone::Clone::clone(&config);
                        <Ledger>::__noex_args(config.path.clone())
                    }
                },
            );
        let account = __noex_tree
            .child::<
                Account,
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
                        <Account>::__noex_args(config.opening)
                    }
                },
            );
        let audit = __noex_tree
            .child::<
                Audit,
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
                        <Audit>::__noex_args(ledger, account)
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
    pub fn ledger(&self) -> &<Ledger as ::noex::GenServer>::Ref {
        &self.ledger
    }
    ///The child `account`: `Account`.
    pub fn account(&self) -> &<Account as ::noex::GenServer>::Ref {
        &self.account
    }
    ///The child `audit`: `Audit`.
    pub fn audit(&self) -> &<Audit as ::noex::GenServer>::Ref {
        &self.audit
    }
}
