//! Timers with a period.
//!
//! There is never more than one tick of a timer in the mailbox: the next is sent when the last one's handler
//! begins. A server that is busy for longer than a period misses ticks, and [`Missed`] says what becomes of
//! those. Deadlines are counted from the start, so that being late once does not make it late for ever.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{sync::Semaphore, time::Instant};

use super::{
    attendant::{Attendant, later},
    door::{now, sleep_until},
    panic::catch,
    timer::{Timer, TimerId},
};
use crate::{
    Context, GenServer, InfoOf,
    server::{
        deliver,
        slot::{
            Slot,
            notice::{Origin, Stamp},
        },
    },
};

/// What becomes of ticks that fell due while an earlier one waited. The words are those of tokio's
/// `MissedTickBehavior`.
///
/// A period of 10 ms, and a server that is busy from 15 to 38 ms gets ticks at
///
/// | | | | | | | |
/// |---|---|---|---|---|---|---|
/// | `Burst` | 10 | 38 | 38 | 40 | 50 | .. |
/// | `Skip` | 10 | 38 | | 40 | 50 | .. |
/// | `Delay` | 10 | 38 | | | 48 | .. |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missed {
    /// They come one right after the other; as many ticks as periods, in the long run.
    #[default]
    Burst,
    /// They do not come; the next is at the next multiple of the period.
    Skip,
    /// They do not come; the next is one period later.
    Delay,
}

/// How often a timer fires, and what it does about ticks that were missed.
///
/// # Examples
///
/// ```
/// use noex::{Missed, Period};
/// use std::time::Duration;
///
/// let plain: Period = Duration::from_secs(30).into();
/// assert_eq!(plain, Period::new(Duration::from_secs(30)).missed(Missed::Burst));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a period does nothing until a timer has it"]
pub struct Period {
    every: Duration,
    missed: Missed,
}

impl Period {
    /// Every so often; missed ticks come in a burst.
    ///
    /// # Panics
    ///
    /// When `every` is zero.
    #[track_caller]
    pub const fn new(every: Duration) -> Self {
        assert!(!every.is_zero(), "a period cannot be zero");
        Period { every, missed: Missed::Burst }
    }

    /// What becomes of missed ticks.
    pub const fn missed(self, missed: Missed) -> Self {
        Period { missed, ..self }
    }

    /// When the tick after the one that was due at `due` is.
    fn after(self, due: Instant, now: Instant) -> Instant {
        let next = later(due, self.every);
        match self.missed {
            _ if now <= next => next,
            Missed::Burst => next,
            Missed::Skip => {
                let period = self.every.as_nanos();
                let into = u64::try_from((now - due).as_nanos() % period).unwrap_or(u64::MAX);
                now + (self.every - Duration::from_nanos(into))
            }
            Missed::Delay => later(now, self.every),
        }
    }
}

impl From<Duration> for Period {
    #[track_caller]
    fn from(every: Duration) -> Self {
        Period::new(every)
    }
}

impl<S: GenServer> Context<S> {
    /// Sends this server a message again and again, the first after one period. The timer ends with this life.
    ///
    /// `#[every(30s)]` on a method does the same from the server's start on. A tick meets a full mailbox as any
    /// message does. As `timer:send_interval`.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::{Missed, Period, prelude::*};
    /// use std::time::Duration;
    ///
    /// #[derive(Clone)]
    /// struct Beat;
    ///
    /// #[genserver]
    /// struct Heart { timer: Timer, beats: u32 }
    ///
    /// #[genserver]
    /// impl Heart {
    ///     #[init]
    ///     fn init(cx: &mut Context<Self>, period: Duration) -> Self {
    ///         Heart { timer: cx.send_every(Period::new(period).missed(Missed::Skip), Beat), beats: 0 }
    ///     }
    ///
    ///     #[info]
    ///     fn beat(&mut self, cx: &mut Context<Self>, _: Beat) {
    ///         assert_eq!(cx.fired(), Some(self.timer.id()));
    ///         self.beats += 1;
    ///     }
    ///
    ///     #[call]
    ///     fn stop_beating(&mut self) -> u32 { self.timer.cancel(); self.beats }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let heart = Heart::start(Duration::from_millis(10)).await?;
    /// tokio::time::sleep(Duration::from_millis(35)).await;
    /// assert_eq!(heart.stop_beating().await?, 3);
    /// tokio::time::sleep(Duration::from_millis(35)).await;
    /// assert_eq!(heart.stop_beating().await?, 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    ///
    /// When the period is zero.
    #[track_caller]
    #[doc(alias = "send_interval")]
    #[doc(alias = "interval")]
    pub fn send_every<M>(&mut self, period: impl Into<Period>, message: M) -> Timer
    where
        M: InfoOf<S> + Clone + Send + 'static,
    {
        send_every(self, period.into(), move || message.clone().into_info())
    }
}

/// A periodic timer whose messages are made anew for each tick.
pub(crate) fn send_every<S: GenServer>(
    cx: &Context<S>,
    period: Period,
    tick: impl FnMut() -> S::Info + Send + 'static,
) -> Timer {
    let (life, slot) = (cx.life(), Arc::downgrade(&cx.slot()));
    let due = later(now(), period.every);
    let timer = Timer::new(TimerId::next(), Attendant::new(due));
    let ticks =
        Ticks { slot, life: life.number, id: timer.id(), attendant: timer.attendant().clone(), period };
    timer.attendant().tend(&cx.door(), &life, ticks.run(due, tick));
    timer
}

struct Ticks<S: GenServer> {
    slot: Weak<Slot<S>>,
    life: u32,
    id: TimerId,
    attendant: Arc<Attendant>,
    period: Period,
}

impl<S: GenServer> Ticks<S> {
    async fn run(self, mut due: Instant, mut tick: impl FnMut() -> S::Info + Send) {
        let turn = Arc::new(Semaphore::new(1));
        loop {
            sleep_until(due, None).await;
            let Ok(permit) = turn.clone().acquire_owned().await else { return };
            let Some(slot) = self.slot.upgrade() else { return };
            if !self.attendant.deliver(later(due, self.period.every)) {
                return;
            }
            // A message whose `clone` panics is told by the panic's own report.
            let Ok(info) = catch(&mut tick) else {
                self.attendant.cancel();
                return;
            };
            let stamp = Stamp::new(self.life, Origin::Timer(self.id))
                .recalled_by(self.attendant.recall().clone())
                .permitted_by(permit);
            deliver(slot, info, stamp).await;
            // Until its handler begins: what falls due meanwhile is missed.
            drop(turn.acquire().await);
            due = self.period.after(due, now());
            if !self.attendant.wait(due) {
                return;
            }
        }
    }
}
