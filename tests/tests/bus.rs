//! The event bus: who gets what, slow subscribers, restarts.
#![allow(missing_docs)]

mod support;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use noex::{
    event_bus::{
        Buffer, Overflow, Pattern, PatternError, PublishError, Published, Subscriber, TopicError,
        TryPublishError,
    },
    observer::{EventKind, Undelivered},
    prelude::*,
};
use support::Log;
use tokio::task::yield_now;

#[derive(Clone, Debug, PartialEq)]
struct Rate(u64);

#[derive(Clone)]
struct Alarm;

/// Notes what it hears, and does what it is told.
#[genserver]
struct Board {
    log: Log,
    name: &'static str,
}

#[genserver]
impl Board {
    #[init]
    fn init(name: &'static str, log: Log) -> Self {
        Board { log, name }
    }

    #[subscribe("rates.*")]
    fn rate_changed(&mut self, topic: Topic, rate: Rate) {
        self.log.note(format!("{} {topic} {}", self.name, rate.0));
        assert_ne!(rate.0, 13, "as asked");
    }

    #[subscribe("alarm.**")]
    async fn alarmed(&self, _: &mut Context<Self>, _alarm: Alarm) {
        yield_now().await;
        self.log.note(format!("{} alarm", self.name));
    }

    #[call]
    fn ping(&self) {}

    #[call]
    async fn publish_but_to_me(&mut self, cx: &mut Context<Self>, cents: u64) -> usize {
        let me = cx.pid();
        cx.bus().publish("rates.eur", Rate(cents)).except(me).await.unwrap().delivered
    }

    #[call]
    async fn publish_and_wait(
        &mut self,
        cx: &mut Context<Self>,
        cents: u64,
    ) -> Result<Published, PublishError> {
        cx.bus().publish_sync("rates.eur", Rate(cents)).await
    }
}

async fn boards(system: &System, log: &Log) -> (BoardRef, BoardRef) {
    let a = Board::start("a", log.clone()).system(system).await.unwrap();
    let b = Board::start("b", log.clone()).system(system).await.unwrap();
    (a, b)
}

// PUB-1
#[tokio::test]
async fn each_subscriber_gets_an_event_once() {
    let (system, log) = (System::new(), Log::default());
    let (a, b) = boards(&system, &log).await;
    let published = system.bus().publish("rates.eur", Rate(1)).await.unwrap();
    assert_eq!((published.delivered, published.dropped), (2, 0));
    a.ping().await.unwrap();
    b.ping().await.unwrap();
    let mut heard = log.take();
    heard.sort();
    assert_eq!(heard, ["a rates.eur 1", "b rates.eur 1"]);
}

// PUB-2
#[tokio::test]
async fn an_event_of_another_topic_or_type_is_not_for_them() {
    let (system, log) = (System::new(), Log::default());
    let (a, _b) = boards(&system, &log).await;
    let bus = system.bus();
    for topic in ["rates", "rates.eur.usd", "rate.eur", "Rates.eur"] {
        assert_eq!(bus.publish(topic, Rate(1)).await.unwrap().delivered, 0, "{topic}");
    }
    assert_eq!(bus.publish("rates.eur", Alarm).await.unwrap().delivered, 0);
    assert_eq!(bus.publish("rates.eur", Arc::new(Rate(1))).await.unwrap().delivered, 0);
    a.ping().await.unwrap();
    assert_eq!(log.take(), [""; 0]);
    assert_eq!(bus.publish("alarm", Alarm).await.unwrap().delivered, 2);
    assert_eq!(bus.publish("alarm.fire.floor3", Alarm).await.unwrap().delivered, 2);
}

// PUB-3
#[tokio::test]
async fn a_publisher_can_leave_itself_out() {
    let (system, log) = (System::new(), Log::default());
    let (a, b) = boards(&system, &log).await;
    assert_eq!(a.publish_but_to_me(1).await.unwrap(), 1);
    a.ping().await.unwrap();
    b.ping().await.unwrap();
    assert_eq!(log.take(), ["b rates.eur 1"]);
}

// PUB-4
#[tokio::test]
async fn who_is_unsubscribed_hears_nothing() {
    let bus = EventBus::new("test");
    let mut events = bus.subscribe::<Rate>("a").unwrap();
    assert_eq!(bus.patterns(), [(Pattern::new("a").unwrap(), 1)]);
    bus.publish("a", Rate(1)).await.unwrap();
    assert!(events.subscriber().unsubscribe());
    assert!(!events.subscriber().unsubscribe());
    assert_eq!(bus.publish("a", Rate(2)).await.unwrap().delivered, 0);
    assert_eq!(events.recv().await, None);
    assert!(bus.subscribers_of("a").is_empty());
    assert_eq!(bus.patterns(), []);
}

