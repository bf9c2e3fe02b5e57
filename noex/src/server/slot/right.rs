//! The run right: who may touch a server's state, decided by one atomic word; and a place for what is handed over.
//!
//! This is the only module with `unsafe` in it. A [`Guarded`] is a shared `front` and a `room` behind
//! a door; the room is touched through a [`Right`] alone, and there is never more than one right. What lies in a
//! [`Place`] belongs to whoever swaps it out.
//!
//! ```text
//!              try_enter                      release (no flag up)
//!   0 (idle) ───────────▶ RUN (held) ─────────────────────────────▶ 0
//!      │                   │   ▲
//!      │ raise             │   │ take_ready (a runner, or a caller that helps)
//!      ▼         lay_ready ▼   │
//!   RUN|READY ◀────────── RUN|READY   (the right lies there for whoever comes first)
//!
//!   HALT up, RUN down: the server is down (not started yet, between two lives, or ended)
//! ```
//!
//! | bit | meaning |
//! |---|---|
//! | `RUN` | the right is held, or lies ready |
//! | `READY` | the right lies ready: nobody holds it |
//! | `QUEUED` | the inbox has something |
//! | `SIGNAL` | the control lane has something |
//! | `HALT` | no message is to be served: starting, ending or down |
//! | `AWAY` | the holder is an async handler that may be suspended: spinning for it is useless |
//! | `KEPT` | the holder is suspended and lies with its caller: whoever takes the flag down sends a runner for it |
//! | `CUT` | the holder was cut short: whoever cut it has the right, and nobody else |
#![allow(unsafe_code)]

use std::{
    marker::PhantomData,
    ops::{Deref, DerefMut},
    ptr,
    sync::Arc,
};

#[cfg(noex_loom)]
use loom::cell::UnsafeCell;

use super::sync::{AtomicPtr, AtomicU32, Ordering};
use super::{RightTo, Room, Slot};
use crate::{mistakes::makes, process::seat::leave_place, server::GenServer};

/// The right is held, or lies ready.
const RUN: u32 = 1;
/// The right lies ready for the first who takes it.
pub(crate) const READY: u32 = 1 << 1;
/// The inbox has something.
pub(crate) const QUEUED: u32 = 1 << 2;
/// The control lane has something.
pub(crate) const SIGNAL: u32 = 1 << 3;
/// No message is to be served.
pub(crate) const HALT: u32 = 1 << 4;
/// The holder may be suspended for long.
pub(crate) const AWAY: u32 = 1 << 5;
/// The holder is suspended, and lies with its caller.
pub(crate) const KEPT: u32 = 1 << 6;
/// The holder was cut short.
const CUT: u32 = 1 << 7;

/// What says that a holder was cut short.
fn cut() -> u32 {
    if makes!(LaysCutReady) { READY } else { CUT }
}

/// `std`'s cell in the shape of loom's, so that the model checks the code that ships.
#[cfg(not(noex_loom))]
struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(noex_loom))]
impl<T> UnsafeCell<T> {
    fn new(value: T) -> Self {
        UnsafeCell(std::cell::UnsafeCell::new(value))
    }

    fn with<R>(&self, touch: impl FnOnce(*const T) -> R) -> R {
        touch(self.0.get())
    }

    fn with_mut<R>(&self, touch: impl FnOnce(*mut T) -> R) -> R {
        touch(self.0.get())
    }
}

/// A `front` that everybody sees and a room that only the holder of the [`Right`] enters.
///
/// In this order: what a sender on another core writes lies side by side, behind the counts of the `Arc` that it is in
/// and at the beginning of the room.
#[repr(C)]
pub(crate) struct Guarded<F, V> {
    word: AtomicU32,
    /// A number that the holder of the right shows to everybody.
    tally: AtomicU32,
    room: UnsafeCell<V>,
    front: F,
}

/// A front and a room that may be shared between threads: `F: Send + Sync` and `V: Send`, proved for all
/// their parameters at once.
///
/// It stands for those bounds so that rustc does not look for them anew, through every type of a server,
/// wherever a reference to one is used: a message that cannot be sent is one error, at the message.
///
/// # Safety
///
/// `PROOF` is `may_be_shared::<F, V>()` for the very `F` and `V`.
pub(crate) unsafe trait Shared {
    const PROOF: ();
}

