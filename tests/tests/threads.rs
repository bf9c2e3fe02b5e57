//! Threads: handlers that block or compute for long, runtimes side by side, and threads outside of all.
#![allow(missing_docs)]

use std::{
    collections::HashSet,
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    task::{Context as TaskContext, Poll, Wake, Waker},
    thread::{self, Thread, ThreadId},
    time::{Duration, Instant},
};

use noex::prelude::*;
use tokio::{
    runtime::{Builder, Handle, Id, Runtime},
    sync::Notify,
};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
/// Longer than anything here takes; what would hang fails after it.
const LONG: Duration = Duration::from_secs(20);

type Job = Box<dyn FnOnce() + Send>;

#[genserver(call_timeout = 20s)]
struct Worker {
    homes: Arc<Mutex<Vec<Id>>>,
}

#[genserver]
impl Worker {
    #[init]
    fn init() -> Self {
        Worker { homes: Arc::default() }
    }

    #[cast]
    fn run(&mut self, job: Job) {
        self.homes.lock().unwrap().push(Handle::current().id());
        job();
    }

    #[cast]
    async fn run_beside_a_call(&mut self, job: Job, other: WorkerRef) {
        job();
        other.slow().await.unwrap();
    }

    #[call]
    async fn slow(&mut self) -> &'static str {
        tokio::time::sleep(5 * MS).await;
        "slow"
    }

    #[call]
    async fn hear(&mut self, bell: Arc<Notify>) {
        bell.notified().await;
    }

    #[call]
    fn homes(&self) -> Vec<Id> {
        self.homes.lock().unwrap().clone()
    }

    #[terminate]
    fn close(&mut self, _: &ExitReason) {
        self.homes.lock().unwrap().push(Handle::current().id());
    }
}

fn threads(workers: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(workers).enable_all().build().unwrap()
}

impl Worker {
    fn start_in(runtime: &Runtime) -> WorkerRef {
        runtime.block_on(async { Worker::start().await }).unwrap()
    }
}

fn send(worker: &WorkerRef, job: impl FnOnce() + Send + 'static) {
    worker.try_cast(WorkerCast::Run { job: Box::new(job) }).unwrap();
}

/// Waits on this thread, which is in no runtime.
fn wait_for<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut TaskContext::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn a_handler_may_block_its_thread_on_an_async_handler() {
    for workers in 1..3 {
        let runtime = threads(workers);
        let all: Vec<_> = (0..=workers).map(|_| Worker::start_in(&runtime)).collect();
        let slow = &all[workers];
        let (answer, answers) = mpsc::channel();
        // As many as there are threads, so that no runner is left over.
        for blocked in &all[..workers] {
            let (slow, answer) = (slow.clone(), answer.clone());
            send(blocked, move || {
                let said = tokio::task::block_in_place(|| Handle::current().block_on(slow.slow()));
                answer.send(said.unwrap()).unwrap();
            });
        }
        for _ in 0..workers {
            assert_eq!(answers.recv_timeout(LONG), Ok("slow"), "{workers} workers");
        }
    }
}

/// Blocks the thread of a handler on an async handler that waits until a third server rings.
struct Blocks {
    workers: usize,
    /// It is rung from outside, when the thread is blocked; else by who blocks it, before that.
    rings_late: bool,
    /// The call has been begun outside of the handler.
    is_begun: bool,
}

impl Blocks {
    fn until_another_rings(self) {
        let runtime = threads(self.workers);
        let [blocked, hears, rings] = [(); 3].map(|()| Worker::start_in(&runtime));
        let bell = Arc::<Notify>::default();
        let ring = {
            let bell = bell.clone();
            move || send(&rings, move || bell.notify_one())
        };
        let (blocks, is_blocked) = mpsc::channel();
        let (answer, answers) = mpsc::channel();
        let (ring_early, rings_late) = (ring.clone(), self.rings_late);
        let hears: &'static WorkerRef = Box::leak(Box::new(hears));
        let mut call = Box::pin(hears.hear(bell));
        if self.is_begun {
            let first = runtime.block_on(poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))));
            assert!(first.is_pending(), "nobody has rung");
        }
        send(&blocked, move || {
            if !rings_late {
                ring_early();
            }
            blocks.send(()).unwrap();
            let heard = tokio::task::block_in_place(|| Handle::current().block_on(call));
            answer.send(heard.is_ok()).unwrap();
        });
        is_blocked.recv_timeout(LONG).unwrap();
        if self.rings_late {
            // By then whoever looks after kept handlers has looked.
            thread::sleep(10 * MS);
            ring();
        }
        assert_eq!(answers.recv_timeout(LONG / 4), Ok(true), "{} workers", self.workers);
    }
}

#[test]
fn whom_a_handler_woke_is_served_while_it_blocks_its_thread() {
    for workers in 1..3 {
        Blocks { workers, rings_late: false, is_begun: false }.until_another_rings();
    }
}

#[test]
fn others_are_served_while_a_handler_blocks_its_thread() {
    for workers in 1..3 {
        Blocks { workers, rings_late: true, is_begun: false }.until_another_rings();
    }
}

#[test]
fn so_they_are_while_it_blocks_its_thread_on_a_call_that_was_begun_elsewhere() {
    for (workers, rings_late) in [(1, false), (1, true), (2, false), (2, true)] {
        Blocks { workers, rings_late, is_begun: true }.until_another_rings();
    }
}

