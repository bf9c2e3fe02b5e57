//! Jobs with async handlers: the worker's tender polls them itself, and nobody notices.
#![allow(missing_docs)]

use noex::{Pool, pool::JobError, prelude::*};
use tokio::{runtime::Handle, sync::oneshot, task};

/// Asks another server, in various ways.
#[genserver]
struct Clerk {
    office: OfficeRef,
}

#[genserver]
impl Clerk {
    #[init]
    fn open(office: OfficeRef) -> Self {
        Clerk { office }
    }

    #[call(job)]
    async fn work(&mut self, cx: &mut Context<Self>, ask: Ask) -> Result<u64, CallError> {
        match ask {
            Ask::Awaiting => self.office.look_up(1).await,
            Ask::Blocking => {
                let office = self.office.clone();
                task::block_in_place(|| Handle::current().block_on(async { office.look_up(2).await }))
            }
            Ask::Back => {
                let this = cx.me();
                self.office.ask_back(this).await
            }
            Ask::Both => {
                let (one, two) = tokio::join!(self.office.look_up(1), self.office.look_up(2));
                Ok(one? + two?)
            }
        }
    }

    #[call]
    fn idle(&self) -> u64 {
        7
    }
}

#[derive(Clone, Debug)]
enum Ask {
    Awaiting,
    Blocking,
    Back,
    Both,
}

/// Blocks its thread on another server.
#[genserver]
struct Scribe {
    office: OfficeRef,
}

#[genserver]
impl Scribe {
    #[init]
    fn open(office: OfficeRef) -> Self {
        Scribe { office }
    }

    #[call(job)]
    fn work(&mut self, n: u64) -> Result<u64, CallError> {
        // The office's handler must not end up with the tender, which polls this and comes back to nothing before.
        task::block_in_place(|| Handle::current().block_on(async { self.office.look_up(n).await }))
    }
}

#[genserver]
struct Office {}

#[genserver]
impl Office {
    #[init]
    fn open() -> Self {
        Office {}
    }

    #[call]
    async fn look_up(&self, n: u64) -> u64 {
        for _ in 0..3 {
            task::yield_now().await;
        }
        n * 10
    }

    /// Asks the clerk that waits for this.
    #[call]
    async fn ask_back(&self, clerk: ClerkRef) -> u64 {
        match clerk.idle().await {
            Err(CallError::Deadlock { .. }) => 1,
            // It is the clerk's own call that was refused.
            Ok(idle) => idle,
            other => panic!("{other:?}"),
        }
    }
}

async fn clerks(size: usize) -> Pool<Clerk> {
    let office = Office::start().await.expect("it starts");
    Pool::of("clerks", move || (office.clone(),)).size(size).start().await.expect("it starts")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_blocks_its_thread_gets_its_answer() {
    let clerks = clerks(1).await;
    for _ in 0..50 {
        // Submitted, so that the tender begins it.
        let job = clerks.submit(Ask::Blocking).await.expect("there is room");
        assert_eq!(job.await.expect("it ends"), 20);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_handler_that_blocks_its_thread_gets_its_answer() {
    let office = Office::start().await.expect("it starts");
    let scribes =
        Pool::<Scribe>::of("scribes", move || (office.clone(),)).size(1).start().await.expect("it starts");
    for n in 0..50 {
        let job = scribes.submit(n).await.expect("there is room");
        assert_eq!(job.await.expect("it ends"), n * 10);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_await_other_servers() {
    let clerks = clerks(3).await;
    let mut jobs = Vec::new();
    for n in 0..300 {
        let ask = if n % 2 == 0 { Ask::Awaiting } else { Ask::Both };
        jobs.push((n, clerks.submit(ask).await.expect("there is room")));
    }
    for (n, job) in jobs {
        assert_eq!(job.await.expect("it ends"), if n % 2 == 0 { 10 } else { 30 });
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadlock_over_a_job_is_found() {
    let clerks = clerks(1).await;
    let job = clerks.submit(Ask::Back).await.expect("there is room");
    // Of a circle, the call is refused whose server is suspended last.
    match job.await {
        Ok(1) | Err(JobError::Handler(CallError::Deadlock { .. })) => {}
        other => panic!("{other:?}"),
    }
}

/// Waits for whatever it is told to wait for.
#[genserver]
struct Waiter {}

#[genserver]
impl Waiter {
    #[init]
    fn open() -> Self {
        Waiter {}
    }

    #[call(job)]
    async fn wait(&mut self, cx: &mut Context<Self>, job: Wait) -> &'static str {
        job.begun.send(cx.me()).ok();
        job.until.await.ok();
        "done"
    }
}

struct Wait {
    begun: oneshot::Sender<WaiterRef>,
    until: oneshot::Receiver<()>,
}

fn job() -> (Wait, oneshot::Receiver<WaiterRef>, oneshot::Sender<()>) {
    let (begun, has_begun) = oneshot::channel();
    let (end, until) = oneshot::channel();
    (Wait { begun, until }, has_begun, end)
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_is_killed_in_a_suspended_job_is_replaced() {
    let pool = Pool::<Waiter>::of("waiters", || ()).size(1).start().await.expect("it starts");
    let (one, begun, _keep) = job();
    let handle = pool.submit(one).await.expect("there is room");
    let worker = begun.await.expect("it begins");
    assert!(worker.kill());
    let error = handle.await.expect_err("its worker is gone");
    assert!(matches!(error, JobError::Crashed { .. }), "{error:?}");
    // The next life does the next job, and is stopped when that is done.
    let (two, begun, end) = job();
    let handle = pool.submit(two).await.expect("there is room");
    let worker = begun.await.expect("it begins");
    let stopping = tokio::spawn(async move { worker.stop().await });
    task::yield_now().await;
    assert!(!stopping.is_finished());
    end.send(()).expect("it waits");
    assert_eq!(handle.await.expect("it ends"), "done");
    stopping.await.expect("no panic").expect("it ran");
}
