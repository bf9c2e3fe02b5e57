//! What the servers are started with, by what the user said.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::{Client, Url};

use crate::channels::{Gateway, relay};
use crate::cli::Options;
use crate::run::NoRun;
use crate::sabotage::Sabotage;
use crate::sinks::{self, Mood, Sink};
use crate::tree::Plan;

/// How long one step of the talk with a relay may take: less than a `send` may.
const RELAY: Duration = Duration::from_secs(3);

/// The gateways that are named, and a local one for each that is not.
///
/// # Errors
/// A name is no gateway's, or there is no port for a local one.
pub(crate) async fn plan(
    options: &Options,
    sabotage: Sabotage,
) -> Result<(Plan, Vec<(&'static str, Sink)>), NoRun> {
    let no_port = |source| NoRun::Io { what: "local gateways".to_owned(), source };
    let mut local = Vec::new();
    let mut sink = |channel, mood| {
        let sink = Sink::new(mood);
        local.push((channel, sink.clone()));
        sink
    };
    let smtp = match &options.smtp {
        Some(url) => url.clone(),
        None => {
            let mood = Mood { fails: 5, outage_each: 60, outage: 8 };
            sinks::relay(sink("email", mood)).await.map_err(no_port)?
        }
    };
    let push = match &options.push {
        Some(url) => url.clone(),
        None => {
            let mood = Mood { fails: 2, outage_each: 1000, outage: 0 };
            sinks::gateway(sink("push", mood)).await.map_err(no_port)?
        }
    };
    let sms = match &options.sms {
        Some(url) => url.clone(),
        None => {
            let mood = Mood { fails: 15, outage_each: 40, outage: 9 };
            sinks::gateway(sink("sms", mood)).await.map_err(no_port)?
        }
    };
    let relay = relay(&smtp, RELAY).map_err(|why| NoRun::Gateway { url: smtp, why })?;
    let no_client = |error: reqwest::Error| NoRun::Gateway { url: "HTTP".to_owned(), why: error.to_string() };
    let client = Client::builder().build().map_err(no_client)?;
    let gateway = |url: Url| Gateway::new(client.clone(), url);
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let plan = Plan {
        run: u64::try_from(since_1970.as_millis()).unwrap_or_default(),
        database: options.database.clone(),
        relay,
        from: options.from.clone(),
        push: gateway(push),
        sms: gateway(sms),
        sabotage,
    };
    Ok((plan, local))
}
