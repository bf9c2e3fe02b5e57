//! The system: what all servers of a program share.

use std::{
    cell::RefCell,
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::runtime::{Handle, Id};

use crate::{
    observer::{EventKind, EventStream, Events},
    process::{Pid, door::Door, panic},
    registry::Names,
    server::slot::Core,
};

/// Names, events and counters that servers share. There is a global one; a test can make its own.
///
/// # Examples
///
/// ```
/// use noex::prelude::*;
/// # #[genserver] struct Idle {}
/// # #[genserver] impl Idle { #[init] fn init() -> Self { Idle {} } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new();
/// let idle = Idle::start().name("idle").system(&system).await?;
/// assert!(Idle::whereis("idle").is_none());         // the global system knows nothing of it
/// assert_eq!(system.whereis::<Idle>("idle").map(|it| it.pid()), Some(idle.pid()));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct System {
    inner: Arc<Inner>,
}

struct Inner {
    names: Names,
    events: Events,
    dead_letters: AtomicU64,
    /// One door a runtime: tests often have a runtime each.
    doors: Mutex<HashMap<Id, Weak<Door>>>,
}

thread_local! {
    /// The door that this thread asked for last: the system's address, the runtime, the door. The door
    /// keeps its system, so that the address stays its own.
    static LAST: RefCell<Option<(usize, Id, Arc<Door>)>> = const { RefCell::new(None) };
}

/// Slots are numbered over all systems, so that a pid names one server in the process.
static NEXT_SLOT: AtomicU64 = AtomicU64::new(1);

impl System {
    /// A system of its own.
    pub fn new() -> Self {
        panic::watch();
        System {
            inner: Arc::new(Inner {
                names: Names::default(),
                events: Events::default(),
                dead_letters: AtomicU64::new(0),
                doors: Mutex::default(),
            }),
        }
    }

    /// The one that servers use when told nothing else.
    pub fn global() -> Self {
        static GLOBAL: OnceLock<System> = OnceLock::new();
        GLOBAL.get_or_init(System::new).clone()
    }

    /// The server of type `S` that has this name. A server of another type under that name is not found.
    pub fn whereis<S: crate::GenServer>(&self, name: &str) -> Option<S::Ref> {
        self.inner.names.find(name).map(Into::into)
    }

    /// What happens from now on, as typed events.
    pub fn events(&self) -> EventStream {
        self.inner.events.subscribe()
    }

    /// How many messages ended unserved: their server ended, their caller was gone, or the mailbox
    /// overflowed. Calls that were answered with an error do not count.
    pub fn dead_letters(&self) -> u64 {
        self.inner.dead_letters.load(Ordering::Relaxed)
    }

    pub(crate) fn names(&self) -> &Names {
        &self.inner.names
    }

    pub(crate) fn next_slot() -> u64 {
        NEXT_SLOT.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn dead_letter(&self) {
        self.inner.dead_letters.fetch_add(1, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn announce(&self, core: &Core, kind: impl FnOnce() -> EventKind) {
        if self.inner.events.has_listeners() {
            self.inner.events.send(core, kind());
        }
    }

    pub(crate) fn announce_of(&self, pid: Pid, server: Arc<str>, kind: impl FnOnce() -> EventKind) {
        if self.inner.events.has_listeners() {
            self.inner.events.send_of(pid, server, kind());
        }
    }

    /// The door to the runtime that this thread is in, if it is in one.
    pub(crate) fn door(&self) -> Option<Arc<Door>> {
        let runtime = Handle::try_current().ok()?;
        let id = runtime.id();
        let here = Arc::as_ptr(&self.inner) as usize;
        let known = LAST.with_borrow(|last| match last {
            Some((system, runtime, door)) if (*system, *runtime) == (here, id) => Some(door.clone()),
            _ => None,
        });
        if known.is_some() {
            return known;
        }
        let door = self.find_door(runtime, id);
        LAST.with_borrow_mut(|last| *last = Some((here, id, door.clone())));
        Some(door)
    }

    fn find_door(&self, runtime: Handle, id: Id) -> Arc<Door> {
        let mut doors = self.inner.doors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(door) = doors.get(&id).and_then(Weak::upgrade) {
            return door;
        }
        doors.retain(|_, door| door.strong_count() > 0);
        let door = Arc::new(Door::new(runtime, self.clone()));
        doors.insert(id, Arc::downgrade(&door));
        door.open();
        door
    }
}

impl Default for System {
    fn default() -> Self {
        System::new()
    }
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("System")
            .field("names", &self.inner.names.len())
            .field("dead_letters", &self.dead_letters())
            .finish_non_exhaustive()
    }
}