/// Does nothing, and compiles only for a front and a room that may be shared.
pub(crate) const fn may_be_shared<F: Send + Sync, V: Send>() {}

// SAFETY: `front` is only ever shared, hence `F: Sync`. `room` is reached through a `Right` alone; there
// is at most one (the transitions below) and it moves between threads, hence `V: Send`; its hand-over is
// an acquire of the word after a release of it, so the next holder sees what the last one wrote.
// `F: Send` because the last `Arc` may drop it on any thread. `Shared` promises these bounds.
unsafe impl<F, V> Sync for Guarded<F, V> where (F, V): Shared {}

// SAFETY: as above; nothing in it is tied to a thread.
unsafe impl<F, V> Send for Guarded<F, V> where (F, V): Shared {}

// SAFETY: `PROOF` is what it has to be.
unsafe impl<S: GenServer> Shared for (super::Front<S>, super::Room<S>) {
    const PROOF: () = may_be_shared::<super::Front<S>, super::Room<S>>();
}

impl<F, V> Guarded<F, V> {
    /// A server that is down.
    pub(crate) fn down(front: F, room: V) -> Self
    where
        (F, V): Shared,
    {
        let () = <(F, V)>::PROOF;
        Guarded { word: AtomicU32::new(HALT), tally: AtomicU32::new(0), room: UnsafeCell::new(room), front }
    }

    /// The word as it is now; by the time one looks at it, it may be another.
    #[inline]
    pub(crate) fn flags(&self) -> u32 {
        self.word.load(Ordering::Relaxed)
    }

    /// The number that the holder of the right shows. Who may be in the room does not depend on it.
    #[inline]
    pub(crate) fn tally(&self) -> &AtomicU32 {
        &self.tally
    }

    /// Takes the right of an idle server: alive, nothing queued, nobody inside.
    #[inline]
    pub(crate) fn try_enter(&self) -> Option<Right<'_, F, V>> {
        match self.word.compare_exchange(0, RUN, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => Some(Right { of: self }),
            Err(_) => None,
        }
    }

    /// Takes a right that lies ready, unless one of the `refused` flags is up.
    pub(crate) fn take_ready(&self, refused: u32) -> Option<Right<'_, F, V>> {
        if self.change(|word| (word & READY != 0 && word & refused == 0).then_some(word & !READY)) {
            Some(Right { of: self })
        } else {
            None
        }
    }

    /// Takes the right of a holder that was cut short; whoever cut it does.
    pub(crate) fn take_cut(&self) -> Option<Right<'_, F, V>> {
        let flag = cut();
        self.change(|word| (word & flag != 0).then_some(word & !flag)).then(|| Right { of: self })
    }

    /// Takes the right of a server that is down, to start it.
    pub(crate) fn enter_down(&self) -> Option<Right<'_, F, V>> {
        if self.change(|word| (word & RUN == 0 && word & HALT != 0).then_some(word | RUN)) {
            Some(Right { of: self })
        } else {
            None
        }
    }

    /// Puts a flag up. `true`: the caller must send a runner. Nobody had the right and it now lies ready, or a caller
    /// kept the handler that has it.
    pub(crate) fn raise(&self, flag: u32) -> bool {
        let mut summon = false;
        self.change(|word| {
            // A server that is down is not woken by messages: they wait for its next life.
            let is_idle = word & (RUN | HALT) == 0;
            summon = is_idle || word & KEPT != 0;
            Some(word & !KEPT | flag | if is_idle { RUN | READY } else { 0 })
        });
        summon
    }

    /// The holder of the right is suspended.
    pub(crate) fn go_away(&self) {
        self.word.fetch_or(AWAY, Ordering::AcqRel);
    }

    /// As [`go_away`](Guarded::go_away), and the holder lies with its caller. `false`: there is something for the server
    /// already, so that the caller must let go of it.
    pub(crate) fn be_kept(&self) -> bool {
        self.word.fetch_or(AWAY | KEPT, Ordering::AcqRel) & (QUEUED | SIGNAL | HALT) == 0
    }

    /// Whether the holder lies with its caller, in the order of all changes of the word.
    pub(crate) fn is_kept(&self) -> bool {
        self.word.fetch_or(0, Ordering::AcqRel) & KEPT != 0
    }

    /// The holder does not lie with its caller any more. `true`: it did, and the caller must send a runner for it.
    pub(crate) fn disown(&self) -> bool {
        self.change(|word| (word & KEPT != 0).then_some(word & !KEPT))
    }

    /// Puts a flag up; called by the holder of the right, who will look at it.
    pub(crate) fn set(&self, flag: u32) {
        self.word.fetch_or(flag, Ordering::AcqRel);
    }

    /// Takes a flag down; the caller knows that what it stood for is seen to.
    pub(crate) fn lower(&self, flag: u32) {
        self.word.fetch_and(!flag, Ordering::AcqRel);
    }

    /// One atomic step `word -> step(word)`; `false` when the step refuses.
    fn change(&self, mut step: impl FnMut(u32) -> Option<u32>) -> bool {
        let mut word = self.word.load(Ordering::Relaxed);
        while let Some(next) = step(word) {
            match self.word.compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }
}

