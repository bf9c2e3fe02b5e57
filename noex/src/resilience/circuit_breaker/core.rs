//! What the handles of a breaker share: the gate, who it is, what it counts, and who waits.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};

use tokio::sync::Notify;

use super::{
    super::{
        CircuitOpen, CircuitState, Counts, Disposed, Identity, Policy, PolicyError, PolicyEvent, PolicyKind,
        PolicyStatus, ticks::Ticks,
    },
    CircuitBreakerOptions,
    gate::{Entry, Gate, Outcome, Taken},
    rules::per_mille,
    tally::{Sums, Tally},
    turn::Command,
    word::Pass,
};
use crate::{Name, process::door::sleep_until};

pub(super) struct Core {
    pub(super) gate: Gate,
    pub(super) identity: Identity,
    pub(super) options: CircuitBreakerOptions,
    clock: Ticks,
    pub(super) tally: Tally,
    /// Those that wait for the verdict.
    pub(super) waiting: Notify,
    /// The ticker knows of it.
    is_enrolled: AtomicBool,
}

/// What a breaker says to a call.
pub(crate) enum Admission {
    /// Run; then [`CircuitBreaker::finish`] with this, once.
    Pass(Pass),
    /// Do not run; [`CircuitBreaker::refusal`] says why.
    Refused(Denied),
    /// Wait, then the one or the other.
    Wait(Verdict),
}

/// What a refused call met, before it is spelled out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Denied(pub(super) Entry);

/// Why a call may not run.
#[derive(Debug)]
pub(crate) enum Refusal {
    Open(CircuitOpen),
    Disposed(Disposed),
}

impl<E> From<Refusal> for PolicyError<E> {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Open(open) => open.into(),
            Refusal::Disposed(disposed) => disposed.into(),
        }
    }
}

/// What a call is told that waited for the verdict of half-open.
pub(crate) type Verdict = Pin<Box<dyn Future<Output = Result<Pass, Refusal>> + Send>>;

impl Core {
    pub(super) fn new(identity: Identity, options: CircuitBreakerOptions) -> Self {
        let clock = Ticks::start();
        let gate = Gate::new(&options, clock.now());
        let (tally, waiting, is_enrolled) = Default::default();
        Core { gate, identity, options, clock, tally, waiting, is_enrolled }
    }

    /// Has it tell how it stands at each interval, from where there is a runtime.
    pub(super) fn enrol(self: &Arc<Self>) {
        let (Some(interval), Some(system)) = (self.options.monitored(), self.identity.system()) else {
            return;
        };
        if self.gate.is_disposed() || self.is_enrolled.swap(true, Ordering::Relaxed) {
            return;
        }
        if !system.book().monitors().enrol(self, interval, system.voice()) {
            self.is_enrolled.store(false, Ordering::Relaxed);
        }
    }

    pub(super) fn tell_how_it_stands(&self) {
        let (state, sums) = (self.gate.state(|| self.now()), self.tally.sums());
        self.announce();
        let Sums { succeeded, failed, refused, .. } = sums;
        self.identity.tell(|| PolicyEvent::Monitored { state, succeeded, failed, refused });
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.now()
    }

    #[inline]
    pub(super) fn enter(&self) -> Entry {
        let entry = self.gate.admit(|| self.now());
        self.announce();
        match entry {
            Entry::Beside(pass, after) => {
                self.tally.would_refuse();
                let retry_after = after.map(Duration::from_nanos);
                self.identity.tell(|| PolicyEvent::WouldRefuse { retry_after });
                Entry::Pass(pass)
            }
            entry => entry,
        }
    }

    /// Inlined, so that the error is written where it is wanted.
    #[inline(always)]
    pub(super) fn refuse(&self, entry: Entry) -> Refusal {
        let (state, retry_after) = match entry {
            Entry::Disposed => return Refusal::Disposed(self.identity.disposed()),
            Entry::Refused(state, after) => (state, after.map(Duration::from_nanos)),
            Entry::Pass(_) | Entry::Beside(..) | Entry::Full(_) => (CircuitState::HalfOpen, None),
        };
        self.tally.refuse();
        self.identity.tell(|| PolicyEvent::Refused { retry_after });
        let policy = Name::of(&self.identity.name);
        Refusal::Open(CircuitOpen { policy, state, retry_after, cause: self.gate.cause() })
    }

    pub(super) fn take(&self, pass: Pass, counts: Counts, elapsed: Option<Duration>, hint: Option<Duration>) {
        let is_slow = self.options.slow().is_some_and(|slow| elapsed.is_some_and(|elapsed| elapsed >= slow));
        let taken = self.gate.finish(pass, Outcome { counts, is_slow, hint }, || self.now());
        match (taken, counts) {
            (Taken::Ignored, _) => {}
            (Taken::Late, _) => self.tally.be_late(),
            (_, Counts::Success) => self.tally.succeed(),
            (_, Counts::Failure) => self.tally.fail(),
            (_, Counts::Neutral) => self.tally.pass_over(),
        }
        if taken == Taken::ProbeBack && self.options.waits() {
            self.waiting.notify_one();
        }
        self.announce();
    }

    /// After whatever may have changed the state. Whoever waits looks again.
    #[inline]
    pub(super) fn announce(&self) {
        self.gate.announce(|from, to| {
            self.waiting.notify_waiters();
            self.identity.tell(|| PolicyEvent::StateChanged { from, to });
        });
    }

    pub(super) fn obey(&self, command: Command) {
        self.gate.obey(command);
        self.announce();
    }

    pub(super) fn dispose(&self) {
        if self.gate.dispose() {
            if let Some(system) = self.identity.system() {
                system.book().forget(self);
            }
            self.waiting.notify_waiters();
            self.identity.tell(|| PolicyEvent::Disposed);
        }
    }
}

/// Waits for the verdict of half-open, or for the place of a probe.
pub(super) async fn wait(core: Arc<Core>) -> Result<Pass, Refusal> {
    core.identity.tell(|| PolicyEvent::Queued);
    loop {
        // Before the look, so that nothing that comes after it is missed.
        let mut change = pin!(core.waiting.notified());
        change.as_mut().enable();
        match core.enter() {
            Entry::Pass(pass) => {
                core.identity.tell(|| PolicyEvent::Admitted);
                return Ok(pass);
            }
            Entry::Full(until) => {
                let mut over = sleep_until(core.clock.instant(until), None);
                poll_fn(|cx| match over.as_mut().poll(cx) {
                    Poll::Pending => change.as_mut().poll(cx),
                    ready => ready,
                })
                .await;
            }
            refused => return Err(core.refuse(refused)),
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
        let state = match self.gate.state(|| self.now()) {
            CircuitState::Closed => "closed",
            CircuitState::Open => "open",
            CircuitState::HalfOpen => "half-open",
            CircuitState::ForcedOpen => "forced open",
            CircuitState::Disabled => "disabled",
            CircuitState::Observed => "observed",
        };
        let sums = self.tally.sums();
        let (failures, window) = self.gate.counts();
        let counters = vec![
            ("succeeded", sums.succeeded),
            ("failed", sums.failed),
            ("neutral", sums.neutral),
            ("refused", sums.refused),
            ("would_refuse", sums.would_refuse),
            ("late_results", sums.late),
            ("failures", failures.into()),
            ("calls", window.calls),
            ("failure_per_mille", per_mille(window.failed, window.calls).into()),
            ("slow_per_mille", per_mille(window.slow, window.calls).into()),
        ];
        PolicyStatus { kind: self.kind(), name: self.name().clone(), state, counters }
    }
}
