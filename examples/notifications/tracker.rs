//! Last: what became of each, in the database.

use std::path::PathBuf;
use std::sync::Arc;

use noex::prelude::*;

use crate::account::Account;
use crate::database::Database;
use crate::end::End;
use crate::notification::Line;

/// Ends committed together at most; also when nothing but ends comes.
const BATCH: usize = 256;

/// A line and its end.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) line: Line,
    pub(crate) end: End,
}

/// The database does not take it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotTracked(Arc<rusqlite::Error>);

/// Keeps the ends; many to a commit.
///
/// A commit waits for the disk, as long for a hundred as for one. So `record` only notes the entry and keeps the address
/// for its reply; the first one noted makes the tracker send itself the message `commit`, which queues behind the entries
/// that are waiting already.
#[genserver(name = "tracker", mailbox = 256, call_timeout = infinity)]
pub(crate) struct Tracker {
    database: Database,
    noted: Vec<(Entry, ReplyTo<Result<(), NotTracked>>)>,
}

#[genserver]
impl Tracker {
    #[init]
    fn open(path: PathBuf, run: u64) -> Result<Self, rusqlite::Error> {
        Ok(Tracker { database: Database::open(&path, run)?, noted: Vec::new() })
    }

    /// Puts the end on record; it is durable when the reply comes. To do it twice does no harm.
    #[call]
    #[retry(max_attempts = 3, initial_delay = 100ms, idempotent)]
    pub(crate) fn record(
        &mut self,
        cx: &mut Context<Self>,
        entry: Entry,
        reply: ReplyTo<Result<(), NotTracked>>,
    ) {
        self.noted.push((entry, reply));
        // A mailbox so full that the reminder has no room is a reason not to wait for it.
        let is_reminded = match self.noted.len() {
            1 => cx.me().commit().try_send().is_ok(),
            noted => noted < BATCH,
        };
        if !is_reminded {
            self.write();
        }
    }

    #[cast]
    fn commit(&mut self) {
        self.write();
    }

    /// What is on record of this run.
    #[call]
    pub(crate) fn account(&mut self) -> Result<Account, NotTracked> {
        self.write();
        tokio::task::block_in_place(|| self.database.account()).map_err(|error| NotTracked(Arc::new(error)))
    }
}

impl Tracker {
    fn write(&mut self) {
        let noted = std::mem::take(&mut self.noted);
        if noted.is_empty() {
            return;
        }
        // A commit blocks for as long as the disk takes; others go on meanwhile.
        let written =
            tokio::task::block_in_place(|| self.database.record(noted.iter().map(|(entry, _)| entry)));
        let written = written.map_err(|error| NotTracked(Arc::new(error)));
        for (_, reply) in noted {
            reply.send(written.clone());
        }
    }
}