#[test]
fn a_server_does_not_wait_behind_one_that_computes() {
    let runtime = threads(2);
    let (busy, first, second) =
        (Worker::start_in(&runtime), Worker::start_in(&runtime), Worker::start_in(&runtime));
    let (begun, has_begun) = mpsc::channel();
    let over = Arc::<AtomicBool>::default();
    let end = over.clone();
    send(&busy, move || {
        begun.send(()).unwrap();
        let since = Instant::now();
        while !end.load(Ordering::SeqCst) && since.elapsed() < LONG {
            std::hint::spin_loop();
        }
    });
    has_begun.recv_timeout(LONG).unwrap();
    // Each time the second runner comes, and goes idle again.
    for _ in 0..5 {
        for worker in [&first, &second] {
            let (done, is_done) = mpsc::channel();
            send(worker, move || done.send(()).unwrap());
            assert_eq!(is_done.recv_timeout(LONG / 4), Ok(()));
        }
    }
    over.store(true, Ordering::SeqCst);
}

#[test]
fn nor_behind_one_that_called_a_runner_and_computes() {
    // With two, the one that was called waits on the thread of its caller, as a task of tokio's would.
    for workers in 3..5 {
        let runtime = threads(workers);
        let all: Vec<_> = (0..4).map(|_| Worker::start_in(&runtime)).collect();
        let (begun, has_begun) = mpsc::channel();
        let over = Arc::<AtomicBool>::default();
        let end = over.clone();
        let (next, third) = (all[1].clone(), all[2].clone());
        let (served, is_served) = mpsc::channel();
        send(&all[0], move || {
            // The one woken last is next on this runner; the other stands in line, and a runner is called for
            // it from here.
            let told = served.clone();
            send(&third, move || told.send(()).unwrap());
            send(&next, || {});
            begun.send(()).unwrap();
            let since = Instant::now();
            while !end.load(Ordering::SeqCst) && since.elapsed() < LONG {
                std::hint::spin_loop();
            }
        });
        has_begun.recv_timeout(LONG).unwrap();
        let (done, is_done) = mpsc::channel();
        send(&all[3], move || done.send(()).unwrap());
        assert_eq!(is_done.recv_timeout(LONG / 4), Ok(()), "{workers} workers");
        assert_eq!(is_served.recv_timeout(LONG / 4), Ok(()), "{workers} workers");
        over.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_burst_of_handlers_that_compute_is_shared_with_an_idle_worker() {
    let runtime = threads(2);
    let all: Vec<_> = (0..24).map(|_| Worker::start_in(&runtime)).collect();
    let at = Arc::<Mutex<HashSet<ThreadId>>>::default();
    let (done, is_done) = mpsc::channel();
    let seen = at.clone();
    // The runner that a task calls waits on that task's worker; the other one has nothing to do.
    runtime.spawn(async move {
        for (number, worker) in all.iter().enumerate() {
            let (seen, done) = (seen.clone(), done.clone());
            send(worker, move || {
                seen.lock().unwrap().insert(thread::current().id());
                // The first few only take their time; the others want to see somebody beside them.
                let (since, limit) = (Instant::now(), if number < 8 { MS } else { LONG / 4 });
                while since.elapsed() < limit && (number < 8 || seen.lock().unwrap().len() < 2) {
                    std::hint::spin_loop();
                }
                done.send(()).unwrap();
            });
        }
        std::future::pending::<()>().await;
    });
    for _ in 0..24 {
        is_done.recv_timeout(LONG).unwrap();
    }
    assert_eq!(at.lock().unwrap().len(), 2);
}

#[test]
fn a_runtime_without_a_clock_needs_no_patience() {
    let runtime = Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let (busy, first) = (Worker::start_in(&runtime), Worker::start_in(&runtime));
    let (begun, has_begun) = mpsc::channel();
    let (end, ended) = mpsc::channel::<()>();
    send(&busy, move || {
        begun.send(()).unwrap();
        ended.recv_timeout(LONG).unwrap_err();
    });
    has_begun.recv_timeout(LONG).unwrap();
    for _ in 0..3 {
        let (done, is_done) = mpsc::channel();
        send(&first, move || done.send(()).unwrap());
        assert_eq!(is_done.recv_timeout(LONG / 4), Ok(()));
    }
    drop(end);
}

#[test]
fn what_a_handler_woke_is_served_in_its_own_runtime() {
    let (here, there) = (threads(1), threads(1));
    let (waker, woken) = (Worker::start_in(&here), Worker::start_in(&here));
    let elsewhere = Worker::start_in(&there);
    let job: Job = {
        let woken = woken.clone();
        Box::new(move || send(&woken, || {}))
    };
    waker.try_cast(WorkerCast::RunBesideACall { job, other: elsewhere }).unwrap();
    let homes = here.block_on(async {
        loop {
            tokio::time::sleep(MS).await;
            let homes = woken.homes().await.unwrap();
            if !homes.is_empty() {
                return homes;
            }
        }
    });
    assert_eq!(homes, [here.handle().id()]);
}

#[test]
fn terminate_runs_in_the_servers_runtime_whoever_stops_it() {
    let runtime = threads(1);
    let worker = Worker::start_in(&runtime);
    thread::spawn(move || {
        wait_for(worker.stop()).unwrap();
        assert_eq!(wait_for(worker.ended()), ExitReason::Normal, "`terminate` did not panic");
    })
    .join()
    .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_timer_set_on_a_thread_outside_goes_by_the_servers_clock() {
    let worker = Worker::start().await.unwrap();
    tokio::time::sleep(3600 * SECOND).await;
    let target = worker.clone();
    let timer = thread::spawn(move || target.kill_after(10 * SECOND)).join().unwrap();
    assert_eq!(timer.left(), Some(10 * SECOND));
    tokio::time::sleep(9 * SECOND).await;
    assert!(worker.is_alive());
    tokio::time::sleep(2 * SECOND).await;
    assert!(!worker.is_alive());
}
