//! Runs `quakes` as a user would and reads the summary and the database.

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;

use common::{example, run, text};
use tempfile::TempDir;

/// Events in the committed feed.
const EVENTS: u64 = 1707;

const FEED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/quakes/data/earthquakes.json");

/// A folder of its own for each test, with the database in it.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Place {
        Place { folder: tempfile::tempdir().unwrap() }
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("events.sqlite")
    }

    fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn quakes(&self, arguments: &[&str]) -> Ended {
        self.quakes_reading(arguments, b"")
    }

    fn quakes_reading(&self, arguments: &[&str], input: &[u8]) -> Ended {
        let mut command = example("quakes");
        command.arg("--database").arg(self.database()).args(arguments);
        Ended(run(&mut command, input))
    }

    /// Rows in the database, asked for from outside.
    fn rows(&self) -> u64 {
        query(&self.database(), "SELECT count(*) FROM events")
    }
}

fn query(database: &Path, sql: &str) -> u64 {
    let connection = rusqlite::Connection::open(database).unwrap();
    let number: i64 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    number.try_into().unwrap()
}

struct Ended(Output);

impl Ended {
    fn code(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    fn stdout(&self) -> &str {
        text(&self.0.stdout)
    }

    fn stderr(&self) -> &str {
        text(&self.0.stderr)
    }

    /// The counts at the head of the summary, by name.
    fn counts(&self) -> BTreeMap<String, u64> {
        let lines = self.stdout().lines().take_while(|line| !line.is_empty());
        let count = |line: &str| {
            let (what, number) = line.rsplit_once(' ').unwrap();
            (what.trim().to_owned(), number.parse().unwrap())
        };
        lines.map(count).collect()
    }

    fn count(&self, what: &str) -> u64 {
        self.counts().get(what).copied().unwrap_or_default()
    }

    /// Restarts of a stage.
    fn restarts(&self, stage: &str) -> u64 {
        let line = self.stdout().lines().find(|line| line.starts_with(&format!("{stage} "))).unwrap();
        line.split_whitespace().nth(2).unwrap().parse().unwrap()
    }

    #[track_caller]
    fn assert_adds_up(&self) {
        let ends = ["stored", "already there", "refused", "crashed", "failed"];
        let ended: u64 = ends.iter().map(|end| self.count(end)).sum();
        assert_eq!(self.count("read"), ended, "{}{}", self.stdout(), self.stderr());
    }
}

/// A feed of the features given.
fn feed(features: &[&str]) -> String {
    format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{}\n]}}\n", features.join(",\n"))
}

fn feature(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","properties":{{"mag":4.1,"time":1517966773840}},"geometry":{{"coordinates":[-118.6,34.4,9]}}}}"#
    )
}

#[test]
fn the_committed_week_is_stored_and_the_second_run_finds_it_there() {
    let place = Place::new();
    let first = place.quakes(&[]);
    assert_eq!(first.code(), 0, "{}", first.stderr());
    assert_eq!(first.stderr(), "", "no bar where there is no terminal");
    first.assert_adds_up();
    assert_eq!((first.count("read"), first.count("stored")), (EVENTS, EVENTS));
    assert_eq!(place.rows(), EVENTS);

    let second = place.quakes(&[]);
    assert_eq!(second.code(), 0);
    second.assert_adds_up();
    assert_eq!((second.count("stored"), second.count("already there")), (0, EVENTS));
    assert_eq!(place.rows(), EVENTS);
}

#[test]
fn each_event_has_a_place_a_distance_and_a_class() {
    let place = Place::new();
    assert_eq!(place.quakes(&[]).code(), 0);
    let count =
        |condition: &str| query(&place.database(), &format!("SELECT count(*) FROM events WHERE {condition}"));
    assert_eq!(count("nearest_place <> '' AND length(country) = 2"), EVENTS);
    // The loneliest one was on the Pacific-Antarctic Ridge.
    assert_eq!(query(&place.database(), "SELECT CAST(max(distance_km) AS INTEGER) FROM events"), 2864);
    // The strongest of the week: 6.4, at Hualien.
    assert_eq!(count("severity = 'strong' AND nearest_place = 'Hualian' AND magnitude = 6.4"), 1);
    assert_eq!(count("severity = 'strong'"), count("magnitude >= 6 AND magnitude < 7"));
    assert_eq!(count("severity IN ('major', 'great')"), 0);
    assert_eq!(count("id = 'ci37868143' AND nearest_place = 'Castaic' AND round(distance_km) = 4"), 1);
}

#[test]
fn every_50th_event_crashes_and_every_other_one_is_stored() {
    let place = Place::new();
    let run = place.quakes(&["--crash-every", "50"]);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    run.assert_adds_up();
    let crashed = EVENTS / 50;
    assert_eq!((run.count("read"), run.count("crashed")), (EVENTS, crashed));
    assert_eq!(run.count("stored"), EVENTS - crashed);
    assert_eq!(place.rows(), EVENTS - crashed);
    assert_eq!((run.restarts("enrich"), run.restarts("store")), (crashed, 0));
    assert_eq!(run.stderr(), "", "deliberate panics are counted, not shouted");
    assert!(run.stdout().contains("in enrich: "), "{}", run.stdout());

    // What crashed is not lost for ever: a run without sabotage brings exactly the rest.
    let rest = place.quakes(&[]);
    assert_eq!((rest.count("stored"), rest.count("already there")), (crashed, EVENTS - crashed));
}

