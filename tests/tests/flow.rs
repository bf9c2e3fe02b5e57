//! Flow through pipelines: how many pass in a time, and batches, which are a server of one's own.
#![allow(missing_docs)]

use std::time::Duration;

use noex::{
    prelude::*,
    resilience::{RateLimitOptions, RateLimiter},
};
use tokio::{sync::mpsc, time::Instant};

const MS: Duration = Duration::from_millis(1);

/// Lets through what may pass.
#[genserver]
#[derive(Clone)]
struct Gate {
    begun: Instant,
}

#[genserver]
impl Gate {
    #[init]
    fn open() -> Self {
        Gate { begun: Instant::now() }
    }

    /// When it passed, in milliseconds.
    #[call(job, concurrent)]
    #[rate_limit(2 per 50ms, algorithm = fixed, queue = 10)]
    async fn pass(&self, _item: u32) -> u128 {
        self.begun.elapsed().as_millis()
    }
}

pipeline! {
    Limited: u32 => u128 { gate: Gate::pass }
}

#[tokio::test(start_paused = true)]
async fn a_stage_lets_so_many_pass_in_an_interval() {
    // FLOW-1
    let limited = Limited::new(Gate::start().await.unwrap());
    let passed = limited.run(0..5).collect().await;
    assert_eq!(passed.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [0, 0, 50, 50, 100]);
}

/// A gate whose limit changes. Who cannot pass in the time of a call would not wait.
#[genserver(call_timeout = infinity)]
#[derive(Clone)]
struct Valve {
    begun: Instant,
    limiter: RateLimiter,
}

#[genserver]
impl Valve {
    #[init]
    fn open(limit: u32, period: Duration) -> Self {
        let options = RateLimitOptions::new().limit(limit).period(period).queue_timeout(60_000 * MS);
        Valve { begun: Instant::now(), limiter: RateLimiter::new("valve", options).unwrap() }
    }

    #[call(job, concurrent)]
    async fn pass(&self, _item: u32) -> u128 {
        let passed = async || Ok::<_, ()>(self.begun.elapsed().as_millis());
        self.limiter.execute(passed).await.unwrap()
    }

    #[call]
    fn limit(&self) -> u32 {
        self.limiter.limit()
    }

    #[call]
    fn reset_to(&mut self, limit: u32) {
        self.limiter.reset_to(limit).unwrap();
    }
}

pipeline! {
    Valved: u32 => u128 { valve: Valve::pass }
}

#[tokio::test(start_paused = true)]
async fn a_limit_can_be_read_and_changed_while_items_wait() {
    // FLOW-2
    let valve = Valve::start(1, 5_000 * MS).await.unwrap();
    let valved = Valved::new(valve.clone());
    let mut flow = valved.run(0..5);
    assert_eq!(flow.next().await.unwrap().unwrap(), 0);
    assert_eq!(valve.limit().await.unwrap(), 1);
    assert!(tokio::time::timeout(100 * MS, flow.next()).await.is_err(), "the others wait");
    valve.reset_to(3).await.unwrap();
    assert_eq!(valve.limit().await.unwrap(), 3);
    let passed = flow.collect().await;
    assert_eq!(passed.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [100, 100, 100, 5_100]);
}

type Batches = mpsc::UnboundedSender<Vec<u32>>;

/// Hands on what has come, so many at a time, or what there is when it has waited long enough.
#[genserver]
struct Batcher {
    size: usize,
    most: Duration,
    items: Vec<u32>,
    timer: Option<Timer>,
    batches: Batches,
}

struct TimeIsUp;

#[genserver]
impl Batcher {
    #[init]
    fn open(size: usize, most: Duration, batches: Batches) -> Self {
        Batcher { size, most, items: Vec::new(), timer: None, batches }
    }

    #[cast]
    fn add(&mut self, cx: &mut Context<Self>, item: u32) {
        self.items.push(item);
        if self.items.len() == self.size {
            self.hand_on();
        } else if self.timer.is_none() {
            self.timer = Some(cx.send_after(self.most, TimeIsUp));
        }
    }

    #[info]
    fn late(&mut self, _: TimeIsUp) {
        self.hand_on();
    }

    fn hand_on(&mut self) {
        if let Some(timer) = self.timer.take() {
            timer.cancel();
        }
        let _ = self.batches.send(std::mem::take(&mut self.items));
    }
}

/// A batcher, and what it hands on.
async fn batcher(size: usize) -> (BatcherRef, mpsc::UnboundedReceiver<Vec<u32>>) {
    let (batches, handed_on) = mpsc::unbounded_channel();
    (Batcher::start(size, 20 * MS, batches).await.unwrap(), handed_on)
}

/// Sends each number to the batcher of its parity.
#[genserver]
struct Sorter {
    odd: BatcherRef,
    even: BatcherRef,
}

#[genserver]
impl Sorter {
    #[init]
    fn open(odd: BatcherRef, even: BatcherRef) -> Self {
        Sorter { odd, even }
    }

    #[call(job)]
    async fn sort(&mut self, item: u32) -> bool {
        let batcher = if item % 2 == 1 { &self.odd } else { &self.even };
        batcher.add(item).await.is_ok()
    }
}

pipeline! {
    Batched: u32 => bool { sort: Sorter::sort }
}

#[tokio::test(start_paused = true)]
async fn batches_are_full_and_not_mixed() {
    // FLOW-7
    let ((odd, tens), (even, fives)) = (batcher(10).await, batcher(5).await);
    let batched = Batched::new(Sorter::start(odd.clone(), even.clone()).await.unwrap());
    let sent = batched.run(1..=40).collect().await;
    assert!(sent.into_iter().all(|sent| matches!(sent, Ok(true))));
    for (mut batches, size, count, parity) in [(tens, 10, 2, 1), (fives, 5, 4, 0)] {
        for _ in 0..count {
            let batch = batches.recv().await.unwrap();
            assert!(batch.len() == size && batch.iter().all(|item| item % 2 == parity), "{batch:?}");
        }
        assert!(tokio::time::timeout(100 * MS, batches.recv()).await.is_err(), "nothing is left");
    }
    assert!(odd.is_alive() && even.is_alive());
}

#[tokio::test(start_paused = true)]
async fn an_incomplete_batch_goes_when_its_time_is_up() {
    // FLOW-8
    let (all, mut batches) = batcher(10).await;
    let batched = Batched::new(Sorter::start(all.clone(), all).await.unwrap());
    let begun = Instant::now();
    let sent = batched.run(0..5).collect().await;
    assert!(sent.into_iter().all(|sent| matches!(sent, Ok(true))));
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(batches.recv().await.unwrap(), [0, 1, 2, 3, 4]);
    assert_eq!(begun.elapsed(), 20 * MS);
}
