//! Load shedding: turning some away early, so that the others are served.

mod options;
mod window;

use std::{
    fmt,
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

pub use options::LoadShedderOptions;
use options::QueueDelay;
use window::{Counts, Window};

use super::{
    Class, ConfigError, Disposed, Identity, NamedError, Policy, PolicyError, PolicyEvent, PolicyEvents,
    PolicyKind, PolicyStatus, Protected, Shed, codel::Codel, dice::Dice, ticks::Ticks,
};
use crate::{Name, System, process::door::now};

/// Turns a share of the operations away while what is behind it does not keep up.
///
/// It counts what is sent and what is accepted. While more than `ratio` times as many are sent, the rest is turned away
/// at random, never more than `cap` of all, so that it notices when all is well again. That is the adaptive throttling
/// of Google's SRE book: a client that is refused a lot stops asking. What answered, if only to say no, was accepted;
/// what failed, timed out, was throttled or found nobody was not. What is under way counts as accepted until then, so that
/// many at once are no overload.
///
/// With [`queue_delay`](LoadShedderOptions::queue_delay) it also looks at how long work has waited before it came here,
/// and turns away what stood in a queue that does not get shorter.
///
/// Of a handler it looks at the mailbox: how long a call was queued there, when the server comes to it. One that is turned
/// away then was not run.
///
/// | choose | when |
/// |---|---|
/// | [`CircuitBreaker`](super::CircuitBreaker) | what is behind it fails as a whole: all or nothing |
/// | a load shedder | it serves some and refuses others: as many as it can take |
/// | [`Bulkhead`](super::Bulkhead) | the number at once is the trouble, and latency its sign |
///
/// # Examples
///
/// ```
/// use noex::resilience::{LoadShedder, LoadShedderOptions, PolicyError};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let backend = LoadShedder::new("backend", LoadShedderOptions::new())?;
/// let mut turned_away = 0;
/// for _ in 0..1000 {
///     let done = backend.execute(async || Err::<(), _>("overloaded")).await;
///     turned_away += usize::from(matches!(done, Err(PolicyError::Shed(_))));
/// }
/// assert!((800..950).contains(&turned_away));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct LoadShedder {
    core: Arc<Core>,
}

struct Core {
    identity: Identity,
    options: LoadShedderOptions,
    ticks: Ticks,
    dice: Dice,
    state: Mutex<State>,
    is_disposed: AtomicBool,
    passed: AtomicU64,
    shed: AtomicU64,
}

/// Why something does not pass.
#[derive(Debug)]
pub(crate) enum Refusal {
    Shed(Shed),
    Disposed(Disposed),
}

struct State {
    window: Window,
    codel: Option<Codel>,
}

impl LoadShedder {
    /// A load shedder of its own, which no other call of `new` or [`get`](LoadShedder::get) gives.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the option that makes no sense.
    pub fn new(name: impl Into<Arc<str>>, options: LoadShedderOptions) -> Result<Self, ConfigError> {
        LoadShedder::within(Identity::new(PolicyKind::LoadShedder, name, &System::global()), options)
    }

    /// One with this identity, in the table of its system.
    pub(crate) fn within(identity: Identity, options: LoadShedderOptions) -> Result<Self, ConfigError> {
        if let Some(fault) = options.fault() {
            return Err(fault.of(&identity.name));
        }
        let codel = options.queue_delay.map(|QueueDelay { target, interval }| Codel::new(target, interval));
        let (passed, shed) = Default::default();
        let core = Arc::new(Core {
            identity,
            options,
            ticks: Ticks::start(),
            dice: Dice::new(options.seed),
            state: Mutex::new(State { window: Window::new(options.window), codel }),
            is_disposed: AtomicBool::new(false),
            passed,
            shed,
        });
        if let Some(system) = core.identity.system() {
            system.book().list(&core);
        }
        Ok(LoadShedder { core })
    }

    /// The load shedder of this name, made with the defaults if there is none.
    pub fn get(name: &str) -> Self {
        match LoadShedder::find_or_make(&System::global(), name, None) {
            Ok(shedder) => shedder,
            Err(_) => unreachable!("the defaults are no error"),
        }
    }

