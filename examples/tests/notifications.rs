//! Runs `notifications` as a user would, with its local gateways, and reads the account and the database.

mod common;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use common::{example, run, text};
use tempfile::TempDir;

/// A folder of its own for each test, with the database in it.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Place {
        Place { folder: tempfile::tempdir().unwrap() }
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("notifications.sqlite")
    }

    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = example("notifications");
        command.arg("--database").arg(self.database()).args(arguments);
        command
    }

    fn notifications(&self, arguments: &[&str], input: &str) -> Ended {
        Ended(run(&mut self.program(arguments), input.as_bytes()))
    }

    /// Starts it with all its ends in our hands.
    fn start(&self, arguments: &[&str]) -> (Child, BufReader<ChildStderr>) {
        let mut command = self.program(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        (child, stderr)
    }

    fn query(&self, sql: &str) -> u64 {
        let connection = rusqlite::Connection::open(self.database()).unwrap();
        let number: i64 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        number.try_into().unwrap()
    }

    /// What is on record, asked for from outside.
    #[track_caller]
    fn assert_on_record(&self, run: &Ended) {
        for outcome in ["delivered", "refused", "failed"] {
            let rows = self.query(&format!("SELECT count(*) FROM notifications WHERE outcome = '{outcome}'"));
            assert_eq!(rows, run.count(outcome), "{outcome}: {}", run.stdout());
        }
    }
}

struct Ended(Output);

impl Ended {
    fn code(&self) -> Option<i32> {
        self.0.status.code()
    }

    fn stdout(&self) -> &str {
        text(&self.0.stdout)
    }

    fn stderr(&self) -> &str {
        text(&self.0.stderr)
    }

    /// The account at the head of the report, by name.
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

    #[track_caller]
    fn assert_adds_up(&self) {
        let ended = self.count("delivered") + self.count("refused") + self.count("failed");
        assert_eq!(self.count("submitted"), ended, "{}{}", self.stdout(), self.stderr());
    }
}

