//! Async handlers that stay with their caller, and how they come to a runner when the caller minds something else.
#![allow(missing_docs)]

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use noex::prelude::*;
use tokio::{
    select,
    sync::{Mutex, Notify, oneshot},
    task,
    time::{Instant, advance, interval, sleep, timeout},
};

/// Waits for whatever it is given.
#[genserver(call_timeout = infinity)]
struct Waiter {
    noted: Vec<u32>,
}

#[genserver]
impl Waiter {
    #[init]
    fn init() -> Self {
        Waiter { noted: Vec::new() }
    }

    /// The tasks that it ran on, before and after the wait.
    #[call]
    async fn hear(&mut self, answer: oneshot::Receiver<u32>) -> (Option<task::Id>, Option<task::Id>) {
        let before = task::try_id();
        let heard = answer.await.unwrap_or(0);
        self.noted.push(heard);
        (before, task::try_id())
    }

    #[call]
    async fn lock(&mut self, lock: Arc<Mutex<()>>, number: u32) {
        let _guard = lock.lock().await;
        self.noted.push(number);
    }

    #[call]
    async fn nap(&mut self, millis: u64) {
        sleep(Duration::from_millis(millis)).await;
        self.noted.push(1);
    }

    #[call]
    async fn crash(&mut self, when: oneshot::Receiver<u32>) {
        let _ = when.await;
        panic!("told to");
    }

    /// Waits for another server's answer.
    #[call]
    async fn pass_on(&mut self, to: WaiterRef, answer: oneshot::Receiver<u32>) -> Vec<u32> {
        to.hear(answer).await.expect("it runs");
        to.noted().await.expect("it runs")
    }

    /// Leaves another server a message, and is done.
    #[call]
    async fn nudge(&mut self, other: WaiterRef) {
        other.note(5).await.expect("it runs");
    }

    #[cast]
    fn note(&mut self, number: u32) {
        self.noted.push(number);
    }

    /// Has always something more to do.
    #[cast]
    fn toil(&mut self, cx: &mut Context<Self>) {
        cx.me().toil().try_send().expect("there is room");
    }

    #[call]
    fn noted(&self) -> Vec<u32> {
        self.noted.clone()
    }
}

/// Polls a call once, which begins its handler.
async fn begin<F: Future>(call: std::pin::Pin<&mut F>) {
    let mut call = call;
    poll_fn(|cx| {
        assert!(call.as_mut().poll(cx).is_pending(), "it waits");
        Poll::Ready(())
    })
    .await;
}

