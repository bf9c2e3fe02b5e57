//! The gate: the child that is started last and stopped first, so that a pool that is stopped does its work first.

use std::{convert::Infallible, fmt, sync::Arc};

use super::{Work, shared::Shared};
use crate::{
    Context, ExitReason, GenServer, Init, Never, ServerConfig, ServerRef,
    process::door::{Boxed, Door},
};

/// A pool without its workers' type.
pub(super) trait AnyPool: Send + Sync {
    fn open(self: Arc<Self>, door: Arc<Door>);
    /// Ready when the pool has done its work, or cannot.
    fn drain(self: Arc<Self>) -> Boxed<()>;
    fn halt(&self);
}

impl<W: Work> AnyPool for Shared<W> {
    fn open(self: Arc<Self>, door: Arc<Door>) {
        Shared::open(&self, door);
    }

    fn drain(self: Arc<Self>) -> Boxed<()> {
        Box::pin(async move {
            // Workers that crash all the time come to no end, and those that are left have a next life to wait for.
            if self.supervisor().is_none_or(|supervisor| !supervisor.gives_up()) {
                self.room.is_empty().await;
            }
        })
    }

    fn halt(&self) {
        Shared::halt(self);
    }
}

/// The pool's gate: a server without messages.
pub(super) struct Gate(Arc<dyn AnyPool>);

pub(super) struct Opens(pub(super) Arc<dyn AnyPool>);

#[diagnostic::do_not_recommend]
impl ServerConfig for Gate {
    const TRAP_EXIT: bool = true;
}

#[diagnostic::do_not_recommend]
impl GenServer for Gate {
    type Args = Opens;
    type InitError = Infallible;
    type Call = Never;
    type Reply = ();
    type Cast = Never;
    type Info = Never;
    type Continue = Never;
    type Ref = ServerRef<Self>;

    async fn init(Opens(pool): Opens, cx: &mut Context<Self>) -> Result<Init<Self>, Infallible> {
        pool.clone().open(cx.door());
        Ok(Init::ready(Gate(pool)))
    }

    async fn terminate(&mut self, reason: &ExitReason, _: &mut Context<Self>) {
        if *reason == ExitReason::Shutdown {
            self.0.clone().drain().await;
        }
    }
}

impl Drop for Gate {
    /// Also where the time to drain was too short.
    fn drop(&mut self) {
        self.0.halt();
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").finish_non_exhaustive()
    }
}

impl fmt::Debug for Opens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opens").finish_non_exhaustive()
    }
}
