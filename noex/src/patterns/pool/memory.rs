//! The queue in memory: a line for each priority, and ageing.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{Entry, JobId, Queue, Work};

/// A queue in memory, by priority and arrival.
///
/// Ageing needs no clock. Each step of priority is worth so many places in the order of arrival, so that the order of
/// two jobs is fixed when the second arrives: a job of priority 2 goes before one of priority 0 if at most
/// `2 * ageing` jobs were submitted in between.
pub struct MemoryQueue<W: Work> {
    lines: Mutex<BTreeMap<i8, VecDeque<Entry<W>>>>,
    /// Written under the lock; read without.
    len: AtomicUsize,
    ageing: u64,
}

impl<W: Work> MemoryQueue<W> {
    /// An empty one. `ageing`: how many earlier jobs one step of priority may overtake, at least 1.
    pub fn new(ageing: u64) -> Self {
        MemoryQueue { lines: Mutex::default(), len: AtomicUsize::new(0), ageing: ageing.max(1) }
    }

    fn lines(&self) -> MutexGuard<'_, BTreeMap<i8, VecDeque<Entry<W>>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place in the order of all jobs; the smallest is next.
    fn place(&self, priority: i8, id: JobId) -> i128 {
        i128::from(id.0) - i128::from(priority) * i128::from(self.ageing)
    }

    fn insert(&self, entry: Entry<W>) {
        let mut lines = self.lines();
        let line = lines.entry(entry.priority).or_default();
        // Behind the last one as a rule; in front when it comes back.
        if line.back().is_none_or(|last| last.id < entry.id) {
            line.push_back(entry);
        } else {
            let at = line.partition_point(|other| other.id < entry.id);
            line.insert(at, entry);
        }
        self.len.fetch_add(1, Ordering::Release);
    }
}

impl<W: Work> Queue<W> for MemoryQueue<W> {
    fn push(&self, entry: Entry<W>) {
        self.insert(entry);
    }

    fn take(&self) -> Option<Entry<W>> {
        let mut lines = self.lines();
        let firsts = lines.iter().filter_map(|(priority, line)| Some((*priority, line.front()?.id)));
        // Of two with the same place, which only differ in priority, the higher one.
        let (next, _) =
            firsts.min_by_key(|(priority, id)| (self.place(*priority, *id), -i16::from(*priority)))?;
        let entry = lines.get_mut(&next)?.pop_front()?;
        self.len.fetch_sub(1, Ordering::Release);
        Some(entry)
    }

    fn acknowledge(&self, _: JobId) {}

    fn give_back(&self, entry: Entry<W>) {
        self.insert(entry);
    }

    fn remove(&self, job: JobId) -> Option<Entry<W>> {
        let mut lines = self.lines();
        let entry = lines.values_mut().find_map(|line| {
            let at = line.binary_search_by_key(&job, |entry| entry.id).ok()?;
            line.remove(at)
        })?;
        self.len.fetch_sub(1, Ordering::Release);
        Some(entry)
    }

    fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }
}

impl<W: Work> fmt::Debug for MemoryQueue<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryQueue").field("len", &self.len()).field("ageing", &self.ageing).finish()
    }
}