#[test]
fn a_stage_that_crashes_on_everything_loses_everything_and_still_counts_it() {
    let place = Place::new();
    let run = place.quakes(&["--crash-every", "1"]);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    run.assert_adds_up();
    assert_eq!((run.count("crashed"), place.rows()), (EVENTS, 0));
    assert!(run.stdout().contains("and 1697 more"), "{}", run.stdout());
}

#[test]
fn a_truncated_feed_is_an_error_with_line_and_column_and_keeps_what_came_before() {
    let place = Place::new();
    let whole = std::fs::read(FEED).unwrap();
    // In the middle of line 101; the events of the 100 lines before are whole.
    let line = whole.split_inclusive(|&byte| byte == b'\n').take(100).map(<[u8]>::len).sum::<usize>();
    let path = place.file("cut.json", &whole[..line + 200]);
    let run = place.quakes(&["--input", &path]);
    assert_eq!(run.code(), 1);
    assert!(run.stderr().contains(&format!("{path}:101:200: the feed is truncated")), "{}", run.stderr());
    run.assert_adds_up();
    assert_eq!((run.count("read"), run.count("stored"), place.rows()), (100, 100, 100));
}

#[test]
fn a_malformed_feed_is_an_error_at_the_wrong_character_and_keeps_what_came_before() {
    let place = Place::new();
    let text = feed(&[&feature("a"), &feature("b"), "{\"id\" \"c\"}", &feature("d")]);
    let path = place.file("bad.json", text.as_bytes());
    let run = place.quakes(&["--input", &path]);
    assert_eq!(run.code(), 1);
    let told = format!("{path}:4:7: the feed is malformed: expected `:`");
    assert!(run.stderr().contains(&told), "{}", run.stderr());
    run.assert_adds_up();
    assert_eq!((run.count("read"), place.rows()), (2, 2));
}

#[test]
fn bad_records_are_refused_and_counted_by_reason() {
    let place = Place::new();
    let [good, no_magnitude, off_the_map, text, twice] = ["good", "m", "c", "t", "good"].map(feature);
    let text = feed(&[
        &good,
        &no_magnitude.replace("4.1", "null"),
        &off_the_map.replace("34.4", "134.4"),
        &text.replace("4.1", "\"big\""),
        &twice,
    ]);
    let path = place.file("flawed.json", text.as_bytes());
    let run = place.quakes(&["--input", &path]);
    assert_eq!(run.code(), 0, "a bad record is no broken feed: {}", run.stderr());
    run.assert_adds_up();
    assert_eq!((run.count("read"), run.count("stored"), run.count("refused")), (5, 1, 4));
    for reason in ["missing magnitude", "impossible coordinates", "not a feature", "duplicate id"] {
        assert_eq!(run.count(reason), 1, "{reason}: {}", run.stdout());
    }
    assert!(run.stdout().contains("4:1: impossible coordinates: c, latitude 134.4"), "{}", run.stdout());
    assert_eq!(place.rows(), 1);
}

#[test]
fn a_dash_reads_standard_input() {
    let place = Place::new();
    let run = place.quakes_reading(&["--input", "-"], &std::fs::read(FEED).unwrap());
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert_eq!((run.count("stored"), place.rows()), (EVENTS, EVENTS));

    let run = place.quakes_reading(&["--input", "-"], b"");
    assert_eq!(run.code(), 1);
    assert!(run.stderr().contains("standard input:1:0: the feed is truncated"), "{}", run.stderr());
    assert_eq!(run.count("read"), 0);
}

#[test]
fn what_cannot_be_opened_has_an_exit_code_and_a_name() {
    let place = Place::new();
    let run = place.quakes(&["--input", "no/such/file.json"]);
    assert_eq!(run.code(), 3);
    assert!(run.stderr().contains("no/such/file.json"), "{}", run.stderr());

    std::fs::create_dir(place.database()).unwrap();
    let run = place.quakes(&[]);
    assert_eq!(run.code(), 4);
    assert!(run.stderr().contains("events.sqlite"), "{}", run.stderr());
}

#[test]
fn a_database_that_refuses_an_event_stops_the_run_and_loses_no_count() {
    let place = Place::new();
    let path = place.file("empty.json", feed(&[]).as_bytes());
    assert_eq!(place.quakes(&["--input", &path]).code(), 0);
    let trigger = "CREATE TRIGGER refuse BEFORE INSERT ON events WHEN NEW.id = 'ak18345466'
         BEGIN SELECT RAISE(ABORT, 'not this one'); END";
    rusqlite::Connection::open(place.database()).unwrap().execute_batch(trigger).unwrap();

    let run = place.quakes(&[]);
    assert_eq!(run.code(), 4, "{}", run.stderr());
    assert!(run.stderr().contains("not this one"), "{}", run.stderr());
    run.assert_adds_up();
    assert!(run.count("failed") > 0);
    assert_eq!(place.rows(), run.count("stored"), "what was told to be stored is");
}

#[test]
fn wrong_usage_is_told_and_help_lists_the_exit_codes() {
    let place = Place::new();
    assert_eq!(place.quakes(&["--crash-every", "0"]).code(), 2);
    assert_eq!(place.quakes(&["--nonsense"]).code(), 2);
    let help = place.quakes(&["--help"]);
    assert_eq!(help.code(), 0);
    for word in ["--input", "--database", "--crash-every", "Exit codes"] {
        assert!(help.stdout().contains(word), "{word}");
    }
}
