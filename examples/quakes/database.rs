//! The SQLite database the events end in.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, params};

use crate::event::Enriched;

/// Another program may be looking at the database; how long to wait for it.
const BUSY: Duration = Duration::from_secs(10);

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS events (
        id             TEXT    PRIMARY KEY,
        time_ms        INTEGER NOT NULL,   -- since 1970, UTC
        kind           TEXT    NOT NULL,   -- earthquake, quarry blast ..
        magnitude      REAL    NOT NULL,
        magnitude_type TEXT,
        severity       TEXT    NOT NULL,
        latitude       REAL    NOT NULL,
        longitude      REAL    NOT NULL,
        depth_km       REAL,
        description    TEXT,               -- the network's own words
        nearest_place  TEXT    NOT NULL,
        region         TEXT    NOT NULL,
        country        TEXT    NOT NULL,
        distance_km    REAL    NOT NULL    -- from the place to the event
    ) STRICT";

/// What became of an event that was to be stored; either way it is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Saved {
    New,
    AlreadyThere,
}

/// An open database.
#[derive(Debug)]
pub(crate) struct Database(Connection);

impl Database {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// The file is no database, or cannot be written to.
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Database> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        // The write-ahead log lets others read meanwhile; FULL syncs it at each commit, so what is
        // committed survives a power cut, which NORMAL does not promise.
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.execute(SCHEMA, [])?;
        Ok(Database(connection))
    }

    /// Stores all of `events`, or none of them when it fails; durable when it returns.
    ///
    /// An event whose id is there is left as it is.
    ///
    /// # Errors
    /// SQLite's own: disk full, locked for too long.
    pub(crate) fn save<'a>(
        &mut self,
        events: impl IntoIterator<Item = &'a Enriched>,
    ) -> rusqlite::Result<Vec<Saved>> {
        let transaction = self.0.transaction()?;
        let mut saved = Vec::new();
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO events (id, time_ms, kind, magnitude, magnitude_type, severity, latitude,
                     longitude, depth_km, description, nearest_place, region, country, distance_km)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
                 ON CONFLICT (id) DO NOTHING",
            )?;
            for Enriched { event, nearest, distance_km, severity } in events {
                let rows = insert.execute(params![
                    event.id,
                    event.time_ms,
                    event.kind,
                    event.magnitude,
                    event.magnitude_type,
                    severity.as_str(),
                    event.latitude,
                    event.longitude,
                    event.depth_km,
                    event.description,
                    nearest.name,
                    nearest.region,
                    nearest.country,
                    distance_km,
                ])?;
                saved.push(if rows == 0 { Saved::AlreadyThere } else { Saved::New });
            }
        }
        transaction.commit()?;
        Ok(saved)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::event::Event;
    use crate::places::Place;
    use crate::severity::Severity;

    pub(crate) fn enriched(id: &str) -> Enriched {
        let event = Event {
            id: id.to_owned(),
            time_ms: 1_517_966_773_840,
            magnitude: 2.0,
            magnitude_type: Some("ml".to_owned()),
            kind: "earthquake".to_owned(),
            description: None,
            latitude: 34.5,
            longitude: -118.5,
            depth_km: None,
        };
        let nearest = Place::named("Castaic", "California", "US");
        Enriched { event, nearest, distance_km: 4.0, severity: Severity::Micro }
    }

    fn count(path: &Path) -> i64 {
        let connection = Connection::open(path).unwrap();
        connection.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn an_event_is_stored_once_however_often_it_comes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.sqlite");
        let mut database = Database::open(&path).unwrap();
        let saved = database.save(&[enriched("a"), enriched("b"), enriched("a")]).unwrap();
        assert_eq!(saved, [Saved::New, Saved::New, Saved::AlreadyThere]);
        assert_eq!(count(&path), 2, "seen from a second connection: it is committed");

        let mut again = Database::open(&path).unwrap();
        assert_eq!(again.save(&[enriched("b"), enriched("c")]).unwrap(), [Saved::AlreadyThere, Saved::New]);
    }

    #[test]
    fn the_log_is_written_ahead_and_synced() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("events.sqlite")).unwrap();
        let journal: String = database.0.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        let synchronous: i64 = database.0.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        assert_eq!((journal.as_str(), synchronous), ("wal", 2));
    }

    #[test]
    fn a_file_that_is_no_database_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letter.txt");
        std::fs::write(&path, "Dear reader, this is a letter. ".repeat(100)).unwrap();
        assert!(Database::open(&path).is_err());
    }
}
