//! The system: what all servers of a program share.

use std::{
    any::Any,
    cell::RefCell,
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    runtime::{Handle, Id},
    task,
};

use crate::{
    event_bus::EventBus,
    observer::{DeadLetter, EventKind, EventStream, Events, Letters, Undelivered},
    process::{Pid, door::Door, panic},
    registry::{Listing, Names},
    resilience::{Book, PolicyStatus},
    server::{
        ServerRef,
        slot::{self, Core},
    },
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
    events: Arc<Events>,
    policies: Book,
    letters: Letters,
    bus: EventBus,
    registries: Listing,
    /// One door a runtime: tests often have a runtime each.
    doors: Mutex<HashMap<Id, Weak<Door>>>,
}

thread_local! {
    /// The door that this thread asked for last.
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

struct Last {
    /// The system's address; the door keeps it, so that the address stays its own.
    system: usize,
    /// A task stays in its runtime, so that the answer is good for it without a look at the runtime.
    task: Option<task::Id>,
    runtime: Id,
    door: Arc<Door>,
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
                events: Arc::default(),
                policies: Book::default(),
                letters: Letters::default(),
                bus: EventBus::new("system"),
                registries: Listing::default(),
                doors: Mutex::default(),
            }),
        }
    }

    /// The one that servers use when told nothing else.
    pub fn global() -> Self {
        System::everybodys().clone()
    }

    /// The global one, for those who need not keep it.
    pub(crate) fn everybodys() -> &'static Self {
        static GLOBAL: OnceLock<System> = OnceLock::new();
        GLOBAL.get_or_init(System::new)
    }

    /// The server of type `S` that has this name. A server of another type under that name is not found.
    pub fn whereis<S: crate::GenServer>(&self, name: &str) -> Option<S::Ref> {
        self.inner.names.find(name).map(Into::into)
    }

    /// As [`whereis`](System::whereis), for one expression: where there is no such server, a reference to none,
    /// whose calls fail with `CallError::NotRunning` and give `NoProc` as the reason. It stays that way: a
    /// server that gets the name later is another.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::prelude::*;
    /// # #[genserver] struct Till { cents: u64 }
    /// # #[genserver] impl Till {
    /// #     #[init] fn init() -> Self { Till { cents: 0 } }
    /// #     #[call] fn count(&self) -> u64 { self.cents }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let till = Till::start().name("till 3").await?;
    /// assert_eq!(Till::named("till 3").count().await?, 0);
    /// let error = Till::named("till 4").count().await.unwrap_err();
    /// assert_eq!(error.to_string(), "`count` of till 4 cannot be called: the server is not running (no such process)");
    /// # Ok(()) }
    /// ```
    pub fn named<S: crate::GenServer>(&self, name: &str) -> S::Ref {
        self.whereis::<S>(name).unwrap_or_else(|| {
            let nobody = slot::vacant::<S>(System::next_slot(), None);
            nobody.core().set_label(name.into());
            nobody.inbox().close();
            ServerRef::new(nobody).into()
        })
    }

    /// What happens from now on, as typed events.
    pub fn events(&self) -> EventStream {
        let stream = self.inner.events.subscribe();
        self.inner.policies.monitors().wake();
        stream
    }

    /// How many messages ended unserved: their server ended, their caller was gone, or the mailbox
    /// overflowed. Calls that were answered with an error do not count.
    pub fn dead_letters(&self) -> u64 {
        self.inner.letters.count()
    }

    /// Has `hook` called with each message that ends unserved, in place of the hook before.
    ///
    /// A call that its server refuses is none: the caller is told. A call whose caller had gone before the server
    /// came to it is one, whether that gave up, was dropped, or was told of a deadlock.
    ///
    /// It runs where the message was found dead, at the server's end or on a sender's task: it should be
    /// short, a [`try_cast`](crate::ServerRef::try_cast) to a server of its own as a rule. No lock is held;
    /// its panic concerns nobody.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::prelude::*;
    /// use std::sync::{Arc, Mutex};
    /// # #[genserver] struct Counter { count: u64 }
    /// # #[genserver] impl Counter {
    /// #     #[init] fn init() -> Self { Counter { count: 0 } }
    /// #     #[cast] fn add(&mut self, by: u64) { self.count += by }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let system = System::new();
    /// let lost = Arc::new(Mutex::new(0));
    /// let total = lost.clone();
    /// system.on_undelivered(move |letter| {
    ///     if let Some(CounterCast::Add { by }) = letter.message.downcast_ref() {
    ///         *total.lock().unwrap() += by;
    ///     }
    /// });
    /// let counter = Counter::start().system(&system).await?;
    /// counter.suspend().await?;
    /// counter.add(2).await?;
    /// counter.kill();
    /// counter.ended().await;
    /// assert_eq!(*lost.lock().unwrap(), 2);
    /// # Ok(()) }
    /// ```
    pub fn on_undelivered(&self, hook: impl Fn(DeadLetter) + Send + Sync + 'static) {
        self.inner.letters.hook(Arc::new(hook));
    }

    /// How all policies of this system stand: those of its servers' handlers, and those that are plain values.
    /// Each line prints as one of a table.
    pub fn policies(&self) -> Vec<PolicyStatus> {
        self.inner.policies.table()
    }

    pub(crate) fn book(&self) -> &Book {
        &self.inner.policies
    }

    /// Where events are told, for those who must not keep the system.
    pub(crate) fn voice(&self) -> &Arc<Events> {
        &self.inner.events
    }

    pub(crate) fn downgrade(&self) -> WeakSystem {
        WeakSystem(Arc::downgrade(&self.inner))
    }

    /// The bus of the system, to which `#[subscribe(..)]` subscribes.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::prelude::*;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut alarms = System::global().bus().subscribe::<String>("alarm.**")?;
    /// System::global().bus().publish("alarm.fire.floor3", "smoke".to_string()).await?;
    /// assert_eq!(alarms.recv().await.unwrap().1, "smoke");
    /// # Ok(()) }
    /// ```
    pub fn bus(&self) -> &EventBus {
        &self.inner.bus
    }

    pub(crate) fn registries(&self) -> &Listing {
        &self.inner.registries
    }

    pub(crate) fn names(&self) -> &Names {
        &self.inner.names
    }

    pub(crate) fn next_slot() -> u64 {
        NEXT_SLOT.fetch_add(1, Ordering::Relaxed)
    }

    /// Counts and announces a message that ended unserved, and hands it to whoever wants it.
    pub(crate) fn dead_letter(
        &self,
        handler: &'static str,
        why: Undelivered,
        to: impl FnOnce() -> (Pid, Arc<str>),
        message: impl FnOnce() -> Box<dyn Any + Send>,
    ) {
        let Inner { letters, events, .. } = &*self.inner;
        letters.add();
        let (is_heard, is_hooked) = (events.has_listeners(), letters.is_hooked());
        if !is_heard && !is_hooked {
            return panic::drop_quietly(message);
        }
        let (pid, server) = to();
        if is_heard {
            events.send_of(pid, server.clone(), EventKind::DeadLetter { handler, why: why.clone() });
        }
        if is_hooked {
            letters.hand_over(DeadLetter { pid, server, handler, why, message: message() });
        } else {
            panic::drop_quietly(message);
        }
    }

    /// Whether anybody hears of events.
    #[inline]
    pub(crate) fn is_heard(&self) -> bool {
        self.inner.events.has_listeners()
    }

    #[inline]
    pub(crate) fn announce(&self, core: &Core, kind: impl FnOnce() -> EventKind) {
        if self.inner.events.has_listeners() {
            self.inner.events.send(core, kind());
        }
    }

    /// The door to the runtime that this thread is in, if it is in one.
    pub(crate) fn door(&self) -> Option<Arc<Door>> {
        let (system, task) = (Arc::as_ptr(&self.inner) as usize, task::try_id());
        let known = LAST.with_borrow(|last| {
            let last = last.as_ref().filter(|last| last.system == system && last.task == task)?;
            task.is_some().then(|| last.door.clone())
        });
        if known.is_some() {
            return known;
        }
        let here = Handle::try_current().ok()?;
        let runtime = here.id();
        let known = LAST.with_borrow_mut(|last| {
            let last = last.as_mut().filter(|last| last.system == system && last.runtime == runtime)?;
            last.task = task;
            Some(last.door.clone())
        });
        if known.is_some() {
            return known;
        }
        let door = self.find_door(here, runtime);
        let last = Last { system, task, runtime, door: door.clone() };
        // What it drops may be the last of a system, with code of the user's in it: not in the borrow.
        drop(LAST.replace(Some(last)));
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

/// A system that is not kept by this.
#[derive(Clone)]
pub(crate) struct WeakSystem(Weak<Inner>);

impl WeakSystem {
    pub(crate) fn upgrade(&self) -> Option<System> {
        self.0.upgrade().map(|inner| System { inner })
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
