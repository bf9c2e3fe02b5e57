//! Pipelines: what a request meets on its way, what becomes of those that fail, and many at once.
#![allow(missing_docs)]

use std::{
    error::Error,
    sync::{Arc, Mutex},
    time::Duration,
};

use noex::{Executed, Partitions, prelude::*};
use tokio::{sync::mpsc, time::Instant};

const MS: Duration = Duration::from_millis(1);

type Log = Arc<Mutex<Vec<String>>>;

/// Reads numbers.
#[genserver]
struct Parser {}

#[genserver]
impl Parser {
    #[init]
    fn init() -> Self {
        Parser {}
    }

    #[call(job)]
    fn parse(&mut self, text: String) -> Result<u32, std::num::ParseIntError> {
        text.parse()
    }
}

/// Takes its time, and crashes at 13.
#[genserver]
#[derive(Clone)]
struct Enricher {
    log: Log,
}

#[genserver]
impl Enricher {
    #[init]
    fn init(log: Log) -> Self {
        Enricher { log }
    }

    #[call(job, concurrent)]
    async fn enrich(&self, number: u32) -> u64 {
        self.log.lock().unwrap().push(format!("+{number}"));
        tokio::time::sleep(MS * (10 - number % 10)).await;
        assert!(number != 13, "told to crash");
        self.log.lock().unwrap().push(format!("-{number}"));
        u64::from(number) * 2
    }
}

#[derive(Debug, PartialEq, Eq)]
struct There(u64);

impl std::fmt::Display for There {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is there", self.0)
    }
}

impl Error for There {}

/// Keeps each number once.
#[genserver]
struct Store {
    kept: Vec<u64>,
}

#[genserver]
impl Store {
    #[init]
    fn init() -> Self {
        Store { kept: Vec::new() }
    }

    #[call(job)]
    fn store(&mut self, number: u64) -> Result<usize, There> {
        if self.kept.contains(&number) {
            return Err(There(number));
        }
        self.kept.push(number);
        Ok(self.kept.len())
    }
}

pipeline! {
    /// Numbers into a store.
    Ingest: String => usize {
        parse: Parser::parse,
        enrich: Enricher::enrich { concurrency: 2 },
        store: Store::store,
    }
}

pipeline! {
    Hasty: String => u64 {
        order: any,
        timed: true,
        parse: Parser::parse,
        enrich: Enricher::enrich,
    }
}

supervisor! {
    Stages(log: Log) {
        strategy: one_for_one,
        restarts: 100 in 1s,
        store: Store(),
        enrich: Enricher(log),
        parse: Parser(),
    }
}

async fn ingest() -> (Ingest, Stages, Log) {
    let log = Log::default();
    let stages = Stages::start(log.clone()).await.unwrap();
    let ingest = Ingest::new(stages.parse().clone(), stages.enrich().clone(), stages.store().clone());
    (ingest, stages, log)
}

#[tokio::test(start_paused = true)]
async fn a_request_goes_through_all_stages() {
    let (ingest, stages, _) = ingest().await;
    assert_eq!(ingest.process("4".into()).await.unwrap(), 1);
    assert_eq!(stages.store().inspect(|store| store.kept.clone()).await.unwrap(), [8]);
    let stats = ingest.stats();
    assert_eq!(
        stats.each_ref().map(|stage| (stage.stage, stage.entered, stage.completed)),
        [("parse", 1, 1), ("enrich", 1, 1), ("store", 1, 1)]
    );
    assert!(stats.iter().all(|stage| stage.time.is_none() && stage.in_flight == 0));
}

