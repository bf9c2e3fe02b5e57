//! Partition supervisors: which child, how many, and what a change of size does.
#![allow(missing_docs)]

mod support;

use noex::{
    AdminError, DynamicSupervisor, Partitions, Supervisor,
    prelude::*,
    supervisor::{ChildState, cores},
};
use support::{
    Log,
    family::{Child, ChildRef, settle},
};

const IDS: [&str; 8] = ["0", "1", "2", "3", "4", "5", "6", "7"];

async fn partitions(count: usize, log: &Log) -> Partitions<ChildRef> {
    let log = log.clone();
    let partitions = Partitions::of::<Child>("shards", count, move |number| (IDS[number % 8], log.clone()));
    partitions.start().await.unwrap()
}

#[tokio::test]
async fn there_are_as_many_as_asked_for() {
    // PART-1
    let log = Log::default();
    assert_eq!(partitions(3, &log).await.len(), 3);
    assert_eq!(partitions(cores(), &log).await.all().len(), cores());
}

#[tokio::test]
async fn whole_numbers_count_round() {
    // PART-2
    let shards = partitions(3, &Log::default()).await;
    assert_eq!([0, 1, 2, 3].map(|key: i32| shards.which(&key)), [0, 1, 2, 0]);
    assert_eq!([0, 1, 2, 3].map(|key: u64| shards.which(&key)), [0, 1, 2, 0]);
    assert_eq!([-1, -2, -3].map(|key: i64| shards.which(&key)), [1, 2, 0]);
    assert_eq!(shards.which(&7usize), 1);
}

#[tokio::test]
async fn a_key_goes_to_one_child_always() {
    // PART-3
    let shards = partitions(8, &Log::default()).await;
    let first = shards.get("ann").pid();
    assert!((0..100).all(|_| shards.get("ann").pid() == first));
    assert_eq!(shards.which(&"ann".to_owned()), shards.which("ann"));
    let mut hits = [0; 8];
    for n in 0..8_000 {
        hits[shards.which(&format!("key {n}"))] += 1;
    }
    assert!(hits.iter().all(|hits| (800..1_200).contains(hits)), "{hits:?}");
}

#[tokio::test]
async fn each_has_arguments_of_its_own() {
    // PART-4
    let log = Log::default();
    let shards = partitions(3, &log).await;
    assert_eq!(log.take(), ["0 up", "1 up", "2 up"]);
    shards.get(&1).crash().await.unwrap_err();
    assert_eq!(shards.get(&1).count().await.unwrap(), 1);
    settle().await;
    assert_eq!(log.take(), ["1 down: panic", "1 up"], "one partition is restarted, alone");
}

#[tokio::test]
async fn they_are_listed_and_counted() {
    // PART-5
    let log = Log::default();
    let shards = partitions(4, &log).await;
    let ids: Vec<_> =
        shards.children().await.unwrap().iter().map(|child| child.spec.id().to_owned()).collect();
    assert_eq!(ids, ["0", "1", "2", "3"]);
    let count = shards.count_children().await.unwrap();
    assert_eq!((count.specs, count.active, count.workers, count.supervisors), (4, 4, 4, 0));

    let trees = Partitions::of_trees("rooms", 4, move |_| {
        let log = log.clone();
        DynamicSupervisor::<Child, &'static str>::with("room", move |id| (id, log.clone())).start()
    });
    let trees = trees.start().await.unwrap();
    let count = trees.count_children().await.unwrap();
    assert_eq!((count.specs, count.active, count.workers, count.supervisors), (4, 4, 0, 4));
    trees.get(&2).start_child("x").await.unwrap();
    assert_eq!(trees.all()[2].count_children().await.unwrap().active, 1);
}

#[tokio::test]
async fn the_size_changes() {
    // PART-6
    let log = Log::default();
    let shards = partitions(8, &log).await;
    assert_eq!(shards.resize(4).await.unwrap(), 8);
    let count = shards.count_children().await.unwrap();
    assert_eq!((count.specs, count.active), (8, 4));
    assert_eq!((shards.which(&5), shards.len()), (1, 4));
    assert!((0..100).all(|n| shards.which(&format!("key {n}")) < 4));
    assert_eq!(shards.resize(8).await.unwrap(), 4);
    assert_eq!(shards.count_children().await.unwrap().active, 8);
    assert_eq!(shards.which(&5), 5);
    assert_eq!(shards.resize(100).await.unwrap(), 8);
    assert_eq!(shards.resize(0).await.unwrap(), 8, "as few as one, as many as there were");
    assert_eq!(shards.len(), 1);
    assert_eq!(shards.children().await.unwrap()[1].state, ChildState::Down);
}

#[tokio::test]
async fn it_stops_as_a_whole() {
    // PART-7
    let system = System::new();
    let log = Log::default();
    let own = log.clone();
    let shards = Partitions::of::<Child>("shards", 2, move |number| (IDS[number], own.clone()));
    let shards = shards.start().name("shards").system(&system).await.unwrap();
    system.whereis::<Supervisor>("shards").unwrap().stop().await.unwrap();
    assert!(shards.all().iter().all(|child| !child.is_alive()));
    assert!(system.whereis::<Supervisor>("shards").is_none());
    assert!(matches!(shards.resize(1).await, Err(AdminError::NotRunning(_))));
}

#[tokio::test]
async fn an_unknown_name_is_nobodys() {
    // PART-8: a handle is never unknown; a name may be.
    assert!(Supervisor::whereis("no such partitions").is_none());
}
