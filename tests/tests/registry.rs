//! Registries: who is under a key, with what, and for how long.
#![allow(missing_docs)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use noex::{
    Supervisor,
    event_bus::Buffer,
    prelude::*,
    registry::{AlreadyRegistered, AnyServer, Entry, NotRegistered, Registry, RegistryError, RegistryEvent},
};
use tokio::time::{Instant, sleep};

type Numbers = Registry<String, u32>;

/// Does with its entries what it is told to.
#[genserver]
struct Member {
    all: Numbers,
}

#[genserver]
impl Member {
    #[init]
    fn init(all: Numbers) -> Self {
        Member { all }
    }

    #[call]
    fn add(&self, cx: &mut Context<Self>, key: &'static str, value: u32) -> Result<(), AlreadyRegistered> {
        cx.register(&self.all, key.to_owned(), value)
    }

    #[call]
    fn remove(&self, cx: &mut Context<Self>, key: &'static str) -> usize {
        cx.unregister(&self.all, key)
    }

    #[call]
    fn remove_value(&self, cx: &mut Context<Self>, key: &'static str, value: u32) -> usize {
        cx.unregister_matching(&self.all, key, |it| *it == value)
    }

    /// The new value and the old one.
    #[call]
    fn bump(
        &self,
        cx: &mut Context<Self>,
        key: &'static str,
        runs: Arc<AtomicUsize>,
    ) -> Result<(u32, u32), NotRegistered> {
        let (now, before) = cx.update_value(&self.all, key, |value| {
            runs.fetch_add(1, Ordering::Relaxed);
            value + 1
        })?;
        Ok((*now.value(), *before.value()))
    }
}

#[genserver]
struct Other;

#[genserver]
impl Other {
    #[init]
    fn init() -> Self {
        Other
    }

    #[call]
    fn number(&self) -> u32 {
        7
    }
}

async fn member(all: &Numbers) -> MemberRef {
    Member::start(all.clone()).await.unwrap()
}

fn pairs<S>(entries: Vec<Entry<String, u32, S>>) -> Vec<(Pid, u32)> {
    entries.iter().map(|entry| (entry.pid(), *entry.value())).collect()
}

/// REG-1
#[tokio::test]
async fn what_is_registered_is_found_and_nothing_else() {
    let all = Numbers::unique("numbers");
    let ann = member(&all).await;
    ann.add("a", 1).await.unwrap();
    assert_eq!(pairs(all.lookup("a")), [(ann.pid(), 1)]);
    assert_eq!(all.whereis::<Member>("a"), Some(ann.clone()));
    assert!(all.lookup("b").is_empty());
    assert!(all.get("b").is_none());
}

/// REG-2
#[tokio::test]
async fn a_unique_key_is_held_once() {
    let all = Numbers::unique("numbers");
    let (ann, ben) = (member(&all).await, member(&all).await);
    ann.add("a", 1).await.unwrap();
    for other in [&ben, &ann] {
        let error = other.add("a", 2).await.unwrap_err().into_handler().unwrap();
        assert_eq!((error.holder, &*error.registry), (ann.pid(), "numbers"));
    }
    assert_eq!(pairs(all.lookup("a")), [(ann.pid(), 1)]);
    assert!(all.entries_of(ben.pid()).is_empty());
}

/// REG-3: at once, however the owner ended.
#[tokio::test]
async fn an_owner_that_ended_has_no_keys() {
    for stop in [true, false] {
        let all = Numbers::unique("numbers");
        let (ann, ben) = (member(&all).await, member(&all).await);
        ann.add("a", 1).await.unwrap();
        ann.add("b", 2).await.unwrap();
        if stop {
            ann.stop().await.unwrap();
        } else {
            ann.kill();
            ann.ended().await;
        }
        assert!(all.lookup("a").is_empty() && all.lookup("b").is_empty());
        assert_eq!((all.len(), all.select(|_| true).len(), all.keys().len()), (0, 0, 0));
        assert!(all.entries_of(ann.pid()).is_empty());
        ben.add("a", 3).await.unwrap();
        ben.add("b", 4).await.unwrap();
        assert_eq!(all.len(), 2);
    }
}

/// REG-4
#[tokio::test]
async fn unregistering_takes_one_key_or_none() {
    let all = Numbers::unique("numbers");
    let ann = member(&all).await;
    ann.add("a", 1).await.unwrap();
    ann.add("b", 2).await.unwrap();
    assert_eq!(ann.remove("a").await.unwrap(), 1);
    assert_eq!(ann.remove("c").await.unwrap(), 0);
    assert!(all.get("a").is_none());
    assert_eq!(pairs(all.lookup("b")), [(ann.pid(), 2)]);
    assert_eq!(all.entries_of(ann.pid()).len(), 1);
}