impl<F, V> Deref for Guarded<F, V> {
    type Target = F;

    #[inline]
    fn deref(&self) -> &F {
        &self.front
    }
}

/// A place for one box, put there and taken without a lock. Whoever swaps it out has it.
pub(crate) struct Place<T> {
    /// Null, or from `Box::into_raw`.
    there: AtomicPtr<T>,
    /// Shared by threads as a lock around it would be: what is taken out here may have been put in there.
    kind: PhantomData<std::sync::Mutex<Box<T>>>,
}

impl<T> Place<T> {
    pub(crate) fn new() -> Self {
        Place { there: AtomicPtr::new(ptr::null_mut()), kind: PhantomData }
    }

    /// Puts it there, and gives what was there.
    #[inline]
    pub(crate) fn put(&self, it: Box<T>) -> Option<Box<T>> {
        self.swap(Box::into_raw(it))
    }

    /// Takes what is there. A swap also where nothing is: who puts something there afterwards sees what was done before.
    #[inline]
    pub(crate) fn take(&self) -> Option<Box<T>> {
        self.swap(ptr::null_mut())
    }

    #[inline]
    fn swap(&self, next: *mut T) -> Option<Box<T>> {
        let last = self.there.swap(next, Ordering::AcqRel);
        // SAFETY: what is there is null or came out of a box in `put`, which released it; a swap gives it to one alone.
        (!last.is_null()).then(|| unsafe { Box::from_raw(last) })
    }
}

/// A model's threads may drop it when the model is over, and loom's atomics with that.
#[cfg(not(noex_loom))]
impl<T> Drop for Place<T> {
    fn drop(&mut self) {
        if !self.there.get_mut().is_null() {
            drop(self.take());
        }
    }
}

/// The right to be in the room. Dropped without one of its ends ([`release`](Right::release),
/// [`lay_ready`](Right::lay_ready), [`leave_down`](Right::leave_down)) its holder was cut short, and it waits for
/// whoever did that: no runner that comes by takes it.
#[must_use]
pub(crate) struct Right<'a, F, V> {
    of: &'a Guarded<F, V>,
}

impl<'a, F, V> Right<'a, F, V> {
    /// Gives the right back and leaves the server idle; refused while a flag is up.
    #[inline]
    pub(crate) fn release(self) -> Result<(), Self> {
        let held = if makes!(ReleasesUnseen) { self.of.flags() } else { RUN };
        let order = if makes!(ReleasesRelaxed) { Ordering::Relaxed } else { Ordering::Release };
        match self.of.word.compare_exchange(held, 0, order, Ordering::Relaxed) {
            Ok(_) => {
                std::mem::forget(self);
                Ok(())
            }
            Err(_) => Err(self),
        }
    }

    /// As [`release`](Right::release), by whoever has started a life.
    pub(crate) fn release_up(self) -> Result<(), Self> {
        match self.of.word.compare_exchange(RUN | HALT, 0, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => {
                std::mem::forget(self);
                Ok(())
            }
            Err(_) => Err(self),
        }
    }

    /// Leaves the right for the runner, or for a caller that helps.
    pub(crate) fn lay_ready(self) {
        self.of.change(|word| Some((word | READY) & !(AWAY | KEPT)));
        std::mem::forget(self);
    }

