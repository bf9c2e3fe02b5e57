//! Runs the small examples and reads what they print.

mod common;

use std::{fs, path::Path, process::Command};

use common::{example, run, text};

fn printed(name: &str) -> String {
    printed_of(&mut example(name))
}

fn printed_of(example: &mut Command) -> String {
    let output = run(example, b"");
    assert!(output.status.success(), "{example:?}: {}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

#[test]
fn each_example_is_run_by_a_test_and_named_in_the_readme() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(here.join(path)).expect("it is there");
    let (manifest, readme) = (read("Cargo.toml"), read("../README.md"));
    let tests: String =
        ["small", "quakes", "notifications"].map(|it| read(&format!("tests/{it}.rs"))).concat();
    let mut examples = Vec::new();
    for section in manifest.split("[[example]]").skip(1) {
        examples.extend(section.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')));
    }
    assert!(examples.len() > 15, "{examples:?}");
    for example in examples {
        assert!(tests.contains(&format!("(\"{example}\")")), "no test runs `{example}`");
        assert!(
            readme.contains(&format!("`{example}`")) || readme.contains(&format!("--example {example} ")),
            "the README knows nothing of `{example}`"
        );
    }
}

#[test]
fn bank_refuses_to_be_overdrawn() {
    let expected = "\
500 in, 1500 there
1200 out, 300 left
refused: 1200 cents were wanted and 300 are left
found by name, 300 there
ledger: in 500
ledger: out 1200
";
    assert_eq!(printed("bank"), expected);
}

#[test]
fn by_hand_counts_without_macros() {
    assert_eq!(printed("by_hand"), "40 and 2 is 42\nafter a reset: 0\n");
}

#[test]
fn sessions_are_found_by_user_and_room() {
    let expected = "\
ann: registered, life 1
ben: registered, life 1
2 in the hall, 1 in the garden
ann heard 2, ben 1
ben is away
ann: ended, life 1
ann: registered, life 2
2 in the hall, 0 in the garden
ben: ended, life 1
ann: ended, life 2
0 users, 0 entries in rooms
";
    assert_eq!(printed("sessions"), expected);
}

#[test]
fn crash_costs_the_message_in_hand_and_no_other() {
    let expected = "\
10 / 5: (2, 1)
1 / 0: crashed
6 / 3: (2, 1)
8 / 2: (4, 2)
";
    assert_eq!(printed("crash"), expected);
}

#[test]
fn breaker_leaves_alone_what_is_down() {
    let printed = printed("breaker");
    let lines: Vec<&str> = printed.lines().collect();
    let expected = [
        " 0 s: 100, closed",
        " 1 s: the API is unavailable, closed",
        " 2 s: the API is unavailable, closed",
        " 3 s: the API is unavailable, open",
        " 4 s: circuit `external-api` is open (3 failures in a row), try again in 4s",
        " 5 s: circuit `external-api` is open (3 failures in a row), try again in 3s",
        " 6 s: circuit `external-api` is open (3 failures in a row), try again in 2s",
        " 7 s: circuit `external-api` is open (3 failures in a row), try again in 1s",
        " 8 s: the API is unavailable, open",
        " 9 s: circuit `external-api` is open (a probe failed), try again in 4s",
        "10 s: circuit `external-api` is open (a probe failed), try again in 3s",
        "11 s: circuit `external-api` is open (a probe failed), try again in 2s",
        "12 s: circuit `external-api` is open (a probe failed), try again in 1s",
        "13 s: 113, half-open",
        "14 s: 114, closed",
        "15 s: 115, closed",
        "16 requests, 8 reached the API",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn jobs_are_done_by_priority_and_none_is_lost() {
    let expected = "\
not taken: the queue of pool `workers` is full (4 jobs) (Report { id: 8 })
job 3: report 123 written
job 2: img.jpg made smaller, at attempt 2
job 1: mail sent to a@b.com
job 4 failed: `nobody` is no address
job 5: report 7 written
then: report 7 written
job 6 failed: `me` is no address
then: `me` is no address
4 completed, 2 failed, 1 retried, 1 rejected, 1 of 1 workers available
on the bus: 4 job.completed, 2 job.failed, 6 job.queued, 1 job.rejected, 1 job.requeued, 7 job.started
";
    assert_eq!(printed("jobs"), expected);
}

#[test]
fn later_answers_whoever_waits() {
    let expected = "\
fetched: a lamp
`fetch` of north did not reply within 20ms
in stock: 1
in a task: a chair
north: a door
south: a desk
in stock: 1
`stock` of west cannot be called: the server is not running (no such process)
";
    assert_eq!(printed("later"), expected);
}

#[test]
fn rates_reach_whoever_listens_and_a_crash_misses_none() {
    let expected = "\
rates.eur at 108: 4 listeners
rates.gbp at 127: 3 listeners
rates.chf: that cannot be
rates.chf at 0: 3 listeners
rates.yesterday.eur at 107: 1 listeners
rates.eur at 109: 4 listeners
on the board: rates.eur at 109
in the archive: 5
latest: rates.eur at 109, 1 dropped before
rates.*: 2
rates.**: 1
rates.eur: 1
0 subscribers left
";
    assert_eq!(printed("rates"), expected);
}

#[test]
fn watch_hears_of_every_end() {
    let printed = printed("watch");
    let expected = "\
ann: hello
bob is gone
bob left after 0 min: ..
the guest left after 15 min: shutdown (expired)
eve left after 15 min: shutdown (expired)
eve: shutdown (expired); guest: shutdown (expired)
the lobby ends after 100 min with 1 inside: shutdown (closed)
ann: shutdown (closed); lobby: shutdown (closed)
";
    // Where the panic was is of no interest.
    let lines = printed.lines().map(|line| match line.split_once("`say` panicked") {
        Some((before, _)) => format!("{before}..\n"),
        None => format!("{line}\n"),
    });
    assert_eq!(lines.collect::<String>(), expected);
}

#[test]
fn limiter_lets_ten_a_minute_pass() {
    let expected = "\
 9: done, 1 of 10 left
10: done, 0 of 10 left
11: rate limit `api-limiter` is used up (10 per 60s), try again in 50s
12: rate limit `api-limiter` is used up (10 per 60s), try again in 49s
another user: done, 9 of 10 left
10 of 10 used, again in 48s
after that: done, 0 of 10 left
one place left, three look first: 3 pass
one place left, three pay at once: 1 passes
stopped: rate limit `api-limiter` was disposed of (10 per 60s)
";
    let printed = printed("limiter");
    assert!(printed.starts_with(" 1: done, 9 of 10 left\n"), "{printed}");
    assert!(printed.ends_with(expected), "{printed}");
}

#[test]
fn integration_shows_what_each_pattern_does() {
    let expected = "\
request-response: 200 user 7
request-response: 404 nobody
request-response: `users` did not respond within 500ms
request-response: 3 requests, 1 succeeded, 1 refused, 1 timed out
circuit breaker: network error
circuit breaker: network error
circuit breaker: network error
circuit breaker: circuit `database` is open (3 failures in a row), try again in 30s
circuit breaker: user 7, and closed
circuit breaker: policy `database` was disposed of
bulkhead: user 1 after 1s
bulkhead: user 2 after 1s
bulkhead: user 3 after 2s
bulkhead: bulkhead `requests` is full (2 running, 1 waiting) after 0ns
timeout: `query` was not done within 500ms
timeout: who listens hears of it as well, after 500ms
retry: user 7, at attempt 3, after 6s
retry: network error, at attempt 3, after 6s
retry: no such user, at attempt 1, after 1s
rate limiter: user 1 after 1s
rate limiter: user 2 after 1s
rate limiter: user 3 after 61s
rate limiter: rate limit `api-requests` has too many waiting (2 per 60s), try again in 60s after 0ns
";
    assert_eq!(printed("integration"), expected);
}

#[test]
fn tiers_have_limits_of_their_own() {
    let expected = "\
read: 999 of 1000 left
read: 99 of 1000 left
rate limit `api.read` is used up (1000 per 60s), try again in 58s
rate limit `api.read` is smaller than the cost of this call (1000 per 60s)
write: 99 of 100 left
admin: 1 of 2 left
admin: 0 of 2 left
rate limit `api.admin` is used up (2 per 60s), try again in 58s
another user: admin: 1 of 2 left
rate limit `api` has no tier `owner`
";
    assert_eq!(printed("tiers"), expected);
}

#[test]
fn healing_draws_a_tree_that_heals() {
    let house = |oven: &str, cook: &str| {
        format!(
            "\
House: one_for_one, at most 3 restarts in 5s
├─ kitchen: rest_for_one, at most 3 restarts in 5s
│  ├─ oven: Oven{oven}
│  └─ cook: Cook{cook}
└─ floor: one_for_one, at most 3 restarts in 5s
   ├─ ann: Waiter
   └─ ben: Waiter
"
        )
    };
    let whole = house("", "");
    let down = house(", waiting to start", ", waiting to start, 1 queued");
    let healed = house(", 1 restart", ", 1 restart");
    let expected = format!(
        "bread\n{whole}\nthe oven broke\n\n{down}\nbread\n{healed}\n\
         oven restarted after a call, and cook with it\nstopped: normal\n"
    );
    assert_eq!(printed("healing"), expected);
}

#[test]
fn chat_is_one_declared_tree() {
    let expected = "\
Chat: rest_for_one, at most 3 restarts in 5s
├─ storage: one_for_all, at most 3 restarts in 5s
│  ├─ journal: Journal
│  └─ search: Search
├─ rooms: one_for_one, at most 3 restarts in 5s
│  ├─ 0: Rooms
│  └─ 1: Rooms
└─ guests: dynamic, at most 3 restarts in 5s

ann says hello in garden: line 1
ben says hello in garden: line 2
ann says hello in kitchen: line 3
a third guest: there are 2 children, as many as there may be
\"hello\" was said in kitchen, last of all
the garden burnt down, and ben says sorry there: line 4
ann left: 1 guest
";
    assert_eq!(printed("chat"), expected);
}

#[test]
fn order_hands_its_items_from_state_to_state() {
    let expected = "\
stateDiagram-v2
    Open
    Paying
    Shipped
    [*] --> Open
    Open --> Paying: pay
    Paying --> Shipped: charged
    Paying --> Open: charged
    Paying --> Open: expire
refused
no answer
items: 2
paid: 2
shipped: a lamp, a chair
`add` of Order dropped the call without a reply
refusals: 1
";
    assert_eq!(without_pids(&printed("order")), expected);
}

/// `Order<7.1>` as `Order`.
fn without_pids(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once("Order<") {
        Some((before, after)) => {
            let after = after.split_once('>').map_or("", |(_, after)| after);
            format!("{before}Order{after}\n")
        }
        None => format!("{line}\n"),
    });
    lines.collect()
}

#[test]
fn ring_passes_a_token_round() {
    assert_eq!(printed_of(example("ring").args(["10", "20"])), "10 servers, 200 messages, 20 to each\n");
}

#[test]
fn fan_in_loses_no_reading() {
    let printed = printed_of(example("fan_in").args(["20"]));
    assert_eq!(printed, "20 meters, 2000 readings, 21000 in all\n");
}

#[test]
fn fan_out_is_heard_in_order() {
    let printed = printed_of(example("fan_out").args(["20"]));
    assert_eq!(printed, "20 listeners heard 2000 lines in order, 0 did not answer\n");
}

#[test]
fn skynet_adds_up() {
    let printed = printed_of(example("skynet").args(["1000"]));
    assert_eq!(printed, "10 leaves: 45\n100 leaves: 4950\n1000 leaves: 499500\n");
}

#[test]
fn client_asks_again_only_where_that_helps() {
    let expected = "\
ann asks for Bergen: rain
ann asks for Cairo: sun
asked 3 times: it was busy, and is asked again when it said
ann asks for Atlantis: no such city
asked 4 times: that there is no such city is an answer
bob asks for Cairo: the service is down
bob asks for Cairo: circuit `weather` is open (5 failures in a row), try again in 29.8s
asked 9 times, and the circuit is open
ann asks for Cairo: circuit `weather` is open (5 failures in a row), try again in 29.8s
asked 9 times: nobody waits for what is down
ann asks for Cairo: sun
the circuit is closed
bob asks for Bergen: rain
bob asks for Bergen: rain
bob asks for Bergen: rain
bob asks for Bergen: rate limit `weather` is used up (8 per 60s), try again in 29.22s
the circuit is closed: bob's haste is not the service's fault
";
    // Behind it stands the table of all policies.
    let printed = printed("client");
    let (story, table) = printed.split_at(printed.find("circuit_breaker  ").expect("the table"));
    assert_eq!(story, expected);
    assert_eq!(table.lines().count(), 3, "{table}");
}

#[test]
fn requests_end_where_they_fail() {
    let expected = "\
record-1: create by User u123 <u123@example.com>
record-2
parse: the body is no JSON object: EOF while parsing an object at line 1 column 1
validate: missing or invalid field `userId`
parse: cannot read `text/xml`
store: crashed
2 users looked up
parse    6 in, 4 out, 2 failed
validate 4 in, 3 out, 1 failed
enrich   3 in, 3 out, 0 failed
store    3 in, 2 out, 1 failed
";
    assert_eq!(printed("requests"), expected);
}
