//! Dead letters: messages that ended unserved, handed to whoever wants them.

use std::{
    any::Any,
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::Undelivered;
use crate::process::{Pid, panic::drop_quietly};

/// A message that ended unserved.
#[non_exhaustive]
pub struct DeadLetter {
    /// The incarnation that it was for, or the last one.
    pub pid: Pid,
    /// The server's name, or its type and pid.
    pub server: Arc<str>,
    /// The handler it was for.
    pub handler: &'static str,
    /// Why nobody served it.
    pub why: Undelivered,
    /// The message: the server's call, cast or info enum, such as `AccountCast`.
    pub message: Box<dyn Any + Send>,
}

impl fmt::Debug for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetter")
            .field("pid", &self.pid)
            .field("server", &self.server)
            .field("handler", &self.handler)
            .field("why", &self.why)
            .finish_non_exhaustive()
    }
}

type Hook = Arc<dyn Fn(DeadLetter) + Send + Sync>;

/// The count, and the hook.
#[derive(Default)]
pub(crate) struct Letters {
    count: AtomicU64,
    is_hooked: AtomicBool,
    hook: RwLock<Option<Hook>>,
}

impl Letters {
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether messages are wanted.
    pub(crate) fn is_hooked(&self) -> bool {
        self.is_hooked.load(Ordering::Relaxed)
    }

    pub(crate) fn hook(&self, hook: Hook) {
        let before = self.hook.write().unwrap_or_else(PoisonError::into_inner).replace(hook);
        self.is_hooked.store(true, Ordering::Relaxed);
        drop_quietly(before);
    }

    /// Hands a letter over; a panic of the hook concerns nobody.
    pub(crate) fn hand_over(&self, letter: DeadLetter) {
        let hook = self.hook.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(hook) = hook
            && let Err(panic) = crate::process::panic::catch(|| hook(letter))
        {
            drop(panic.into_reason("on_undelivered"));
        }
    }
}
