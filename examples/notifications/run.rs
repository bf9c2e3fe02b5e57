//! The run, from the first line to the account.

use std::io;
use std::time::Duration;

use noex::prelude::*;
use tokio::sync::oneshot;

use crate::account::Account;
use crate::board::tell_news;
use crate::cli::{Exit, Options};
use crate::drive::Driven;
use crate::intake;
use crate::plan::plan;
use crate::report::Report;
use crate::sabotage::Sabotage;
use crate::tree::Notifications;

/// How long replies to posts may take when all is done.
const LAST_REPLIES: Duration = Duration::from_secs(5);

/// Why there was no run at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoRun {
    #[error("{what}: {source}")]
    Io { what: String, source: io::Error },
    #[error("{url}: {why}")]
    Gateway { url: String, why: String },
    #[error("{0}")]
    NotStarted(String),
}

/// How a run ended that took place.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) report: Report,
    pub(crate) end: End,
}

/// Why no more was taken.
#[derive(Debug)]
pub(crate) enum End {
    Complete,
    Stopped,
    Broken(io::Error),
    /// An end could not be put on record; no use in taking more.
    NotTracked(String),
}

impl Run {
    pub(crate) fn exit(&self) -> Exit {
        match &self.end {
            End::NotTracked(_) => Exit::NoDatabase,
            _ if !self.report.adds_up() => Exit::GaveUp,
            End::Complete => Exit::Complete,
            End::Stopped => Exit::Stopped,
            End::Broken(_) => Exit::BrokenInput,
        }
    }
}

/// Takes all there is, or until told to stop.
///
/// # Errors
/// The input, an address or the database cannot be used.
pub(crate) async fn run(options: &Options) -> Result<Run, NoRun> {
    let io = |what: &str| {
        let what = what.to_owned();
        move |source| NoRun::Io { what, source }
    };
    // From here on a signal is an order to end well.
    let told_to_stop = told_to_stop().map_err(io("signals"))?;
    let news = tell_news();
    let sabotage = Sabotage::every(options.kill_every());
    let (plan, sinks) = plan(options, sabotage.clone()).await?;
    let tree = Notifications::start(plan)
        .await
        .map_err(|error| NoRun::NotStarted(format!("{}: {error}", options.database.display())))?;

    let (offering, offers) = intake::offers();
    let reading = match options.input() {
        Some(input) => {
            let name = input.to_string();
            Some(intake::read(&input, offering.clone()).map_err(io(&name))?)
        }
        None => None,
    };
    let (stop, stopped) = oneshot::channel();
    let listening = match options.http {
        Some(address) => {
            let listening = intake::listen(address, offering, stopped).await;
            let (address, server) = listening.map_err(io(&address.to_string()))?;
            eprintln!("listening on http://{address}/");
            Some(server)
        }
        None => {
            // The reading alone offers now, so that its end is ours.
            drop(offering);
            None
        }
    };

    let way = tree.way();
    let mut driven = Driven::default();
    let end = driven.drive(&tree, &way, offers, told_to_stop).await;
    let _ = stop.send(());
    if let Some(server) = listening {
        // Its last replies go out before we do, but for those that nobody comes to read.
        let _ = tokio::time::timeout(LAST_REPLIES, server).await;
    }
    let end = match (end, reading) {
        (End::Complete, Some(reading)) => match reading.await {
            Ok(Err(error)) => End::Broken(error),
            _ => End::Complete,
        },
        // It may still be reading, with nobody to read for.
        (End::Stopped, Some(mut reading)) => match reading.try_recv() {
            Ok(Err(error)) => End::Broken(error),
            _ => End::Stopped,
        },
        (end, _) => end,
    };
    let account = tree.tracker().account().await.unwrap_or_else(|error| {
        // An empty account does not add up, and the exit code says so.
        eprintln!("error: there is no account: {error}");
        Account::default()
    });
    let report = Report {
        submitted: driven.submitted,
        account,
        stages: way.stats(),
        workers: tree.workers().stats(),
        killed: sabotage.killed(),
        policies: System::global().policies(),
        sinks: sinks.into_iter().map(|(channel, sink)| (channel, sink.report())).collect(),
    };
    news.abort();
    // It has nothing left to do. Should it have given up before, the account says so.
    let _ = tree.stop().await;
    Ok(Run { report, end })
}

/// SIGTERM or Ctrl-C.
fn told_to_stop() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    #[cfg(unix)]
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    })
}
