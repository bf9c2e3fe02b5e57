//! Unique names: who has one, who gets it next, what can be done by name alone.
#![allow(missing_docs)]

use noex::{observer::EventKind, prelude::*};
use tokio::task::yield_now;

#[genserver]
struct Till {
    cents: u64,
}

#[genserver]
impl Till {
    #[init]
    fn init(cents: u64) -> Self {
        Till { cents }
    }

    #[call]
    fn count(&self) -> u64 {
        self.cents
    }

    #[cast]
    fn add(&mut self, cents: u64) {
        self.cents += cents;
    }
}

#[genserver]
struct Safe;

#[genserver]
impl Safe {
    #[init]
    fn init() -> Self {
        Safe
    }

    #[call]
    fn open(&self) {}
}

/// START-8, START-13, REG-1, REG-14 for one unique name.
#[tokio::test]
async fn a_name_finds_its_server_and_nothing_else_does() {
    let system = System::new();
    let till = Till::start(5).name("till").system(&system).await.unwrap();
    assert_eq!(system.whereis::<Till>("till"), Some(till.clone()));
    assert_eq!(system.named::<Till>("till").count().await.unwrap(), 5);
    system.named::<Till>("till").add(1).await.unwrap();
    assert_eq!(till.count().await.unwrap(), 6);
    assert!(system.whereis::<Till>("tills").is_none());
    assert_eq!(till.name().as_deref(), Some("till"));
    assert!(Till::whereis("till").is_none(), "another system");
}

/// START-11, STOP-5, CAST-2, REG-2: a system is the registry in (registry, key).
#[tokio::test]
async fn a_name_in_a_registry_of_its_own() {
    let (here, there) = (System::new(), System::new());
    let first = Till::start(1).name("till").system(&here).await.unwrap();
    let other = Till::start(2).name("till").system(&there).await.unwrap();
    assert_eq!(here.named::<Till>("till").count().await.unwrap(), 1);
    assert_eq!(there.named::<Till>("till").count().await.unwrap(), 2);

    let error = Till::start(3).name("till").system(&here).await.unwrap_err();
    assert!(matches!(error, StartError::NameTaken { holder, .. } if holder == first.pid()), "{error}");

    here.named::<Till>("till").stop().await.unwrap();
    assert!(here.whereis::<Till>("till").is_none());
    let lost = here.named::<Till>("till").add(1).await.unwrap_err();
    assert!(matches!(lost.message, TillCast::Add { cents: 1 }), "given back");
    assert!(other.is_alive());
}

/// CALL-10: a name that a server of another type holds is unknown as this type's.
#[tokio::test]
async fn a_name_of_another_type_is_unknown() {
    let system = System::new();
    let _till = Till::start(5).name("till").system(&system).await.unwrap();
    let error = system.named::<Safe>("till").open().await.unwrap_err();
    assert!(matches!(&error, CallError::NotRunning { reason, .. } if reason.0 == ExitReason::NoProc));
}

/// START-9, REG-2
#[tokio::test]
async fn a_name_is_held_once() {
    let system = System::new();
    let till = Till::start(5).name("till").system(&system).await.unwrap();
    let taken = Safe::start().name("till").system(&system).await.unwrap_err();
    assert!(matches!(taken, StartError::NameTaken { holder, .. } if holder == till.pid()));
    assert_eq!(system.whereis::<Till>("till"), Some(till));
}

/// REG-3: free at once when its owner is gone, however it went.
#[tokio::test]
async fn a_name_is_free_when_its_owner_has_ended() {
    let system = System::new();
    let mut events = system.events();
    for stop in [true, false] {
        let till = Till::start(5).name("till").system(&system).await.unwrap();
        if stop {
            till.stop().await.unwrap();
        } else {
            till.kill();
            till.ended().await;
        }
        assert!(system.whereis::<Till>("till").is_none());
        assert_eq!(till.count().await.unwrap_err().was_executed(), noex::Executed::No);
    }
    let mut names = Vec::new();
    while names.len() < 4 {
        match events.next().await.unwrap().kind {
            EventKind::NameClaimed { name } => names.push(format!("+{name}")),
            EventKind::NameFreed { name } => names.push(format!("-{name}")),
            _ => {}
        }
    }
    assert_eq!(names, ["+till", "-till", "+till", "-till"]);
}

/// START-3: unlinked, and a name keeps its server alive when nobody holds it.
#[tokio::test]
async fn a_named_server_outlives_its_starter() {
    let system = System::new();
    let start = system.clone();
    tokio::spawn(async move {
        Till::start(5).name("till").system(&start).await.unwrap();
        panic!("the starter ends");
    })
    .await
    .unwrap_err();
    yield_now().await;
    assert_eq!(system.named::<Till>("till").count().await.unwrap(), 5);
    system.named::<Till>("till").stop().await.unwrap();
}
