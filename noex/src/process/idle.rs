//! Silence: timers that fire when nothing arrives.
//!
//! Nothing is noted when a message arrives, so that they cost a busy server nothing. The counters of served
//! messages are enough: as long as they stand still, it is silent.
//!
//! | | measured from | late by at most | fires |
//! |---|---|---|---|
//! | `cx.idle_timeout(after, message)` | the end of that handler | the clock's grain | once, if nothing was handled since |
//! | `#[idle(after)]` | the last look that saw a change | an eighth of `after` | once for each silence |
//!
//! The second looks eight times in its period, for as long as the server lives. Neither is ever early: a
//! message that comes between the decision and the handler makes the notice void.

use std::{
    any::Any,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use super::{
    attendant::{Attendant, later},
    door::{now, sleep_until, within},
    link::Life,
};
use crate::{
    Context, GenServer,
    server::slot::{
        AnySlot, Slot,
        envelope::Envelope,
        notice::{Origin, Stamp, notify},
    },
};

/// The idle time-out of one life: one task, however often it is set.
struct Armed<S: GenServer> {
    next: Mutex<Option<(Instant, u64, S::Info)>>,
    changed: Notify,
}

/// To be told when nothing is served for `after` from now.
pub(crate) fn arm<S: GenServer>(slot: &Arc<Slot<S>>, after: Duration, info: S::Info) {
    let core = slot.core();
    let life = Life::of(slot.clone());
    let (known, is_new) = match core.idle_of(life.number).and_then(|known| known.downcast::<Armed<S>>().ok())
    {
        Some(known) => (known, false),
        None => (Arc::new(Armed { next: Mutex::new(None), changed: Notify::new() }), true),
    };
    let due = later(now(), after);
    let before = known.set(Some((due, slot.served_but(&[]), info)));
    if !is_new {
        // A later end is seen when the earlier one has come.
        if before.is_none_or(|(before, ..)| due < before) {
            known.changed.notify_one();
        }
        return;
    }
    core.set_idle(life.number, known.clone() as Arc<dyn Any + Send + Sync>);
    let Some(door) = core.door() else { return };
    let (weak, number) = (Arc::downgrade(slot), life.number);
    Attendant::new(due).tend(door, &life, known.tend(weak, number));
}

impl<S: GenServer> Armed<S> {
    fn set(&self, next: Option<(Instant, u64, S::Info)>) -> Option<(Instant, u64, S::Info)> {
        std::mem::replace(&mut *self.next.lock().unwrap_or_else(PoisonError::into_inner), next)
    }

    fn due(&self) -> Option<Instant> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(due, ..)| *due)
    }

    /// Takes what is due.
    fn take(&self) -> Option<(u64, S::Info)> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, served, info) = next.take_if(|(due, ..)| *due <= now())?;
        Some((served, info))
    }

    async fn tend(self: Arc<Self>, slot: Weak<Slot<S>>, life: u32) {
        loop {
            let wait = self.due().map(|due| due.saturating_duration_since(now()));
            if within(wait, self.changed.notified()).await.is_some() {
                continue;
            }
            let (Some(slot), Some((served, info))) = (slot.upgrade(), self.take()) else { continue };
            let origin = Origin::Silence { served, but: Arc::default() };
            notify(&slot, info, Stamp::new(life, origin));
        }
    }
}

/// After which silence to tell what.
pub(crate) type Told<I> = (Duration, fn() -> I);

/// Watches for silences of each of these lengths, from now until this life is over.
pub(crate) fn watch_silence<S: GenServer>(cx: &Context<S>, silences: &[Told<S::Info>]) {
    let (slot, life) = (cx.slot(), cx.life());
    // That it was told of a silence does not end the silence.
    let but: Arc<[usize]> = silences.iter().map(|(_, info)| Envelope::<S>::info_variant(&info())).collect();
    for &(after, info) in silences {
        assert!(!after.is_zero(), "a silence cannot be of no length");
        let silence =
            Silence { slot: Arc::downgrade(&slot), life: life.number, after, info, but: but.clone() };
        Attendant::new(now()).tend(&cx.door(), &life, silence.listen());
    }
}

/// How often in its period a silence timer looks.
const LOOKS: u32 = 8;

struct Silence<S: GenServer> {
    slot: Weak<Slot<S>>,
    life: u32,
    after: Duration,
    info: fn() -> S::Info,
    but: Arc<[usize]>,
}

impl<S: GenServer> Silence<S> {
    async fn listen(self) {
        let look = (self.after / LOOKS).max(Duration::from_millis(1));
        let mut since = now();
        let mut seen = 0;
        let mut told = false;
        let mut was_busy = false;
        loop {
            let next = later(now(), look);
            let end = later(since, self.after);
            sleep_until(if told { next } else { next.min(end) }, None).await;
            let Some(slot) = self.slot.upgrade() else { return };
            let served = slot.served_but(&self.but);
            // Continuations are not counted: that one was under way is all that is seen of its end.
            let is_busy = self.is_busy(&slot);
            let is_over = std::mem::replace(&mut was_busy, is_busy);
            if served != seen || is_busy || is_over {
                (since, seen, told) = (now(), served, false);
            } else if !told && now() >= end {
                told = true;
                let origin = Origin::Silence { served, but: self.but.clone() };
                notify(&slot, (self.info)(), Stamp::new(self.life, origin));
            }
        }
    }

    /// Something is being handled, which may take long.
    fn is_busy(&self, slot: &Slot<S>) -> bool {
        slot.core().current().is_some_and(|variant| !self.but.contains(&variant))
    }
}
