//! The queue in memory: a line for each priority, and ageing.

use std::{
    collections::VecDeque,
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
    lines: Mutex<Vec<Line<W>>>,
    /// Written under the lock; read without.
    len: AtomicUsize,
    ageing: u64,
}

/// The jobs of one priority, of which there are few.
struct Line<W: Work> {
    priority: i8,
    entries: VecDeque<Entry<W>>,
}

impl<W: Work> MemoryQueue<W> {
    /// An empty one. `ageing`: how many earlier jobs one step of priority may overtake, at least 1.
    pub fn new(ageing: u64) -> Self {
        MemoryQueue { lines: Mutex::default(), len: AtomicUsize::new(0), ageing: ageing.max(1) }
    }

    fn lines(&self) -> MutexGuard<'_, Vec<Line<W>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place in the order of all jobs; the smallest is next.
    fn place(&self, priority: i8, id: JobId) -> i128 {
        i128::from(id.0) - i128::from(priority) * i128::from(self.ageing)
    }

    fn insert(&self, entry: Entry<W>) {
        let mut lines = self.lines();
        let at = lines.iter().position(|line| line.priority == entry.priority).unwrap_or_else(|| {
            lines.push(Line { priority: entry.priority, entries: VecDeque::new() });
            lines.len() - 1
        });
        let line = &mut lines[at].entries;
        // Behind the last one as a rule; in front when it comes back.
        if line.back().is_none_or(|last| last.id < entry.id) {
            line.push_back(entry);
        } else {
            let at = line.partition_point(|other| other.id < entry.id);
            line.insert(at, entry);
        }
        self.len.store(self.len.load(Ordering::Relaxed) + 1, Ordering::Release);
    }
}

impl<W: Work> Queue<W> for MemoryQueue<W> {
    fn push(&self, entry: Entry<W>) {
        self.insert(entry);
    }

    fn take(&self) -> Option<Entry<W>> {
        // Nothing is an answer as well: who comes with a job sees to it that somebody looks again.
        if self.len() == 0 {
            return None;
        }
        let mut lines = self.lines();
        let entry = match &mut lines[..] {
            // As a rule there is one line.
            [line] => line.entries.pop_front()?,
            lines => {
                // Of two with the same place, which only differ in priority, the higher one.
                let first = |line: &Line<W>| {
                    let first = line.entries.front()?;
                    Some((self.place(line.priority, first.id), -i16::from(line.priority)))
                };
                let next = lines.iter_mut().filter_map(|line| Some((first(line)?, line)));
                next.min_by_key(|(place, _)| *place)?.1.entries.pop_front()?
            }
        };
        self.len.store(self.len.load(Ordering::Relaxed) - 1, Ordering::Release);
        Some(entry)
    }

    fn acknowledge(&self, _: JobId) {}

    fn give_back(&self, entry: Entry<W>) {
        self.insert(entry);
    }

    fn remove(&self, job: JobId) -> Option<Entry<W>> {
        let mut lines = self.lines();
        let entry = lines.iter_mut().find_map(|Line { entries, .. }| {
            let at = entries.binary_search_by_key(&job, |entry| entry.id).ok()?;
            entries.remove(at)
        })?;
        self.len.store(self.len.load(Ordering::Relaxed) - 1, Ordering::Release);
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