#[tokio::test]
async fn what_waits_in_a_mailbox_is_called_off_with_its_subscription() {
    let (system, log) = (System::new(), Log::default());
    let (a, _b) = boards(&system, &log).await;
    a.suspend().await.unwrap();
    system.bus().publish("rates.eur", Rate(1)).await.unwrap();
    let subscriber = of(&system, a.pid(), "rate_changed");
    assert_eq!(subscriber.waiting(), 1);
    subscriber.unsubscribe();
    a.resume();
    a.ping().await.unwrap();
    assert!(!log.take().contains(&"a rates.eur 1".into()));
    assert_eq!(system.dead_letters(), 0);
}

// PUB-5
#[tokio::test]
async fn who_subscribes_twice_hears_twice() {
    let bus = EventBus::new("test");
    let heard = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        let heard = heard.clone();
        bus.subscribe_fn("a", move |_, _: Rate| {
            heard.fetch_add(1, Ordering::Relaxed);
        })
        .unwrap();
    }
    assert_eq!(bus.publish("a", Rate(1)).await.unwrap().delivered, 2);
    assert_eq!(heard.load(Ordering::Relaxed), 2);
}

// PUB-6
#[tokio::test]
async fn a_subscriber_that_ends_is_not_listed_any_more() {
    let (system, log) = (System::new(), Log::default());
    let (a, b) = boards(&system, &log).await;
    assert_eq!(system.bus().subscribers_of("rates.eur").len(), 2);
    a.kill();
    a.ended().await;
    let left: Vec<_> = system.bus().subscribers().iter().map(Subscriber::server).collect();
    assert_eq!(left, [Some(b.pid()), Some(b.pid())]);
    assert_eq!(system.bus().publish("rates.eur", Rate(1)).await.unwrap().delivered, 1);
    b.ping().await.unwrap();
    assert_eq!(log.take(), ["b rates.eur 1"]);
    b.stop().await.unwrap();
    assert!(system.bus().subscribers().is_empty());
}

// PUB-8
#[tokio::test]
async fn what_is_local_goes_nowhere_else() {
    let (system, log) = (System::new(), Log::default());
    let (a, b) = boards(&system, &log).await;
    let elsewhere = log.clone();
    system.bus().add_outlet(move |topic: &Topic, event: &dyn std::any::Any| {
        elsewhere.note(format!("out {topic} {}", event.downcast_ref::<Rate>().unwrap().0));
    });
    system.bus().publish("rates.eur", Rate(1)).local().except(a.pid()).await.unwrap();
    b.ping().await.unwrap();
    assert_eq!(log.take(), ["b rates.eur 1"]);
    system.bus().publish("nobody.listens", Rate(2)).await.unwrap();
    assert_eq!(log.take(), ["out nobody.listens 2"]);
}

// PUB-9
#[test]
#[should_panic(expected = "a bus needs a name")]
fn a_bus_needs_a_name() {
    EventBus::new("");
}

#[tokio::test]
async fn texts_that_are_no_topics_or_patterns_are_errors() {
    let bus = EventBus::new("test");
    let topic = |topic: &'static str| bus.try_publish(topic, Rate(1)).unwrap_err();
    assert_eq!(topic(""), TryPublishError::Topic(TopicError::Empty));
    assert!(matches!(topic("a."), TryPublishError::Topic(TopicError::EmptySegment { .. })));
    assert!(matches!(topic("a.*"), TryPublishError::Topic(TopicError::Wildcard { .. })));
    assert!(matches!(
        bus.publish("a..b", Rate(1)).await,
        Err(PublishError::Topic(TopicError::EmptySegment { topic })) if &*topic == "a..b"
    ));
    let pattern = |pattern: &str| bus.subscribe::<Rate>(pattern).unwrap_err();
    assert_eq!(pattern(""), PatternError::Empty);
    assert!(matches!(pattern(".a"), PatternError::EmptySegment { .. }));
    assert!(matches!(pattern("a.b*"), PatternError::Wildcard { .. }));
    assert!(matches!(pattern("**.**"), PatternError::Repeated { .. }));
}