fn line(user: &str, channel: &str, to: &str) -> String {
    format!(r#"{{"user":"{user}","channel":"{channel}","to":"{to}","text":"Hello"}}"#) + "\n"
}

/// Notifications that are all in order, by all channels and for as many users.
fn lines(how_many: usize) -> String {
    let channels = [("email", "ann@example.org"), ("push", "device-1"), ("sms", "+491701234567")];
    (0..how_many)
        .map(|number| {
            let (channel, to) = channels[number % 3];
            line(&format!("user-{number}"), channel, to)
        })
        .collect()
}

#[test]
fn each_notification_ends_on_record_with_its_reason() {
    let place = Place::new();
    let mut input = lines(30);
    input += "just text\n\n";
    input += &line("ann", "fax", "+4930123456");
    input += &line("ann", "email", "nowhere");
    input += &line("ann", "email", "nobody@example.org");
    input += &line("ann", "sms", "+9991234567");
    let run = place.notifications(&["--input", "-"], &input);
    assert_eq!(run.code(), Some(0), "{}", run.stderr());
    run.assert_adds_up();
    place.assert_on_record(&run);
    assert_eq!((run.count("submitted"), run.count("refused")), (35, 3), "{}", run.stdout());
    for reason in ["not a notification", "unknown channel", "impossible recipient"] {
        assert_eq!(run.count(reason), 1, "{reason}: {}", run.stdout());
    }
    // No gateway takes these, however often they fail otherwise.
    assert!(run.count("failed") >= 2, "{}", run.stdout());
    assert_eq!(run.count("push"), 10, "one that fails now and then is tried again: {}", run.stdout());
    assert_eq!(
        place.query("SELECT count(*) FROM notifications WHERE source = 'standard input:31' AND number = 31"),
        1
    );
    for told in ["circuit_breaker", "rate_limit", "retry", "local gateways"] {
        assert!(run.stdout().contains(told), "{told}: {}", run.stdout());
    }
}

#[test]
fn the_committed_sample_shows_it_all() {
    let place = Place::new();
    let run = place.notifications(&[], "");
    assert_eq!(run.code(), Some(0), "{}", run.stderr());
    run.assert_adds_up();
    place.assert_on_record(&run);
    assert_eq!((run.count("submitted"), run.count("refused")), (419, 45), "{}", run.stdout());
    assert_eq!(run.count("too many for the user"), 30, "{}", run.stdout());
    assert!(run.count("rejected by the gateway") > 0, "{}", run.stdout());
    assert!(run.stdout().contains("recovered"), "a retry mended something: {}", run.stdout());
    for news in ["now open", "now half-open", "now closed", "starts again: killed", "400 through"] {
        assert!(run.stderr().contains(news), "{news}: {}{}", run.stderr(), run.stdout());
    }
}

#[test]
fn a_user_has_a_hundred_a_minute() {
    let place = Place::new();
    let input = line("newsletter", "push", "device-1").repeat(120) + &line("ann", "push", "device-2");
    let run = place.notifications(&["--input", "-"], &input);
    assert_eq!(run.code(), Some(0), "{}", run.stderr());
    run.assert_adds_up();
    assert_eq!(run.count("too many for the user"), 20, "{}", run.stdout());
    assert_eq!(run.count("delivered"), 101, "{}", run.stdout());
}

#[test]
fn workers_that_are_killed_lose_nothing() {
    let place = Place::new();
    let run = place.notifications(&["--input", "-", "--kill-every", "3"], &lines(60));
    assert_eq!(run.code(), Some(0), "{}", run.stderr());
    run.assert_adds_up();
    place.assert_on_record(&run);
    assert_eq!(run.count("submitted"), 60);
    assert!(!run.stdout().contains(" 0 killed"), "{}", run.stdout());
    assert!(run.stderr().contains("starts again"), "{}", run.stderr());
}

#[cfg(unix)]
#[test]
fn told_to_stop_it_brings_to_an_end_what_it_took() {
    stops_in_order("-TERM");
}

#[cfg(unix)]
#[test]
fn so_it_does_at_the_key_that_stops_a_program() {
    stops_in_order("-INT");
}

#[cfg(unix)]
fn stops_in_order(how: &str) {
    let place = Place::new();
    let (mut child, mut stderr) = place.start(&["--input", "-", "--kill-every", "10"]);
    let mut stdin = child.stdin.take().unwrap();
    // It takes them as fast as it delivers them. The input has no end: only a signal ends this run.
    let writer = std::thread::spawn(move || while stdin.write_all(lines(30).as_bytes()).is_ok() {});
    wait_for(&mut stderr, "50 through");
    signal(&child, how);
    let told = rest(stderr);
    let run = Ended(child.wait_with_output().unwrap());
    writer.join().unwrap();
    assert_eq!(run.code(), Some(130), "{told}");
    assert!(told.contains("are on their way"), "{told}");
    run.assert_adds_up();
    place.assert_on_record(&run);
    assert!(run.count("submitted") >= 50, "{}", run.stdout());
}

#[cfg(unix)]
#[test]
fn a_post_is_told_what_became_of_each_line() {
    let place = Place::new();
    let (child, mut stderr) = place.start(&["--http", "127.0.0.1:0"]);
    let listening = wait_for(&mut stderr, "listening on http://");
    let address = listening.rsplit("http://").next().unwrap().trim().trim_end_matches('/').to_owned();

    let body = lines(2) + "just text\n";
    let mut client = TcpStream::connect(&address).unwrap();
    let length = body.len();
    let head = format!(
        "POST / HTTP/1.1\r\nhost: {address}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    client.write_all((head + &body).as_bytes()).unwrap();
    let mut reply = String::new();
    client.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    assert!(reply.contains(r#"{"line":3,"outcome":"refused","reason":"not a notification""#), "{reply}");
    assert!(reply.contains(r#"{"line":2,"outcome":"delivered","reason":"push""#), "{reply}");

    signal(&child, "-TERM");
    rest(stderr);
    let run = Ended(child.wait_with_output().unwrap());
    assert_eq!(run.code(), Some(130));
    run.assert_adds_up();
    assert_eq!((run.count("submitted"), run.count("refused")), (3, 1), "{}", run.stdout());
}

#[test]
fn what_cannot_be_used_has_an_exit_code_and_a_name() {
    let place = Place::new();
    let run = place.notifications(&["--input", "no/such/file"], "");
    assert_eq!(run.code(), Some(3));
    assert!(run.stderr().contains("no/such/file"), "{}", run.stderr());
    assert_eq!(place.notifications(&["--smtp", "gopher://localhost"], "").code(), Some(3));
    assert_eq!(place.notifications(&["--kill-every", "0"], "").code(), Some(2));

    let elsewhere = Place::new();
    std::fs::create_dir(elsewhere.database()).unwrap();
    let run = elsewhere.notifications(&[], "");
    assert_eq!(run.code(), Some(4));
    assert!(run.stderr().contains("notifications.sqlite"), "{}", run.stderr());

    let help = place.notifications(&["--help"], "");
    assert_eq!(help.code(), Some(0));
    for word in ["--input", "--database", "--http", "--smtp", "--push", "--sms", "--kill-every", "Exit codes"]
    {
        assert!(help.stdout().contains(word), "{word}");
    }
}

/// Reads until a line contains `what`, and gives that line.
fn wait_for(stderr: &mut BufReader<ChildStderr>, what: &str) -> String {
    let mut told = String::new();
    loop {
        let mut line = String::new();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended without `{what}`: {told}");
        if line.contains(what) {
            return line;
        }
        told += &line;
    }
}

fn rest(mut stderr: BufReader<ChildStderr>) -> String {
    let mut told = String::new();
    stderr.read_to_string(&mut told).unwrap();
    told
}

#[cfg(unix)]
fn signal(child: &Child, which: &str) {
    let sent = Command::new("kill").arg(which).arg(child.id().to_string()).status().unwrap();
    assert!(sent.success());
}
