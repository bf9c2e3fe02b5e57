//! Calls that are answered later, calls as values, calls to many, and what becomes of their callers.
#![allow(missing_docs)]

mod support;

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    task::Waker,
    time::Duration,
};

use noex::{
    Executed, Requests, abcast, multi_call,
    observer::{EventKind, Undelivered},
    prelude::*,
};
use support::Log;
use tokio::{task::yield_now, time::Instant};

const MS: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

#[derive(Debug, PartialEq)]
struct Closed;

/// Hands out numbers to whoever waits for one.
#[genserver(mailbox = 4)]
struct Tickets {
    waiting: VecDeque<ReplyTo<u32>>,
    log: Log,
}

#[genserver]
impl Tickets {
    #[init]
    fn init(log: Log) -> Self {
        Tickets { waiting: VecDeque::new(), log }
    }

    #[call]
    fn take(&mut self, reply: ReplyTo<u32>) {
        self.waiting.push_back(reply);
    }

    #[call]
    async fn take_slowly(&mut self, pause: Duration, reply: ReplyTo<u32>) {
        tokio::time::sleep(pause).await;
        self.waiting.push_back(reply);
    }

    #[call]
    async fn hold(&mut self, reply: ReplyTo<u32>) {
        self.log.note("holds");
        tokio::time::sleep(HOUR).await;
        reply.send(0);
    }

    #[call]
    fn buy(&mut self, cents: u32, reply: ReplyTo<Result<u32, Closed>>) {
        let log = self.log.clone();
        tokio::spawn(async move {
            tokio::time::sleep(10 * MS).await;
            log.note("sold");
            reply.send(if cents > 0 { Ok(cents) } else { Err(Closed) });
        });
    }

    #[call]
    fn ask_for_nothing(&mut self, cx: &mut Context<Self>, reply: ReplyTo<()>) {
        assert!(cx.pid().incarnation() > 0);
        reply.send(());
    }

    #[call]
    fn lose(&mut self, reply: ReplyTo<u32>) {
        drop(reply);
    }

    #[call]
    fn lose_in_a_panic(&mut self, _reply: ReplyTo<u32>) {
        panic!("both hands full");
    }

    #[call]
    fn lose_in_a_task(&mut self, reply: ReplyTo<u32>) {
        tokio::spawn(async move {
            let _reply = reply;
            panic!("not the server's");
        });
    }

    #[call]
    fn watch(&mut self, mut reply: ReplyTo<u32>) {
        let log = self.log.clone();
        tokio::spawn(async move {
            assert!(!reply.is_abandoned());
            reply.abandoned().await;
            assert!(reply.is_abandoned());
            log.note("given up");
            reply.send(1);
        });
    }

    #[cast]
    fn put_last(&mut self, ticket: u32) {
        if let Some(reply) = self.waiting.pop_back() {
            reply.send(ticket);
        }
    }

    #[call]
    fn waiting(&self) -> usize {
        self.waiting.len()
    }

    #[cast]
    fn crash_with_one(&mut self) {
        let _in_hand = self.waiting.pop_front();
        panic!("dropped it");
    }

    #[cast]
    async fn pause(&mut self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }

    #[cast]
    fn note(&mut self, what: u32) {
        self.log.note(what.to_string());
    }

    #[call]
    async fn after(&mut self, pause: Duration, what: u32) -> u32 {
        tokio::time::sleep(pause).await;
        what
    }

    #[call]
    fn echo(&self, what: u32) -> u32 {
        what
    }

    #[call(timeout = 7ms)]
    async fn never(&mut self) {
        std::future::pending().await
    }

    #[terminate]
    fn close(&mut self) {
        if let Some(reply) = self.waiting.pop_front() {
            reply.send(99);
        }
    }
}

async fn tickets() -> (TicketsRef, Log) {
    let log = Log::default();
    (Tickets::start(log.clone()).await.unwrap(), log)
}

async fn until_waiting(tickets: &TicketsRef, count: usize) {
    while tickets.waiting().await.unwrap() < count {
        yield_now().await;
    }
}

/// CALL-4
#[tokio::test]
async fn a_reply_can_come_from_a_later_handler() {
    let (tickets, _) = tickets().await;
    let (taken, ()) = tokio::join!(tickets.take(), async {
        until_waiting(&tickets, 1).await;
        tickets.put_last(7).await.unwrap();
    });
    assert_eq!(taken.unwrap(), 7);
}