/// Every text of one to `most` segments of these.
fn texts(of: &[&str], most: usize) -> Vec<String> {
    let mut all: Vec<String> = of.iter().map(ToString::to_string).collect();
    let mut last = all.clone();
    for _ in 1..most {
        last = last.iter().flat_map(|text| of.iter().map(move |more| format!("{text}.{more}"))).collect();
        all.extend(last.clone());
    }
    all
}

#[tokio::test]
async fn the_index_finds_what_the_patterns_match() {
    let bus = EventBus::new("test");
    let (count, heard) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Vec::new())));
    let patterns: Vec<Pattern> =
        texts(&["a", "b", "*", "**"], 4).iter().filter_map(|text| Pattern::new(text).ok()).collect();
    assert_eq!(patterns.len(), 292, "all that have no `**.**`");
    let mut subscribers = Vec::new();
    for pattern in &patterns {
        let (heard, own) = (heard.clone(), pattern.clone());
        let count = count.clone();
        let listener = move |_: &Topic, _: Rate| {
            count.fetch_add(1, Ordering::Relaxed);
            heard.lock().unwrap().push(own.clone());
        };
        subscribers.push(bus.subscribe_fn(pattern.clone(), listener).unwrap());
    }
    let topics = texts(&["a", "b", "c"], 4);
    for round in 0..2 {
        for topic in &topics {
            bus.publish(topic, Rate(1)).await.unwrap();
            let mut found = std::mem::take(&mut *heard.lock().unwrap());
            found.sort();
            let live = patterns.iter().zip(&subscribers).filter(|(_, subscriber)| !subscriber.is_over());
            let mut expected: Vec<Pattern> =
                live.map(|(pattern, _)| pattern).filter(|pattern| pattern.matches(topic)).cloned().collect();
            expected.sort();
            assert_eq!(found, expected, "{topic} in round {round}");
        }
        // Half of them go: what they left must be found still.
        for subscriber in subscribers.iter().step_by(2) {
            subscriber.unsubscribe();
        }
    }
    for subscriber in &subscribers {
        subscriber.unsubscribe();
    }
    assert_eq!(bus.patterns(), []);
}

fn of(system: &System, server: Pid, handler: &str) -> Subscriber {
    let mut all = system.bus().subscribers().into_iter();
    all.find(|it| it.server() == Some(server) && it.handler() == Some(handler)).unwrap()
}

/// Slow in four ways.
#[genserver(mailbox = 2)]
struct Slow {
    log: Log,
}

#[genserver]
impl Slow {
    #[init]
    fn init(log: Log) -> Self {
        Slow { log }
    }

    #[subscribe("oldest", buffer = 2)]
    fn oldest(&mut self, rate: Rate) {
        self.log.note(format!("oldest {}", rate.0));
    }

    #[subscribe("newest", buffer = 2, overflow = drop_newest)]
    fn newest(&mut self, rate: Rate) {
        self.log.note(format!("newest {}", rate.0));
    }

    #[subscribe("disconnect", buffer = 2, overflow = disconnect)]
    fn disconnect(&mut self, rate: Rate) {
        self.log.note(format!("disconnect {}", rate.0));
    }

    #[subscribe("wait", buffer = 2, overflow = wait)]
    async fn wait(&mut self, rate: Rate) {
        yield_now().await;
        self.log.note(format!("wait {}", rate.0));
    }

    #[subscribe("gate.*", overflow = wait)]
    async fn gate(&mut self, gate: Gate) {
        self.log.note("gate");
        gate.0.acquire().await.unwrap().forget();
    }

    #[call]
    fn ping(&self) {}

    #[call]
    async fn fill(&mut self, cx: &mut Context<Self>) -> Result<Published, PublishError> {
        for number in 1..3 {
            cx.bus().publish("wait", Rate(number)).await?;
        }
        cx.bus().publish("wait", Rate(3)).await
    }
}

#[derive(Clone)]
struct Gate(Arc<tokio::sync::Semaphore>);

