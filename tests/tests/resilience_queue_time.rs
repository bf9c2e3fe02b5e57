//! Load shedding of handlers: by what the server accepts, and by how long calls are queued in its mailbox.
#![allow(missing_docs)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use noex::{
    Executed, System,
    observer::EventKind,
    prelude::*,
    resilience::{PolicyEvent, PolicyKind, PolicyStatus},
};
use tokio::{
    task::JoinHandle,
    time::{advance, sleep, timeout},
};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[genserver]
struct Press {
    runs: Arc<AtomicU32>,
}

#[genserver]
impl Press {
    #[init]
    fn open(runs: Arc<AtomicU32>) -> Self {
        Press { runs }
    }

    #[call]
    #[circuit_breaker(failure_threshold = 1)]
    #[load_shed(queue_delay = 5ms)]
    async fn print(&mut self, takes: u64) -> Result<(), String> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        sleep(ms(takes)).await;
        Ok(())
    }

    #[call]
    #[load_shed(ratio = 1.5, cap = 0.8, seed = 7)]
    fn fail(&mut self) -> Result<(), String> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        Err("no ink".into())
    }

    #[call]
    #[retry(max_attempts = 5, initial_delay = 100ms, retry_rejected)]
    #[load_shed(queue_delay = 5ms)]
    async fn patiently(&mut self, takes: u64) -> Result<(), String> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        sleep(ms(takes)).await;
        Ok(())
    }
}

async fn press(system: &System) -> (PressRef, Arc<AtomicU32>) {
    let runs = Arc::<AtomicU32>::default();
    (Press::start(runs.clone()).name("press").system(system).await.unwrap(), runs)
}

type Printed = JoinHandle<Result<(), CallError<String>>>;

fn all_at_once(press: &PressRef, count: usize, takes: u64) -> Vec<Printed> {
    (0..count).map(|_| tokio::spawn(press.print(takes).request())).collect()
}

/// Which ones were served.
async fn served(calls: Vec<Printed>) -> Vec<bool> {
    let mut served = Vec::new();
    for call in calls {
        served.push(match call.await.unwrap() {
            Ok(()) => true,
            Err(shed @ CallError::Shed { .. }) => {
                assert_eq!(shed.was_executed(), Executed::No);
                assert_eq!(shed.to_string(), "`print` of press was not run: `press.print` sheds load");
                false
            }
            Err(other) => panic!("{other}"),
        });
    }
    served
}

#[tokio::test(start_paused = true)]
async fn a_standing_queue_is_shed_and_what_is_shed_does_not_run() {
    let system = System::new();
    let (press, runs) = press(&system).await;
    let mut events = system.events();
    // Who is queued for longer than 100 ms finds that even the luckiest of these was queued for more than 5.
    let first = served(all_at_once(&press, 20, 20)).await;
    let count = first.iter().filter(|served| **served).count();
    assert!(first.is_sorted_by(|a, b| a >= b), "the first ones were served: {first:?}");
    assert!((6..10).contains(&count), "{count}");
    assert_eq!(runs.load(Ordering::SeqCst) as usize, count);
    let table = system.policies();
    let is_it = |line: &&PolicyStatus| line.kind == PolicyKind::LoadShedder && &*line.name == "press.print";
    let line = table.iter().find(is_it).unwrap();
    assert_eq!((line.counter("passed"), line.counter("shed")), (count as u64, 20 - count as u64));
    // Nobody's message is lost: it was refused, and its caller told.
    while let Ok(event) = timeout(ms(0), events.next()).await {
        match event.unwrap().kind {
            EventKind::DeadLetter { .. } => panic!("a dead letter"),
            EventKind::Policy { event: PolicyEvent::StateChanged { .. }, .. } => panic!("it is no failure"),
            _ => {}
        }
    }

    // The queue has gone: nobody is shed any more.
    advance(ms(1000)).await;
    assert_eq!(served(all_at_once(&press, 4, 20)).await, [true; 4]);
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_no_standing_queue() {
    let (press, _) = press(&System::new()).await;
    for _ in 0..20 {
        // Each of them takes 3 ms, and half of the time there is none.
        assert_eq!(served(all_at_once(&press, 16, 3)).await, [true; 16]);
        advance(ms(50)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_was_shed_may_come_again() {
    let (press, runs) = press(&System::new()).await;
    let calls: Vec<_> = (0..12).map(|_| tokio::spawn(press.patiently(20).request())).collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(runs.load(Ordering::SeqCst), 12, "each ran once, whatever it was told before");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_accepted_is_not_sent_any_more() {
    let (press, runs) = press(&System::new()).await;
    let mut shed = 0;
    for _ in 0..500 {
        match press.fail().await.unwrap_err() {
            CallError::Shed { .. } => shed += 1,
            CallError::Handler(_) => {}
            other => panic!("{other}"),
        }
    }
    assert!((340..420).contains(&shed), "no more than four fifths: {shed}");
    assert_eq!(runs.load(Ordering::SeqCst), 500 - shed);
}
