//! Callers that are no plain task: their wakers panic, or they go on somewhere else.
#![allow(missing_docs)]

use std::{
    future::{Future, poll_fn},
    panic::panic_any,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context as Task, Poll, Wake, Waker},
    time::Duration,
};

use noex::prelude::*;
use tokio::{
    sync::oneshot,
    task,
    time::{advance, sleep, timeout},
};

const MS: Duration = Duration::from_millis(1);

#[genserver(call_timeout = infinity)]
struct Ear {
    noted: Vec<u32>,
}

#[genserver]
impl Ear {
    #[init]
    fn init() -> Self {
        Ear { noted: Vec::new() }
    }

    #[call]
    async fn hear(&mut self, answer: oneshot::Receiver<u32>) -> u32 {
        let heard = answer.await.unwrap_or(0);
        self.noted.push(heard);
        heard
    }

    /// Wakes another server, and is done.
    #[call]
    async fn poke(&mut self, other: EarRef) -> u32 {
        other.note(1).await.expect("it runs");
        7
    }

    #[call]
    async fn hear_unless_given_up(&mut self, cx: &mut Context<Self>, answer: oneshot::Receiver<u32>) -> u32 {
        tokio::select! {
            biased;
            () = cx.cancelled() => 0,
            heard = answer => heard.unwrap_or(1),
        }
    }

    #[call]
    fn noted(&self) -> Vec<u32> {
        self.noted.clone()
    }

    #[cast]
    fn note(&mut self, number: u32) {
        self.noted.push(number);
    }

    #[cast]
    fn tell(&mut self, to: oneshot::Sender<u32>) {
        to.send(5).expect("somebody listens");
    }
}

/// Panics when it wakes somebody.
struct Fuse;

impl Wake for Fuse {
    fn wake(self: Arc<Self>) {
        panic!("blown")
    }

    fn wake_by_ref(self: &Arc<Self>) {}
}

/// The same, and what it panics with panics when it is dropped.
struct Bomb;

struct Splinter;

impl Drop for Splinter {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("a splinter")
        }
    }
}

impl Wake for Bomb {
    fn wake(self: Arc<Self>) {
        panic_any(Splinter)
    }

    fn wake_by_ref(self: &Arc<Self>) {}
}

/// Polls a call that is not ready yet, with this waker.
fn poll_with<F: Future>(call: Pin<&mut F>, waker: &Waker) {
    assert!(call.poll(&mut Task::from_waker(waker)).is_pending(), "it waits");
}

/// The same, as the task that this is.
async fn begin<F: Future>(mut call: Pin<&mut F>) {
    poll_fn(|cx| {
        assert!(call.as_mut().poll(cx).is_pending(), "it waits");
        Poll::Ready(())
    })
    .await;
}

async fn ears() -> (EarRef, EarRef) {
    (Ear::start().await.unwrap(), Ear::start().await.unwrap())
}

async fn serves(ear: &EarRef) -> bool {
    let (to, told) = oneshot::channel();
    ear.tell(to).await.expect("it runs");
    timeout(1_000 * MS, told).await == Ok(Ok(5))
}

#[tokio::test(start_paused = true)]
async fn a_waker_that_panics_ends_no_server() {
    let (ear, other) = ears().await;
    let (gate, opens) = oneshot::channel();
    let first = ear.hear(opens).request();
    let mut call = pin!(ear.poke(other.clone()));
    poll_with(call.as_mut(), &Waker::from(Arc::new(Fuse)));
    // And one whose handler is a plain one.
    let mut plain = pin!(ear.noted());
    poll_with(plain.as_mut(), &Waker::from(Arc::new(Fuse)));
    gate.send(1).unwrap();
    assert_eq!(first.await, Ok(1));
    sleep(20 * MS).await;
    assert!(serves(&ear).await && serves(&other).await, "it is the caller's");
    assert_eq!(call.await, Ok(7), "whose reply is there");
    assert_eq!(plain.await, Ok(vec![1]));
}

