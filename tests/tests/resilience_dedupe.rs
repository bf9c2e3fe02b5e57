//! Retry with `dedupe`: what was begun and is late is asked for once more, and not run again.
#![allow(missing_docs)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use noex::prelude::*;
use tokio::time::{Instant, sleep, timeout};

/// When a handler began, in milliseconds.
type Runs = Arc<Mutex<Vec<u64>>>;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[genserver]
struct Bank {
    start: Instant,
    runs: Runs,
    waiting: Vec<ReplyTo<Result<u32, String>>>,
}

#[genserver]
impl Bank {
    #[init]
    fn open(runs: Runs) -> Self {
        Bank { start: Instant::now(), runs, waiting: Vec::new() }
    }

    fn note(&self) {
        self.runs.lock().unwrap().push(u64::try_from(self.start.elapsed().as_millis()).unwrap());
    }

    #[call]
    #[retry(max_attempts = 4, initial_delay = 10ms, backoff_factor = 1.0, dedupe = 30s)]
    #[timeout(50ms)]
    async fn pay(&mut self, takes: u64) -> Result<u64, String> {
        self.note();
        sleep(ms(takes)).await;
        Ok(takes)
    }

    #[call]
    #[retry(max_attempts = 2, initial_delay = 10ms, dedupe = 5ms)]
    #[timeout(50ms)]
    async fn forgotten(&mut self) -> Result<(), String> {
        self.note();
        sleep(ms(55)).await;
        Ok(())
    }

    #[call(timeout = 50ms)]
    #[retry(max_attempts = 4, initial_delay = 10ms, backoff_factor = 1.0, dedupe = 30s)]
    fn later(&mut self, reply: ReplyTo<Result<u32, String>>) {
        self.note();
        self.waiting.push(reply);
    }

    #[call]
    #[retry(max_attempts = 4, initial_delay = 10ms, dedupe = 30s)]
    #[timeout(50ms)]
    async fn crash(&mut self) -> Result<(), String> {
        self.note();
        sleep(ms(100)).await;
        panic!("no money left")
    }

    /// Answers who waits; or says how many wait still.
    #[call]
    fn settle(&mut self, with: Option<u32>) -> usize {
        match with {
            Some(amount) => self.waiting.drain(..).for_each(|reply| reply.send(Ok(amount))),
            None => self.waiting.retain(|reply| !reply.is_abandoned()),
        }
        self.waiting.len()
    }
}

async fn bank() -> (BankRef, Runs) {
    let runs = Runs::default();
    (Bank::start(runs.clone()).await.unwrap(), runs)
}

fn times(runs: &Runs) -> Vec<u64> {
    runs.lock().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn what_is_late_is_waited_for_and_not_run_again() {
    let (bank, runs) = bank().await;
    let start = Instant::now();
    // The second attempt begins at 60 and has its own 50 ms.
    assert_eq!(bank.pay(100).await.unwrap(), 100);
    assert_eq!((times(&runs), start.elapsed()), (vec![0], ms(100)));
    // With four of them there are 230 ms in all.
    let start = Instant::now();
    assert!(matches!(bank.pay(300).await, Err(CallError::Timeout { .. })));
    assert_eq!((times(&runs), start.elapsed()), (vec![0, 100], ms(230)));
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_comes_between_two_attempts_is_there_for_the_next_one() {
    let (bank, runs) = bank().await;
    let start = Instant::now();
    assert_eq!(bank.pay(55).await.unwrap(), 55);
    assert_eq!((times(&runs), start.elapsed()), (vec![0], ms(60)));
    // The next call is another one.
    assert_eq!(bank.pay(1).await.unwrap(), 1);
    assert_eq!(times(&runs), [0, 60]);
}

#[tokio::test(start_paused = true)]
async fn what_was_not_begun_is_sent_again() {
    let (bank, runs) = bank().await;
    let (long, short) = tokio::join!(bank.pay(100), bank.pay(1));
    // The short one's first message timed out in the queue, its second was served at 100.
    assert_eq!((long.unwrap(), short.unwrap()), (100, 1));
    assert_eq!(times(&runs), [0, 100]);
}

#[tokio::test(start_paused = true)]
async fn after_its_time_a_reply_is_forgotten() {
    let (bank, runs) = bank().await;
    assert!(matches!(bank.forgotten().await, Err(CallError::Timeout { .. })));
    assert_eq!(times(&runs), [0, 60], "kept for 5 ms, it was not there 10 ms later");
}

#[tokio::test(start_paused = true)]
async fn a_reply_address_is_not_abandoned_while_there_is_another_attempt() {
    let (bank, runs) = bank().await;
    let (paid, waiting) = tokio::join!(bank.later(), async {
        sleep(ms(55)).await;
        let between = bank.settle(None).await.unwrap();
        sleep(ms(100)).await;
        bank.settle(Some(7)).await.unwrap();
        between
    });
    assert_eq!((paid.unwrap(), waiting, times(&runs)), (7, 1, vec![0]));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_leaves_between_two_attempts_abandons_it() {
    let (bank, runs) = bank().await;
    assert!(timeout(ms(55), bank.later()).await.is_err());
    assert_eq!((bank.settle(None).await.unwrap(), times(&runs)), (0, vec![0]));
}

#[tokio::test(start_paused = true)]
async fn a_crash_has_no_reply_and_is_not_tried_again() {
    let (bank, runs) = bank().await;
    assert!(matches!(bank.crash().await, Err(CallError::Crashed { .. })));
    assert_eq!(times(&runs), [0]);
}

#[tokio::test(start_paused = true)]
async fn a_request_on_its_own_is_deduped_as_well() {
    let (bank, runs) = bank().await;
    let request = tokio::spawn(bank.pay(100).request());
    assert_eq!(request.await.unwrap().unwrap(), 100);
    assert_eq!(times(&runs), [0]);
}
