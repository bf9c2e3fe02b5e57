//! State machines: rows STM of the behaviour reference, and what is ours.
#![allow(missing_docs)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use noex::{
    prelude::*,
    state_machine::{Event, Served},
};
use tokio::time::{Instant, sleep};

const MS: Duration = Duration::from_millis(1);

/// What happened, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[derive(Debug)]
struct S0 {
    visits: u32,
}

#[derive(Debug)]
struct S1;

#[derive(Debug)]
struct S2;

struct Plain(&'static str);

type Order = fn(&mut Actions<Probe>);

/// Does what it is told, and logs it.
#[state_machine]
struct Probe {
    log: Log,
    waiting: Vec<ReplyTo<u32>>,
}

#[state_machine(states(S0, S1, S2))]
impl Probe {
    #[init]
    fn begin(log: Log) -> (Self, S0) {
        (Probe { log, waiting: Vec::new() }, S0 { visits: 0 })
    }

    #[enter(S0)]
    fn entered_0(&mut self, s0: &mut S0, from: At<Self>) {
        s0.visits += 1;
        self.log.note(format!("enter S0 from {from}"));
    }

    #[enter(S1)]
    fn entered_1(&mut self, actions: &mut Actions<Self>, from: At<Self>) {
        self.log.note(format!("enter S1 from {from}"));
        actions.state_timeout().set(30 * MS, ProbeEvent::Due { what: "state of S1" });
    }

    #[enter(S2)]
    fn entered_2(&mut self, from: At<Self>) {
        assert!(!from.is::<S2>());
        self.log.note(format!("enter S2 from {from}"));
    }

    #[exit(S0 | S1 | S2)]
    fn left(&mut self, to: At<Self>) {
        self.log.note(format!("exit to {to}"));
    }

    /// Changes the state, and asks for something besides.
    #[cast]
    #[on(_ => S0 | S1 | S2)]
    fn go(&mut self, actions: &mut Actions<Self>, to: u32, then: Option<Order>) -> ProbeGoTo {
        self.log.note(format!("go {to}"));
        if let Some(then) = then {
            then(actions);
        }
        match to {
            0 => S0 { visits: 0 }.into(),
            1 => S1.into(),
            _ => S2.into(),
        }
    }

    /// Asks for something and stays.
    #[cast]
    fn order(&mut self, actions: &mut Actions<Self>, order: Order) {
        order(actions);
    }

    #[cast]
    #[on(S0 => S0)]
    #[drop(S1 | S2)]
    fn again(&mut self) -> Next<S0> {
        Next::repeat()
    }

    #[call]
    fn ping(&mut self) -> u32 {
        self.log.note("ping");
        7
    }

    /// Waits for another state than the first.
    #[cast]
    #[on(S1 | S2)]
    #[postpone(S0)]
    fn late(&mut self, which: u32) {
        self.log.note(format!("late {which}"));
    }

    /// As `late`, with a reply.
    #[call]
    #[on(S1 | S2)]
    #[postpone(S0)]
    fn ask(&mut self, which: u32) -> u32 {
        self.log.note(format!("ask {which}"));
        which
    }

    /// Refused where nobody wants it.
    #[call]
    #[on(S0)]
    #[drop(S1 | S2)]
    fn only_first(&mut self, s0: &mut S0) -> u32 {
        s0.visits
    }

    #[call]
    fn wait(&mut self, reply: ReplyTo<u32>) {
        self.waiting.push(reply);
    }

    /// Answers all that wait, and ends.
    #[cast]
    fn finish(&mut self, actions: &mut Actions<Self>) {
        for (reply, number) in self.waiting.drain(..).zip(1..) {
            reply.send(number);
        }
        actions.stop(ExitReason::other("reason"));
    }

    #[cast]
    fn crash(&mut self) {
        panic!("crash");
    }

    #[info]
    fn plain(&mut self, plain: Plain) {
        self.log.note(format!("info {}", plain.0));
    }

    #[event]
    fn due(&mut self, what: &'static str) {
        self.log.note(format!("due {what}"));
    }

    #[terminate]
    fn end(&mut self, state: &mut ProbeState, reason: &ExitReason) {
        let state = match state {
            ProbeState::S0(s0) => format!("{s0:?}"),
            ProbeState::S1(s1) => format!("{s1:?}"),
            ProbeState::S2(s2) => format!("{s2:?}"),
        };
        self.log.note(format!("terminate in {state}: {reason}"));
    }
}

async fn probe() -> (ProbeRef, Log) {
    let log = Log::default();
    let probe = Probe::start(log.clone()).await.unwrap();
    log.take();
    (probe, log)
}

/// What was logged when all that was sent is handled.
async fn seen(probe: &ProbeRef, log: &Log) -> Vec<String> {
    probe.ping().await.unwrap();
    let mut seen = log.take();
    seen.retain(|line| line != "ping" && !line.starts_with("exit"));
    seen
}

#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Fine,
    Ignores,
    Refuses,
    Panics,
    Hangs,
}