#[tokio::test]
async fn a_slow_subscriber_loses_its_oldest_events() {
    let (system, log) = (System::new(), Log::default());
    let slow = Slow::start(log.clone()).system(&system).await.unwrap();
    let mut events = system.events();
    slow.suspend().await.unwrap();
    for number in 1..=5 {
        let published = system.bus().publish("oldest", Rate(number)).await.unwrap();
        assert_eq!((published.delivered, published.dropped), (1, 0));
    }
    let subscriber = of(&system, slow.pid(), "oldest");
    assert_eq!((subscriber.waiting(), subscriber.dropped()), (2, 3));
    slow.resume();
    slow.ping().await.unwrap();
    assert_eq!(log.take(), ["oldest 4", "oldest 5"]);
    assert_eq!((subscriber.waiting(), subscriber.dropped()), (0, 3));
    assert_eq!(system.dead_letters(), 3);
    let event = events.next().await.unwrap();
    assert!(
        matches!(event.kind, EventKind::DeadLetter { handler: "oldest", why: Undelivered::Overflow }),
        "{event:?}"
    );
}

#[tokio::test]
async fn the_oldest_may_be_in_the_hands_of_the_server_already() {
    let (system, log) = (System::new(), Log::default());
    let slow = Slow::start(log.clone()).system(&system).await.unwrap();
    let gate = Gate(Arc::new(tokio::sync::Semaphore::new(0)));
    slow.suspend().await.unwrap();
    let bus = system.bus();
    bus.publish("gate.1", gate.clone()).await.unwrap();
    for number in 1..=2 {
        bus.publish("oldest", Rate(number)).await.unwrap();
    }
    slow.resume();
    while log.read().is_empty() {
        yield_now().await;
    }
    // It took all three and hangs in the first.
    let subscriber = of(&system, slow.pid(), "oldest");
    for number in 3..=3 {
        bus.publish("oldest", Rate(number)).await.unwrap();
    }
    assert_eq!((subscriber.waiting(), subscriber.dropped()), (2, 1));
    gate.0.add_permits(1);
    slow.ping().await.unwrap();
    assert_eq!(log.take(), ["gate", "oldest 2", "oldest 3"]);

    // And where it lags far behind, what cannot be handled any more is not kept either.
    bus.publish("gate.2", gate.clone()).await.unwrap();
    while log.read().is_empty() {
        yield_now().await;
    }
    for number in 1..=1_000 {
        bus.publish("oldest", Rate(number)).await.unwrap();
    }
    assert!(slow.snapshot().queue <= 4, "{}", slow.snapshot().queue);
    assert_eq!((subscriber.waiting(), subscriber.dropped()), (2, 1 + 998));
    gate.0.add_permits(1);
    slow.ping().await.unwrap();
    assert_eq!(log.take(), ["gate", "oldest 999", "oldest 1000"]);
    assert_eq!((subscriber.waiting(), subscriber.dropped()), (0, 999));
    assert_eq!(system.dead_letters(), 999);
}

#[tokio::test]
async fn a_slow_subscriber_loses_its_newest_events_if_it_says_so() {
    let (system, log) = (System::new(), Log::default());
    let slow = Slow::start(log.clone()).system(&system).await.unwrap();
    let lost = log.clone();
    system.on_undelivered(move |letter| match letter.message.downcast::<SlowInfo>().map(|it| *it) {
        Ok(SlowInfo::Newest { rate }) => lost.note(format!("lost {}", rate.0)),
        _ => panic!("another message"),
    });
    slow.suspend().await.unwrap();
    for number in 1..=4 {
        let published = system.bus().try_publish("newest", Rate(number)).unwrap();
        let expected = if number < 3 { (1, 0) } else { (0, 1) };
        assert_eq!((published.delivered, published.dropped), expected);
    }
    slow.resume();
    slow.ping().await.unwrap();
    assert_eq!(log.take(), ["lost 3", "lost 4", "newest 1", "newest 2"]);
    let subscriber = of(&system, slow.pid(), "newest");
    assert_eq!((subscriber.waiting(), subscriber.dropped()), (0, 2));
}

#[tokio::test]
async fn a_slow_subscriber_is_disconnected_if_it_says_so() {
    let (system, log) = (System::new(), Log::default());
    let slow = Slow::start(log.clone()).system(&system).await.unwrap();
    let subscriber = of(&system, slow.pid(), "disconnect");
    let mut events = system.events();
    slow.suspend().await.unwrap();
    for number in 1..=4 {
        system.bus().publish("disconnect", Rate(number)).await.unwrap();
    }
    assert!(subscriber.is_over());
    assert_eq!(subscriber.dropped(), 1);
    slow.resume();
    slow.ping().await.unwrap();
    assert_eq!(log.take(), ["disconnect 1", "disconnect 2"]);
    assert!(matches!(events.next().await.unwrap().kind, EventKind::DeadLetter { .. }));
    assert!(matches!(
        events.next().await.unwrap().kind,
        EventKind::Disconnected { pattern } if pattern == "disconnect"
    ));
}