    /// The load shedder of this name, made with these options if there is none.
    ///
    /// # Errors
    ///
    /// [`NamedError`] when there is one with other options, or these make no sense.
    pub fn get_or_create(name: &str, options: LoadShedderOptions) -> Result<Self, NamedError> {
        LoadShedder::find_or_make(&System::global(), name, Some(options))
    }

    /// The one of this name in this system, made with these options if there is none.
    pub(crate) fn shared(
        system: &System,
        name: &str,
        options: LoadShedderOptions,
    ) -> Result<Self, NamedError> {
        LoadShedder::find_or_make(system, name, Some(options))
    }

    fn find_or_make(
        system: &System,
        name: &str,
        options: Option<LoadShedderOptions>,
    ) -> Result<Self, NamedError> {
        let core = system.book().get_or_create(PolicyKind::LoadShedder, name, || {
            let identity = Identity::new(PolicyKind::LoadShedder, name, system);
            LoadShedder::within(identity, options.unwrap_or_default()).map(|shedder| shedder.core)
        })?;
        match options {
            Some(options) if options != core.options => Err(NamedError::Conflict { policy: name.into() }),
            _ => Ok(LoadShedder { core }),
        }
    }

    /// Runs the operation, on the caller's task, or turns it away. Any `Err` counts as not accepted.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the operation is dropped; that says nothing about who was to do it.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Shed`], at once.
    pub async fn execute<T, E, F>(&self, operation: impl FnOnce() -> F) -> Result<T, PolicyError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.execute_with(Class::of, operation).await
    }

    /// As [`execute`](LoadShedder::execute), with a judge of the outcome: what is [`Class::Permanent`] or
    /// [`Class::Ignored`] was answered, and so accepted.
    ///
    /// # Errors
    ///
    /// As [`execute`](LoadShedder::execute).
    pub async fn execute_with<T, E, F>(
        &self,
        judge: impl FnOnce(&Result<T, E>) -> Class,
        operation: impl FnOnce() -> F,
    ) -> Result<T, PolicyError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.run(None, judge, operation).await
    }

    /// As [`execute_with`](LoadShedder::execute_with), for work that has waited for so long before it came here.
    ///
    /// # Errors
    ///
    /// As [`execute`](LoadShedder::execute).
    pub async fn execute_after<T, E, F>(
        &self,
        waited: Duration,
        judge: impl FnOnce(&Result<T, E>) -> Class,
        operation: impl FnOnce() -> F,
    ) -> Result<T, PolicyError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.run(Some(waited), judge, operation).await
    }

    async fn run<T, E, F>(
        &self,
        waited: Option<Duration>,
        judge: impl FnOnce(&Result<T, E>) -> Class,
        operation: impl FnOnce() -> F,
    ) -> Result<T, PolicyError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let core = &*self.core;
        core.admit(waited).map_err(|refusal| match refusal {
            Refusal::Shed(shed) => PolicyError::Shed(shed),
            Refusal::Disposed(disposed) => PolicyError::Disposed(disposed),
        })?;
        let unfinished = Unfinished(core);
        let done = operation().await;
        let class = judge(&done);
        std::mem::forget(unfinished);
        core.finish(class);
        done.map_err(PolicyError::Failed)
    }

    /// A function of which some runs are turned away. Its future is boxed; [`execute`](LoadShedder::execute) needs no
    /// allocation.
    pub fn wrap<A, T, E, F, W>(&self, function: W) -> impl Fn(A) -> Protected<T, E> + use<A, T, E, F, W>
    where
        A: Send + 'static,
        F: Future<Output = Result<T, E>> + Send,
        W: Fn(A) -> F + Send + Sync + 'static,
    {
        let (shedder, function) = (self.clone(), Arc::new(function));
        move |argument| {
            let (shedder, function) = (shedder.clone(), function.clone());
            Box::pin(async move { shedder.execute(|| function(argument)).await })
        }
    }

    /// Lets it pass or not; what passes is to be [finished](LoadShedder::finish).
    pub(crate) fn admit(&self) -> Result<(), Refusal> {
        self.core.admit(None)
    }

    /// What became of something that passed.
    pub(crate) fn finish(&self, class: Class) {
        self.core.finish(class);
    }

    /// Whether it looks at how long work has waited.
    pub(crate) fn minds_queues(&self) -> bool {
        self.core.options.queue_delay.is_some()
    }

    /// Whether work that passed, and has waited for so long since, is turned away after all.
    pub(crate) fn turn_away(&self, waited: Duration) -> Option<Shed> {
        let is_late = self.core.state().codel.as_mut().is_some_and(|codel| codel.is_late(now(), waited));
        is_late.then(|| {
            self.core.passed.fetch_sub(1, Ordering::Relaxed);
            self.core.shed()
        })
    }

    /// Its options.
    pub fn options(&self) -> &LoadShedderOptions {
        &self.core.options
    }

    /// Its events from now on.
    pub fn events(&self) -> PolicyEvents {
        self.core.identity.listen()
    }

    /// How it stands.
    pub fn status(&self) -> PolicyStatus {
        self.core.status()
    }

    /// Gives up the name and refuses whatever comes; operations under way go on. Again, it does nothing.
    pub fn dispose(&self) {
        if !self.core.is_disposed.swap(true, Ordering::Relaxed) {
            if let Some(system) = self.core.identity.system() {
                system.book().forget(&*self.core);
            }
            self.core.identity.tell(|| PolicyEvent::Disposed);
        }
    }
}

