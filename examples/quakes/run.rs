//! The run: keeps the stages busy, counts what comes out, and ends in order.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use noex::prelude::*;
use tokio::task::JoinSet;

use crate::cli::{Exit, Options};
use crate::feed::FeedError;
use crate::input::Feed;
use crate::journey::{lost, travel};
use crate::outcome::{Loss, Outcome, Stage, Tally};
use crate::parse::Next;
use crate::places::Places;
use crate::progress::Progress;
use crate::summary::Summary;
use crate::tree::{Meters, Plan, Quakes};

/// Events on their way at once. More than a mailbox holds, so that the stages stay busy while the
/// store waits for the disk; few enough that memory does not depend on the size of the feed.
const ON_THE_WAY: usize = 256;

/// Lines listed of each kind of loss.
const LISTED: usize = 10;

/// Why there was no run at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoRun {
    #[error("{input}: {source}")]
    Input { input: String, source: io::Error },
    #[error("{database}: {why}")]
    Database { database: String, why: String },
}

/// How a run ended that took place.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) summary: Summary,
    pub(crate) end: End,
}

/// Why the reading stopped.
#[derive(Debug)]
pub(crate) enum End {
    Complete,
    Interrupted,
    Broken(FeedError),
    /// An event could not be stored, or a stage did not come back; no use in reading on.
    Failed(Loss),
}

impl Run {
    pub(crate) fn exit(&self) -> Exit {
        match &self.end {
            _ if !self.summary.adds_up() => Exit::GaveUp,
            End::Complete => Exit::Complete,
            End::Interrupted => Exit::Interrupted,
            End::Broken(_) => Exit::BrokenFeed,
            End::Failed(loss) if loss.stage == Stage::Store => Exit::NoDatabase,
            End::Failed(_) => Exit::GaveUp,
        }
    }
}

/// Reads the whole feed through the stages.
///
/// # Errors
/// The input or the database cannot be opened.
pub(crate) async fn run(options: &Options) -> Result<Run, NoRun> {
    let input = options.input();
    let feed = Feed::open(&input).map_err(|source| NoRun::Input { input: input.to_string(), source })?;
    let meters = Meters::default();
    let stages = Quakes::start(Plan {
        feed: feed.clone(),
        places: Arc::new(Places::load()),
        database: options.database.clone(),
        crash_every: options.crash_every,
        meters: meters.clone(),
    })
    .await
    // Of the four only the store has something to open.
    .map_err(|why| NoRun::Database {
        database: options.database.display().to_string(),
        why: why.to_string(),
    })?;

    let interrupt = tokio::spawn({
        let feed = feed.clone();
        async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                feed.stop();
            }
        }
    });

    let since = Instant::now();
    let mut tally = Tally::new(if options.list_all { usize::MAX } else { LISTED });
    let end = drive(&stages, &feed, &mut tally).await;
    let elapsed = since.elapsed();

    interrupt.abort();
    // Gone already? Then the supervisor gave up, and `end` tells.
    let _ = stages.stop().await;
    let summary = Summary { read: feed.taken(), tally, stages: stages.reports(&meters), elapsed };
    Ok(Run { summary, end })
}

/// Sends every feature on its journey, never more than [`ON_THE_WAY`] at once, and counts the ends.
async fn drive(stages: &Quakes, feed: &Feed, tally: &mut Tally) -> End {
    let progress = Progress::new();
    let journey = stages.journey();
    let mut journeys = JoinSet::new();
    let mut failed = None;
    let mut count = |outcome: Outcome, tally: &mut Tally| {
        if let Outcome::Failed(loss) = &outcome {
            failed.get_or_insert_with(|| loss.clone());
            feed.stop();
        }
        tally.count(outcome);
        progress.step(feed.announced());
    };

    let end = loop {
        while let Some(ended) = journeys.try_join_next() {
            count(arrived(ended), tally);
        }
        if journeys.len() >= ON_THE_WAY
            && let Some(ended) = journeys.join_next().await
        {
            count(arrived(ended), tally);
        }
        match stages.parse().next().await {
            Ok(Next::Feature(parsed)) => {
                journeys.spawn(travel(journey.clone(), parsed));
            }
            Ok(Next::Refused(refusal)) => count(Outcome::Refused(refusal), tally),
            Ok(Next::Broken(error)) => break End::Broken(error),
            Ok(Next::End) if feed.is_stopped() => break End::Interrupted,
            Ok(Next::End) => break End::Complete,
            Err(error @ CallError::Crashed { .. }) => {
                count(lost(Stage::Parse, format!("feature {}", feed.taken()), &error), tally);
            }
            // Parse is gone for good. It had no event in hand, so none is counted.
            Err(error) => {
                let event = format!("after feature {}", feed.taken());
                break End::Failed(Loss { stage: Stage::Parse, event, why: error.to_string() });
            }
        }
    };
    while let Some(ended) = journeys.join_next().await {
        count(arrived(ended), tally);
    }
    progress.finish();
    failed.map_or(end, End::Failed)
}

/// The outcome of a journey; a panic of the journey itself is a bug here, and still an event.
fn arrived(ended: Result<Outcome, tokio::task::JoinError>) -> Outcome {
    ended.unwrap_or_else(|error| {
        Outcome::Crashed(Loss { stage: Stage::Parse, event: "a journey".to_owned(), why: error.to_string() })
    })
}