/// REG-5
#[tokio::test]
async fn what_a_server_has() {
    let all = Numbers::unique("numbers");
    let (ann, ben) = (member(&all).await, member(&all).await);
    ann.add("a", 1).await.unwrap();
    ann.add("b", 2).await.unwrap();
    let has: Vec<_> =
        all.entries_of(ann.pid()).iter().map(|entry| (entry.key().clone(), *entry.value())).collect();
    assert_eq!(has, [("a".to_owned(), 1), ("b".to_owned(), 2)]);
    assert!(all.entries_of(ben.pid()).is_empty());
    let mut keys = all.keys();
    keys.sort();
    assert_eq!(keys, ["a", "b"]);
}

/// REG-6
#[tokio::test]
async fn entries_are_counted() {
    let all = Numbers::unique("numbers");
    assert!(all.is_empty());
    let (ann, ben) = (member(&all).await, member(&all).await);
    ann.add("a", 1).await.unwrap();
    ann.add("b", 2).await.unwrap();
    ben.add("c", 3).await.unwrap();
    assert_eq!(all.len(), 3);
}

/// REG-7
#[tokio::test]
async fn only_the_owner_updates_its_value() {
    let all = Numbers::unique("numbers");
    let (ann, ben) = (member(&all).await, member(&all).await);
    ann.add("a", 1).await.unwrap();
    let runs = Arc::new(AtomicUsize::new(0));
    let before = all.get("a").unwrap();
    assert_eq!(ann.bump("a", runs.clone()).await.unwrap(), (2, 1));
    let error = ben.bump("a", runs.clone()).await.unwrap_err().into_handler().unwrap();
    assert_eq!((error.server, &*error.registry), (ben.pid(), "numbers"));
    ann.bump("b", runs.clone()).await.unwrap_err();
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    assert_eq!(pairs(all.lookup("a")), [(ann.pid(), 2)]);
    assert_eq!(pairs(all.entries_of(ann.pid())), [(ann.pid(), 2)]);
    assert_eq!(*before.value(), 1, "as it was looked up");
}

/// REG-8
#[tokio::test]
async fn entries_of_a_key_match_by_value() {
    let all = Numbers::duplicate("numbers");
    let ann = member(&all).await;
    for value in 1..=3 {
        ann.add("a", value).await.unwrap();
    }
    ann.add("b", 1).await.unwrap();
    assert_eq!(pairs(all.matching("a", |value| *value < 3)), [(ann.pid(), 1), (ann.pid(), 2)]);
    assert_eq!(all.count(|entry| entry.key() == "a" && *entry.value() < 3), 2);
}

/// REG-9
#[tokio::test]
async fn unregistering_by_value_leaves_the_others() {
    let all = Numbers::duplicate("numbers");
    let (ann, ben) = (member(&all).await, member(&all).await);
    ann.add("a", 1).await.unwrap();
    ann.add("a", 2).await.unwrap();
    ben.add("a", 2).await.unwrap();
    assert_eq!(ann.remove_value("a", 2).await.unwrap(), 1);
    assert_eq!(pairs(all.lookup("a")), [(ann.pid(), 1), (ben.pid(), 2)]);
}

/// REG-10
#[tokio::test]
async fn select_looks_at_everything() {
    let all = Numbers::duplicate("numbers");
    assert!(all.select(|_| true).is_empty());
    assert_eq!(all.count(|_| true), 0);
    let (ann, ben) = (member(&all).await, member(&all).await);
    ann.add("a", 1).await.unwrap();
    ann.add("b", 2).await.unwrap();
    ben.add("a", 3).await.unwrap();
    let mut large = pairs(all.select(|entry| *entry.value() > 1));
    large.sort();
    let mut expected = [(ann.pid(), 2), (ben.pid(), 3)];
    expected.sort();
    assert_eq!(large, expected);
    assert_eq!(all.count(|entry| entry.pid() == ann.pid()), 2);
}

/// REG-11: once for each entry.
#[tokio::test]
async fn dispatch_reaches_all_of_a_key() {
    let all = Numbers::duplicate("numbers");
    let (ann, ben) = (member(&all).await, member(&all).await);
    ann.add("a", 1).await.unwrap();
    ben.add("a", 2).await.unwrap();
    ben.add("b", 3).await.unwrap();
    let mut seen = Vec::new();
    assert_eq!(all.dispatch("a", |entry| seen.push((entry.pid(), *entry.value()))), 2);
    assert_eq!(seen, [(ann.pid(), 1), (ben.pid(), 2)]);
    assert_eq!(all.dispatch("c", |_| unreachable!("nobody is there")), 0);
}