#[tokio::test]
async fn a_publisher_waits_for_a_slow_subscriber_that_says_so() {
    let (system, log) = (System::new(), Log::default());
    let slow = Slow::start(log.clone()).system(&system).await.unwrap();
    let mut others = system.bus().subscribe::<Rate>("wait").unwrap();
    slow.suspend().await.unwrap();
    for number in 1..=2 {
        system.bus().publish("wait", Rate(number)).await.unwrap();
    }
    let full = system.bus().try_publish("wait", Rate(3)).unwrap_err();
    assert!(
        matches!(full, TryPublishError::Full { full: 1, published } if published.delivered == 1),
        "{full}"
    );
    let (bus, publishing) = (system.bus().clone(), log.clone());
    let publisher = tokio::spawn(async move {
        for number in 4..=6 {
            bus.publish("wait", Rate(number)).await.unwrap();
            publishing.note(format!("published {number}"));
        }
    });
    yield_now().await;
    yield_now().await;
    assert_eq!(log.take(), [""; 0]);
    // The others do not wait with it.
    for number in 1..=4 {
        assert_eq!(others.recv().await.unwrap().1, Rate(number));
    }
    assert_eq!(others.try_recv(), None);
    slow.resume();
    publisher.await.unwrap();
    slow.ping().await.unwrap();
    let heard = log.take();
    let waited: Vec<_> = heard.iter().filter(|line| line.starts_with("wait")).collect();
    assert_eq!(waited, ["wait 1", "wait 2", "wait 4", "wait 5", "wait 6"]);
    assert_eq!(system.dead_letters(), 0);

    // Whoever waits for a subscriber that ends, waits no longer.
    slow.suspend().await.unwrap();
    system.bus().publish("wait", Rate(7)).await.unwrap();
    system.bus().publish("wait", Rate(8)).await.unwrap();
    let bus = system.bus().clone();
    let publisher = tokio::spawn(async move { bus.publish("wait", Rate(9)).await });
    yield_now().await;
    slow.kill();
    assert_eq!(publisher.await.unwrap().unwrap().delivered, 1);
}

#[tokio::test]
async fn a_handler_that_would_wait_for_itself_is_told_so() {
    let (system, log) = (System::new(), Log::default());
    let slow = Slow::start(log.clone()).system(&system).await.unwrap();
    let error = slow.fill().await.unwrap_err();
    let CallError::Handler(PublishError::Deadlock { path }) = error else { panic!("{error}") };
    assert!(path.to_string().contains("fill"), "{path}");
    assert!(path.to_string().contains("wait"), "{path}");

    let (a, _b) = boards(&system, &log).await;
    let error = a.publish_and_wait(1).await.unwrap_err();
    assert!(matches!(error, CallError::Handler(PublishError::Deadlock { .. })), "{error}");
    a.ping().await.unwrap();
}

#[tokio::test]
async fn events_do_not_need_room_in_the_mailbox_nor_lose_it_their_place() {
    let (system, log) = (System::new(), Log::default());
    let slow = Slow::start(log.clone()).system(&system).await.unwrap();
    slow.suspend().await.unwrap();
    system.bus().publish("newest", Rate(1)).await.unwrap();
    system.bus().publish("newest", Rate(2)).await.unwrap();
    system.bus().publish("oldest", Rate(3)).await.unwrap();
    system.bus().publish("wait", Rate(4)).await.unwrap();
    assert_eq!(slow.snapshot().queue, 4);
    slow.resume();
    slow.ping().await.unwrap();
    assert_eq!(log.take(), ["newest 1", "newest 2", "oldest 3", "wait 4"]);
}

supervisor! {
    Boards(log: Log) {
        strategy: one_for_one,
        restarts: 100 in 5s,
        board: Board("b", log.clone()),
    }
}

#[tokio::test]
async fn a_restarted_server_misses_nothing_and_hears_nothing_twice() {
    let (system, log) = (System::new(), Log::default());
    let tree = Boards::start(log.clone()).system(&system).await.unwrap();
    let bus = system.bus();
    for number in [1, 13, 2, 13, 3] {
        bus.publish("rates.eur", Rate(number)).await.unwrap();
    }
    tree.board().ping().await.unwrap();
    let heard = ["b rates.eur 1", "b rates.eur 13", "b rates.eur 2", "b rates.eur 13", "b rates.eur 3"];
    assert_eq!(log.take(), heard);
    assert_eq!(tree.board().snapshot().restarts, 2);
    assert_eq!(bus.subscribers().len(), 2);
    tree.stop().await.unwrap();
    assert!(bus.subscribers().is_empty());
}

