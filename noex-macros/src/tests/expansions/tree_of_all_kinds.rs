///A supervision tree.
///
/**```text
Bank: one_for_one, pauses of 100ms to 30s
├─ books: supervisor books::Books (transient, shutdown: 9s)
├─ audit: Audit, uses books
├─ shards: partition Shard (by u64, count: 4)
├─ conns: dynamic Conn (at most 1000, temporary)
└─ free: dynamic Conn
```*/
///
/**```mermaid
graph TD
    n0["Bank: one_for_one, pauses of 100ms to 30s"]
    n1["books: supervisor books::Books (transient, shutdown: 9s)"]
    n0 --> n1
    n2("audit: Audit")
    n0 --> n2
    n2 -. uses .-> n1
    n3["shards: partition Shard (by u64, count: 4)"]
    n0 --> n3
    n4["conns: dynamic Conn (at most 1000, temporary)"]
    n0 --> n4
    n5["free: dynamic Conn"]
    n0 --> n5
```*/
///
///Trees below it: [`Books`](books::Books).
#[allow(rustdoc::private_intra_doc_links)]
#[must_use = "the tree stops when the last reference to it is dropped"]
pub struct Bank {
    #[allow(dead_code)]
    books: ::noex::__private::Sound<books::Books, { Bank::__noex_books }>,
    #[allow(dead_code)]
    audit: ::noex::__private::ChildRef<Audit, { Bank::__noex_audit }>,
    #[allow(dead_code)]
    shards: ::noex::Partitions<
        ::noex::__private::ChildRef<Shard, { Bank::__noex_shards }>,
        u64,
    >,
    #[allow(dead_code)]
    conns: ::noex::DynamicSupervisor<
        ::noex::__private::ChildServer<Conn, { Bank::__noex_conns }>,
        u16,
    >,
    #[allow(dead_code)]
    free: ::noex::DynamicSupervisor<
        ::noex::__private::ChildServer<Conn, { Bank::__noex_free }>,
    >,
    __noex_supervisor: ::noex::SupervisorRef,
}
#[automatically_derived]
impl ::core::clone::Clone for Bank {
    fn clone(&self) -> Self {
        Self {
            books: ::core::clone::Clone::clone(&self.books),
            audit: ::core::clone::Clone::clone(&self.audit),
            shards: ::core::clone::Clone::clone(&self.shards),
            conns: ::core::clone::Clone::clone(&self.conns),
            free: ::core::clone::Clone::clone(&self.free),
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
        __noex_tree.strategy(::noex::Strategy::OneForOne);
        __noex_tree
            .backoff(
                ::noex::Backoff::new(
                    ::core::time::Duration::from_millis(100),
                    ::core::time::Duration::from_millis(30000),
                ),
            );
        let books = __noex_tree
            .nest::<
                ::noex::__private::Sound<books::Books, { Bank::__noex_books }>,
            >(
                ::noex::ChildOptions::new("books")
                    .restart(::noex::Restart::Transient)
                    .shutdown(
                        ::noex::Shutdown::Timeout(
                            ::core::time::Duration::from_millis(9000),
                        ),
                    ),
                {
                    #[allow(unused_variables)]
                    let config = ::core::clone::Clone::clone(&config);
                    <::noex::__private::Sound<
                        books::Books,
                        { Bank::__noex_books },
                    >>::start(config.opening)
                },
            );
        let audit = __noex_tree
            .child::<
                ::noex::__private::ChildServer<Audit, { Bank::__noex_audit }>,
            >(
                ::noex::ChildOptions::new("audit"),
                {
                    #[allow(unused_variables)]
                    let books = ::core::clone::Clone::clone(&books);
                    move || {
                        #[allow(unused_variables)]
                        let books = ::core::clone::Clone::clone(&books);
                        <::noex::__private::Sound<
                            Audit,
                            { Bank::__noex_audit },
                        >>::__noex_args(books)
                    }
                },
            );
        let shards = {
            let mut __noex_child = ::noex::Partitions::of::<
                ::noex::__private::ChildServer<Shard, { Bank::__noex_shards }>,
            >(
                    "shards",
                    4,
                    {
                        #[allow(unused_variables)]
                        let config = ::core::clone::Clone::clone(&config);
                        move |__noex_number: usize| {
                            #[allow(unused_variables)]
                            let config = ::core::clone::Clone::clone(&config);
                            #[allow(unused_variables)]
                            let partition = __noex_number;
                            <::noex::__private::Sound<
                                Shard,
                                { Bank::__noex_shards },
                            >>::__noex_args(partition, config.path)
                        }
                    },
                )
                .by::<u64>();
            __noex_child.children(::noex::ChildOptions::new("shards"));
            __noex_tree.nest(::noex::ChildOptions::new("shards"), __noex_child.start())
        };
        let conns = {
            let mut __noex_child = ::noex::DynamicSupervisor::<
                ::noex::__private::ChildServer<Conn, { Bank::__noex_conns }>,
                u16,
            >::with(
                "conns",
                {
                    #[allow(unused_variables)]
                    let config = ::core::clone::Clone::clone(&config);
                    move |port| {
                        #[allow(unused_variables)]
                        let config = ::core::clone::Clone::clone(&config);
                        <::noex::__private::Sound<
                            Conn,
                            { Bank::__noex_conns },
                        >>::__noex_args(config.host, port)
                    }
                },
            );
            __noex_child
                .children(
                    ::noex::ChildOptions::new("Conn").restart(::noex::Restart::Temporary),
                );
            __noex_child.max(1000);
            __noex_tree.nest(::noex::ChildOptions::new("conns"), __noex_child.start())
        };
        let free = {
            let mut __noex_child = ::noex::DynamicSupervisor::<
                ::noex::__private::ChildServer<Conn, { Bank::__noex_free }>,
            >::builder("free");
            __noex_child.children(::noex::ChildOptions::new("Conn"));
            __noex_tree.nest(::noex::ChildOptions::new("free"), __noex_child.start())
        };
        ::noex::__private::start_tree(
            __noex_tree,
            move |__noex_supervisor| Bank {
                books,
                audit,
                shards,
                conns,
                free,
                __noex_supervisor,
            },
        )
    }
    ///The child `books`: `supervisor books::Books`.
    #[allow(dead_code)]
    pub fn books(
        &self,
    ) -> &::noex::__private::Sound<books::Books, { Bank::__noex_books }> {
        &self.books
    }
    ///The child `audit`: `Audit`.
    #[allow(dead_code)]
    pub fn audit(&self) -> &::noex::__private::ChildRef<Audit, { Bank::__noex_audit }> {
        &self.audit
    }
    ///The child `shards`: `partition Shard`.
    #[allow(dead_code)]
    pub fn shards(
        &self,
    ) -> &::noex::Partitions<
        ::noex::__private::ChildRef<Shard, { Bank::__noex_shards }>,
        u64,
    > {
        &self.shards
    }
    ///The child `conns`: `dynamic Conn`.
    #[allow(dead_code)]
    pub fn conns(
        &self,
    ) -> &::noex::DynamicSupervisor<
        ::noex::__private::ChildServer<Conn, { Bank::__noex_conns }>,
        u16,
    > {
        &self.conns
    }
    ///The child `free`: `dynamic Conn`.
    #[allow(dead_code)]
    pub fn free(
        &self,
    ) -> &::noex::DynamicSupervisor<
        ::noex::__private::ChildServer<Conn, { Bank::__noex_free }>,
    > {
        &self.free
    }
    #[allow(non_upper_case_globals)]
    const __noex_books: usize = {
        ::noex::rules::tree::<books::Books>();
        0
    };
    #[allow(non_upper_case_globals)]
    const __noex_audit: usize = {
        ::noex::rules::child::<Audit>();
        0
    };
    #[allow(non_upper_case_globals)]
    const __noex_shards: usize = {
        ::noex::rules::child::<Shard>();
        0
    };
    #[allow(non_upper_case_globals)]
    const __noex_conns: usize = {
        ::noex::rules::child::<Conn>();
        0
    };
    #[allow(non_upper_case_globals)]
    const __noex_free: usize = {
        ::noex::rules::child::<Conn>();
        0
    };
}
#[automatically_derived]
impl ::noex::supervisor::DeclaredTree for Bank {
    const CHILDREN: &'static [::noex::supervisor::DeclaredChild] = &[
        ::noex::supervisor::DeclaredChild::tree::<
            ::noex::__private::Sound<books::Books, { Bank::__noex_books }>,
        >("books")
            .shutdown(
                ::noex::Shutdown::Timeout(::core::time::Duration::from_millis(9000)),
            ),
        ::noex::supervisor::DeclaredChild::server::<
            ::noex::__private::ChildServer<Audit, { Bank::__noex_audit }>,
        >("audit"),
        ::noex::supervisor::DeclaredChild::supervisor("shards"),
        ::noex::supervisor::DeclaredChild::supervisor("conns"),
        ::noex::supervisor::DeclaredChild::supervisor("free"),
    ];
}
const _: () = ::noex::__private::hold(
    ::noex::__private::has_time_for::<
        ::noex::__private::Sound<books::Books, { Bank::__noex_books }>,
    >(::core::time::Duration::from_millis(9000)),
    "a child of `books::Books` is given more time to shut down than the 9s of the whole tree",
);
const _: () = ::noex::__private::hold(
    ::noex::__private::has_own_names::<Bank>("audit"),
    "`Audit` has a static `name`, which a child before `audit` has as well",
);
const _: () = ::noex::__private::hold(
    ::noex::__private::is_nameless::<
        ::noex::__private::ChildServer<Shard, { Bank::__noex_shards }>,
    >(),
    "`Shard` has a static `name`, which only one of the partitions of `shards` could have",
);
