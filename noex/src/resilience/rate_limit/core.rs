//! A limiter without its handle: charges a key, or says for how long it cannot.

use std::{
    any::TypeId,
    borrow::Borrow,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::Waker,
    time::Duration,
};

use super::{
    LimiterKey, Quota, RateLimitOptions,
    bucket::Bucket,
    line::Ticket,
    meter::{Meter, Window},
    queue::Queued,
    table::{Entry, Full, Table, Tally},
};
use crate::{
    Name,
    resilience::{
        ConfigError, Identity, LimitedBy, Policy, PolicyEvent, PolicyKind, PolicyStatus, RateLimited,
        deadline,
        lanes::Lanes,
        ticks::{Ticks, nanos},
    },
};

/// What was charged, for giving it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(super) at: u64,
    pub(super) cost: u32,
}

/// Why a key cannot be charged, before it is spelled out.
#[derive(Clone, Copy)]
pub(crate) enum Denied<'a> {
    /// Not for so long, by this window.
    Wait(u64, &'a Window),
    Cost(&'a Window),
    NoCost,
    Full,
    Disposed,
}

/// On a cache line of its own: what each call writes is not beside what each call only reads.
#[repr(align(128))]
#[derive(Default)]
pub(super) struct Apart<T>(pub(super) T);

/// Kinds of what is counted without a lock: what a bucket granted, and what was refused.
const GRANTED: usize = 0;
const REFUSED: usize = 1;

pub(super) struct Core<K> {
    pub(super) identity: Identity,
    pub(super) options: RateLimitOptions,
    pub(super) ticks: Ticks,
    pub(super) bucket: Option<Bucket>,
    /// Without keys and with one window: nothing of cost 1 passes before that, unless something is given back. Written
    /// under the lock of the key.
    closed_until: Option<Apart<AtomicU64>>,
    pub(super) table: Table<K>,
    is_disposed: AtomicBool,
    /// Those who wait, for any key.
    waiting: AtomicUsize,
    counts: Lanes<2>,
}

impl<K: LimiterKey> Core<K> {
    pub(super) fn new(identity: Identity, options: RateLimitOptions) -> Result<Arc<Self>, ConfigError> {
        if let Some(fault) = options.fault() {
            return Err(fault.of(&identity.name));
        }
        let windows = Window::all(&options);
        let is_one = TypeId::of::<K>() == TypeId::of::<()>();
        let bucket = match &*windows {
            [window] if is_one => Bucket::of(window),
            _ => None,
        };
        let closed_until = (is_one && bucket.is_none() && windows.len() == 1).then(Apart::default);
        let shards = if is_one { 1 } else { Table::<K>::many_shards() };
        let table = Table::new(windows, shards, options.max_keys, options.on_full);
        let core = Arc::new(Core {
            identity,
            options,
            ticks: Ticks::start(),
            bucket,
            closed_until,
            table,
            is_disposed: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            counts: Lanes::new(),
        });
        if let Some(system) = core.identity.system() {
            system.book().list(&core);
        }
        Ok(core)
    }

    pub(super) fn windows(&self) -> &[Window] {
        self.table.windows()
    }

    /// Whether a call that costs so much can ever pass.
    #[inline]
    fn admit(&self, cost: u32) -> Result<(), Denied<'_>> {
        if self.is_disposed.load(Ordering::Relaxed) {
            return Err(Denied::Disposed);
        }
        if cost == 0 {
            return Err(Denied::NoCost);
        }
        match self.windows().iter().find(|window| cost > window.capacity()) {
            Some(window) => Err(Denied::Cost(window)),
            None => Ok(()),
        }
    }

    /// Why nobody can draw so much, if so.
    #[cold]
    fn never<T>(&self, cost: u32) -> Option<Result<T, Denied<'_>>> {
        self.admit(cost).err().map(Err)
    }

    /// Charges the one bucket that there is without keys, while nobody waits: when it is full again, and the time.
    #[inline(always)]
    fn draw(&self, cost: u32, last: bool) -> Option<Result<(u64, u64), Denied<'_>>> {
        let bucket = self.bucket.as_ref()?;
        if self.waiting.load(Ordering::Acquire) > 0 {
            return None;
        }
        if self.is_disposed.load(Ordering::Relaxed) || !bucket.can_hold(cost) {
            return self.never(cost);
        }
        let now = self.ticks.now();
        Some(match bucket.draw(now, cost) {
            Ok(full_at) => {
                self.counts.count(GRANTED);
                Ok((full_at, now))
            }
            Err(wait) => {
                self.count_refused(last);
                Err(Denied::Wait(wait, &self.windows()[0]))
            }
        })
    }

    #[inline]
    fn grant<Q>(&self, key: &Q, cost: u32, last: bool) -> Result<Grant, Denied<'_>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        match self.draw(cost, last) {
            Some(drawn) => drawn.map(|(_, at)| Grant { at, cost }),
            None => self.charge(key, cost, last, |_, at| Grant { at, cost }),
        }
    }

    /// Charges the key and reads its meter, or says why it cannot be charged. Whoever waits comes first. A refusal that
    /// is `last` is counted here, where the count is at hand, if it is one for some time.
    #[inline]
    pub(super) fn charge<Q, R>(
        &self,
        key: &Q,
        cost: u32,
        last: bool,
        read: impl FnOnce(&Meter, u64) -> R,
    ) -> Result<R, Denied<'_>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.admit(cost)?;
        let now = self.ticks.now();
        if let Some(Apart(closed_until)) = &self.closed_until
            && cost == 1
            && let Some(wait) = closed_until.load(Ordering::Relaxed).checked_sub(now)
            && wait > 0
            && self.waiting.load(Ordering::Acquire) == 0
        {
            self.count_refused(last);
            return Err(Denied::Wait(wait, &self.windows()[0]));
        }
        let mut wakers = Vec::new();
        let charged = self.table.visit(key, now, |entry, tally| {
            if entry.line.is_some() {
                self.advance(entry, tally, now, &mut wakers);
                if let Some(line) = &entry.line {
                    tally.refused += u64::from(last);
                    let (wait, window) = self.wait(&entry.meter, now, line.cost() + u64::from(cost));
                    return Err((wait, window));
                }
            }
            if let Err(longer) = self.take(&mut entry.meter, now, cost) {
                tally.refused += u64::from(last);
                if let Some(Apart(closed_until)) = self.closed_until.as_ref().filter(|_| cost == 1) {
                    closed_until.store(now.saturating_add(longer.0), Ordering::Relaxed);
                }
                return Err(longer);
            }
            tally.granted += 1;
            Ok(read(&entry.meter, now))
        });
        wakers.into_iter().for_each(Waker::wake);
        match charged {
            Ok(Ok(seen)) => Ok(seen),
            Ok(Err((wait, window))) => Err(Denied::Wait(wait, window)),
            Err(Full) => Err(Denied::Full),
        }
    }

    /// How long until so many more can have passed.
    pub(super) fn wait(&self, meter: &Meter, now: u64, units: u64) -> (u64, &Window) {
        match &self.bucket {
            Some(bucket) => bucket.meter().wait(self.windows(), now, units),
            None => meter.wait(self.windows(), now, units),
        }
    }

    fn take(&self, meter: &mut Meter, now: u64, cost: u32) -> Result<(), (u64, &Window)> {
        if let Some(bucket) = &self.bucket {
            return bucket.draw(now, cost).map(drop).map_err(|wait| (wait, &self.windows()[0]));
        }
        meter.draw(self.windows(), now, cost)
    }

    /// Gives those who wait what they can have by now. Their wakers, and that of one who has become the first, are to
    /// be woken when the lock is gone.
    pub(super) fn advance(&self, entry: &mut Entry<K>, tally: &mut Tally, now: u64, wakers: &mut Vec<Waker>) {
        let Some(line) = &mut entry.line else { return };
        let mut granted = 0;
        while let Some(cost) = line.first_cost() {
            if self.take(&mut entry.meter, now, cost).is_err() {
                break;
            }
            wakers.extend(line.grant_first(now));
            granted += 1;
        }
        self.waiting.fetch_sub(granted, Ordering::Release);
        wakers.extend(line.newly_first());
        if line.is_empty() {
            entry.line = None;
        }
        tally.granted += granted as u64;
    }

    /// Something passes again: what was known of when is void.
    pub(super) fn open(&self) {
        if let Some(Apart(closed_until)) = &self.closed_until {
            closed_until.store(0, Ordering::Relaxed);
        }
    }

    pub(super) fn give_back(&self, meter: &mut Meter, grant: Grant, now: u64) {
        self.open();
        let Some(bucket) = &self.bucket else {
            return meter.give_back(self.windows(), grant.at, grant.cost, now);
        };
        let less = |full_at| {
            let mut meter = Meter::Bucket { full_at };
            meter.give_back(self.windows(), grant.at, grant.cost, now);
            meter.freshness()
        };
        bucket.change(less);
    }

    /// What stands for a key whose owner may be gone.
    pub(super) fn hash<Q>(&self, key: &Q) -> u64
    where
        K: Borrow<Q>,
        Q: Hash + ?Sized,
    {
        self.table.hash(key)
    }

    /// Gives back what was charged, to those who wait first.
    pub(super) fn refund(&self, key: u64, grant: Grant) {
        let now = self.ticks.now();
        let mut wakers = Vec::new();
        let known = self.table.visit_hashed(key, |entry, tally| {
            self.give_back(&mut entry.meter, grant, now);
            self.advance(entry, tally, now, &mut wakers);
        });
        if known.is_none() && self.bucket.is_some() {
            // Without keys there is no entry before somebody waits.
            self.give_back(&mut Meter::Bucket { full_at: 0 }, grant, now);
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    fn count_refused(&self, counts: bool) {
        if counts {
            self.counts.count(REFUSED);
        }
    }

    /// Tells a refusal, and counts it if [`charge`](Core::charge) has not. Nothing is allocated; it is inlined, so that
    /// the error is written where it is wanted.
    #[inline(always)]
    pub(super) fn refuse(&self, denied: Denied<'_>) -> RateLimited {
        self.count_refused(!matches!(denied, Denied::Wait(..)));
        let (why, window, retry_after) = match denied {
            Denied::Wait(wait, window) => (LimitedBy::Rate, window, Duration::from_nanos(wait)),
            Denied::Cost(window) => (LimitedBy::Cost, window, Duration::MAX),
            Denied::NoCost => (LimitedBy::NoCost, &self.windows()[0], Duration::MAX),
            Denied::Disposed => (LimitedBy::Disposed, &self.windows()[0], Duration::MAX),
            Denied::Full => (LimitedBy::Keys, &self.windows()[0], self.windows()[0].period),
        };
        self.tell_refused(why, window.told(), retry_after)
    }

    /// The same for whoever inlines what passes.
    #[cold]
    fn refuse_coldly(&self, denied: Denied<'_>) -> RateLimited {
        self.refuse(denied)
    }

    /// Counts and tells a refusal of one who would have waited.
    pub(super) fn refuse_by(
        &self,
        why: LimitedBy,
        window: (u32, Duration),
        retry_after: Duration,
    ) -> RateLimited {
        self.count_refused(true);
        self.tell_refused(why, window, retry_after)
    }

    #[inline(always)]
    fn tell_refused(
        &self,
        why: LimitedBy,
        (limit, period): (u32, Duration),
        retry_after: Duration,
    ) -> RateLimited {
        self.identity.tell(|| PolicyEvent::Refused { retry_after: Some(retry_after) });
        RateLimited { policy: Name::of(&self.identity.name), limit, period, retry_after, why }
    }

    /// Charges the key, at once or not at all.
    #[inline]
    pub(super) fn try_consume<Q>(&self, key: &Q, cost: u32) -> Result<Grant, Denied<'_>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.grant(key, cost, true)
    }

    #[inline(always)]
    pub(super) fn consume<Q>(&self, key: &Q, cost: u32) -> Result<Quota, RateLimited>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        match self.draw(cost, true) {
            Some(Ok((full_at, now))) => Ok(self.bucket_quota(full_at, now)),
            Some(Err(denied)) => Err(self.refuse_coldly(denied)),
            None => self.consume_of(key, cost),
        }
    }

    #[inline(never)]
    fn consume_of<Q>(&self, key: &Q, cost: u32) -> Result<Quota, RateLimited>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let charged = self.charge(key, cost, true, |meter, now| Quota::after(meter, self.windows(), now));
        charged.map_err(|denied| self.refuse(denied))
    }

    #[inline]
    fn bucket_quota(&self, full_at: u64, now: u64) -> Quota {
        match &self.bucket {
            Some(bucket) => bucket.quota(full_at, now),
            None => unreachable!("something was drawn from it"),
        }
    }

    /// How the key stands, for a request of this cost. Nothing is charged and no key taken in.
    pub(super) fn look<Q>(&self, key: &Q, cost: u32) -> Quota
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let now = self.ticks.now();
        let look = |meter: &Meter, ahead| Quota::look(meter, self.windows(), now, cost, ahead);
        let known = self.table.visit_known(key, |entry, _| {
            let ahead = entry.line.as_ref().map_or(0, |line| line.cost());
            match &self.bucket {
                Some(bucket) => look(&bucket.meter(), ahead),
                None => look(&entry.meter, ahead),
            }
        });
        known.unwrap_or_else(|| match &self.bucket {
            Some(bucket) => look(&bucket.meter(), 0),
            None => look(&Meter::new(self.windows()), 0),
        })
    }

    /// Charges the key as soon as it is this call's turn.
    pub(super) fn queue<Q>(self: &Arc<Self>, key: &Q, cost: u32) -> Queued<K>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let can_wait = self.options.max_queue_size > 0;
        match self.grant(key, cost, !can_wait) {
            Ok(grant) => Queued::ready(Ok(grant)),
            Err(Denied::Wait(..)) if can_wait => self.stand_in_line(key, cost),
            Err(denied) => Queued::ready(Err(self.refuse(denied))),
        }
    }

    fn stand_in_line<Q>(self: &Arc<Self>, key: &Q, cost: u32) -> Queued<K>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        enum Place<'a> {
            Granted,
            Refused(LimitedBy, &'a Window, u64),
            InLine(Arc<Ticket>),
        }
        let own = self.options.queue_timeout;
        let patience = deadline::after(None).map_or(own, |(_, left)| left.min(own));
        let now = self.ticks.now();
        let mut wakers = Vec::new();
        let place = self.table.visit(key, now, |entry, tally| {
            self.advance(entry, tally, now, &mut wakers);
            let (length, ahead) = entry.line.as_ref().map_or((0, 0), |line| (line.len(), line.cost()));
            let (wait, window) = match ahead {
                // What it lacked may have come meanwhile.
                0 => match self.take(&mut entry.meter, now, cost) {
                    Ok(()) => {
                        tally.granted += 1;
                        return Place::Granted;
                    }
                    Err(longer) => longer,
                },
                _ => self.wait(&entry.meter, now, ahead + u64::from(cost)),
            };
            if length >= self.options.max_queue_size {
                return Place::Refused(LimitedBy::Queue, window, wait);
            }
            if wait > nanos(patience) {
                return Place::Refused(LimitedBy::Wait, window, wait);
            }
            self.waiting.fetch_add(1, Ordering::Release);
            Place::InLine(entry.line.get_or_insert_default().join(cost))
        });
        wakers.into_iter().for_each(Waker::wake);
        match place {
            Ok(Place::Granted) => Queued::ready(Ok(Grant { at: now, cost })),
            Ok(Place::Refused(why, window, wait)) => {
                Queued::ready(Err(self.refuse_by(why, window.told(), Duration::from_nanos(wait))))
            }
            Ok(Place::InLine(ticket)) => {
                self.identity.tell(|| PolicyEvent::Queued);
                let until = now.saturating_add(nanos(patience));
                Queued::waiting(self.clone(), key.to_owned(), cost, ticket, until)
            }
            Err(Full) => Queued::ready(Err(self.refuse(Denied::Full))),
        }
    }

    /// Visits a key at which somebody waits.
    pub(super) fn visit_line<R>(
        &self,
        key: &K,
        visit: impl FnOnce(&mut Entry<K>, &mut Tally, &mut Vec<Waker>) -> R,
    ) -> Option<R> {
        let mut wakers = Vec::new();
        let seen = self.table.visit_known(key, |entry, tally| visit(entry, tally, &mut wakers));
        wakers.into_iter().for_each(Waker::wake);
        seen
    }

    /// One has left the line by itself.
    pub(super) fn one_left(&self) {
        self.waiting.fetch_sub(1, Ordering::Release);
    }

    /// Makes the key a fresh one; whether it was known. Those who wait for it go on.
    pub(super) fn reset<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let was_used = self.bucket.as_ref().is_some_and(|bucket| bucket.change(|_| 0) != 0);
        if self.table.remove(key) {
            self.open();
            return true;
        }
        let now = self.ticks.now();
        let mut wakers = Vec::new();
        let known = self.table.visit_known(key, |entry, tally| {
            entry.meter = Meter::new(self.windows());
            self.open();
            self.advance(entry, tally, now, &mut wakers);
        });
        wakers.into_iter().for_each(Waker::wake);
        known.is_some() || was_used
    }

    pub(super) fn keys(&self) -> Vec<K> {
        self.table.keys(self.ticks.now())
    }

    pub(super) fn cleanup(&self) -> usize {
        self.table.cleanup(self.ticks.now())
    }

    pub(super) fn dispose(&self) {
        if self.is_disposed.swap(true, Ordering::Relaxed) {
            return;
        }
        if let Some(system) = self.identity.system() {
            system.book().forget(self);
        }
        let mut wakers = Vec::new();
        self.table.for_each(|entry| {
            if let Some(mut line) = entry.line.take() {
                self.waiting.fetch_sub(line.len(), Ordering::Release);
                wakers.extend(line.dissolve());
            }
        });
        wakers.into_iter().for_each(Waker::wake);
        self.identity.tell(|| PolicyEvent::Disposed);
    }
}

impl<K: LimiterKey> Policy for Core<K> {
    fn kind(&self) -> PolicyKind {
        self.identity.kind
    }

    fn name(&self) -> &Arc<str> {
        &self.identity.name
    }

    fn status(&self) -> PolicyStatus {
        let tally = self.table.tally();
        let alone = self.counts.sum(GRANTED);
        let counters = vec![
            ("granted", tally.granted + alone),
            ("refused", tally.refused + self.counts.sum(REFUSED)),
            ("waiting", self.waiting.load(Ordering::Relaxed) as u64),
            ("keys", self.table.len() as u64),
        ];
        PolicyStatus { kind: self.kind(), name: self.name().clone(), state: "", counters }
    }
}