fn told(event: &RegistryEvent<String, u32>) -> (&'static str, Pid, u32) {
    let what = match event {
        RegistryEvent::Registered(_) => "registered",
        RegistryEvent::Unregistered(_) => "unregistered",
        RegistryEvent::Ended(_) => "ended",
        _ => "?",
    };
    (what, event.entry().pid(), *event.entry().value())
}

/// REG-12
#[tokio::test]
async fn listeners_hear_of_entries_and_not_of_values() {
    let all = Numbers::unique("numbers");
    let mut events = all.events().subscribe_with::<RegistryEvent<String, u32>>("**", Buffer::new(8)).unwrap();
    let ann = member(&all).await;
    ann.add("a", 1).await.unwrap();
    ann.bump("a", Arc::default()).await.unwrap();
    ann.remove("a").await.unwrap();
    assert_eq!(told(&events.recv().await.unwrap().1), ("registered", ann.pid(), 1));
    let (topic, event) = events.recv().await.unwrap();
    assert_eq!((topic.as_str(), told(&event)), ("unregistered", ("unregistered", ann.pid(), 2)));
    assert_eq!(event.entry().key(), "a");
    assert_eq!(events.subscriber().waiting(), 0);
}

/// REG-13: its end is no unregister event, but one of its own. By then the key is free.
#[tokio::test]
async fn listeners_hear_of_an_end_as_such() {
    let all = Numbers::unique("numbers");
    let (free, ends) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (seen, count, look) = (free.clone(), ends.clone(), all.clone());
    all.events()
        .subscribe_fn("ended", move |_, event: RegistryEvent<String, u32>| {
            seen.store(look.get(event.entry().key().as_str()).is_none(), Ordering::Relaxed);
            count.fetch_add(1, Ordering::Relaxed);
        })
        .unwrap();
    let unregistered = all.events().subscribe::<RegistryEvent<String, u32>>("unregistered").unwrap();
    let ann = member(&all).await;
    ann.add("a", 1).await.unwrap();
    ann.add("b", 1).await.unwrap();
    ann.kill();
    ann.ended().await;
    assert!(free.load(Ordering::Relaxed));
    assert_eq!((ends.load(Ordering::Relaxed), unregistered.subscriber().waiting()), (2, 0));
}

/// REG-14, REG-15: a key as a name: it finds its server, keeps it alive, and is nothing afterwards.
#[tokio::test]
async fn a_server_is_started_under_a_key() {
    let all: Registry<String, u32, Other> = Registry::unique("numbers");
    Other::start().registered(&all, "a".into(), 5).await.unwrap();
    tokio::task::yield_now().await;
    assert_eq!(all.whereis("a").unwrap().number().await.unwrap(), 7);
    assert_eq!(all.get("a").map(|entry| *entry.value()), Some(5));

    let server = all.whereis("a").unwrap();
    server.stop().await.unwrap();
    assert!(all.whereis("a").is_none());
    let error = server.number().await.unwrap_err();
    assert!(matches!(error, CallError::NotRunning { .. }), "{error}");
}

/// REG-2, REG-14: `init` does not run where a key is held, and no other claim stays.
#[tokio::test]
async fn a_start_under_a_held_key_leaves_nothing() {
    #[genserver]
    struct Never;

    #[genserver]
    impl Never {
        #[init]
        fn init(runs: Arc<AtomicUsize>) -> Self {
            runs.fetch_add(1, Ordering::Relaxed);
            Never
        }
    }

    let system = System::new();
    let (all, runs) = (Numbers::unique("numbers"), Arc::new(AtomicUsize::new(0)));
    let first = Other::start().registered(&all, "a".into(), 1).system(&system).await.unwrap();
    let second = Never::start(runs.clone())
        .registered(&all, "b".into(), 2)
        .registered(&all, "a".into(), 2)
        .name("never")
        .system(&system)
        .await;
    assert!(matches!(second, Err(StartError::AlreadyRegistered(taken)) if taken.holder == first.pid()));
    assert_eq!(all.len(), 1);
    assert!(system.whereis::<Never>("never").is_none());

    let _named = Other::start().name("never").system(&system).await.unwrap();
    let third =
        Never::start(runs.clone()).registered(&all, "b".into(), 2).name("never").system(&system).await;
    assert!(matches!(third, Err(StartError::NameTaken { .. })));
    assert_eq!((all.len(), runs.load(Ordering::Relaxed)), (1, 0));
}