/// CALL-4: an async handler that keeps the address.
#[tokio::test(start_paused = true)]
async fn an_async_handler_can_put_its_reply_off() {
    let (tickets, _) = tickets().await;
    let (taken, ()) = tokio::join!(tickets.take_slowly(10 * MS), async {
        until_waiting(&tickets, 1).await;
        tickets.put_last(7).await.unwrap();
    });
    assert_eq!(taken.unwrap(), 7);
}

/// CALL-5
#[tokio::test(start_paused = true)]
async fn a_reply_can_come_from_a_task_and_the_server_is_free_meanwhile() {
    let (tickets, log) = tickets().await;
    let (bought, ()) = tokio::join!(tickets.buy(5), async {
        yield_now().await;
        assert_eq!(tickets.waiting().await.unwrap(), 0);
        assert_eq!(log.read(), [""; 0], "served before the sale");
    });
    assert_eq!(bought.unwrap(), 5);
    let refused = tickets.buy(0).await.unwrap_err();
    assert!(matches!(refused, CallError::Handler(Closed)), "a deferred result is flat as any: {refused:?}");
    tickets.ask_for_nothing().await.unwrap();
}

/// CALL-6
#[tokio::test]
async fn replies_can_come_in_another_order_than_calls() {
    let (tickets, _) = tickets().await;
    let order = Log::default();
    let call = |name: &'static str| {
        let (tickets, order) = (tickets.clone(), order.clone());
        tokio::spawn(async move {
            let ticket = tickets.take().await.unwrap();
            order.note(format!("{name} {ticket}"));
        })
    };
    let a = call("a");
    until_waiting(&tickets, 1).await;
    let b = call("b");
    until_waiting(&tickets, 2).await;
    tickets.put_last(1).await.unwrap();
    b.await.unwrap();
    tickets.put_last(2).await.unwrap();
    a.await.unwrap();
    assert_eq!(order.read(), ["b 1", "a 2"]);
}

/// CALL-8, for a deferred reply: it comes too late and is seen nowhere.
#[tokio::test(start_paused = true)]
async fn a_deferred_reply_that_comes_too_late_vanishes() {
    let (tickets, _) = tickets().await;
    let late = tickets.take().timeout(5 * MS).await.unwrap_err();
    assert!(matches!(late, CallError::Timeout { after, .. } if after == 5 * MS));
    tickets.put_last(1).await.unwrap();
    assert_eq!(tickets.echo(2).await.unwrap(), 2);
}

#[tokio::test]
async fn an_address_dropped_unanswered_fails_its_call_at_once() {
    let (tickets, _) = tickets().await;
    let error = tickets.lose().await.unwrap_err();
    assert!(matches!(error, CallError::ReplyDropped { .. }));
    assert_eq!(error.was_executed(), Executed::Unknown);
    let error = tickets.lose_in_a_task().await.unwrap_err();
    assert!(matches!(error, CallError::ReplyDropped { .. }), "the panic was not the server's: {error}");
    assert_eq!(tickets.echo(2).await.unwrap(), 2);
}

/// CALL-11, for deferred replies: a caller monitors the server.
#[tokio::test]
async fn a_crash_reaches_the_callers_whose_replies_were_put_off() {
    let (tickets, _) = tickets().await;
    let error = tickets.lose_in_a_panic().await.unwrap_err();
    let CallError::Crashed { reason, may_have_run: true, .. } = &error else { panic!("{error:?}") };
    assert!(reason.to_string().contains("both hands full"));

    let (tickets, _) = self::tickets().await;
    let call = || {
        let tickets = tickets.clone();
        tokio::spawn(async move { tickets.take().await })
    };
    let (in_hand, in_state, elsewhere) = (call(), call(), call());
    until_waiting(&tickets, 3).await;
    tickets.crash_with_one().await.unwrap();
    for caller in [in_hand, elsewhere] {
        match caller.await.unwrap() {
            // `terminate` answers the one that was first in line then.
            Ok(ticket) => assert_eq!(ticket, 99),
            Err(CallError::Crashed { reason, .. }) => assert!(reason.is_panic()),
            Err(error) => panic!("{error:?}"),
        }
    }
    drop(in_state);
}