struct Only;

#[state_machine]
struct Moody {}

#[state_machine(states(Only))]
impl Moody {
    #[init]
    async fn begin(mood: Mood) -> Result<Option<(Self, Only)>, String> {
        match mood {
            Mood::Fine => Ok(Some((Moody {}, Only))),
            Mood::Ignores => Ok(None),
            Mood::Refuses => Err("r".into()),
            Mood::Panics => panic!("no"),
            Mood::Hangs => std::future::pending().await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn stm_1_a_start_has_all_the_outcomes_of_a_server() {
    // STM-1
    assert!(Moody::start(Mood::Fine).await.is_ok());
    assert!(matches!(Moody::start(Mood::Ignores).await, Err(StartError::Ignored { .. })));
    assert!(matches!(Moody::start(Mood::Refuses).await, Err(StartError::Init { error, .. }) if error == "r"));
    assert!(matches!(Moody::start(Mood::Panics).await, Err(StartError::Crashed { .. })));
    let hung = Moody::start(Mood::Hangs).timeout(10 * MS).await;
    assert!(matches!(hung, Err(StartError::Timeout { .. })));
}

#[tokio::test(start_paused = true)]
async fn stm_2_calls_casts_and_infos_reach_their_handlers() {
    // STM-2
    let (probe, log) = probe().await;
    assert_eq!(probe.ping().await.unwrap(), 7);
    probe.order(|_| ()).await.unwrap();
    probe.send(Plain("hello")).await.unwrap();
    assert!(probe.send_any(Box::new(Plain("untyped"))).await.is_ok());
    assert_eq!(seen(&probe, &log).await, ["info hello", "info untyped"]);
}

#[tokio::test(start_paused = true)]
async fn stm_3_the_first_state_is_entered_before_anything_else() {
    // STM-3
    let log = Log::default();
    let probe = Probe::start(log.clone()).await.unwrap();
    probe.ping().await.unwrap();
    assert_eq!(log.take(), ["enter S0 from S0", "ping"]);
}

#[tokio::test(start_paused = true)]
async fn stm_4_a_change_enters_the_new_state_once() {
    // STM-4
    let (probe, log) = probe().await;
    probe.go(1, None).await.unwrap();
    probe.ping().await.unwrap();
    assert_eq!(log.take(), ["go 1", "exit to S1", "enter S1 from S0", "ping"]);
}

#[tokio::test(start_paused = true)]
async fn stm_5_a_repeated_state_is_entered_again_and_one_with_new_data_is_not() {
    // STM-5
    let (probe, log) = probe().await;
    probe.again().await.unwrap();
    assert_eq!(seen(&probe, &log).await, ["enter S0 from S0"]);
    assert_eq!(probe.only_first().await.unwrap(), 2);
    probe.go(0, None).await.unwrap();
    probe.ping().await.unwrap();
    assert_eq!(log.take(), ["go 0", "ping"]);
    assert_eq!(probe.only_first().await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn stm_6_enter_comes_before_raised_events_and_those_before_postponed_ones() {
    // STM-6
    let (probe, log) = probe().await;
    probe.late(1).await.unwrap();
    probe.go(2, Some(|actions| actions.raise(ProbeEvent::Due { what: "raised" }))).await.unwrap();
    assert_eq!(seen(&probe, &log).await, ["go 2", "enter S2 from S0", "due raised", "late 1"]);
}

#[tokio::test(start_paused = true)]
async fn stm_7_a_time_out_of_the_enter_hook_fires_in_its_state() {
    // STM-7
    let (probe, log) = probe().await;
    probe.go(1, None).await.unwrap();
    sleep(29 * MS).await;
    assert_eq!(seen(&probe, &log).await, ["go 1", "enter S1 from S0"]);
    sleep(2 * MS).await;
    assert_eq!(seen(&probe, &log).await, ["due state of S1"]);
}

#[tokio::test(start_paused = true)]
async fn stm_8_a_postponed_event_comes_before_what_is_queued() {
    // STM-8
    let (probe, log) = probe().await;
    probe.suspend().await.unwrap();
    probe.late(1).await.unwrap();
    probe.go(2, None).await.unwrap();
    probe.send(Plain("queued")).await.unwrap();
    probe.resume();
    assert_eq!(seen(&probe, &log).await, ["go 2", "enter S2 from S0", "late 1", "info queued"]);
}

#[tokio::test(start_paused = true)]
async fn stm_9_a_postponed_event_waits_for_another_state() {
    // STM-9
    let (probe, log) = probe().await;
    probe.late(1).await.unwrap();
    probe.go(0, None).await.unwrap();
    probe.again().await.unwrap();
    assert_eq!(seen(&probe, &log).await, ["go 0", "enter S0 from S0"]);
    assert_eq!(probe.inspect(|probe| probe.postponed()).await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn stm_10_postponed_events_keep_their_order() {
    // STM-10
    let (probe, log) = probe().await;
    for which in 1..=3 {
        probe.late(which).await.unwrap();
        probe.send(Plain("between")).await.unwrap();
    }
    seen(&probe, &log).await;
    probe.go(2, None).await.unwrap();
    assert_eq!(seen(&probe, &log).await, ["go 2", "enter S2 from S0", "late 1", "late 2", "late 3"]);
}

#[tokio::test(start_paused = true)]
async fn stm_11_an_inserted_event_of_any_kind_comes_before_the_mailbox() {
    // STM-11
    let (probe, log) = probe().await;
    probe.suspend().await.unwrap();
    probe
        .order(|actions| {
            actions.raise(ProbeEvent::Due { what: "x" });
            actions.insert(Event::Info(ProbeInfo::Plain(Plain("y"))));
            actions.insert(Event::Call(ProbeCall::Ask { which: 1 }));
            actions.insert(Event::Cast(ProbeCast::Go { to: 2, then: None }));
        })
        .await
        .unwrap();
    probe.send(Plain("b")).await.unwrap();
    probe.resume();
    let expected = ["due x", "info y", "go 2", "enter S2 from S0", "ask 1", "info b"];
    assert_eq!(seen(&probe, &log).await, expected);
}

#[tokio::test(start_paused = true)]
async fn stm_12_a_state_time_out_fires_once_and_not_early() {
    // STM-12
    let (probe, log) = probe().await;
    let due = |actions: &mut Actions<Probe>| {
        actions.state_timeout().set(50 * MS, ProbeEvent::Due { what: "payload" });
    };
    probe.order(due).await.unwrap();
    sleep(49 * MS).await;
    assert!(seen(&probe, &log).await.is_empty());
    sleep(2 * MS).await;
    assert_eq!(seen(&probe, &log).await, ["due payload"]);
    sleep(500 * MS).await;
    assert!(seen(&probe, &log).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn stm_13_a_state_time_out_ends_with_the_state() {
    // STM-13
    let (probe, log) = probe().await;
    let set = |actions: &mut Actions<Probe>| {
        actions.state_timeout().set(50 * MS, ProbeEvent::Due { what: "never" });
    };
    probe.order(set).await.unwrap();
    probe.go(2, None).await.unwrap();
    sleep(100 * MS).await;
    assert_eq!(seen(&probe, &log).await, ["go 2", "enter S2 from S0"]);
    // Set by the handler that changes the state, it is the new state's.
    probe.go(0, Some(set)).await.unwrap();
    sleep(100 * MS).await;
    assert_eq!(seen(&probe, &log).await, ["go 0", "enter S0 from S2", "due never"]);
}

#[tokio::test(start_paused = true)]
async fn stm_13_not_even_when_it_is_in_the_mailbox_already() {
    let (probe, log) = probe().await;
    let set = |actions: &mut Actions<Probe>| {
        actions.state_timeout().set(50 * MS, ProbeEvent::Due { what: "never" });
    };
    probe.order(set).await.unwrap();
    probe.suspend().await.unwrap();
    probe.go(2, None).await.unwrap();
    sleep(100 * MS).await;
    probe.resume();
    assert_eq!(seen(&probe, &log).await, ["go 2", "enter S2 from S0"]);
}

#[tokio::test(start_paused = true)]
async fn stm_14_a_time_out_that_is_set_again_counts_from_then() {
    // STM-14
    let (probe, log) = probe().await;
    let begun = Instant::now();
    let set = |actions: &mut Actions<Probe>| {
        actions.state_timeout().set(50 * MS, ProbeEvent::Due { what: "one" });
    };
    probe.order(set).await.unwrap();
    sleep(30 * MS).await;
    let again = |actions: &mut Actions<Probe>| {
        actions.state_timeout().set(50 * MS, ProbeEvent::Due { what: "two" });
    };
    probe.order(again).await.unwrap();
    sleep(49 * MS).await;
    assert!(seen(&probe, &log).await.is_empty());
    sleep(2 * MS).await;
    assert_eq!(seen(&probe, &log).await, ["due two"]);
    assert!(begun.elapsed() >= 80 * MS);
}

#[tokio::test(start_paused = true)]
async fn stm_15_time_outs_are_cancelled_and_updated() {
    // STM-15
    let (probe, log) = probe().await;
    let cancelled = |actions: &mut Actions<Probe>| {
        actions.timeout("x").set(50 * MS, ProbeEvent::Due { what: "never" });
        actions.timeout("x").cancel();
        assert_eq!(actions.timeout("x").is_set_for(), None);
    };
    probe.order(cancelled).await.unwrap();
    let unlimited = |actions: &mut Actions<Probe>| {
        actions.timeout("y").set(50 * MS, ProbeEvent::Due { what: "never" });
        actions.timeout("y").set(Duration::MAX, ProbeEvent::Due { what: "never" });
    };
    probe.order(unlimited).await.unwrap();
    sleep(100 * MS).await;
    assert!(seen(&probe, &log).await.is_empty());

    let set = |actions: &mut Actions<Probe>| {
        actions.timeout("z").set(50 * MS, ProbeEvent::Due { what: "old" });
    };
    probe.order(set).await.unwrap();
    sleep(30 * MS).await;
    let update = |actions: &mut Actions<Probe>| {
        actions.timeout("z").update(ProbeEvent::Due { what: "new" });
    };
    probe.order(update).await.unwrap();
    sleep(19 * MS).await;
    assert!(seen(&probe, &log).await.is_empty());
    sleep(2 * MS).await;
    assert_eq!(seen(&probe, &log).await, ["due new"]);

    probe.order(update).await.unwrap();
    sleep(2 * MS).await;
    assert_eq!(seen(&probe, &log).await, ["due new"]);
}

#[tokio::test(start_paused = true)]
async fn stm_16_any_event_ends_the_event_time_out() {
    // STM-16
    let (probe, log) = probe().await;
    let set = |actions: &mut Actions<Probe>| {
        actions.event_timeout().set(80 * MS, ProbeEvent::Due { what: "silence" });
    };
    for disturb in ["call", "postponed", "dropped"] {
        probe.order(set).await.unwrap();
        sleep(20 * MS).await;
        match disturb {
            "call" => drop(probe.ping().await),
            "postponed" => probe.late(1).await.unwrap(),
            _ => probe.go(2, None).await.unwrap(),
        }
        sleep(200 * MS).await;
        assert!(!seen(&probe, &log).await.contains(&"due silence".to_string()), "{disturb}");
    }
    probe.order(set).await.unwrap();
    sleep(200 * MS).await;
    assert_eq!(seen(&probe, &log).await, ["due silence"]);
}

#[tokio::test(start_paused = true)]
async fn stm_17_named_time_outs_live_over_changes_and_events() {
    // STM-17
    let (probe, log) = probe().await;
    let set = |actions: &mut Actions<Probe>| {
        actions.timeout("x").set(40 * MS, ProbeEvent::Due { what: "x" });
        actions.timeout("y").set(60 * MS, ProbeEvent::Due { what: "y" });
    };
    probe.order(set).await.unwrap();
    probe.go(2, None).await.unwrap();
    probe.send(Plain("other")).await.unwrap();
    sleep(100 * MS).await;
    assert_eq!(seen(&probe, &log).await, ["go 2", "enter S2 from S0", "info other", "due x", "due y"]);
}

#[tokio::test(start_paused = true)]
async fn stm_18_waiting_callers_have_their_replies_before_the_end() {
    // STM-18
    let (probe, _log) = probe().await;
    let (first, second, finished) = tokio::join!(probe.wait(), probe.wait(), probe.finish());
    finished.unwrap();
    assert_eq!((first.unwrap(), second.unwrap()), (1, 2));
    assert_eq!(probe.ended().await, ExitReason::other("reason"));
}

#[tokio::test(start_paused = true)]
async fn stm_19_terminate_has_the_reason_and_the_state_once() {
    // STM-19
    let (by_itself, log) = probe().await;
    by_itself.go(2, None).await.unwrap();
    by_itself.finish().await.unwrap();
    by_itself.ended().await;
    assert_eq!(log.take().last().unwrap(), "terminate in S2: reason");

    let (from_outside, log) = probe().await;
    from_outside.go(2, None).await.unwrap();
    from_outside.stop().await.unwrap();
    let ended = log.take();
    assert_eq!(ended.last().unwrap(), "terminate in S2: normal");
    assert_eq!(ended.iter().filter(|line| line.starts_with("terminate")).count(), 1);
    assert!(from_outside.stop().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn stm_20_a_call_has_its_limit_and_no_late_reply() {
    // STM-20
    let (probe, _log) = probe().await;
    let late = probe.wait().timeout(10 * MS).await;
    assert!(matches!(late, Err(CallError::Timeout { .. })));
    sleep(1_100 * MS).await;
    let waiting = probe.inspect(|probe| probe.data().waiting[0].is_abandoned()).await.unwrap();
    assert!(waiting);
    assert_eq!(probe.ping().await.unwrap(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_postponed_call_is_answered_in_a_later_state() {
    let (probe, log) = probe().await;
    let (answer, ()) = tokio::join!(probe.ask(5), async {
        sleep(10 * MS).await;
        probe.go(1, None).await.unwrap();
    });
    assert_eq!(answer.unwrap(), 5);
    assert_eq!(seen(&probe, &log).await, ["go 1", "enter S1 from S0", "ask 5"]);
}

#[tokio::test(start_paused = true)]
async fn a_postponed_call_whose_caller_has_left_is_not_handled() {
    let (probe, log) = probe().await;
    assert!(matches!(probe.ask(5).timeout(MS).await, Err(CallError::Timeout { .. })));
    probe.go(2, None).await.unwrap();
    assert_eq!(seen(&probe, &log).await, ["go 2", "enter S2 from S0"]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_fails_at_once_and_is_a_dead_letter() {
    let (probe, _log) = probe().await;
    let system = System::global();
    let before = system.dead_letters();
    probe.go(2, None).await.unwrap();
    assert!(matches!(probe.only_first().await, Err(CallError::ReplyDropped { .. })));
    probe.again().await.unwrap();
    probe.ping().await.unwrap();
    assert!(system.dead_letters() >= before + 2);
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_stops_refuses_what_it_has_postponed() {
    let (probe, _log) = probe().await;
    let before = System::global().dead_letters();
    probe.late(1).await.unwrap();
    let asked = probe.ask(1).request();
    probe.ping().await.unwrap();
    probe.stop().await.unwrap();
    let refused = asked.await.unwrap_err();
    assert!(matches!(refused, CallError::Stopped { .. }), "{refused:?}");
    assert_eq!(refused.was_executed(), noex::Executed::No);
    assert!(System::global().dead_letters() > before);
}

supervisor! {
    /// A machine in a tree.
    Tree(log: Log) {
        strategy: one_for_one,
        probe: Probe(log.clone()) { restart: permanent },
    }
}

#[tokio::test(start_paused = true)]
async fn a_supervised_machine_comes_back_and_has_what_it_had_postponed() {
    let log = Log::default();
    let tree = Tree::start(log.clone()).await.unwrap();
    let probe = tree.probe().clone();
    let set = |actions: &mut Actions<Probe>| {
        actions.timeout("x").set(50 * MS, ProbeEvent::Due { what: "of the last life" });
    };
    probe.order(set).await.unwrap();
    let asked = probe.ask(3).request();
    probe.late(4).await.unwrap();
    probe.ping().await.unwrap();
    log.take();
    probe.crash().await.unwrap();
    probe.go(2, None).await.unwrap();
    assert_eq!(asked.await.unwrap(), 3);
    sleep(100 * MS).await;
    let seen = seen(&probe, &log).await;
    let expected = [
        "terminate in S0 { visits: 1 }: `crash` panicked",
        "enter S0 from S0",
        "go 2",
        "enter S2 from S0",
        "ask 3",
        "late 4",
    ];
    assert_eq!(seen.len(), expected.len(), "{seen:?}");
    assert!(seen.iter().zip(expected).all(|(seen, expected)| seen.starts_with(expected)), "{seen:?}");
    tree.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_machine_is_found_drawn_and_looked_into() {
    fn server_of<S: Served>() -> &'static str {
        std::any::type_name::<S::Server>()
    }
    let log = Log::default();
    let probe = Probe::start(log).name("probe of ours").await.unwrap();
    assert_eq!(Probe::named("probe of ours").ping().await.unwrap(), 7);
    assert!(Probe::whereis("probe of ours").is_some());
    assert!(probe.inspect(|probe| probe.is_in::<S0>()).await.unwrap());
    assert!(server_of::<Probe>().contains("Machine"));
    let diagram = Probe::diagram();
    assert!(diagram.starts_with("stateDiagram-v2\n    S0\n"), "{diagram}");
    assert!(diagram.contains("    [*] --> S0\n"), "{diagram}");
    assert!(diagram.contains("    S1 --> S2: go\n"), "{diagram}");
}

struct Shut;

#[state_machine]
struct Gate {}

#[state_machine(states(Shut))]
impl Gate {
    #[init]
    fn begin() -> (Self, Shut) {
        (Gate {}, Shut)
    }

    #[call]
    #[timeout(10ms)]
    fn knock(&mut self, reply: ReplyTo<Result<u32, String>>) {
        std::mem::forget(reply);
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_has_policies_as_a_handler_has() {
    let gate = Gate::start().await.unwrap();
    let begun = Instant::now();
    assert!(gate.knock().await.is_err());
    assert!(begun.elapsed() < 20 * MS);
}

/// What a lift carries, and where it says so.
trait Cargo: Send + 'static {
    fn weight(&self) -> u32;
}

impl Cargo for u32 {
    fn weight(&self) -> u32 {
        *self
    }
}

struct Empty;

struct Loaded<T> {
    cargo: T,
}

struct Stuck<T> {
    cargo: Option<T>,
}

/// Generic in what it carries, and in a note of which no state knows.
#[state_machine]
struct Lift<T: Cargo, N, const MOST: u32> {
    notes: Vec<N>,
    carried: Vec<T>,
}

#[state_machine(states(Empty, Loaded<T>, Stuck<T>))]
impl<T: Cargo, N, const MOST: u32> Lift<T, N, MOST>
where
    N: Clone + Send + 'static,
{
    #[init(Empty | Stuck)]
    fn build(broken: bool) -> (Self, LiftBuildTo<T, N, MOST>) {
        let first = if broken { Stuck { cargo: None }.into() } else { Empty.into() };
        (Lift { notes: Vec::new(), carried: Vec::new() }, first)
    }

    #[call]
    #[on(Empty => Loaded | Stuck)]
    #[postpone(Loaded)]
    #[drop(Stuck)]
    fn load(&mut self, cargo: T) -> (LiftLoadTo<T, N, MOST>, u32) {
        let weight = cargo.weight();
        if weight > MOST {
            (Stuck { cargo: Some(cargo) }.into(), 0)
        } else {
            (Loaded { cargo }.into(), weight)
        }
    }

    #[call]
    #[on(Loaded => Empty)]
    #[drop(Empty)]
    fn unload(&mut self, loaded: Loaded<T>, actions: &mut Actions<Self>) -> (Empty, u32) {
        let weight = loaded.cargo.weight();
        self.carried.push(loaded.cargo);
        actions.raise(LiftEvent::Emptied);
        (Empty, weight)
    }

    #[call(unload)]
    #[on(Stuck => Empty)]
    fn free(&mut self, stuck: &mut Stuck<T>) -> Next<Empty, u32> {
        match stuck.cargo.take() {
            Some(cargo) => Next::to(Empty).reply(cargo.weight()),
            None => Next::stay().reply(0),
        }
    }

    #[call]
    fn carried(&self) -> u32 {
        self.carried.iter().map(Cargo::weight).sum()
    }

    #[call]
    fn notes(&self) -> Vec<N> {
        self.notes.clone()
    }

    #[info]
    fn noted(&mut self, note: Vec<N>) {
        self.notes.extend(note);
    }

    #[event]
    #[drop(Loaded | Stuck)]
    fn emptied(&mut self, state: &mut LiftState<T, N, MOST>) {
        assert!(matches!(state, LiftState::Empty(_)));
    }

    #[enter(Stuck)]
    fn stuck(&mut self, stuck: &mut Stuck<T>, from: At<Self>) {
        assert!(stuck.cargo.is_none() || from.is::<Empty>());
    }

    #[exit(Loaded)]
    fn left(&mut self, to: At<Self>) {
        assert!(to.is::<Empty>());
    }

    #[terminate]
    fn close(&mut self, state: &mut LiftState<T, N, MOST>, _reason: &ExitReason) {
        assert!(matches!(state, LiftState::Empty(_)));
    }
}

supervisor! {
    House<T: Cargo>() {
        strategy: one_for_one,
        lift: Lift<T, char, 9>(false),
    }
}

#[tokio::test(start_paused = true)]
async fn a_machine_can_have_parameters() {
    let lift = Lift::<u32, &'static str, 100>::start(false).await.unwrap();
    assert_eq!(lift.load(70).await.unwrap(), 70);
    let (next, unloaded) = tokio::join!(lift.load(120), lift.unload());
    assert_eq!((next.unwrap(), unloaded.unwrap()), (0, 70));
    assert!(lift.inspect(|lift| lift.is_in::<Stuck<u32>>()).await.unwrap());
    assert_eq!(lift.unload().await.unwrap(), 120);
    assert!(matches!(lift.unload().await, Err(CallError::ReplyDropped { .. })));
    lift.send(vec!["oiled"]).await.unwrap();
    assert_eq!((lift.notes().await.unwrap(), lift.carried().await.unwrap()), (vec!["oiled"], 70));
    assert!(Lift::<u32, u8, 1>::diagram().contains("    Loaded --> Empty: unload\n"));
    lift.stop().await.unwrap();

    let broken = Lift::<u32, u8, 1>::start(true).await.unwrap();
    assert_eq!(broken.unload().await.unwrap(), 0);
    let house = House::<u32>::start().await.unwrap();
    assert_eq!(house.lift().load(9).await.unwrap(), 9);
}

struct Idle;
struct Busy;
struct Broken;

/// Takes work while it is idle; what comes meanwhile waits, and when it is broken nobody hears of it.
#[state_machine]
struct Desk {
    done: Vec<u32>,
}

#[state_machine(states(Idle, Busy, Broken: drop), unhandled = postpone)]
impl Desk {
    #[init]
    fn begin() -> (Self, Idle) {
        (Desk { done: Vec::new() }, Idle)
    }

    #[cast]
    #[on(Idle => Busy)]
    fn work(&mut self, number: u32) -> Busy {
        self.done.push(number);
        Busy
    }

    #[cast]
    #[on(Busy => Idle)]
    fn finish(&mut self) -> Idle {
        Idle
    }

    #[cast]
    #[on(Idle | Busy => Broken)]
    fn break_down(&mut self) -> Broken {
        Broken
    }

    #[cast]
    #[on(Broken => Idle)]
    fn mend(&mut self) -> Idle {
        Idle
    }

    #[call]
    fn done(&self) -> Vec<u32> {
        self.done.clone()
    }
}

#[tokio::test]
async fn what_nobody_handles_waits_or_is_dropped_as_the_machine_says() {
    let desk = Desk::start().await.unwrap();
    for number in 1..=2 {
        desk.work(number).await.unwrap();
    }
    assert_eq!(desk.done().await.unwrap(), [1], "of the machine: the second waits");
    desk.finish().await.unwrap();
    assert_eq!(desk.done().await.unwrap(), [1, 2]);
    desk.break_down().await.unwrap();
    desk.work(3).await.unwrap();
    desk.mend().await.unwrap();
    assert_eq!(desk.done().await.unwrap(), [1, 2], "of the state: that one is gone");
    desk.work(4).await.unwrap();
    assert_eq!(desk.done().await.unwrap(), [1, 2, 4]);
}
