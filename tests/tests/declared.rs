//! Trees that `supervisor!` declares: nested, partitioned, dynamic, with parameters of type and value.
#![allow(missing_docs)]

mod support;

use std::{fmt, time::Duration};

use noex::{
    AdminError, ChildOptions, Restart, Shutdown, Strategy,
    prelude::*,
    supervisor::{ChildState, DeclaredTree},
};
use noex_tests::elsewhere::{self, Shelf};
use support::{
    Log,
    family::{Child, MS, settle},
};

#[genserver]
struct Reader {
    shelf: Shelf,
    log: Log,
}

#[genserver]
impl Reader {
    #[init]
    fn init(shelf: Shelf, log: Log) -> Self {
        log.note("reader up");
        Reader { shelf, log }
    }

    #[call]
    async fn read(&mut self, title: String) -> Result<usize, CallError> {
        self.log.note(format!("reads {title}"));
        self.shelf.books().put(title).await
    }
}

#[genserver]
struct Shard {
    number: usize,
    label: String,
}

#[genserver]
impl Shard {
    #[init]
    fn init(number: usize, label: String) -> Self {
        Shard { number, label }
    }

    #[call]
    fn number(&self) -> usize {
        self.number
    }

    #[call]
    fn label(&self) -> String {
        self.label.clone()
    }

    #[call]
    fn crash(&mut self) {
        panic!("shard {} was told to", self.number);
    }
}

#[genserver]
struct Conn {
    address: (String, u16),
}

#[genserver]
impl Conn {
    #[init]
    fn open(host: String, port: u16) -> Self {
        Conn { address: (host, port) }
    }

    #[call]
    fn address(&self) -> String {
        format!("{}:{}", self.address.0, self.address.1)
    }

    #[call]
    fn crash(&mut self) {
        panic!("a connection was told to");
    }
}

supervisor! {
    Library(host: String, shards: usize, log: Log) {
        strategy: rest_for_one,
        restarts: 10 in 5s,
        backoff: 10ms..1s,

        shelf:  supervisor Shelf(host.clone()),
        again:  supervisor elsewhere::Shelf("again".into()) { restart: transient, shutdown: 6s },
        reader: Reader(shelf, log),
        shards: partition Shard(partition, format!("{host}-{partition}")) { by: String, count: shards },
        any:    partition Shard(0, String::new()),
        conns:  dynamic Conn(host.clone(), port: u16) { max: 2, restart: temporary, shutdown: 1s },
        free:   dynamic Conn { restarts: 1 in 1min },
        both:   dynamic Conn(name: String, port: u16),
    }
}

async fn library(log: &Log) -> Library {
    Library::start("home".into(), 3, log.clone()).await.unwrap()
}

#[tokio::test]
async fn a_nested_tree_is_reached_through_its_own_accessors() {
    let log = Log::default();
    let library = library(&log).await;
    assert_eq!(library.shelf().index().put("a".into()).await.unwrap(), 2);
    assert_eq!(library.reader().read("b".into()).await.unwrap(), 3, "a nested tree is an argument as well");
    assert_eq!(library.again().books().put("c".into()).await.unwrap(), 2, "a tree of its own");
    assert_eq!(log.take(), ["reader up", "reads b"]);
}

#[tokio::test(start_paused = true)]
async fn a_nested_tree_that_gives_up_comes_back_with_those_after_it() {
    let log = Log::default();
    let library = library(&log).await;
    let books = library.shelf().books().clone();
    log.take();
    books.drop_all().await.unwrap_err();
    tokio::time::sleep(100 * MS).await;
    assert_eq!(
        library.reader().read("a".into()).await.unwrap(),
        2,
        "its second life has its first book again"
    );
    assert_eq!(log.take(), ["reader up", "reads a"]);
    assert_eq!((library.pid().incarnation(), library.shelf().pid().incarnation()), (1, 2));
    assert_eq!(books.put("b".into()).await.unwrap(), 3, "the reference is still good");
}