/// The address is in a task that lives on: its caller waits for the server all the same.
#[tokio::test(start_paused = true)]
async fn the_end_of_the_server_ends_deferred_calls_wherever_their_addresses_are() {
    for kill in [true, false] {
        let (tickets, log) = tickets().await;
        let caller = {
            let tickets = tickets.clone();
            tokio::spawn(async move { tickets.watch().await })
        };
        yield_now().await;
        yield_now().await;
        let expected = if kill {
            tickets.kill();
            ExitReason::Killed
        } else {
            tickets.stop().await.unwrap();
            ExitReason::Normal
        };
        let error = caller.await.unwrap().unwrap_err();
        assert!(
            matches!(&error, CallError::Crashed { reason, may_have_run: true, .. } if reason.0 == expected),
            "{error:?}"
        );
        while log.read().is_empty() {
            yield_now().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_kill_in_the_handler_reaches_the_caller_whose_address_it_holds() {
    let (tickets, log) = tickets().await;
    let caller = {
        let tickets = tickets.clone();
        tokio::spawn(async move { tickets.hold().await })
    };
    while log.read().is_empty() {
        yield_now().await;
    }
    tickets.kill();
    let error = caller.await.unwrap().unwrap_err();
    assert!(
        matches!(&error, CallError::Crashed { reason, .. } if reason.0 == ExitReason::Killed),
        "{error:?}"
    );
}

#[tokio::test]
async fn terminate_can_still_answer() {
    let (tickets, _) = tickets().await;
    let (taken, ()) = tokio::join!(tickets.take(), async {
        until_waiting(&tickets, 1).await;
        tickets.stop().await.unwrap();
    });
    assert_eq!(taken.unwrap(), 99);
}

#[tokio::test(start_paused = true)]
async fn who_holds_an_address_sees_the_caller_leave() {
    let (tickets, log) = tickets().await;
    assert!(tokio::time::timeout(MS, tickets.watch()).await.is_err());
    while log.read().is_empty() {
        yield_now().await;
    }
    assert_eq!(log.read(), ["given up"]);
}

#[tokio::test]
async fn a_handler_that_puts_its_reply_off_is_a_plain_method() {
    let mut tickets = Tickets { waiting: VecDeque::new(), log: Log::default() };
    let (reply, mut answer) = ReplyTo::pair();
    tickets.take(reply);
    assert_eq!(answer.try_take(), None);
    tickets.put_last(3);
    assert_eq!(answer.await, Ok(3));
    let (reply, answer) = ReplyTo::pair();
    tickets.lose(reply);
    assert_eq!(answer.await, Err(noex::Dropped));
}

/// CALL-15
#[tokio::test(start_paused = true)]
async fn a_request_is_a_token_that_a_limit_does_not_use_up() {
    let (tickets, _) = tickets().await;
    let begun = Instant::now();
    let mut request = tickets.after(50 * MS, 4).request();
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert!(request.wait(Duration::ZERO).await.is_none());
    assert!(request.wait(20 * MS).await.is_none());
    assert_eq!(request.await.unwrap(), 4);
    assert_eq!(begun.elapsed(), 50 * MS);
}

/// CALL-16
#[tokio::test(start_paused = true)]
async fn a_request_may_be_waited_for_without_end() {
    let (tickets, _) = tickets().await;
    let mut request = tickets.after(50 * MS, 4).timeout(Duration::MAX).request();
    assert_eq!(request.wait(Duration::MAX).await.unwrap().unwrap(), 4);
    let mut requests = Requests::new();
    requests.add("it", tickets.echo(5).request());
    assert_eq!(requests.next_within(Duration::MAX).await.unwrap().unwrap().1.unwrap(), 5);
}

#[tokio::test]
async fn a_request_to_a_dead_server_is_sent_and_fails_when_waited_for() {
    let (tickets, _) = tickets().await;
    tickets.stop().await.unwrap();
    let request = tickets.echo(1).request();
    assert!(matches!(request.await, Err(CallError::NotRunning { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_request_is_sent_in_its_place_and_its_limit_counts_from_there() {
    let (tickets, log) = tickets().await;
    tickets.pause(10 * MS).await.unwrap();
    tickets.note(1).await.unwrap();
    let request = tickets.echo(2).request();
    tickets.note(3).await.unwrap();
    assert_eq!(tokio::spawn(request).await.unwrap().unwrap(), 2);
    tickets.echo(0).await.unwrap();
    assert_eq!(log.read(), ["1", "3"]);

    let request = tickets.after(HOUR, 1).timeout(30 * MS).request();
    tokio::time::sleep(20 * MS).await;
    let begun = Instant::now();
    assert!(matches!(request.await, Err(CallError::Timeout { after, .. }) if after == 30 * MS));
    assert_eq!(begun.elapsed(), 10 * MS);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_dropped_is_skipped_and_counted() {
    let system = System::new();
    let tickets = Tickets::start(Log::default()).system(&system).await.unwrap();
    tickets.pause(10 * MS).await.unwrap();
    yield_now().await;
    drop(tickets.echo(1).request());
    tickets.echo(2).await.unwrap();
    assert_eq!(system.dead_letters(), 1);
}

/// CALL-17
#[tokio::test(start_paused = true)]
async fn requests_come_out_in_the_order_of_their_completion() {
    let mut requests = Requests::new();
    for (label, pause) in [(1, 400), (2, 1), (3, 200)] {
        let (server, _) = tickets().await;
        requests.add(label, server.after(pause * MS, label * 10).request());
    }
    assert_eq!(requests.len(), 3);
    assert!(requests.next_within(Duration::ZERO).await.is_err(), "not yet");
    let mut seen = Vec::new();
    while let Some((label, reply)) = requests.next().await {
        seen.push((label, reply.unwrap()));
    }
    assert_eq!(seen, [(2, 20), (3, 30), (1, 10)]);
    assert!(requests.next().await.is_none(), "no request left");
    assert!(requests.is_empty());
    let (server, _) = tickets().await;
    requests.add(9, server.echo(9).request());
    assert!(matches!(requests.next().await, Some((9, Ok(9)))), "a collection is used again");
}

/// CALL-10, CAST-2, STOP-4: an unknown name.
#[tokio::test]
async fn a_name_that_nobody_holds_is_noproc() {
    let error = Tickets::named("nobody's").echo(1).await.unwrap_err();
    let CallError::NotRunning { target, reason, .. } = &error else { panic!("{error:?}") };
    assert_eq!((&*target.server, target.handler, &reason.0), ("nobody's", "echo", &ExitReason::NoProc));
    assert_eq!(error.was_executed(), Executed::No);
    let back = Tickets::named("nobody's").note(1).await.unwrap_err();
    assert!(matches!(back.message, TicketsCast::Note { what: 1 }));
    let error = Tickets::named("nobody's").stop().await.unwrap_err();
    assert_eq!(error.reason.0, ExitReason::NoProc);
    assert!(!Tickets::named("nobody's").kill());
    assert_eq!(Tickets::named("nobody's").ended().await, ExitReason::NoProc);
}

/// STOP-5, CALL by name.
#[tokio::test]
async fn a_server_is_called_and_stopped_by_its_name() {
    let tickets = Tickets::start(Log::default()).name("calls: by name").await.unwrap();
    assert_eq!(Tickets::named("calls: by name").echo(3).await.unwrap(), 3);
    Tickets::named("calls: by name").stop().await.unwrap();
    assert!(Tickets::whereis("calls: by name").is_none());
    assert!(!tickets.is_alive());
    Tickets::start(Log::default()).name("calls: by name").await.unwrap().stop().await.unwrap();
}

/// CAST-8
#[tokio::test(start_paused = true)]
async fn multi_call_has_two_parts() {
    let ((a, _), (b, _), (slow, _)) = (tickets().await, tickets().await, tickets().await);
    slow.pause(HOUR).await.unwrap();
    yield_now().await;
    let begun = Instant::now();
    let servers = [a.clone(), Tickets::named("nobody"), slow.clone(), b.clone()];
    let answers = multi_call(servers, 500 * MS, |server| server.echo(8)).await;
    assert_eq!(begun.elapsed(), 500 * MS);
    assert_eq!(answers.replies, [(a, 8), (b, 8)]);
    assert!(matches!(
        &answers.failed[..],
        [(_, CallError::NotRunning { .. }), (late, CallError::Timeout { .. })] if *late == slow
    ));
}

/// CAST-7
#[tokio::test(start_paused = true)]
async fn abcast_reaches_every_server_that_is_there() {
    let ((a, seen_by_a), (b, seen_by_b)) = (tickets().await, tickets().await);
    b.pause(10 * MS).await.unwrap();
    let begun = Instant::now();
    let servers = [a.clone(), Tickets::named("nobody"), b.clone()];
    let refused = abcast(&servers, |server| server.note(5));
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(refused.len(), 1);
    a.echo(0).await.unwrap();
    b.echo(0).await.unwrap();
    assert_eq!((seen_by_a.read(), seen_by_b.read()), (vec!["5".to_string()], vec!["5".to_string()]));
}

#[tokio::test(start_paused = true)]
async fn try_call_does_not_wait_for_room() {
    let (tickets, _) = tickets().await;
    tickets.pause(10 * MS).await.unwrap();
    yield_now().await;
    for n in 0..4 {
        tickets.note(n).try_send().unwrap();
    }
    assert!(tickets.note(4).try_send().is_err());
    let error = tickets.echo(1).try_call().await.unwrap_err();
    assert!(matches!(error, CallError::MailboxFull { capacity: 4, .. }));
    assert!(tickets.try_call(TicketsCall::Echo { what: 1 }).await.is_err());
    assert_eq!(tickets.echo(2).await.unwrap(), 2, "and one that waits gets there");
    assert_eq!(tickets.echo(3).try_call().await.unwrap(), 3);
}

/// Polls it once more, whatever came of it; whether that panics.
fn polled_again_panics(call: Pin<&mut impl Future>) -> bool {
    let mut task = std::task::Context::from_waker(Waker::noop());
    catch_unwind(AssertUnwindSafe(|| call.poll(&mut task).is_pending())).is_err()
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_polled_after_it_was_ready_panics_and_its_server_lives_on() {
    let (tickets, _) = tickets().await;
    let mut plain = pin!(tickets.echo(1));
    assert_eq!(plain.as_mut().await, Ok(1));
    assert!(polled_again_panics(plain));
    let mut at_once = pin!(tickets.after(Duration::ZERO, 2));
    assert_eq!(at_once.as_mut().await, Ok(2));
    assert!(polled_again_panics(at_once));
    let mut later = pin!(tickets.after(MS, 3));
    assert_eq!(later.as_mut().await, Ok(3));
    assert!(polled_again_panics(later));
    assert_eq!(tickets.echo(4).await, Ok(4), "nobody holds it up");
}

#[tokio::test(start_paused = true)]
async fn a_handler_has_a_limit_of_its_own() {
    let (tickets, _) = tickets().await;
    let begun = Instant::now();
    assert!(matches!(tickets.never().await, Err(CallError::Timeout { after, .. }) if after == 7 * MS));
    assert_eq!(begun.elapsed(), 7 * MS);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_gave_up_while_it_waited_for_room_is_counted_and_the_line_is_empty_again() {
    let system = System::new();
    let tickets = Tickets::start(Log::default()).system(&system).await.unwrap();
    tickets.pause(10 * MS).await.unwrap();
    yield_now().await;
    for n in 0..4 {
        tickets.note(n).try_send().unwrap();
    }
    let mut events = system.events();
    assert!(tokio::time::timeout(MS, tickets.echo(1)).await.is_err());
    assert!(tokio::time::timeout(MS, tickets.note(9)).await.is_err());
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(match events.next().await.unwrap().kind {
            EventKind::MailboxHigh => "high",
            EventKind::MailboxLow => "low",
            EventKind::DeadLetter { handler: "echo", why: Undelivered::CallerGone, .. } => "gone",
            _ => "other",
        });
    }
    assert_eq!(seen, ["high", "gone", "low", "high", "low"]);
    assert_eq!(tickets.snapshot().senders_waiting, 0);
}

/// Asks another server, which may not answer before we do.
#[genserver]
struct Clerk {
    tickets: TicketsRef,
}

#[genserver]
impl Clerk {
    #[init]
    fn init(tickets: TicketsRef) -> Self {
        Clerk { tickets }
    }

    #[call]
    async fn fetch(&mut self) -> Result<u32, CallError> {
        self.tickets.take().await
    }

    #[call]
    async fn fetch_within(&mut self, limit: Duration) -> Result<u32, CallError> {
        self.tickets.take().timeout(limit).await
    }

    #[call]
    async fn fetch_after(&mut self, pause: Duration) -> Result<u32, CallError> {
        tokio::time::sleep(pause).await;
        self.tickets.take().no_timeout().await
    }

    #[call]
    async fn deadline(&mut self, cx: &mut Context<Self>, pause: Duration) -> Option<Duration> {
        tokio::time::sleep(pause).await;
        cx.deadline().map(|at| at - Instant::now().into_std())
    }

    #[call]
    async fn first_deadline(&mut self, cx: &mut Context<Self>) -> Option<Duration> {
        cx.deadline().map(|at| at - Instant::now().into_std())
    }

    #[call]
    async fn watch(&mut self, cx: &mut Context<Self>, log: Log) {
        assert!(!cx.is_cancelled());
        cx.cancelled().await;
        assert!(cx.is_cancelled());
        log.note("cancelled");
    }

    #[call]
    fn plain(&mut self, cx: &mut Context<Self>) -> (bool, bool) {
        (cx.deadline().is_none(), cx.is_cancelled())
    }

    #[cast]
    async fn fetch_for_nobody(&mut self, cx: &mut Context<Self>, log: Log) {
        assert!(cx.deadline().is_none());
        let late = self.tickets.take().timeout(40 * MS).await;
        log.note(format!("{}", matches!(late, Err(CallError::Timeout { after, .. }) if after == 40 * MS)));
    }
}

/// A deferred reply is no wait of the server: what looks like a circle is none.
#[tokio::test(start_paused = true)]
async fn a_server_that_put_its_reply_off_does_not_wait() {
    #[genserver]
    struct Back {
        other: Option<ForthRef>,
    }

    #[genserver]
    impl Back {
        #[init]
        fn init() -> Self {
            Back { other: None }
        }

        #[call]
        fn meet(&mut self, other: ForthRef) {
            self.other = Some(other);
        }

        #[call]
        fn ask(&mut self, reply: ReplyTo<u32>) {
            // A task answers, whatever this server does.
            tokio::spawn(async move {
                tokio::time::sleep(20 * MS).await;
                reply.send(6);
            });
        }

        #[call]
        async fn call_back(&mut self) -> Result<u32, CallError> {
            let other = self.other.clone().unwrap();
            other.echo(5).await
        }
    }

    #[genserver]
    struct Forth {
        back: BackRef,
    }

    #[genserver]
    impl Forth {
        #[init]
        fn init(back: BackRef) -> Self {
            Forth { back }
        }

        #[call]
        async fn ask(&mut self) -> Result<u32, CallError> {
            self.back.ask().await
        }

        #[call]
        fn echo(&self, what: u32) -> u32 {
            what
        }
    }

    let back = Back::start().await.unwrap();
    let forth = Forth::start(back.clone()).await.unwrap();
    back.meet(forth.clone()).await.unwrap();
    let (asked, called) = tokio::join!(forth.ask(), async {
        yield_now().await;
        back.call_back().await
    });
    assert_eq!(asked.unwrap(), 6);
    assert_eq!(called.unwrap(), 5, "served when the other is free");
}

#[tokio::test(start_paused = true)]
async fn a_call_of_a_handler_waits_no_longer_than_its_own_caller() {
    let (tickets, _) = tickets().await;
    let clerk = Clerk::start(tickets.clone()).await.unwrap();
    // In the first step, on the caller's task.
    let begun = Instant::now();
    let (outer, ()) = tokio::join!(clerk.fetch().timeout(30 * MS), yield_now());
    assert!(outer.is_err());
    assert_eq!(begun.elapsed(), 30 * MS);
    assert!(matches!(clerk.plain().await, Ok((true, false))), "the clerk is free again");
    assert_eq!(begun.elapsed(), 30 * MS, "its own call was over then");
    // Later, when some of the time is over; the inner call has no limit of its own.
    let begun = Instant::now();
    assert!(clerk.fetch_after(20 * MS).timeout(50 * MS).await.is_err());
    clerk.plain().await.unwrap();
    assert_eq!(begun.elapsed(), 50 * MS);
    // The shorter of the two.
    let begun = Instant::now();
    let inner = clerk.fetch_within(10 * MS).await.unwrap_err();
    assert!(matches!(inner.flatten_once(), CallError::Timeout { after, .. } if after == 10 * MS));
    assert_eq!(begun.elapsed(), 10 * MS);
    // Behind another message, on a runner.
    clerk.fetch_for_nobody(Log::default()).await.unwrap();
    let begun = Instant::now();
    assert!(clerk.fetch().timeout(70 * MS).await.is_err());
    clerk.plain().await.unwrap();
    assert_eq!(begun.elapsed(), 70 * MS);
}

trait FlattenOnce {
    fn flatten_once(self) -> CallError;
}

impl FlattenOnce for CallError<CallError> {
    fn flatten_once(self) -> CallError {
        self.flatten()
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_knows_its_deadline() {
    let (tickets, _) = tickets().await;
    let clerk = Clerk::start(tickets).await.unwrap();
    assert_eq!(clerk.first_deadline().timeout(30 * MS).await.unwrap(), Some(30 * MS));
    assert_eq!(clerk.deadline(10 * MS).timeout(30 * MS).await.unwrap(), Some(20 * MS));
    assert_eq!(clerk.deadline(10 * MS).no_timeout().await.unwrap(), None);
    assert_eq!(clerk.deadline(MS).await.unwrap(), Some(4999 * MS));
    let log = Log::default();
    clerk.fetch_for_nobody(log.clone()).await.unwrap();
    assert_eq!(clerk.deadline(MS).await.unwrap(), Some(4959 * MS), "40 ms of it waiting in line");
    assert_eq!(log.read(), ["true"], "a cast has no caller");
}

#[tokio::test(start_paused = true)]
async fn a_handler_sees_its_caller_leave() {
    let (tickets, _) = tickets().await;
    let clerk = Clerk::start(tickets).await.unwrap();
    let log = Log::default();
    assert!(clerk.watch(log.clone()).timeout(10 * MS).await.is_err());
    clerk.plain().await.unwrap();
    assert_eq!(log.read(), ["cancelled"]);
    clerk.fetch_for_nobody(Log::default()).await.unwrap();
    // Queued, begun by a runner, then dropped.
    assert!(tokio::time::timeout(60 * MS, clerk.watch(log.clone())).await.is_err());
    clerk.plain().await.unwrap();
    assert_eq!(log.read(), ["cancelled", "cancelled"]);
}

/// Keeps what it is asked and answers in bursts, from wherever.
#[genserver]
struct Desk {
    waiting: Vec<(u32, ReplyTo<u32>)>,
}

#[genserver]
impl Desk {
    #[init]
    fn init() -> Self {
        Desk { waiting: Vec::new() }
    }

    #[call]
    fn ask(&mut self, what: u32, reply: ReplyTo<u32>) {
        self.waiting.push((what, reply));
        if self.waiting.len() >= 3 {
            for (what, reply) in self.waiting.drain(..) {
                if what % 2 == 0 {
                    reply.send(what);
                } else {
                    tokio::spawn(async move { reply.send(what) });
                }
            }
        }
    }

    #[call]
    fn flush(&mut self) -> usize {
        for (what, reply) in self.waiting.drain(..) {
            reply.send(what);
        }
        self.waiting.len()
    }

    #[cast]
    fn fall(&mut self) {
        panic!("as asked");
    }
}

supervisor! {
    Desks() {
        strategy: one_for_one,
        restarts: 1000 in 1s,
        desk: Desk(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_deferred_call_ends_under_contention_and_crashes() {
    let tree = Desks::start().await.unwrap();
    let desk = tree.desk().clone();
    let mut callers = Vec::new();
    for caller in 0..16_u32 {
        let desk = desk.clone();
        callers.push(tokio::spawn(async move {
            let (mut answered, mut crashed) = (0, 0);
            for n in 0..200 {
                let what = caller * 1_000 + n;
                let outcome = if n % 3 == 0 { desk.ask(what).request().await } else { desk.ask(what).await };
                match outcome {
                    Ok(reply) => {
                        assert_eq!(reply, what);
                        answered += 1;
                    }
                    Err(CallError::Crashed { .. }) => crashed += 1,
                    Err(error) => panic!("{error:?}"),
                }
            }
            (answered, crashed)
        }));
    }
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (flusher, over) = (desk.clone(), stop.clone());
    let flush = tokio::spawn(async move {
        let mut rounds = 0_u32;
        while !over.load(std::sync::atomic::Ordering::Relaxed) {
            let _ = flusher.flush().await;
            rounds += 1;
            if rounds.is_multiple_of(64) && rounds < 64 * 20 {
                flusher.fall().await.unwrap();
            }
            yield_now().await;
        }
    });
    let mut total = (0, 0);
    for caller in callers {
        let (answered, crashed) = caller.await.unwrap();
        total = (total.0 + answered, total.1 + crashed);
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    flush.await.unwrap();
    assert_eq!(total.0 + total.1, 3_200);
}
