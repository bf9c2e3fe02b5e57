//! What breakers tell each `monitor_interval`: one ticker a runtime, while anybody listens.
//!
//! ```text
//! breaker made, somebody listens  ─▶ the ticker of the breaker's runtime starts, unless it runs
//! nobody listens, no breaker left ─▶ it ends when it next looks
//! ```
//!
//! A breaker belongs to the runtime that it was made in: its clock is the one that the breaker goes by.

use std::{
    collections::HashMap,
    fmt,
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering, fence},
    },
    task::Poll,
    time::Duration,
};

use tokio::{
    runtime::{Handle, Id},
    sync::Notify,
    time::Instant,
};

use super::core::Core;
use crate::{
    observer::Events,
    process::door::{now, sleep_until},
};

/// The tickers of a system.
#[derive(Default)]
pub(crate) struct Monitors {
    tickers: Mutex<HashMap<Id, Arc<Ticker>>>,
}

struct Ticker {
    runtime: Handle,
    events: Arc<Events>,
    monitored: Mutex<Vec<Monitored>>,
    /// There is one more to look after.
    more: Notify,
    is_running: AtomicBool,
}

struct Monitored {
    breaker: Weak<Core>,
    interval: Duration,
    due: Instant,
}

/// No code of anybody else's runs under these locks.
fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Monitors {
    /// Looks after this breaker from now on; `false` where there is no runtime.
    pub(super) fn enrol(&self, breaker: &Arc<Core>, interval: Duration, events: &Arc<Events>) -> bool {
        let Ok(runtime) = Handle::try_current() else { return false };
        // In longer than a clock can tell it need not be looked after.
        let Some(due) = now().checked_add(interval) else { return true };
        let ticker = {
            let mut tickers = lock(&self.tickers);
            let id = runtime.id();
            if !tickers.contains_key(&id) {
                // Those of runtimes that are gone, as a rule.
                tickers.retain(|_, ticker| !ticker.is_empty());
            }
            let make = || Arc::new(Ticker::new(runtime, events.clone()));
            tickers.entry(id).or_insert_with(make).clone()
        };
        ticker.add(Monitored { breaker: Arc::downgrade(breaker), interval, due });
        if events.has_listeners() {
            ticker.start();
        }
        true
    }

    /// Somebody listens now.
    pub(crate) fn wake(&self) {
        fence(Ordering::SeqCst);
        let tickers: Vec<_> = lock(&self.tickers).values().cloned().collect();
        for ticker in tickers {
            ticker.start();
        }
    }
}

impl Ticker {
    fn new(runtime: Handle, events: Arc<Events>) -> Self {
        let (monitored, more, is_running) = Default::default();
        Ticker { runtime, events, monitored, more, is_running }
    }

    fn is_empty(&self) -> bool {
        lock(&self.monitored).iter().all(|it| it.breaker.strong_count() == 0)
    }

    fn add(&self, one: Monitored) {
        let mut monitored = lock(&self.monitored);
        // With nobody to listen, nobody else clears up.
        if monitored.len() == monitored.capacity() {
            monitored.retain(|it| it.breaker.strong_count() > 0);
        }
        monitored.push(one);
        drop(monitored);
        self.more.notify_one();
    }

    fn start(self: &Arc<Self>) {
        if !self.is_running.swap(true, Ordering::AcqRel) {
            // On a runtime that is gone it is dropped at once.
            drop(self.runtime.spawn(Running(Some(self.clone())).run()));
        }
    }

    /// Ticks while anybody listens and there is a breaker.
    async fn tick(&self) {
        // Nobody listened to what fell due before.
        let (_, mut next) = self.due(now());
        while let Some(at) = next
            && self.events.has_listeners()
        {
            let mut clock = sleep_until(at, None);
            let mut more = pin!(self.more.notified());
            poll_fn(|cx| match clock.as_mut().poll(cx) {
                Poll::Pending => more.as_mut().poll(cx),
                ready => ready,
            })
            .await;
            let due;
            (due, next) = self.due(now());
            for breaker in due {
                breaker.tell_how_it_stands();
            }
        }
    }

    /// Those that are due, each due again later; and when the next one is. `None`: there are no others.
    fn due(&self, now: Instant) -> (Vec<Arc<Core>>, Option<Instant>) {
        let mut due = Vec::new();
        let mut monitored = lock(&self.monitored);
        monitored.retain_mut(|it| {
            let Some(breaker) = it.breaker.upgrade().filter(|breaker| !breaker.gate.is_disposed()) else {
                return false;
            };
            if it.due <= now {
                // What was missed is left out; the others stay at multiples of the interval.
                let late = (now - it.due).as_nanos() % it.interval.as_nanos();
                it.due = now + it.interval - Duration::from_nanos(late as u64);
                due.push(breaker);
            }
            true
        });
        let next = monitored.iter().map(|it| it.due).min();
        (due, next)
    }
}

/// The ticker's task. Wherever it is dropped, another may start.
struct Running(Option<Arc<Ticker>>);

impl Running {
    async fn run(mut self) {
        while let Some(ticker) = &self.0 {
            ticker.tick().await;
            ticker.is_running.store(false, Ordering::Release);
            fence(Ordering::SeqCst);
            // Who came after the last look found it running.
            let is_wanted = ticker.events.has_listeners() && !ticker.is_empty();
            if !is_wanted || ticker.is_running.swap(true, Ordering::AcqRel) {
                self.0 = None;
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(ticker) = &self.0 {
            ticker.is_running.store(false, Ordering::Release);
        }
    }
}

impl fmt::Debug for Monitors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitors").field("runtimes", &lock(&self.tickers).len()).finish()
    }
}