#[tokio::test]
async fn partitions_are_picked_by_a_key_of_one_type() {
    let library = library(&Log::default()).await;
    let shards = library.shards();
    assert_eq!(shards.len(), 3);
    let ann = shards.get("ann");
    let number = ann.number().await.unwrap();
    assert_eq!((number, ann.label().await.unwrap()), (shards.which("ann"), format!("home-{number}")));
    assert_eq!(shards.get(&"ann".to_owned()).pid(), ann.pid(), "a borrowed form of the key is the key");
    assert_eq!(library.any().len(), noex::supervisor::cores());
    assert!(library.any().get(&7u8).number().await.is_ok() && library.any().get("x").number().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_partition_that_comes_back_has_its_arguments_again() {
    let library = library(&Log::default()).await;
    let shard = &library.shards().all()[2];
    shard.crash().await.unwrap_err();
    assert_eq!((shard.number().await.unwrap(), shard.label().await.unwrap()), (2, "home-2".into()));
    assert_eq!(shard.pid().incarnation(), 2);
}

#[tokio::test]
async fn dynamic_children_are_started_with_what_the_tree_does_not_say() {
    let library = library(&Log::default()).await;
    let conn = library.conns().start_child(80).await.unwrap();
    assert_eq!(conn.address().await.unwrap(), "home:80");
    library.conns().start_child(81).await.unwrap();
    assert!(matches!(library.conns().start_child(82).await, Err(AdminError::TooMany { max: 2 })));
    let conn = library.free().start_child(("away".into(), 80)).await.unwrap();
    assert_eq!(conn.address().await.unwrap(), "away:80");
    let conn = library.both().start_child(("there".into(), 9)).await.unwrap();
    assert_eq!(conn.address().await.unwrap(), "there:9");
}

#[tokio::test]
async fn dynamic_children_have_the_options_of_the_tree() {
    let library = library(&Log::default()).await;
    let conn = library.conns().start_child(80).await.unwrap();
    conn.crash().await.unwrap_err();
    settle().await;
    assert_eq!(library.conns().count_children().await.unwrap().specs, 0, "a temporary one is forgotten");
    let conn = library.free().start_child(("away".into(), 80)).await.unwrap();
    conn.crash().await.unwrap_err();
    assert_eq!(conn.address().await.unwrap(), "away:80", "a permanent one comes back");
}

#[tokio::test]
async fn all_of_it_is_drawn() {
    let library = Library::start("home".into(), 2, Log::default()).await.unwrap();
    library.conns().start_child(80).await.unwrap();
    let drawing = library.draw().await.unwrap().to_string();
    let lines: Vec<&str> = drawing.lines().collect();
    let cores = noex::supervisor::cores();
    assert_eq!(
        lines[..10],
        [
            "Library: rest_for_one, at most 10 restarts in 5s",
            "├─ shelf: one_for_all, at most 0 restarts in 5s",
            "│  ├─ books: Books",
            "│  └─ index: Index",
            "├─ again: one_for_all (transient), at most 0 restarts in 5s",
            "│  ├─ books: Books",
            "│  └─ index: Index",
            "├─ reader: Reader",
            "├─ shards: one_for_one, at most 3 restarts in 5s",
            "│  ├─ 0: Shard",
        ]
    );
    assert_eq!(lines[12 + cores], "├─ conns: dynamic, at most 3 restarts in 5s");
    assert!(lines[13 + cores].starts_with("│  └─ Conn<") && lines[13 + cores].ends_with("(temporary)"));
}

#[tokio::test(start_paused = true)]
async fn pauses_before_restarts() {
    supervisor! {
        Slow(log: Log) {
            strategy: one_for_one,
            backoff: 100ms..1s,
            child: Child("a", log),
            many: partition Child("b", log) { count: 1, backoff: 2s..3s },
        }
    }
    let slow = Slow::start(Log::default()).await.unwrap();
    slow.child().crash().await.unwrap_err();
    slow.many().get(&1).crash().await.unwrap_err();
    settle().await;
    let state = |children: Vec<noex::ChildInfo>| children[0].state;
    assert_eq!(state(slow.children().await.unwrap()), ChildState::Waiting);
    tokio::time::sleep(150 * MS).await;
    assert_eq!(state(slow.children().await.unwrap()), ChildState::Running);
    assert_eq!(state(slow.many().children().await.unwrap()), ChildState::Waiting);
    tokio::time::sleep(3_000 * MS).await;
    assert_eq!(state(slow.many().children().await.unwrap()), ChildState::Running);
}

#[tokio::test]
async fn children_are_known_while_the_program_is_compiled() {
    const NAMES: [&str; 8] = ["shelf", "again", "reader", "shards", "any", "conns", "free", "both"];
    assert!(Library::CHILDREN.iter().map(|child| child.id()).eq(NAMES));
    assert_eq!(Library::CHILDREN[0].children().len(), 2);
    assert_eq!(Library::CHILDREN[1].shutdown_type(), Shutdown::Timeout(Duration::from_secs(6)));
    assert_eq!((Library::LONGEST_SHUTDOWN, Shelf::LONGEST_SHUTDOWN), (None, Some(Duration::from_secs(5))));
}

trait Store: Clone + Send + Sync + 'static {
    fn name(&self) -> String;
}

#[derive(Clone)]
struct Disk(&'static str);

impl Store for Disk {
    fn name(&self) -> String {
        self.0.into()
    }
}

#[genserver]
struct Ledger<S> {
    store: S,
}

#[genserver]
impl<S: Store> Ledger<S> {
    #[init]
    fn open(store: S) -> Self {
        Ledger { store }
    }

    #[call]
    fn store(&self) -> String {
        self.store.name()
    }
}

supervisor! {
    Branch<S: Store>(store: S) {
        strategy: one_for_one,
        ledger: Ledger<S>(store),
    }
}

supervisor! {
    Bank<S, T, const N: usize>(store: S, label: T)
    where
        S: Store,
        T: fmt::Display + Clone + Send + Sync + 'static,
    {
        strategy: one_for_all,
        ledger: Ledger<S>(store.clone()),
        branch: supervisor Branch<S>(store.clone()) { shutdown: 5s },
        shards: partition Shard(partition + N, label.to_string()) { by: u64, count: N },
        drawer: dynamic Ledger<S>(store: S) { max: N },
    }
}

#[tokio::test]
async fn a_tree_has_parameters_of_type() {
    let bank = Bank::<_, _, 2>::start(Disk("sda"), 'x').await.unwrap();
    assert_eq!(bank.ledger().store().await.unwrap(), "sda");
    assert_eq!(bank.branch().ledger().store().await.unwrap(), "sda");
    assert_eq!(bank.shards().get(&5).number().await.unwrap(), 3);
    let drawer = bank.drawer().start_child(Disk("sdb")).await.unwrap();
    assert_eq!(drawer.store().await.unwrap(), "sdb");
    assert_eq!(Bank::<Disk, char, 2>::CHILDREN.len(), 4);
    drop(bank.clone());
    bank.stop().await.unwrap();
}

#[tokio::test]
async fn a_child_of_another_kind_is_there_under_its_condition() {
    supervisor! {
        Conditional(log: Log) {
            strategy: one_for_one,
            child: Child("a", log),
            #[cfg(any())]
            conns: dynamic Missing { max: missing },
            #[cfg(any())]
            shelf: supervisor Missing(child),
            #[cfg(all())]
            shelf: supervisor Shelf("x".into()),
            #[cfg(any())]
            shards: partition Missing(partition),
        }
    }
    let tree = Conditional::start(Log::default()).await.unwrap();
    assert_eq!(tree.count_children().await.unwrap().specs, 2);
    assert_eq!(tree.shelf().books().put("a".into()).await.unwrap(), 2);
    assert_eq!(Conditional::CHILDREN.len(), 2);
}

/// The tree that [`Library`] is, by hand.
#[tokio::test]
async fn the_same_by_hand() {
    let mut tree = noex::Supervisor::builder("Library");
    tree.strategy(Strategy::RestForOne).restarts(10, Duration::from_secs(5));
    tree.backoff(noex::Backoff::new(10 * MS, 1_000 * MS));
    let shelf = tree.nest(ChildOptions::new("shelf"), Shelf::start("home".into()));
    let log = Log::default();
    let for_reader = (shelf.clone(), log.clone());
    tree.child::<Reader>(ChildOptions::new("reader"), move || for_reader.clone());
    let mut shards = noex::Partitions::of::<Shard>("shards", 2, |number| (number, format!("home-{number}")))
        .by::<String>();
    shards.children(ChildOptions::new("shard").restart(Restart::Transient));
    let shards = tree.nest(ChildOptions::new("shards"), shards.start());
    let mut conns = noex::DynamicSupervisor::<Conn, u16>::with("conns", |port| ("home".to_owned(), port));
    conns.max(2);
    let conns = tree.nest(ChildOptions::new("conns"), conns.start());
    let _tree = tree.start().await.unwrap();
    assert_eq!(shards.get("ann").number().await.unwrap(), shards.which("ann"));
    assert_eq!(conns.start_child(80).await.unwrap().address().await.unwrap(), "home:80");
}