/// An operation that was dropped, or panicked: only the latter is held against anybody.
struct Unfinished<'a>(&'a Core);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        self.0.finish(if std::thread::panicking() { Class::Panicked } else { Class::Cancelled });
    }
}

impl Core {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets it pass or not. It counts as sent either way, and what passes is to be [finished](Core::finish).
    fn admit(&self, waited: Option<Duration>) -> Result<(), Refusal> {
        if self.is_disposed.load(Ordering::Relaxed) {
            return Err(Refusal::Disposed(self.identity.disposed()));
        }
        let is_shed = {
            let State { window, codel } = &mut *self.state();
            let late = waited.zip(codel.as_mut()).is_some_and(|(waited, codel)| codel.is_late(now(), waited));
            let counts = window.send(self.ticks.now());
            let is_shed = late || self.is_unlucky(counts);
            if !is_shed {
                window.accept();
            }
            is_shed
        };
        if is_shed {
            return Err(Refusal::Shed(self.shed()));
        }
        self.passed.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn shed(&self) -> Shed {
        self.shed.fetch_add(1, Ordering::Relaxed);
        self.identity.tell(|| PolicyEvent::Refused { retry_after: None });
        Shed { policy: Name::of(&self.identity.name) }
    }

    fn is_unlucky(&self, Counts { sent, accepted }: Counts) -> bool {
        let (sent, accepted) = (sent as f64, accepted as f64);
        let share = ((sent - self.options.ratio * accepted) / (sent + 1.0)).min(self.options.cap);
        share > 0.0 && (self.dice.roll() >> 11) as f64 / (1_u64 << 53) as f64 <= share
    }

    /// What says nothing about who was to do it, counts for it.
    fn finish(&self, class: Class) {
        let is_accepted = match class {
            Class::Success | Class::Permanent | Class::Ignored | Class::Refused | Class::Cancelled => true,
            Class::Transient
            | Class::Throttled { .. }
            | Class::TimedOut { .. }
            | Class::Crashed
            | Class::Absent
            | Class::Busy
            | Class::Panicked => false,
        };
        if !is_accepted {
            self.state().window.reject();
        }
    }
}

impl Policy for Core {
    fn kind(&self) -> PolicyKind {
        self.identity.kind
    }

    fn name(&self) -> &Arc<str> {
        &self.identity.name
    }

    fn status(&self) -> PolicyStatus {
        let counters = vec![
            ("passed", self.passed.load(Ordering::Relaxed)),
            ("shed", self.shed.load(Ordering::Relaxed)),
        ];
        PolicyStatus { kind: self.kind(), name: self.name().clone(), state: "", counters }
    }
}

impl fmt::Debug for LoadShedder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadShedder").field("name", &self.core.identity.name).finish_non_exhaustive()
    }
}
