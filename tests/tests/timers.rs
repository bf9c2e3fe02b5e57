//! Timers: once and again, silences, exits and functions.
#![allow(missing_docs)]

mod support;

use std::time::Duration;

use noex::{
    Missed, Period, TimerId,
    observer::{EventKind, Undelivered},
    prelude::*,
};
use support::Log;
use tokio::{
    task::yield_now,
    time::{Instant, sleep},
};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// What happened, with the time since the start.
#[derive(Clone)]
struct Diary {
    start: Instant,
    log: Log,
}

impl Diary {
    fn new() -> Self {
        Diary { start: Instant::now(), log: Log::default() }
    }

    fn note(&self, what: impl std::fmt::Display) {
        self.log.note(format!("{what} {}", self.start.elapsed().as_millis()));
    }

    fn take(&self) -> Vec<String> {
        self.log.take()
    }
}

#[derive(Clone)]
struct Tick(&'static str);

struct Quiet;

type Job = Box<dyn FnOnce(&mut Clock, &mut Context<Clock>) + Send>;

#[genserver(mailbox = 4)]
struct Clock {
    diary: Diary,
    fired: Vec<Option<TimerId>>,
}

#[genserver]
impl Clock {
    #[init]
    fn init(diary: Diary) -> Self {
        Clock { diary, fired: Vec::new() }
    }

    #[call]
    fn after(&mut self, cx: &mut Context<Self>, delay: Duration, what: &'static str) -> Timer {
        cx.send_after(delay, Tick(what))
    }

    #[call]
    fn run(&mut self, cx: &mut Context<Self>, job: Job) {
        job(self, cx);
    }

    #[call]
    fn quiet_after(&mut self, cx: &mut Context<Self>, delay: Duration) {
        cx.idle_timeout(delay, Quiet);
    }

    #[call]
    async fn quiet_after_work(&mut self, cx: &mut Context<Self>, delay: Duration, work: Duration) {
        cx.idle_timeout(delay, Quiet);
        sleep(work).await;
    }

    #[call]
    fn ping(&self) {}

    #[call]
    fn fired(&self) -> Vec<Option<TimerId>> {
        self.fired.clone()
    }

    #[cast]
    async fn work(&mut self, time: Duration) {
        sleep(time).await;
    }

    #[cast]
    fn note(&mut self, cx: &mut Context<Self>, what: &'static str) {
        self.fired.push(cx.fired());
        self.diary.note(what);
    }

    #[info]
    fn ticked(&mut self, cx: &mut Context<Self>, tick: Tick) {
        self.fired.push(cx.fired());
        self.diary.note(tick.0);
    }

    #[info]
    async fn went_quiet(&mut self, _quiet: Quiet) {
        self.diary.note("quiet");
    }
}

async fn clock() -> (ClockRef, Diary) {
    let diary = Diary::new();
    (Clock::start(diary.clone()).await.unwrap(), diary)
}

#[tokio::test(start_paused = true)]
async fn once_and_not_before_its_time() {
    // TIMER-1
    let (clock, diary) = clock().await;
    clock.after(50 * MS, "tick").await.unwrap();
    sleep(SECOND).await;
    assert_eq!(diary.take(), ["tick 50"]);
}

#[tokio::test(start_paused = true)]
async fn from_a_task_as_well() {
    let (clock, diary) = clock().await;
    clock.send_after(50 * MS, Tick("tick"));
    sleep(SECOND).await;
    assert_eq!(diary.take(), ["tick 50"]);
}

#[tokio::test(start_paused = true)]
async fn cancelled_in_time_it_says_what_was_left() {
    // TIMER-2
    let (clock, diary) = clock().await;
    let timer = clock.after(100 * SECOND, "tick").await.unwrap();
    sleep(SECOND).await;
    assert_eq!(timer.cancel(), Some(99 * SECOND));
    assert_eq!(timer.cancel(), None);
    sleep(200 * SECOND).await;
    assert_eq!(diary.take(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn cancelled_too_late_its_message_is_still_there() {
    // TIMER-3
    let (clock, diary) = clock().await;
    let timer = clock.after(10 * MS, "tick").await.unwrap();
    clock.work(30 * MS).await.unwrap();
    sleep(20 * MS).await;
    assert_eq!(timer.cancel(), None);
    sleep(SECOND).await;
    assert_eq!(diary.take(), ["tick 30"]);
}

#[tokio::test(start_paused = true)]
async fn a_timer_can_be_read() {
    // TIMER-4
    let (clock, _) = clock().await;
    let timer = clock.after(50 * MS, "tick").await.unwrap();
    sleep(20 * MS).await;
    assert_eq!(timer.left(), Some(30 * MS));
    sleep(40 * MS).await;
    assert_eq!(timer.left(), None);
}

#[tokio::test(start_paused = true)]
async fn three_ticks_and_no_more() {
    // TIMER-5
    let (clock, diary) = clock().await;
    let (send, timer) = tokio::sync::oneshot::channel();
    let set = Box::new(move |_: &mut Clock, cx: &mut Context<Clock>| {
        drop(send.send(cx.send_every(30 * MS, Tick("tick"))));
    });
    clock.run(set).await.unwrap();
    let timer = timer.await.unwrap();
    sleep(100 * MS).await;
    assert_eq!(timer.left(), Some(20 * MS));
    assert_eq!(timer.cancel(), Some(20 * MS));
    sleep(SECOND).await;
    assert_eq!(diary.take(), ["tick 30", "tick 60", "tick 90"]);
}

#[tokio::test(start_paused = true)]
async fn a_tick_that_is_not_read_is_called_off_with_its_timer() {
    let (clock, diary) = clock().await;
    let (send, timer) = tokio::sync::oneshot::channel();
    let set = Box::new(move |_: &mut Clock, cx: &mut Context<Clock>| {
        drop(send.send(cx.send_every(30 * MS, Tick("tick"))));
    });
    clock.run(set).await.unwrap();
    clock.work(100 * MS).await.unwrap();
    sleep(50 * MS).await;
    assert!(timer.await.unwrap().cancel().is_some());
    sleep(SECOND).await;
    assert_eq!(diary.take(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn missed_ticks_come_as_declared() {
    let table = [
        (Missed::Burst, ["tick 10", "tick 38", "tick 38", "tick 40", "tick 50"]),
        (Missed::Skip, ["tick 10", "tick 38", "tick 40", "tick 50", "tick 60"]),
        (Missed::Delay, ["tick 10", "tick 38", "tick 48", "tick 58", "tick 68"]),
    ];
    for (missed, expected) in table {
        let (clock, diary) = clock().await;
        let set = Box::new(move |_: &mut Clock, cx: &mut Context<Clock>| {
            cx.send_every(Period::new(10 * MS).missed(missed), Tick("tick"));
        });
        clock.run(set).await.unwrap();
        sleep(15 * MS).await;
        clock.work(23 * MS).await.unwrap();
        sleep(100 * MS).await;
        assert_eq!(diary.take()[..5], expected, "{missed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_timer_ends_with_its_server() {
    // TIMER-6
    let system = System::new();
    let diary = Diary::new();
    let clock = Clock::start(diary.clone()).system(&system).await.unwrap();
    let timer = clock.after(50 * MS, "tick").await.unwrap();
    sleep(10 * MS).await;
    clock.stop().await.unwrap();
    assert_eq!(timer.left(), None);
    assert_eq!(timer.cancel(), None);
    sleep(SECOND).await;
    assert_eq!(diary.take(), [""; 0]);
    assert_eq!(system.dead_letters(), 0, "a timer that has not fired is no message");
    assert_eq!(clock.send_after(MS, Tick("late")).left(), None, "nor is there one for who is gone");
}

#[tokio::test(start_paused = true)]
async fn a_timer_keeps_nobody_alive() {
    let (clock, _) = clock().await;
    clock.after(50 * MS, "tick").await.unwrap();
    let watch = clock.monitor();
    drop(clock);
    assert_eq!(watch.await.reason, ExitReason::Normal);
}

#[tokio::test(start_paused = true)]
async fn a_name_is_looked_up_when_the_time_has_come() {
    // TIMER-7
    let system = System::new();
    let diary = Diary::new();
    let clock = Clock::start(diary.clone()).system(&system).await.unwrap();
    clock
        .run(Box::new(|_, cx| {
            cx.send_after_to::<Clock, _>("later", 50 * MS, Tick("by name"));
        }))
        .await
        .unwrap();
    sleep(20 * MS).await;
    let later = Clock::start(diary.clone()).name("later").system(&system).await.unwrap();
    sleep(SECOND).await;
    assert_eq!(diary.take(), ["by name 50"]);
    later.stop().await.unwrap();

    let mut events = system.events();
    clock
        .run(Box::new(|_, cx| {
            cx.send_after_to::<Clock, _>("later", 50 * MS, Tick("to nobody"));
        }))
        .await
        .unwrap();
    sleep(SECOND).await;
    assert_eq!(system.dead_letters(), 1);
    let event = events.next().await.unwrap();
    assert!(matches!(event.kind, EventKind::DeadLetter { why: Undelivered::NoSuchName, .. }));
    assert_eq!(&*event.server, "later");
}

/// Traps exits of those it is linked to.
#[genserver(trap_exit)]
struct Owner {
    diary: Diary,
}

#[genserver]
impl Owner {
    #[init]
    fn init(diary: Diary) -> Self {
        Owner { diary }
    }

    #[call]
    fn own(&mut self, cx: &mut Context<Self>, clock: ClockRef) {
        cx.link(&clock).unwrap();
    }

    #[info]
    fn ended(&mut self, exit: Exit) {
        self.diary.note(exit.reason);
    }
}

#[tokio::test(start_paused = true)]
async fn timed_exits_and_kills() {
    // TIMER-8
    let ((a, diary), (b, _)) = (clock().await, clock().await);
    let owner = Owner::start(diary.clone()).await.unwrap();
    owner.own(a.clone()).await.unwrap();
    owner.own(b.clone()).await.unwrap();
    a.exit_after(100 * MS, ExitReason::other("r"));
    b.kill_after(100 * MS);
    let never = a.kill_after(50 * MS);
    assert_eq!(never.cancel(), Some(50 * MS));
    sleep(SECOND).await;
    let mut told = diary.take();
    told.sort();
    assert_eq!(told, ["killed 100", "r 100"]);
}

#[tokio::test(start_paused = true)]
async fn timed_functions() {
    // TIMER-9
    let (clock, diary) = clock().await;
    let job_diary = diary.clone();
    clock
        .run(Box::new(move |_, cx| {
            let (first, second) = (job_diary.clone(), job_diary);
            cx.run_after(50 * MS, move || first.note("first"));
            let never = cx.run_after(50 * MS, move || second.note("second"));
            assert_eq!(never.cancel(), Some(50 * MS));
            cx.run_after(60 * MS, || panic!("as asked"));
        }))
        .await
        .unwrap();
    sleep(SECOND).await;
    assert_eq!(diary.take(), ["first 50"]);
    clock.ping().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn each_message_carries_its_timers_identity() {
    // TIMER-10
    let (clock, diary) = clock().await;
    let first = clock.after(10 * MS, "tick").await.unwrap();
    clock.work(30 * MS).await.unwrap();
    sleep(20 * MS).await;
    clock.note("no timer").await.unwrap();
    let second = clock.send_after(MS, Tick("tick"));
    sleep(SECOND).await;
    assert_eq!(diary.take(), ["tick 30", "no timer 30", "tick 30"]);
    assert_eq!(clock.fired().await.unwrap(), [Some(first.id()), None, Some(second.id())]);
}

#[tokio::test(start_paused = true)]
async fn a_timer_waits_for_room_as_any_sender() {
    let (clock, diary) = clock().await;
    clock.after(10 * MS, "tick").await.unwrap();
    clock.work(30 * MS).await.unwrap();
    yield_now().await;
    for _ in 0..4 {
        clock.note("note").await.unwrap();
    }
    sleep(SECOND).await;
    assert_eq!(diary.take(), ["note 30", "note 30", "note 30", "note 30", "tick 30"]);
}

#[tokio::test(start_paused = true)]
async fn an_idle_timeout_fires_once() {
    // LOOP-5
    let (clock, diary) = clock().await;
    clock.quiet_after(30 * MS).await.unwrap();
    sleep(SECOND).await;
    assert_eq!(diary.take(), ["quiet 30"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_cancels_the_idle_timeout() {
    // LOOP-6; a call that its caller runs, a cast that is queued
    let (clock, diary) = clock().await;
    clock.quiet_after(60 * MS).await.unwrap();
    sleep(20 * MS).await;
    clock.ping().await.unwrap();
    sleep(SECOND).await;
    assert_eq!(diary.take(), [""; 0]);

    clock.quiet_after(60 * MS).await.unwrap();
    sleep(20 * MS).await;
    clock.work(100 * MS).await.unwrap();
    sleep(SECOND).await;
    assert_eq!(diary.take(), [""; 0], "it began before the time was up, and ended after it");
}

#[tokio::test(start_paused = true)]
async fn an_idle_timeout_counts_from_the_end_of_its_handler_and_the_last_one_holds() {
    let (clock, diary) = clock().await;
    clock.quiet_after_work(30 * MS, 50 * MS).await.unwrap();
    sleep(SECOND).await;
    assert_eq!(diary.take(), ["quiet 80"]);

    let (clock, diary) = self::clock().await;
    clock.quiet_after(500 * MS).await.unwrap();
    clock.quiet_after(10 * MS).await.unwrap();
    sleep(20 * MS).await;
    clock.quiet_after(300 * MS).await.unwrap();
    sleep(SECOND).await;
    assert_eq!(diary.take(), ["quiet 10", "quiet 320"]);
}

/// Timers from the start on.
#[genserver]
struct Garden {
    diary: Diary,
}

const RAIN: Duration = Duration::from_secs(30);

#[genserver]
impl Garden {
    #[init]
    fn init(diary: Diary) -> Self {
        Garden { diary }
    }

    #[every(10s)]
    fn water(&mut self) {
        self.diary.note("water");
    }

    #[every(RAIN, missed = skip)]
    async fn rain(&mut self, cx: &mut Context<Self>) {
        assert!(cx.fired().is_some());
        self.diary.note("rain");
    }

    #[cast]
    fn crash(&mut self) {
        panic!("as asked");
    }
}

#[tokio::test(start_paused = true)]
async fn every_so_often_without_drift() {
    let diary = Diary::new();
    let garden = Garden::start(diary.clone()).await.unwrap();
    sleep(31 * SECOND).await;
    let mut told = diary.take();
    told.sort();
    assert_eq!(told, ["rain 30000", "water 10000", "water 20000", "water 30000"]);
    let served = garden.snapshot().served;
    assert_eq!(served[1..], [("water", 3), ("rain", 1)]);
    garden.stop().await.unwrap();
    sleep(100 * SECOND).await;
    assert_eq!(diary.take(), [""; 0]);
}

supervisor! {
    Park(diary: Diary) {
        strategy: one_for_one,
        garden: Garden(diary.clone()),
    }
}

#[tokio::test(start_paused = true)]
async fn timers_from_the_start_begin_anew_with_each_life() {
    let diary = Diary::new();
    let park = Park::start(diary.clone()).await.unwrap();
    sleep(12 * SECOND).await;
    park.garden().crash().await.unwrap();
    sleep(20 * SECOND).await;
    assert_eq!(diary.take(), ["water 10000", "water 22000"]);
    park.stop().await.unwrap();
}

/// The same for a server with parameters.
#[genserver]
struct Shelf<T> {
    things: Vec<T>,
}

#[genserver]
impl<T: Send + Default + 'static> Shelf<T> {
    const PERIOD: Duration = Duration::from_secs(2);

    #[init]
    fn init() -> Self {
        Shelf { things: Vec::new() }
    }

    #[every(Self::PERIOD)]
    fn add(&mut self) {
        self.things.push(T::default());
    }

    #[idle(1s)]
    fn clear(&mut self) {
        self.things.clear();
    }

    #[call]
    fn count(&self) -> usize {
        self.things.len()
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_with_parameters_has_timers_too() {
    let shelf = Shelf::<u8>::start().await.unwrap();
    sleep(2_500 * MS).await;
    assert_eq!(shelf.count().await.unwrap(), 1);
    sleep(1_400 * MS).await;
    assert_eq!(shelf.count().await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn delays_too_long_to_count_are_for_ever() {
    let (clock, diary) = clock().await;
    let timer = clock.after(Duration::MAX, "never").await.unwrap();
    clock.quiet_after(Duration::MAX).await.unwrap();
    clock
        .run(Box::new(|_, cx| {
            cx.send_every(Duration::MAX, Tick("never"));
        }))
        .await
        .unwrap();
    sleep(86_400 * SECOND).await;
    assert!(timer.left() > Some(86_400 * 365 * SECOND));
    assert_eq!(diary.take(), [""; 0]);
}

/// Silence timers.
#[genserver]
struct Cat {
    diary: Diary,
}

#[genserver]
impl Cat {
    #[init]
    fn init(diary: Diary) -> Self {
        Cat { diary }
    }

    #[idle(80ms)]
    fn purr(&mut self) {
        self.diary.note("purr");
    }

    #[idle(160ms)]
    fn sleep(&mut self) {
        self.diary.note("sleep");
    }

    #[call]
    fn pet(&self) {}

    #[call]
    async fn brush(&mut self, time: Duration) {
        sleep(time).await;
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_told_once_and_again_after_the_next_message() {
    let diary = Diary::new();
    let cat = Cat::start(diary.clone()).await.unwrap();
    sleep(SECOND).await;
    assert_eq!(diary.take(), ["purr 80", "sleep 160"]);
    cat.pet().await.unwrap();
    sleep(SECOND).await;
    // Noticed within an eighth, and never early.
    assert_eq!(diary.take(), ["purr 1080", "sleep 1160"]);
    cat.stop().await.unwrap();
    sleep(SECOND).await;
    assert_eq!(diary.take(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn messages_keep_the_silence_away() {
    let diary = Diary::new();
    let cat = Cat::start(diary.clone()).await.unwrap();
    for _ in 0..50 {
        sleep(79 * MS).await;
        cat.pet().await.unwrap();
    }
    assert_eq!(diary.take(), [""; 0], "all of them were run by their caller");
    cat.brush(500 * MS).await.unwrap();
    let done = diary.start.elapsed();
    sleep(90 * MS).await;
    let told = diary.take();
    let [purr] = told.as_slice() else { panic!("{told:?}") };
    let at: u128 = purr.strip_prefix("purr ").unwrap().parse().unwrap();
    let late = at - done.as_millis();
    assert!((80..=90).contains(&late), "{late} ms after the long handler");
}

#[genserver]
struct Pensive {
    diary: Diary,
}

#[genserver]
impl Pensive {
    #[init]
    fn init(diary: Diary) -> Self {
        Pensive { diary }
    }

    #[cast]
    fn think(&mut self, cx: &mut Context<Self>) {
        cx.then(3 * SECOND / 2);
    }

    #[continuation]
    async fn thinks(&mut self, time: Duration) {
        sleep(time).await;
        self.diary.note("thought");
    }

    #[idle(1s)]
    fn silent(&mut self) {
        self.diary.note("silent");
    }
}

#[tokio::test(start_paused = true)]
async fn a_silence_begins_when_a_continuation_has_ended() {
    for moment in [5, 40, 76, 110, 130, 230] {
        let diary = Diary::new();
        let pensive = Pensive::start(diary.clone()).await.unwrap();
        sleep(moment * MS).await;
        pensive.think().await.unwrap();
        sleep(3 * SECOND).await;
        let thought = moment + 1500;
        let lines = diary.take();
        assert_eq!(lines[0], format!("thought {thought}"));
        let silent: u32 = lines[1].strip_prefix("silent ").unwrap().parse().unwrap();
        assert!((thought + 1000..=thought + 1127).contains(&silent), "{moment}: {lines:?}");
    }
}