/// Forgets its mailbox when it crashes.
#[genserver(on_restart = drop)]
struct Fresh {
    log: Log,
}

#[genserver]
impl Fresh {
    #[init]
    fn init(cx: &mut Context<Self>, log: Log) -> Self {
        cx.subscribe::<Alarm>("alarm").unwrap();
        Fresh { log }
    }

    #[subscribe("rates.*")]
    fn rate_changed(&mut self, rate: Rate) {
        self.log.note(rate.0.to_string());
        assert_ne!(rate.0, 13, "as asked");
    }

    #[info]
    fn alarmed(&mut self, _: Alarm) {
        self.log.note("alarm");
    }

    #[call]
    fn ping(&self) {}
}

supervisor! {
    Freshes(log: Log) {
        strategy: one_for_one,
        restarts: 100 in 5s,
        fresh: Fresh(log.clone()),
    }
}

#[tokio::test]
async fn a_server_that_drops_its_mailbox_drops_its_subscriptions_too() {
    let (system, log) = (System::new(), Log::default());
    let tree = Freshes::start(log.clone()).system(&system).await.unwrap();
    let first = system.bus().subscribers();
    assert_eq!(first.len(), 2);
    tree.fresh().suspend().await.unwrap();
    for number in [13, 1] {
        system.bus().publish("rates.eur", Rate(number)).await.unwrap();
    }
    tree.fresh().resume();
    tree.fresh().ping().await.unwrap_err();
    while !tree.fresh().is_alive() {
        yield_now().await;
    }
    assert_eq!(log.take(), ["13"]);
    assert!(first.iter().all(Subscriber::is_over));
    system.bus().publish("rates.eur", Rate(2)).await.unwrap();
    system.bus().publish("alarm", Alarm).await.unwrap();
    tree.fresh().ping().await.unwrap();
    assert_eq!(log.take(), ["2", "alarm"]);
    assert_eq!(system.bus().subscribers().len(), 2);
}

/// Starts only if it is told to.
#[genserver]
struct Picky {}

#[genserver]
impl Picky {
    #[init]
    fn init(willing: bool) -> Result<Self, String> {
        if willing { Ok(Picky {}) } else { Err("not now".into()) }
    }

    #[subscribe("**")]
    fn heard(&mut self, _rate: Rate) {}
}

#[tokio::test]
async fn a_server_that_does_not_start_subscribes_to_nothing() {
    let system = System::new();
    Picky::start(false).system(&system).await.unwrap_err();
    assert!(system.bus().subscribers().is_empty());
    let picky = Picky::start(true).system(&system).await.unwrap();
    assert_eq!(system.bus().subscribers().len(), 1);
    // A subscription is no reference.
    drop(picky);
    while !system.bus().subscribers().is_empty() {
        yield_now().await;
    }
}

#[tokio::test]
async fn publish_sync_returns_when_all_have_handled_it() {
    let (system, log) = (System::new(), Log::default());
    let (a, b) = boards(&system, &log).await;
    let closure = log.clone();
    system.bus().subscribe_fn("**", move |topic, _: Alarm| closure.note(topic.as_str())).unwrap();
    assert_eq!(system.bus().publish_sync("alarm.fire", Alarm).await.unwrap().delivered, 3);
    let mut heard = log.take();
    heard.sort();
    assert_eq!(heard, ["a alarm", "alarm.fire", "b alarm"]);

    // A handler that crashes has handled it, as far as it ever will; so has a server that ends.
    system.bus().publish_sync("rates.eur", Rate(13)).await.unwrap();
    assert_eq!(log.take().len(), 2);
    assert!(!a.is_alive() && !b.is_alive());

    // A stream has when it was read that far.
    let mut events = system.bus().subscribe::<Alarm>("alarm").unwrap();
    let bus = system.bus().clone();
    let publisher = tokio::spawn(async move { bus.publish_sync("alarm", Alarm).await.unwrap() });
    yield_now().await;
    assert!(!publisher.is_finished());
    events.recv().await.unwrap();
    assert_eq!(publisher.await.unwrap().delivered, 2);
}