/// REG-16
#[tokio::test]
async fn a_duplicate_key_has_many_entries() {
    let all = Numbers::duplicate("numbers");
    let (ann, ben) = (member(&all).await, member(&all).await);
    ann.add("a", 1).await.unwrap();
    ben.add("a", 2).await.unwrap();
    ann.add("a", 3).await.unwrap();
    assert_eq!(pairs(all.lookup("a")), [(ann.pid(), 1), (ben.pid(), 2), (ann.pid(), 3)]);
    assert_eq!(all.len(), 3);
    ann.kill();
    ann.ended().await;
    assert_eq!(pairs(all.lookup("a")), [(ben.pid(), 2)]);
}

/// REG-17: the parts that keys are spread over do not show.
#[tokio::test]
async fn many_keys_are_as_one_table() {
    #[genserver]
    struct Many;

    #[genserver]
    impl Many {
        #[init]
        fn init(cx: &mut Context<Self>, all: Registry<u32, u32>) -> Result<Self, AlreadyRegistered> {
            (0..1_000).try_for_each(|key| cx.register(&all, key, key % 10))?;
            Ok(Many)
        }
    }

    for all in [Registry::unique("many"), Registry::duplicate("many")] {
        let first = Many::start(all.clone()).await.unwrap();
        let second = Many::start(all.clone()).await;
        let each = if all.is_unique() { 1 } else { 2 };
        assert_eq!(second.is_err(), all.is_unique());
        assert_eq!((all.len(), all.keys().len()), (1_000 * each, 1_000));
        assert_eq!(all.count(|entry| *entry.value() == 3), 100 * each);
        assert_eq!(all.select(|entry| *entry.key() < 50).len(), 50 * each);
        assert!((0..1_000).all(|key| all.dispatch(&key, |_| ()) == each));
        first.kill();
        first.ended().await;
        assert_eq!(all.len(), 1_000 * (each - 1));
        if let Ok(second) = second {
            assert_eq!(all.entries_of(second.pid()).len(), 1_000);
            second.kill();
            second.ended().await;
        }
        assert!(all.is_empty() && all.keys().is_empty());
    }
}

/// REG-18
#[tokio::test]
async fn a_registry_is_found_by_name_and_type() {
    let system = System::new();
    let all = Numbers::unique("numbers");
    system.add_registry(&all).unwrap();
    system.add_registry(&all.clone()).unwrap();
    let error = system.add_registry(&Numbers::unique("numbers")).unwrap_err();
    assert_eq!(error, RegistryError::NameTaken { registry: "numbers".into() });

    let ann = member(&system.registry("numbers").unwrap()).await;
    ann.add("a", 1).await.unwrap();
    assert_eq!(all.len(), 1);

    let unknown = system.registry::<String, u32, AnyServer>("letters").unwrap_err();
    assert_eq!(unknown.to_string(), "there is no registry `letters`");
    let other = system.registry::<String, u32, Member>("numbers").unwrap_err();
    assert!(matches!(other, RegistryError::OtherType { registry, .. } if &*registry == "numbers"));
    assert!(system.remove_registry("numbers"));
    assert!(!system.remove_registry("numbers"));
}

/// REG-19
#[tokio::test]
async fn metadata_is_kept_by_type() {
    let all = Numbers::unique("numbers");
    all.put_metadata(5_u64);
    all.put_metadata(6_u64);
    assert_eq!(all.clone().metadata::<u64>().as_deref(), Some(&6));
    assert_eq!(all.metadata::<u32>(), None);
}

/// REG-20
#[tokio::test(start_paused = true)]
async fn sections_of_one_key_exclude_each_other() {
    let all = Numbers::unique("numbers");
    let start = Instant::now();
    let run = |key: &'static str, number: u32| {
        let all = all.clone();
        tokio::spawn(async move {
            all.lock(key.to_owned(), async || {
                sleep(Duration::from_millis(100)).await;
                (number, Instant::now() - start)
            })
            .await
        })
    };
    let (first, second, other) = (run("a", 1), run("a", 2), run("b", 3));
    let given_up = run("a", 4);
    tokio::task::yield_now().await;
    given_up.abort();
    let third = run("a", 5);
    let at = Duration::from_millis;
    assert_eq!(first.await.unwrap(), (1, at(100)));
    assert_eq!(other.await.unwrap(), (3, at(100)));
    assert_eq!(second.await.unwrap(), (2, at(200)));
    assert_eq!(third.await.unwrap(), (5, at(300)));
}

