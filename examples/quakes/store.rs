//! Last stage: the database.

use std::path::PathBuf;
use std::sync::Arc;

use noex::prelude::*;
use tokio::sync::oneshot;

use crate::database::{Database, Saved};
use crate::event::Enriched;
use crate::meter::Meter;

/// Events committed together at most; also when nothing but events comes.
const BATCH: usize = 256;

/// Writes events to the database, many to a commit.
///
/// A commit waits for the disk, for the same time whether it carries one event or a hundred. So
/// `save` only notes the event, and the first one noted makes the store send itself the message
/// `commit`, which queues behind the saves that are waiting already: what came in meanwhile shares
/// one commit, and nobody waits for a batch to fill.
#[genserver(mailbox = 64, call_timeout = infinity)]
pub(crate) struct Store {
    database: Database,
    noted: Vec<(Enriched, oneshot::Sender<Committed>)>,
    meter: Meter,
}

type Committed = Result<Saved, Arc<rusqlite::Error>>;

/// Answers when the event is durable.
#[derive(Debug)]
pub(crate) struct Receipt(oneshot::Receiver<Committed>);

/// Why an event was noted and not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotStored {
    #[error("{0}")]
    Database(Arc<rusqlite::Error>),
    #[error("the store crashed before it committed")]
    Crashed,
}

impl Receipt {
    /// Waits until the event is durable; only then is it stored.
    pub(crate) async fn durable(self) -> Result<Saved, NotStored> {
        match self.0.await {
            Ok(committed) => committed.map_err(NotStored::Database),
            // The other half went down with the state that held it.
            Err(_) => Err(NotStored::Crashed),
        }
    }
}

#[genserver]
impl Store {
    #[init]
    fn init(path: PathBuf, meter: Meter) -> Result<Self, rusqlite::Error> {
        Ok(Store { database: Database::open(&path)?, noted: Vec::new(), meter })
    }

    /// Notes the event for the next commit.
    #[call(job)]
    pub(crate) fn save(&mut self, cx: &mut Context<Self>, event: Enriched) -> Receipt {
        let _busy = self.meter.handling();
        let (committed, receipt) = oneshot::channel();
        self.noted.push((event, committed));
        // A mailbox so full that the reminder has no room is a reason not to wait for it.
        let is_reminded = match self.noted.len() {
            1 => cx.me().try_cast(StoreCast::Commit {}).is_ok(),
            noted => noted < BATCH,
        };
        if !is_reminded {
            self.write();
        }
        Receipt(receipt)
    }

    #[cast]
    fn commit(&mut self) {
        let _busy = self.meter.working();
        self.write();
    }

    /// What was noted before the stop is stored before the end.
    #[terminate]
    fn flush(&mut self, _reason: &ExitReason) {
        self.write();
    }
}

impl Store {
    fn write(&mut self) {
        if self.noted.is_empty() {
            return;
        }
        let noted = std::mem::take(&mut self.noted);
        // A commit blocks for as long as the disk takes; the other stages go on meanwhile.
        let saved = tokio::task::block_in_place(|| self.database.save(noted.iter().map(|(event, _)| event)));
        // An answer that nobody waits for any more is no loss: the event is in the database.
        match saved {
            Ok(saved) => {
                for ((_, committed), saved) in noted.into_iter().zip(saved) {
                    let _ = committed.send(Ok(saved));
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                for (_, committed) in noted {
                    let _ = committed.send(Err(error.clone()));
                }
            }
        }
    }
}