/// The clock stands still while there is something to do, so that no handler is overdue.
#[tokio::test(start_paused = true)]
async fn a_handler_goes_on_where_its_caller_is() {
    let waiter = Waiter::start().await.unwrap();
    let caller = tokio::spawn(async move {
        let mut places = Vec::new();
        for number in 0..100 {
            let (tell, answer) = oneshot::channel();
            tokio::spawn(async move { tell.send(number) });
            places.push(waiter.hear(answer).await.unwrap());
        }
        (task::try_id(), places, waiter.noted().await.unwrap())
    });
    let (here, places, noted) = caller.await.unwrap();
    assert!(places.iter().all(|place| *place == (here, here)), "{here:?}: {places:?}");
    assert_eq!(noted, (0..100).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_waits_for_what_its_handler_has_does_not_stop_it() {
    let waiter = Waiter::start().await.unwrap();
    let lock = Arc::new(Mutex::new(()));
    let held = lock.lock().await;
    let mut call = pin!(waiter.lock(lock.clone(), 1));
    begin(call.as_mut()).await;
    // The handler is the next in line, and nobody polls the call.
    drop(held);
    let _mine = timeout(Duration::from_secs(1), lock.lock()).await.expect("the handler gave the lock back");
    call.await.unwrap();
    assert_eq!(waiter.noted().await.unwrap(), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_is_woken_for_something_else_does_not_stop_its_handler() {
    let waiter = Waiter::start().await.unwrap();
    let mut call = pin!(waiter.nap(5));
    begin(call.as_mut()).await;
    sleep(Duration::from_millis(20)).await;
    // It is done, and its reply lies there.
    assert_eq!(waiter.noted().await.unwrap(), [1]);
    call.await.unwrap();
}

#[tokio::test]
async fn a_call_that_is_dropped_leaves_its_handler_to_a_runner() {
    let waiter = Waiter::start().await.unwrap();
    let (tell, answer) = oneshot::channel();
    {
        let mut call = pin!(waiter.hear(answer));
        begin(call.as_mut()).await;
    }
    tell.send(7).expect("the handler waits still");
    assert_eq!(waiter.noted().await.unwrap(), [7]);
}

#[tokio::test]
async fn a_task_that_is_aborted_leaves_its_handler_to_a_runner() {
    let waiter = Waiter::start().await.unwrap();
    let (tell, answer) = oneshot::channel();
    let (begun, begins) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (there, other) = (begun.clone(), waiter.clone());
    let caller = tokio::spawn(async move {
        let mut call = pin!(other.hear(answer));
        begin(call.as_mut()).await;
        there.notify_one();
        begins.notified().await;
        call.await
    });
    begun.notified().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    tell.send(8).expect("the handler waits still");
    assert_eq!(waiter.noted().await.unwrap(), [8]);
}

#[tokio::test]
async fn a_message_for_the_server_does_not_wait_for_the_caller() {
    let waiter = Waiter::start().await.unwrap();
    let (tell, answer) = oneshot::channel();
    let mut call = pin!(waiter.hear(answer));
    begin(call.as_mut()).await;
    waiter.note(2).await.unwrap();
    tell.send(1).unwrap();
    // Nobody polls the call meanwhile.
    assert_eq!(waiter.noted().await.unwrap(), [1, 2]);
    call.await.unwrap();
}

/// A handler on a runner goes on in a server of the same type that it wakes, where there is nothing to go on with.
#[tokio::test(start_paused = true)]
async fn a_message_from_a_handler_does_not_wait_for_the_caller() {
    let (waiter, other) = (Waiter::start().await.unwrap(), Waiter::start().await.unwrap());
    let (tell, answer) = oneshot::channel();
    let mut call = pin!(waiter.hear(answer));
    begin(call.as_mut()).await;
    other.nudge(waiter.clone()).request().await.unwrap();
    tell.send(4).unwrap();
    assert_eq!(timeout(Duration::from_secs(1), waiter.noted()).await.unwrap(), Ok(vec![4, 5]));
    call.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_caller_gives_up_in_time_whoever_has_taken_its_handler() {
    let (waiter, other) = (Waiter::start().await.unwrap(), Waiter::start().await.unwrap());
    let begun = Instant::now();
    let limit = Duration::from_millis(50);
    let mut call = pin!(waiter.nap(60_000).timeout(limit));
    begin(call.as_mut()).await;
    other.nudge(waiter.clone()).request().await.unwrap();
    let late = call.await;
    assert!(matches!(late, Err(CallError::Timeout { after, .. }) if after == limit), "{late:?}");
    assert_eq!(begun.elapsed(), limit);
}

/// So many servers have so much to do that no runner comes for the handler.
#[tokio::test(start_paused = true)]
async fn a_caller_gives_up_in_time_when_a_runner_is_long_in_coming() {
    let waiter = Waiter::start().await.unwrap();
    let caller = waiter.clone();
    let limit = Duration::from_millis(50);
    let late = tokio::spawn(async move { caller.nap(60_000).timeout(limit).await });
    let mut others = Vec::new();
    for _ in 0..2_000 {
        others.push(Waiter::start().await.unwrap());
    }
    task::yield_now().await;
    for other in &others {
        other.toil().try_send().unwrap();
    }
    waiter.note(2).try_send().unwrap();
    for millis in [1, 1, 1, 50] {
        advance(Duration::from_millis(millis)).await;
        task::yield_now().await;
    }
    assert!(late.is_finished(), "its time is over");
    let last = others.last().unwrap().snapshot();
    assert!(last.served.contains(&("toil", 0)), "and the runner is not there: {:?}", last.served);
    let late = late.await.unwrap();
    assert!(matches!(late, Err(CallError::Timeout { after, .. }) if after == limit), "{late:?}");
}

#[tokio::test]
async fn a_kill_does_not_wait_for_the_caller() {
    let waiter = Waiter::start().await.unwrap();
    let (tell, answer) = oneshot::channel();
    let mut call = pin!(waiter.hear(answer));
    begin(call.as_mut()).await;
    let watch = waiter.monitor();
    waiter.kill();
    assert_eq!(watch.await.reason, ExitReason::Killed);
    assert!(tell.send(1).is_err(), "the handler is gone");
    let ended = call.await;
    assert!(matches!(ended, Err(CallError::Crashed { .. } | CallError::NotRunning { .. })), "{ended:?}");
}

#[tokio::test]
async fn a_handler_that_panics_later_ends_its_server() {
    let waiter = Waiter::start().await.unwrap();
    let watch = waiter.monitor();
    let (tell, when) = oneshot::channel();
    tokio::spawn(async move { tell.send(1) });
    let crashed = waiter.crash(when).await;
    assert!(matches!(crashed, Err(CallError::Crashed { may_have_run: true, .. })), "{crashed:?}");
    assert!(watch.await.reason.is_panic());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_times_out_leaves_its_handler_to_a_runner() {
    let waiter = Waiter::start().await.unwrap();
    let late = waiter.nap(100).timeout(Duration::from_millis(10)).await;
    assert!(matches!(late, Err(CallError::Timeout { .. })), "{late:?}");
    sleep(Duration::from_millis(100)).await;
    assert_eq!(waiter.noted().await.unwrap(), [1]);
}

/// To look at it takes it from its caller: the second snapshot is of a runner's.
#[tokio::test(start_paused = true)]
async fn a_snapshot_sees_for_whom_a_kept_handler_waits() {
    let (waiter, other) = (Waiter::start().await.unwrap(), Waiter::start().await.unwrap());
    let (tell, answer) = oneshot::channel();
    let mut call = pin!(waiter.pass_on(other.clone(), answer));
    begin(call.as_mut()).await;
    begin(call.as_mut()).await;
    for _ in 0..2 {
        let seen = waiter.snapshot();
        assert_eq!(seen.handler, Some("pass_on"));
        let called: Vec<_> = seen.waiting_for.iter().map(|target| target.handler).collect();
        assert_eq!(called, ["hear"]);
        task::yield_now().await;
    }
    tell.send(7).expect("it is awaited");
    assert_eq!(call.await, Ok(vec![7]), "and its caller is told");
}

/// Whoever keeps a handler starts no clock at first.
#[tokio::test(start_paused = true)]
async fn a_limit_counts_from_the_first_poll_wherever_the_handler_is() {
    let waiter = Waiter::start().await.unwrap();
    for limit in [1, 9, 10, 11, 50, 5_000].map(Duration::from_millis) {
        let begun = Instant::now();
        let late = waiter.nap(60_000).timeout(limit).await;
        assert!(matches!(late, Err(CallError::Timeout { after, .. }) if after == limit), "{late:?}");
        assert_eq!(begun.elapsed(), limit);
        waiter.noted().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_is_polled_all_the_time_gives_up_in_time() {
    let waiter = Waiter::start().await.unwrap();
    let begun = Instant::now();
    let limit = Duration::from_millis(50);
    let mut call = pin!(waiter.nap(60_000).timeout(limit));
    let mut ticks = interval(Duration::from_micros(300));
    let late = loop {
        select! {
            biased;
            late = call.as_mut() => break late,
            _ = ticks.tick() => {}
        }
    };
    assert!(matches!(late, Err(CallError::Timeout { after, .. }) if after == limit), "{late:?}");
    assert_eq!(begun.elapsed(), limit);
}

#[tokio::test]
async fn one_caller_keeps_handlers_of_many_servers() {
    let servers = [Waiter::start().await.unwrap(), Waiter::start().await.unwrap()];
    let (tell_first, first) = oneshot::channel();
    let (tell_second, second) = oneshot::channel();
    let calls = async { tokio::join!(servers[0].hear(first), servers[1].hear(second)) };
    let tells = async {
        task::yield_now().await;
        tell_second.send(2).unwrap();
        task::yield_now().await;
        tell_first.send(1).unwrap();
    };
    let ((one, other), ()) = tokio::join!(calls, tells);
    assert!(one.is_ok() && other.is_ok());
    assert_eq!((servers[0].noted().await.unwrap(), servers[1].noted().await.unwrap()), (vec![1], vec![2]));
}

#[tokio::test]
async fn callers_that_find_a_kept_handler_wait_for_their_turn() {
    let waiter = Waiter::start().await.unwrap();
    let mut callers = Vec::new();
    for number in 1..=50 {
        let waiter = waiter.clone();
        callers.push(tokio::spawn(async move {
            let (tell, answer) = oneshot::channel();
            tokio::spawn(async move { tell.send(number) });
            waiter.hear(answer).await.map(drop)
        }));
    }
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    let mut noted = waiter.noted().await.unwrap();
    noted.sort_unstable();
    assert_eq!(noted, (1..=50).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_handler_that_awaits_calls_gets_its_answer_or_is_told_of_a_deadlock() {
    let (first, second) = (Waiter::start().await.unwrap(), Waiter::start().await.unwrap());
    let (tell, answer) = oneshot::channel();
    tokio::spawn(async move { tell.send(3) });
    assert_eq!(first.pass_on(second.clone(), answer).await.unwrap(), [3]);
    // To itself it is a deadlock, whoever began it.
    let (_tell, answer) = oneshot::channel();
    let watch = first.monitor();
    let stuck = first.pass_on(first.clone(), answer).await;
    assert!(matches!(stuck, Err(CallError::Crashed { .. })), "{stuck:?}");
    assert!(watch.await.reason.to_string().contains("Deadlock"), "it says why");
}

#[test]
fn the_end_of_the_runtime_ends_a_server_whose_handler_is_kept() {
    let (runtime, caller) = (runtime(), runtime());
    let (server, watch) = runtime.block_on(async {
        let waiter = Waiter::start().await.unwrap();
        let watch = waiter.monitor();
        let other = waiter.clone();
        tokio::spawn(async move {
            let (_tell, answer) = oneshot::channel();
            other.hear(answer).await
        });
        task::yield_now().await;
        task::yield_now().await;
        (waiter, watch)
    });
    drop(runtime);
    assert_eq!(caller.block_on(watch).reason, ExitReason::Killed);
    assert!(matches!(caller.block_on(async { server.noted().await }), Err(CallError::NotRunning { .. })));
}

/// The call is nobody's task, so that the runtime does not drop it.
#[test]
fn the_end_of_the_runtime_ends_a_server_whose_caller_is_elsewhere() {
    let (runtime, caller) = (runtime(), runtime());
    let waiter = runtime.block_on(async { Waiter::start().await.unwrap() });
    let watch = waiter.monitor();
    let (_tell, answer) = oneshot::channel();
    let mut call = Box::pin(waiter.hear(answer).into_future());
    runtime.block_on(begin(call.as_mut()));
    drop(runtime);
    assert_eq!(caller.block_on(watch).reason, ExitReason::Killed);
    let ended = caller.block_on(call);
    assert!(matches!(ended, Err(CallError::Crashed { .. } | CallError::NotRunning { .. })), "{ended:?}");
}

#[test]
fn a_caller_that_goes_to_another_runtime_leaves_its_handler_in_the_servers() {
    let (runtime, caller) = (runtime(), runtime());
    let waiter = runtime.block_on(async { Waiter::start().await.unwrap() });
    let (tell, answer) = oneshot::channel();
    let mut call = Box::pin(waiter.hear(answer).into_future());
    runtime.block_on(begin(call.as_mut()));
    tell.send(5).unwrap();
    // What it waits for is there, and its runtime does not run.
    caller.block_on(begin(call.as_mut()));
    assert_eq!(runtime.block_on(async { waiter.noted().await.unwrap() }), [5]);
    assert!(caller.block_on(call).is_ok());
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}