#[tokio::test(start_paused = true)]
async fn what_fails_goes_no_further_and_says_where() {
    // PP-5, FLOW-9
    let (ingest, stages, log) = ingest().await;
    let error = ingest.process("four".into()).await.unwrap_err();
    assert!(matches!(error, IngestError::Parse(CallError::Handler(_))));
    assert_eq!((error.stage(), error.was_executed()), ("parse", Executed::Yes));
    assert_eq!(error.to_string(), "parse: invalid digit found in string");
    assert!(error.source().is_some());
    assert!(log.lock().unwrap().is_empty(), "the stages after it are not run");

    ingest.process("4".into()).await.unwrap();
    let error = ingest.process("4".into()).await.unwrap_err();
    assert!(matches!(error, IngestError::Store(CallError::Handler(There(8)))));
    assert_eq!(ingest.stats().map(|stage| (stage.entered, stage.failed)), [(3, 1), (2, 0), (2, 1)]);
    assert_eq!(stages.store().snapshot().served, [("store", 2)]);
}

#[tokio::test(start_paused = true)]
async fn a_stage_that_crashes_costs_its_request() {
    let (ingest, _stages, _) = ingest().await;
    let error = ingest.process("13".into()).await.unwrap_err();
    assert!(matches!(error, IngestError::Enrich(CallError::Crashed { may_have_run: true, .. })));
    ingest.process("14".into()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stage_that_is_down_is_an_error_of_its_own() {
    let (ingest, stages, _) = ingest().await;
    stages.stop().await.unwrap();
    let error = ingest.process("4".into()).await.unwrap_err();
    assert!(matches!(error, IngestError::Parse(CallError::NotRunning { .. })));
    assert_eq!(error.was_executed(), Executed::No);
}

#[tokio::test(start_paused = true)]
async fn a_stage_has_room_for_so_many() {
    let (ingest, _stages, log) = ingest().await;
    let begun = Instant::now();
    let outcomes = ingest.run((0..6).map(|n| (10 * n).to_string())).collect().await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(begun.elapsed(), 30 * MS, "two at a time, 10 ms each");
    let mut inside = 0_i32;
    for line in log.lock().unwrap().iter() {
        inside += if line.starts_with('+') { 1 } else { -1 };
        assert!(inside <= 2);
    }
}

#[tokio::test(start_paused = true)]
async fn outcomes_come_in_the_order_of_the_requests() {
    let (ingest, _stages, _) = ingest().await;
    let requests = ["1", "x", "3", "5"].map(str::to_owned);
    let mut flow = ingest.run(requests);
    let mut came = Vec::new();
    while let Some(outcome) = flow.next().await {
        came.push(outcome.map_err(|error| error.stage()));
    }
    // The third is done before the first.
    assert_eq!(came, [Ok(2), Err("parse"), Ok(1), Ok(3)]);
}

#[tokio::test(start_paused = true)]
async fn or_as_they_are_done() {
    let stages = Stages::start(Log::default()).await.unwrap();
    let hasty = Hasty::new(stages.parse().clone(), stages.enrich().clone());
    let outcomes = hasty.run(["1", "5", "9"].map(str::to_owned)).collect().await;
    assert_eq!(outcomes.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [18, 10, 2]);
    let times = hasty.stats().map(|stage| stage.time);
    assert_eq!(times, [Some(Duration::ZERO), Some(15 * MS)], "9, 5 and 1 ms");
}

/// What a source was asked for.
struct Source {
    left: u32,
    taken: Arc<Mutex<u32>>,
}

impl Iterator for Source {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.left = self.left.checked_sub(1)?;
        *self.taken.lock().unwrap() += 1;
        Some("0".into())
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_is_taken_than_is_under_way() {
    // FLOW-6
    let stages = Stages::start(Log::default()).await.unwrap();
    let hasty = Hasty::new(stages.parse().clone(), stages.enrich().clone());
    let taken = Arc::new(Mutex::new(0));
    let mut flow = hasty.run(Source { left: 10, taken: taken.clone() }).in_flight(2);
    assert_eq!(*taken.lock().unwrap(), 0, "nothing before somebody asks");
    assert!(tokio::time::timeout(MS, flow.next()).await.is_err());
    assert_eq!((*taken.lock().unwrap(), flow.len()), (2, 2));
    flow.next().await.unwrap().unwrap();
    assert_eq!(*taken.lock().unwrap(), 3);
    tokio::time::sleep(100 * MS).await;
    assert_eq!(*taken.lock().unwrap(), 3, "a slow reader slows the source");
    assert_eq!(flow.collect().await.len(), 9);
}

/// A channel as a stream.
struct Received(mpsc::Receiver<String>);

impl futures_core::Stream for Received {
    type Item = String;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<String>> {
        self.0.poll_recv(cx)
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_requests_is_processed_as_it_comes() {
    let (ingest, _stages, _) = ingest().await;
    let (send, requests) = mpsc::channel(1);
    let mut flow = ingest.stream(Received(requests));
    assert!(tokio::time::timeout(MS, flow.next()).await.is_err());
    send.send("7".into()).await.unwrap();
    assert_eq!(flow.next().await.unwrap().unwrap(), 1);
    drop(send);
    assert!(flow.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_nobody_waits_for_is_given_up() {
    let (ingest, stages, _) = ingest().await;
    assert!(tokio::time::timeout(MS, ingest.process("0".into())).await.is_err());
    let stats = ingest.stats();
    assert_eq!((stats[1].given_up, stats[1].in_flight, stats[2].entered), (1, 0, 0));
    let mut flow = ingest.run(["1".to_owned(), "2".to_owned()]);
    assert!(tokio::time::timeout(MS, flow.next()).await.is_err());
    drop(flow);
    tokio::time::sleep(MS).await;
    assert_eq!((ingest.stats()[1].given_up, ingest.stats()[1].in_flight), (3, 0));
    assert!(stages.is_alive());
}

/// One of the processors of a partitioned stage.
#[genserver]
struct Processor {
    which: usize,
    log: Arc<Mutex<Vec<(usize, u32)>>>,
}

#[genserver]
impl Processor {
    #[init]
    fn init(which: usize, log: Arc<Mutex<Vec<(usize, u32)>>>) -> Self {
        Processor { which, log }
    }

    #[call]
    async fn process(&mut self, number: u32) {
        // What comes first takes longest: in any other order than their own these would overtake one another.
        tokio::time::sleep(MS * (10 - number)).await;
        self.log.lock().unwrap().push((self.which, number));
    }
}

#[tokio::test(start_paused = true)]
async fn each_partition_keeps_its_own_order() {
    // FLOW-10
    let log = Arc::new(Mutex::new(Vec::new()));
    let own = log.clone();
    let shards = Partitions::of::<Processor>("shards", 2, move |which| (which, own.clone()));
    let shards = shards.start().await.unwrap();
    // A key for each parity, of which each is another processor's.
    let even = 0_u32;
    let odd = (1_u32..).find(|key| shards.which(key) != shards.which(&even)).unwrap();
    let key = |number: u32| if number.is_multiple_of(2) { even } else { odd };
    let since = tokio::time::Instant::now();
    // All are on their way before the first is done.
    let sent: Vec<_> = (1..=8).map(|number| shards.get(&key(number)).process(number).request()).collect();
    assert!(log.lock().unwrap().is_empty());
    for request in sent {
        request.await.unwrap();
    }
    let done = log.lock().unwrap().clone();
    for (parity, numbers) in [(0, [2, 4, 6, 8]), (1, [1, 3, 5, 7])] {
        let own: Vec<_> = done.iter().filter(|(_, number)| number % 2 == parity).collect();
        assert!(own.iter().map(|(_, number)| *number).eq(numbers), "in order: {done:?}");
        assert!(own.iter().all(|(which, _)| *which == shards.which(&key(parity))), "by one: {done:?}");
    }
    // 8 + 6 + 4 + 2 ms and 9 + 7 + 5 + 3 ms.
    assert_eq!(since.elapsed(), 24 * MS, "side by side");
}
