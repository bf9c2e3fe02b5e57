//! Children for supervisors: they do as they are told, and tell the log.

use std::time::Duration;

use noex::{ChildOptions, Restart, Strategy, Supervisor, SupervisorBuilder, prelude::*};

use super::Log;

pub(crate) const MS: Duration = Duration::from_millis(1);

/// Starts, does as told, ends; tells the log of each.
#[genserver(trap_exit)]
pub(crate) struct Child {
    id: &'static str,
    log: Log,
    slow_end: Duration,
    served: u32,
}

/// Notes that an `init` is over.
struct Up(Log);

impl Drop for Up {
    fn drop(&mut self) {
        self.0.leave_init();
    }
}

#[genserver]
impl Child {
    #[init]
    pub(crate) async fn init(id: &'static str, log: Log) -> Result<Init<Self>, String> {
        log.note(format!("{id} up"));
        log.enter_init();
        let _up = Up(log.clone());
        tokio::task::yield_now().await;
        if log.hangs(id) {
            std::future::pending::<()>().await;
        }
        assert!(!log.panics(id), "{id} cannot start");
        if log.refuses(id) {
            return Err("oops".into());
        }
        if log.ignores(id) {
            return Ok(Init::ignore());
        }
        Ok(Init::ready(Child { id, log, slow_end: Duration::ZERO, served: 0 }))
    }

    #[call]
    pub(crate) fn count(&mut self) -> u32 {
        self.served += 1;
        self.served
    }

    #[call]
    pub(crate) fn crash(&mut self) {
        panic!("{} was told to", self.id);
    }

    #[cast]
    pub(crate) async fn crash_after(&mut self, pause: Duration) {
        tokio::time::sleep(pause).await;
        panic!("{} was told to", self.id);
    }

    #[call]
    pub(crate) fn leave(&mut self, cx: &mut Context<Self>, reason: ExitReason) {
        cx.stop(reason);
    }

    #[call]
    pub(crate) fn end_slowly(&mut self, pause: Duration) {
        self.slow_end = pause;
    }

    #[terminate]
    async fn close(&mut self, reason: &ExitReason) {
        if !self.slow_end.is_zero() {
            tokio::time::sleep(self.slow_end).await;
        }
        let why = if reason.is_panic() { "panic".into() } else { reason.to_string() };
        self.log.note(format!("{} down: {why}", self.id));
    }
}

/// As `Child`, but does not trap exits.
#[genserver]
pub(crate) struct Plain {
    log: Log,
}

#[genserver]
impl Plain {
    #[init]
    pub(crate) fn init(log: Log) -> Self {
        Plain { log }
    }

    #[terminate]
    fn close(&mut self, reason: &ExitReason) {
        self.log.note(format!("plain down: {reason}"));
    }
}

pub(crate) fn tree(strategy: Strategy) -> (SupervisorBuilder, Log) {
    let mut tree = Supervisor::builder("tree");
    tree.strategy(strategy);
    (tree, Log::default())
}

pub(crate) fn add(tree: &mut SupervisorBuilder, id: &'static str, log: &Log, restart: Restart) -> ChildRef {
    let log = log.clone();
    tree.child::<Child>(ChildOptions::new(id).restart(restart), move || (id, log.clone()))
}

pub(crate) async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}
