//! Chaos: whatever is killed in a tree, and whenever, it comes back whole.
//!
//! Random processes on three levels are killed, crashed and made to refuse while others call them. Afterwards
//! each worker lives exactly once, nobody was told that it is not there, and no queued message was lost.
#![allow(missing_docs)]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use noex::{ChildOptions, Strategy, Supervisor, SupervisorRef, prelude::*};
use tokio::task::yield_now;

const ROUNDS: u32 = 3_000;
const WORKERS: usize = 9;

/// Numbers that look random, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// Who lives, and what became of the messages.
#[derive(Default)]
struct Census {
    living: [AtomicU32; WORKERS],
    doubles: AtomicU32,
    refusals: AtomicU32,
    hangs: AtomicU32,
    served: Mutex<Vec<u32>>,
    /// Lives that began.
    lives: AtomicU32,
}

/// Counts a life for as long as it lasts.
struct Life {
    census: Arc<Census>,
    id: usize,
}

impl Life {
    fn begin(census: Arc<Census>, id: usize) -> Self {
        if census.living[id].fetch_add(1, Ordering::SeqCst) > 0 {
            census.doubles.fetch_add(1, Ordering::SeqCst);
        }
        census.lives.fetch_add(1, Ordering::SeqCst);
        Life { census, id }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.census.living[self.id].fetch_sub(1, Ordering::SeqCst);
    }
}

#[genserver(call_timeout = 60s, mailbox = unbounded)]
struct Worker {
    life: Life,
}

#[genserver]
impl Worker {
    #[init]
    async fn init(id: usize, census: Arc<Census>) -> Result<Self, String> {
        let refuses = census.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        let hangs = census.hangs.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        let life = Life::begin(census, id);
        yield_now().await;
        if hangs.is_ok() {
            std::future::pending::<()>().await;
        }
        if refuses.is_ok() { Err("not now".into()) } else { Ok(Worker { life }) }
    }

    #[call]
    async fn work(&mut self) -> usize {
        yield_now().await;
        self.life.id
    }

    #[cast]
    fn note(&mut self, number: u32) {
        self.life.census.served.lock().unwrap().push(number);
    }

    #[cast]
    fn crash(&mut self) {
        std::panic::resume_unwind(Box::new("chaos"));
    }
}

struct Forest {
    top: SupervisorRef,
    branches: Vec<SupervisorRef>,
    workers: Vec<WorkerRef>,
}

async fn forest(census: &Arc<Census>, system: &System) -> Forest {
    let (mut top, mut branches, mut workers) = (Supervisor::builder("top"), Vec::new(), Vec::new());
    let forever = (10_000_000, Duration::from_secs(3_600));
    top.restarts(forever.0, forever.1);
    let strategies = [Strategy::OneForOne, Strategy::RestForOne, Strategy::OneForAll];
    for (number, strategy) in strategies.into_iter().enumerate() {
        let mut branch = Supervisor::builder(format!("branch {number}"));
        branch.strategy(strategy);
        branch.restarts(forever.0, forever.1);
        for leaf in 0..3 {
            let (id, census) = (number * 3 + leaf, census.clone());
            let options = ChildOptions::new(leaf.to_string());
            workers.push(branch.child::<Worker>(options, move || (id, census.clone())));
        }
        branches.push(top.nest(ChildOptions::new(number.to_string()), branch.start()));
    }
    Forest { top: top.start().system(system).await.unwrap(), branches, workers }
}

/// Calls workers until told to stop.
async fn call_on(workers: Vec<WorkerRef>, seed: u64, stop: Arc<AtomicBool>, calls: Arc<AtomicU64>) {
    let mut dice = Dice(seed);
    while !stop.load(Ordering::SeqCst) {
        let id = dice.roll(WORKERS as u64) as usize;
        match workers[id].work().await {
            Ok(answer) => assert_eq!(answer, id),
            Err(CallError::Crashed { may_have_run: true, .. }) => {}
            Err(other) => panic!("worker {id}: {other}"),
        }
        calls.fetch_add(1, Ordering::SeqCst);
        yield_now().await;
    }
}

/// Does something bad.
fn strike(forest: &Forest, census: &Census, dice: &mut Dice) {
    let worker = &forest.workers[dice.roll(WORKERS as u64) as usize];
    let branch = &forest.branches[dice.roll(3) as usize];
    match dice.roll(10) {
        0..4 => drop(worker.kill()),
        4 | 5 => drop(worker.try_cast(WorkerCast::Crash {})),
        6 => drop(worker.exit(ExitReason::other("chaos"))),
        7 => drop(branch.kill()),
        8 => drop(census.refusals.fetch_add(1, Ordering::SeqCst)),
        _ => {
            branch.kill();
            worker.kill();
        }
    }
}

async fn until_whole(forest: &Forest, census: &Census) {
    for worker in &forest.workers {
        // Served by whoever lives there in the end.
        while worker.work().await.is_err() {}
    }
    for _ in 0..100_000 {
        if census.living.iter().all(|living| living.load(Ordering::SeqCst) == 1) {
            return;
        }
        yield_now().await;
    }
    panic!("some are missing: {:?}", census.living);
}