    /// Leaves a server that is down; refused while a signal waits.
    pub(crate) fn leave_down(self) -> Result<(), Self> {
        if self.of.change(|word| (word & SIGNAL == 0).then_some((word | HALT) & !(RUN | READY | AWAY | KEPT)))
        {
            std::mem::forget(self);
            Ok(())
        } else {
            Err(self)
        }
    }
}

impl<F, V> Deref for Right<'_, F, V> {
    type Target = V;

    #[inline]
    fn deref(&self) -> &V {
        // SAFETY: the right is unique and `self` is borrowed, so nobody else can write now.
        self.of.room.with(|room| unsafe { &*room })
    }
}

impl<F, V> DerefMut for Right<'_, F, V> {
    #[inline]
    fn deref_mut(&mut self) -> &mut V {
        // SAFETY: the right is unique and `self` is borrowed mutably, so nobody else can read or write now.
        self.of.room.with_mut(|room| unsafe { &mut *room })
    }
}

impl<F, V> Drop for Right<'_, F, V> {
    fn drop(&mut self) {
        self.of.change(|word| Some((word | cut() | HALT) & !(AWAY | KEPT)));
    }
}

impl<S: GenServer> RightTo<'_, S> {
    /// The same right, owning what it is the right to, for a future that outlives the borrow.
    pub(crate) fn into_owned(self, of: Arc<Slot<S>>) -> OwnedRight<S> {
        assert!(std::ptr::eq(&*of, self.of), "a right belongs to one slot");
        std::mem::forget(self);
        OwnedRight { of: Some(of) }
    }
}

/// A [`Right`] that owns what it is the right to; dropped, it leaves its [`place`](crate::process::seat).
#[must_use]
pub(crate) struct OwnedRight<S: GenServer> {
    /// `None` only while `Drop` or `borrow` moves the right on.
    of: Option<Arc<Slot<S>>>,
}

impl<S: GenServer> OwnedRight<S> {
    /// Takes the right to a server that lies ready.
    pub(crate) fn take_ready(of: Arc<Slot<S>>) -> Result<Self, Arc<Slot<S>>> {
        let is_taken = of.take_ready(0).map(std::mem::forget).is_some();
        if is_taken { Ok(OwnedRight { of: Some(of) }) } else { Err(of) }
    }

    fn of(&self) -> &Arc<Slot<S>> {
        self.of.as_ref().expect("an owned right is whole until it is given up")
    }

    /// What this is the right to.
    pub(crate) fn slot(&self) -> &Arc<Slot<S>> {
        self.of()
    }

    /// What this is the right to, and the room.
    pub(crate) fn parts(&mut self) -> (&Arc<Slot<S>>, &mut Room<S>) {
        let of = self.of();
        // SAFETY: as for `deref_mut`; the shared half does not reach into the room.
        (of, of.room.with_mut(|room| unsafe { &mut *room }))
    }

    /// Leaves the right for the runner, or for a caller that helps.
    pub(crate) fn lay_ready(mut self) -> Arc<Slot<S>> {
        let of = self.of.take().expect("an owned right is whole until it is given up");
        Right { of: &*of }.lay_ready();
        of
    }

    /// As [`Right::release`], also for a holder that was suspended meanwhile.
    #[inline]
    pub(crate) fn release(mut self) -> Result<(), Self> {
        let word = &self.of().word;
        // Only the holder puts these up.
        let held = RUN | word.load(Ordering::Relaxed) & (AWAY | KEPT);
        if word.compare_exchange(held, 0, Ordering::Release, Ordering::Relaxed).is_ok() {
            drop(self.of.take());
            return Ok(());
        }
        Err(self)
    }
}

impl<S: GenServer> Deref for OwnedRight<S> {
    type Target = Room<S>;

    fn deref(&self) -> &Room<S> {
        // SAFETY: as for `Right`.
        self.of().room.with(|room| unsafe { &*room })
    }
}

impl<S: GenServer> DerefMut for OwnedRight<S> {
    fn deref_mut(&mut self) -> &mut Room<S> {
        // SAFETY: as for `Right`.
        self.of().room.with_mut(|room| unsafe { &mut *room })
    }
}

impl<S: GenServer> Drop for OwnedRight<S> {
    fn drop(&mut self) {
        if let Some(of) = self.of.take() {
            drop(Right { of: &of });
            // Whoever dropped the handler that held it ends the server.
            leave_place(of);
        }
    }
}