#[tokio::test]
async fn publish_sync_waits_for_the_next_life() {
    let (system, log) = (System::new(), Log::default());
    let tree = Boards::start(log.clone()).system(&system).await.unwrap();
    tree.board().suspend().await.unwrap();
    system.bus().publish("rates.eur", Rate(13)).await.unwrap();
    let bus = system.bus().clone();
    let publisher = tokio::spawn(async move { bus.publish_sync("rates.eur", Rate(1)).await.unwrap() });
    yield_now().await;
    tree.board().resume();
    publisher.await.unwrap();
    assert_eq!(log.take(), ["b rates.eur 13", "b rates.eur 1"]);
}

#[tokio::test]
async fn a_closure_may_panic_publish_and_unsubscribe() {
    let bus = EventBus::new("test");
    let (again, log) = (bus.clone(), Log::default());
    let own = Arc::new(Mutex::new(None::<Subscriber>));
    let (me, heard) = (own.clone(), log.clone());
    let subscriber = bus
        .subscribe_fn("a", move |_, rate: Rate| {
            heard.note(rate.0.to_string());
            me.lock().unwrap().as_ref().unwrap().unsubscribe();
            again.try_publish("a", Rate(rate.0 + 1)).unwrap();
            panic!("as asked");
        })
        .unwrap();
    *own.lock().unwrap() = Some(subscriber);
    let mut events = bus.subscribe::<Rate>("a").unwrap();
    bus.publish("a", Rate(1)).await.unwrap();
    assert_eq!(log.take(), ["1"]);
    assert_eq!(events.recv().await.unwrap().1, Rate(2));
    assert_eq!(events.recv().await.unwrap().1, Rate(1));
}

/// Subscribes as it is told.
#[genserver]
struct Free {
    log: Log,
}

#[genserver]
impl Free {
    #[init]
    fn init(log: Log) -> Self {
        Free { log }
    }

    #[call]
    fn listen(&mut self, cx: &mut Context<Self>, bus: EventBus, pattern: String) -> Subscriber {
        let buffer = Buffer::new(2).overflow(Overflow::DropNewest);
        let line = |topic: &Topic, rate: Rate| {
            assert_ne!(rate.0, 13, "as asked");
            format!("{topic} {}", rate.0)
        };
        cx.subscribe_to(&bus, pattern, buffer, line).unwrap()
    }

    #[info]
    fn heard(&mut self, line: String) {
        self.log.note(line);
    }

    #[call]
    fn ping(&self) {}
}

#[tokio::test]
async fn a_server_listens_to_any_bus_while_it_likes() {
    let (system, log, bus) = (System::new(), Log::default(), EventBus::new("test"));
    let free = Free::start(log.clone()).system(&system).await.unwrap();
    let subscriber = free.listen(bus.clone(), "a.*".into()).await.unwrap();
    assert_eq!((subscriber.server(), subscriber.handler()), (Some(free.pid()), None));
    bus.publish("a.b", Rate(1)).await.unwrap();
    // What makes messages panics for the publisher's account, and not at its cost.
    bus.publish_sync("a.b", Rate(13)).await.unwrap();
    bus.publish("a.c", Rate(2)).await.unwrap();
    free.ping().await.unwrap();
    assert_eq!(log.take(), ["a.b 1", "a.c 2"]);
    assert_eq!(subscriber.waiting(), 0);
    subscriber.unsubscribe();
    assert_eq!(bus.publish("a.b", Rate(3)).await.unwrap().delivered, 0);
    free.listen(bus.clone(), "**".into()).await.unwrap();
    free.stop().await.unwrap();
    assert!(bus.subscribers().is_empty());
}

#[tokio::test]
async fn many_come_and_go_on_one_topic_in_any_order() {
    let bus = EventBus::new("test");
    let mut all: Vec<_> = (0..100).map(|_| bus.subscribe::<Rate>("a").unwrap()).collect();
    all.extend((0..100).map(|_| bus.subscribe::<Rate>("*").unwrap()));
    for step in [7, 3, 5, 2] {
        let mut at = 0;
        all.retain(|_| {
            at += 1;
            at % step != 0
        });
        let published = bus.publish("a", Rate(step)).await.unwrap();
        assert_eq!(published.delivered, all.len());
        assert_eq!(bus.subscribers().len(), all.len());
    }
    for events in &mut all {
        let heard: Vec<_> = std::iter::from_fn(|| events.try_recv()).map(|(_, rate)| rate.0).collect();
        assert_eq!(heard, [7, 3, 5, 2]);
    }
    drop(all);
    assert_eq!(bus.patterns(), []);
}