async fn chaos(seed: u64) {
    let (census, system) = (Arc::new(Census::default()), System::new());
    let forest = forest(&census, &system).await;
    let (stop, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let callers: Vec<_> = (1..=4)
        .map(|n| tokio::spawn(call_on(forest.workers.clone(), seed * n + n, stop.clone(), calls.clone())))
        .collect();
    let mut dice = Dice(seed);
    for number in 0..ROUNDS {
        let worker = &forest.workers[dice.roll(WORKERS as u64) as usize];
        worker.note(number).await.unwrap();
        strike(&forest, &census, &mut dice);
        for _ in 0..dice.roll(8) {
            yield_now().await;
        }
        if number % 4 == 0 {
            // The tree keeps pace: somebody lives there again, or is cut short once more.
            drop(worker.work().await);
        }
    }
    census.refusals.store(0, Ordering::SeqCst);
    stop.store(true, Ordering::SeqCst);
    for caller in callers {
        caller.await.unwrap();
    }
    until_whole(&forest, &census).await;
    assert_eq!(census.doubles.load(Ordering::SeqCst), 0, "seed {seed}: two lives at once");
    assert_eq!(system.dead_letters(), 0, "seed {seed}");
    // A note is a plain handler: it is either served or still queued, never in hand when a life is cut short.
    let mut served = std::mem::take(&mut *census.served.lock().unwrap());
    served.sort_unstable();
    assert_eq!(served, (0..ROUNDS).collect::<Vec<_>>(), "seed {seed}");
    assert!(forest.top.is_alive());
    forest.top.stop().await.unwrap();
    for worker in &forest.workers {
        assert!(!worker.is_alive());
    }
    assert!(census.living.iter().all(|living| living.load(Ordering::SeqCst) == 0), "seed {seed}: orphans");
    assert!(calls.load(Ordering::SeqCst) > 0 && census.lives.load(Ordering::SeqCst) > ROUNDS / 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tree_comes_back_whole_from_anything() {
    for seed in [0x5eed, 0xdead_beef] {
        tokio::time::timeout(Duration::from_secs(240), chaos(seed)).await.expect("it hangs");
    }
}

#[tokio::test]
async fn a_tree_comes_back_whole_on_one_thread() {
    tokio::time::timeout(Duration::from_secs(240), chaos(0xabcd)).await.expect("it hangs");
}

/// Starts, stops, restarts and deletes children at random. Whatever it is told, it is told something.
async fn administer(branch: SupervisorRef, census: Arc<Census>, seed: u64) {
    let mut dice = Dice(seed);
    for _ in 0..ROUNDS / 10 {
        let id = dice.roll(WORKERS as u64) as usize;
        let name = id.to_string();
        let census = census.clone();
        // What a dead, a busy or an unknown one answers is tested elsewhere.
        match dice.roll(8) {
            0..3 => {
                let options = ChildOptions::new(name).ready_within(Duration::from_millis(2));
                drop(branch.start_child::<Worker>(options, move || (id, census.clone())).await);
            }
            3 | 4 => drop(branch.terminate_child(name).await),
            5 => drop(branch.restart_child(name).await),
            6 => drop(branch.delete_child(name).await),
            _ => drop(branch.children().await),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_get_an_answer_whatever_happens() {
    for (strategy, seed) in [(Strategy::OneForOne, 7), (Strategy::RestForOne, 8), (Strategy::OneForAll, 9)] {
        let census = Arc::new(Census::default());
        let mut branch = Supervisor::builder("branch");
        branch.strategy(strategy).restarts(10_000_000, Duration::from_secs(3_600));
        let options = |id: usize| ChildOptions::new(id.to_string()).ready_within(Duration::from_millis(2));
        let workers: Vec<_> = (0..3)
            .map(|id| {
                let census = census.clone();
                branch.child::<Worker>(options(id), move || (id, census.clone()))
            })
            .collect();
        let mut top = Supervisor::builder("top");
        top.restarts(10_000_000, Duration::from_secs(3_600));
        let branch = top.nest(ChildOptions::new("branch"), branch.start());
        let top = top.start().await.unwrap();
        let admins: Vec<_> =
            (1..=4).map(|n| tokio::spawn(administer(branch.clone(), census.clone(), seed * n))).collect();
        let mut dice = Dice(seed);
        let run = async {
            while admins.iter().any(|admin| !admin.is_finished()) {
                let worker = &workers[dice.roll(3) as usize];
                match dice.roll(12) {
                    0 => drop(branch.kill()),
                    1 => drop(census.hangs.fetch_add(1, Ordering::SeqCst)),
                    2 => drop(census.refusals.fetch_add(1, Ordering::SeqCst)),
                    3 => tokio::time::sleep(Duration::from_millis(1)).await,
                    4 => drop(worker.try_cast(WorkerCast::Crash {})),
                    _ => drop(worker.kill()),
                }
                yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(200), run).await.expect("an administrator waits for ever");
        for admin in admins {
            admin.await.unwrap();
        }
        top.stop().await.unwrap();
        assert_eq!(census.doubles.load(Ordering::SeqCst), 0, "{strategy:?}: two lives at once");
        let living = &census.living;
        assert!(living.iter().all(|it| it.load(Ordering::SeqCst) == 0), "{strategy:?}: orphans {living:?}");
    }
}
