//! The SQLite database that the ends are in.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, params};

use crate::account::Account;
use crate::tracker::Entry;

/// Another program may be looking at the database; how long to wait for it.
const BUSY: Duration = Duration::from_secs(10);

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS notifications (
        run     INTEGER NOT NULL,   -- when it began, in ms since 1970
        number  INTEGER NOT NULL,   -- as it was submitted, from 1
        source  TEXT    NOT NULL,   -- file and line
        line    TEXT    NOT NULL,   -- as it came; of JSON that is some, line ->> 'user' and so on
        outcome TEXT    NOT NULL CHECK (outcome IN ('delivered', 'refused', 'failed')),
        reason  TEXT    NOT NULL,   -- the channel of one that is delivered
        detail  TEXT    NOT NULL,   -- what the gateway said, or the error
        PRIMARY KEY (run, number)
    ) STRICT";

/// An open database, and the run that is on record in it.
#[derive(Debug)]
pub(crate) struct Database {
    connection: Connection,
    run: i64,
}

impl Database {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// The file is no database, or cannot be written to.
    pub(crate) fn open(path: &Path, run: u64) -> rusqlite::Result<Database> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        // The write-ahead log lets others read meanwhile; FULL syncs it at each commit, so what is committed survives a
        // power cut, which NORMAL does not promise.
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.execute(SCHEMA, [])?;
        Ok(Database { connection, run: run.cast_signed() })
    }

    /// Records all of `entries`, or none of them when it fails; durable when it returns. One that is on record stays as it
    /// is.
    ///
    /// # Errors
    /// SQLite's own: disk full, locked for too long.
    pub(crate) fn record<'a>(
        &mut self,
        entries: impl IntoIterator<Item = &'a Entry>,
    ) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO notifications (run, number, source, line, outcome, reason, detail)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
            )?;
            for Entry { line, end } in entries {
                insert.execute(params![
                    self.run,
                    line.number.cast_signed(),
                    line.source,
                    line.text,
                    end.outcome.as_str(),
                    end.reason,
                    end.detail,
                ])?;
            }
        }
        transaction.commit()
    }

    /// The account of this run.
    ///
    /// # Errors
    /// SQLite's own.
    pub(crate) fn account(&self) -> rusqlite::Result<Account> {
        let mut account = Account::default();
        let mut select = self.connection.prepare(
            "SELECT outcome, reason, count(*) FROM notifications WHERE run = ?1 GROUP BY outcome, reason",
        )?;
        let rows =
            select.query_map([self.run], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?)))?;
        for row in rows {
            let (outcome, reason, count) = row?;
            account.add(outcome, reason, count.cast_unsigned());
        }
        Ok(account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::end::{End, Outcome};
    use crate::notification::Line;

    fn entry(number: u64, outcome: Outcome, reason: &'static str) -> Entry {
        let line = Line { number, source: format!("x:{number}"), text: "{}".to_owned() };
        Entry { line, end: End { outcome, reason, detail: String::new() } }
    }

    #[test]
    fn an_end_is_on_record_once_and_each_run_has_its_own_account() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("n.sqlite");
        let mut database = Database::open(&path, 7).unwrap();
        let entries = [entry(1, Outcome::Delivered, "sms"), entry(2, Outcome::Refused, "unknown channel")];
        database.record(&entries).unwrap();
        // The reply to the first attempt got lost.
        database.record(&entries).unwrap();
        let account = database.account().unwrap();
        assert_eq!(
            (account.total(), account.of(Outcome::Delivered), account.of(Outcome::Refused)),
            (2, 1, 1)
        );
        assert_eq!(Database::open(&path, 8).unwrap().account().unwrap().total(), 0);
    }

    #[test]
    fn a_file_that_is_no_database_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letter.txt");
        std::fs::write(&path, "Dear reader, this is a letter. ".repeat(100)).unwrap();
        assert!(Database::open(&path, 1).is_err());
    }
}