#[tokio::test]
async fn a_stream_is_over_with_its_reader_and_with_its_bus() {
    let bus = EventBus::new("test");
    let dropped = bus.subscribe::<Rate>("a").unwrap();
    drop(dropped);
    assert!(bus.subscribers().is_empty());

    let mut events = bus.subscribe_with::<Rate>("a", Buffer::new(1).overflow(Overflow::Wait)).unwrap();
    bus.publish("a", Rate(1)).await.unwrap();
    assert!(bus.try_publish("a", Rate(2)).is_err());
    drop(bus);
    assert_eq!(events.recv().await.unwrap().1, Rate(1));
    assert_eq!(events.recv().await, None);
}

#[tokio::test]
async fn an_event_is_cloned_for_all_but_the_last() {
    struct Counted(Arc<AtomicUsize>);
    impl Clone for Counted {
        fn clone(&self) -> Self {
            self.0.fetch_add(1, Ordering::Relaxed);
            Counted(self.0.clone())
        }
    }
    let (bus, clones) = (EventBus::new("test"), Arc::new(AtomicUsize::new(0)));
    let _readers: Vec<_> =
        ["a", "*", "**"].iter().map(|pattern| bus.subscribe::<Counted>(*pattern).unwrap()).collect();
    bus.publish("a", Counted(clones.clone())).await.unwrap();
    assert_eq!(clones.load(Ordering::Relaxed), 2);
}

/// Checks the order of what each publisher sends.
#[genserver(mailbox = 8)]
struct Witness {
    last: [u64; 4],
    heard: u64,
}

#[genserver]
impl Witness {
    #[init]
    fn init() -> Self {
        Witness { last: [0; 4], heard: 0 }
    }

    #[subscribe("from.*", buffer = 8, overflow = wait)]
    fn heard(&mut self, event: (usize, u64)) {
        let (publisher, number) = event;
        assert_eq!(self.last[publisher] + 1, number);
        self.last[publisher] = number;
        self.heard += 1;
    }

    #[call]
    fn count(&self) -> u64 {
        self.heard
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_publisher_is_heard_in_its_order_while_subscribers_come_and_go() {
    let system = System::new();
    let mut witnesses = Vec::new();
    for _ in 0..10 {
        witnesses.push(Witness::start().system(&system).await.unwrap());
    }
    let publishers: Vec<_> = (0..4_usize)
        .map(|publisher| {
            let bus = system.bus().clone();
            tokio::spawn(async move {
                for number in 1..=500_u64 {
                    let published =
                        bus.publish(format!("from.{publisher}"), (publisher, number)).await.unwrap();
                    assert!(published.delivered >= 10);
                    assert_eq!(published.dropped, 0);
                }
            })
        })
        .collect();
    let bus = system.bus().clone();
    let churn = tokio::spawn(async move {
        for round in 0..500 {
            let mut events = bus.subscribe::<(usize, u64)>("from.1").unwrap();
            let closure = bus.subscribe_fn("**", |_, _: (usize, u64)| {}).unwrap();
            if round % 2 == 0 {
                drop(events.try_recv());
                yield_now().await;
            }
            closure.unsubscribe();
        }
    });
    for task in publishers {
        task.await.unwrap();
    }
    churn.await.unwrap();
    for witness in &witnesses {
        assert_eq!(witness.count().await.unwrap(), 2_000);
    }
    assert_eq!(system.bus().subscribers().len(), 10);
    assert_eq!(system.dead_letters(), 0);
}

#[test]
fn an_event_can_be_published_from_anywhere() {
    let bus = EventBus::new("test");
    let mut events = bus.subscribe::<Rate>(String::from("a.*")).unwrap();
    let topic = Topic::from_static("a.b");
    bus.try_publish(&topic, Rate(1)).unwrap();
    bus.try_publish(String::from("a.c"), Rate(2)).unwrap();
    bus.try_publish(topic, Rate(3)).unwrap();
    let heard: Vec<_> =
        std::iter::from_fn(|| events.try_recv()).map(|(topic, rate)| (topic.to_string(), rate.0)).collect();
    assert_eq!(heard, [("a.b".into(), 1), ("a.c".into(), 2), ("a.b".into(), 3)]);
}