#[tokio::test]
async fn a_value_of_another_type_of_server_is_not_found() {
    let all = Numbers::unique("numbers");
    let _other = Other::start().registered(&all, "a".into(), 1).await.unwrap();
    assert!(all.whereis::<Member>("a").is_none());
    assert!(all.get("a").unwrap().server::<Other>().is_some());
}

/// A restarted server finds its key free in `init`: its last life had it, and is over.
#[tokio::test]
async fn a_restarted_owner_registers_again() {
    #[genserver]
    struct Seat;

    #[genserver]
    impl Seat {
        #[init]
        fn init(cx: &mut Context<Self>, all: Numbers) -> Result<Self, AlreadyRegistered> {
            cx.register(&all, "seat".into(), 1)?;
            Ok(Seat)
        }

        #[call]
        fn sit(&self) {}
    }

    let all = Numbers::unique("numbers");
    let mut tree = Supervisor::builder("hall");
    tree.restarts(1_000, Duration::from_secs(5));
    tree.add(Seat::child(all.clone()));
    let tree = tree.start().await.unwrap();
    let seat = all.whereis::<Seat>("seat").unwrap();
    for life in 1..100 {
        assert_eq!(all.get("seat").map(|entry| entry.pid()), Some(seat.pid()));
        assert_eq!(seat.pid().incarnation(), life);
        seat.kill();
        // Queued until the next life, which is up only if it could register.
        seat.sit().await.unwrap();
    }
    assert_eq!(all.len(), 1);
    tree.stop().await.unwrap();
    assert!(all.is_empty());
}

#[tokio::test]
async fn a_unique_key_keeps_its_server_alive_and_a_duplicate_one_does_not() {
    let (names, groups) = (Numbers::unique("names"), Numbers::duplicate("groups"));
    let named = Other::start().registered(&names, "a".into(), 1).await.unwrap().downgrade();
    let grouped = Other::start().registered(&groups, "a".into(), 1).await.unwrap().downgrade();
    tokio::task::yield_now().await;
    assert!(named.upgrade().is_some() && grouped.upgrade().is_none());
    assert_eq!((names.len(), groups.len()), (1, 0));
    // Nobody could find it any more.
    drop(names);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(named.upgrade().is_none());
}

#[tokio::test]
async fn a_key_given_up_keeps_no_server_alive() {
    let all = Numbers::unique("numbers");
    let ann = member(&all).await;
    ann.add("a", 1).await.unwrap();
    let weak = ann.downgrade();
    ann.remove("a").await.unwrap();
    drop(ann);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(weak.upgrade().is_none());
}

#[test]
fn a_server_whose_runtime_is_gone_loses_its_keys() {
    let all = Numbers::unique("numbers");
    let start = async || Other::start().registered(&all, "a".into(), 1).await;
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime().block_on(start()).unwrap();
    runtime().block_on(async {
        let second = start().await.unwrap();
        assert_eq!(all.get("a").map(|entry| entry.pid()), Some(second.pid()));
        assert!(!first.is_alive());
    });
    assert!(all.get("a").is_none());
    assert!(all.is_empty());
}

/// Servers come and go on two workers; who looks sees each key whole or not at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_change_hands_under_load() {
    let all = Numbers::unique("numbers");
    let done = Arc::new(AtomicBool::new(false));
    let look = tokio::spawn({
        let (all, done) = (all.clone(), done.clone());
        async move {
            while !done.load(Ordering::Relaxed) {
                for entry in all.select(|_| true) {
                    assert!(entry.server::<Other>().is_some());
                }
                tokio::task::yield_now().await;
            }
        }
    });
    let rounds = (0..4).map(|_| {
        let all = all.clone();
        tokio::spawn(async move {
            let mut won = 0;
            for round in 0..500_u32 {
                let key = format!("{}", round % 8);
                if let Ok(server) = Other::start().registered(&all, key.clone(), round).await {
                    assert_eq!(all.get(key.as_str()).map(|entry| entry.pid()), Some(server.pid()));
                    won += 1;
                    server.kill();
                    server.ended().await;
                    assert!(all.get(key.as_str()).is_none_or(|entry| entry.pid() != server.pid()));
                }
            }
            won
        })
    });
    let mut won = 0;
    for round in rounds.collect::<Vec<_>>() {
        won += round.await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    look.await.unwrap();
    assert!(won > 0);
    assert!(all.is_empty() && all.keys().is_empty());
}