#[tokio::test(start_paused = true)]
async fn a_kill_does_not_mind_a_waker_that_panics() {
    let ear = Ear::start().await.unwrap();
    let watch = ear.monitor();
    let (tell, answer) = oneshot::channel();
    let mut call = pin!(ear.hear(answer));
    poll_with(call.as_mut(), &Waker::from(Arc::new(Fuse)));
    ear.kill();
    // A handler that is to be dropped is not polled any more, whoever has it.
    tell.send(3).expect("it is there still");
    poll_with(call.as_mut(), Waker::noop());
    assert_eq!(watch.await.reason, ExitReason::Killed);
    assert!(matches!(call.await, Err(CallError::Crashed { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_waker_whose_panic_panics_once_more_ends_no_runner() {
    let (ear, other) = ears().await;
    let (gate, opens) = oneshot::channel();
    let first = ear.hear(opens).request();
    let (tell, answer) = oneshot::channel();
    tell.send(2).unwrap();
    let mut call = pin!(ear.hear(answer));
    poll_with(call.as_mut(), &Waker::from(Arc::new(Bomb)));
    gate.send(1).unwrap();
    assert_eq!(first.await, Ok(1));
    sleep(20 * MS).await;
    assert!(serves(&ear).await && serves(&other).await);
}

/// The runner that comes for the handler wakes its caller.
#[tokio::test(start_paused = true)]
async fn a_waker_that_panics_when_its_handler_is_taken_over_hides_no_other_server() {
    let (ear, other) = ears().await;
    let (tell, answer) = oneshot::channel();
    let mut call = pin!(ear.hear(answer));
    poll_with(call.as_mut(), &Waker::from(Arc::new(Fuse)));
    ear.note(1).await.unwrap();
    sleep(5 * MS).await;
    tell.send(8).unwrap();
    assert!(serves(&ear).await, "and it ends none");
    assert_eq!(call.await, Ok(8));
    // Kept by its caller, let go of for a cast, and done at once on the runner.
    let (tell, answer) = oneshot::channel();
    let mut next = pin!(other.hear(answer));
    begin(next.as_mut()).await;
    tell.send(9).unwrap();
    assert!(serves(&other).await);
    assert_eq!(next.await, Ok(9));
}

#[test]
fn a_call_may_go_on_in_a_runtime_without_timers() {
    let here = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let there = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let ear = here.block_on(async { Ear::start().await.unwrap() });
    let (tell, answer) = oneshot::channel();
    let mut call = pin!(ear.hear(answer).timeout(5_000 * MS));
    here.block_on(begin(call.as_mut()));
    let heard = there.block_on(async {
        begin(call.as_mut()).await;
        tell.send(4).expect("it listens");
        call.await
    });
    assert_eq!(heard, Ok(4));
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_is_over_is_seen_at_the_first_poll_after_a_look() {
    let ear = Ear::start().await.unwrap();
    let (_tell, answer) = oneshot::channel();
    let mut call = pin!(ear.hear(answer).timeout(50 * MS));
    begin(call.as_mut()).await;
    // Whoever looks after it begins.
    task::yield_now().await;
    begin(call.as_mut()).await;
    advance(60 * MS).await;
    task::yield_now().await;
    let late = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await;
    assert!(matches!(late, Poll::Ready(Err(CallError::Timeout { .. }))), "{late:?}");
}

struct Plain;

impl Wake for Plain {
    fn wake(self: Arc<Self>) {}
}

#[tokio::test(start_paused = true)]
async fn who_watches_a_caller_is_forgotten_with_the_call() {
    let ear = Ear::start().await.unwrap();
    let plain = Arc::new(Plain);
    let waker = Waker::from(plain.clone());
    let (tell, answer) = oneshot::channel();
    {
        let mut call = pin!(ear.hear_unless_given_up(answer));
        poll_with(call.as_mut(), &waker);
        poll_with(call.as_mut(), &waker);
        tell.send(3).unwrap();
        assert_eq!(call.poll(&mut Task::from_waker(&waker)), Poll::Ready(Ok(3)));
    }
    drop(waker);
    ear.stop().await.unwrap();
    drop(ear);
    sleep(5 * MS).await;
    assert_eq!(Arc::strong_count(&plain), 1, "nobody has it still");
}

/// Compiles: a call that may live for long is one that lives for less.
#[test]
fn a_call_is_covariant() {
    fn shorter<'s, S: GenServer>(call: noex::Call<'static, S>) -> noex::Call<'s, S> {
        call
    }
    let _ = shorter::<Ear>;
}
