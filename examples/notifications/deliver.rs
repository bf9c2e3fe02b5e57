//! Third stage: three workers deliver; what fails is tried again.

use std::time::Duration;

use noex::pool::{JobError, Rejected};
use noex::prelude::*;
use noex::resilience::{Class, Classify};
use noex::{Pool, Work};

use crate::channels::{EmailRef, PushRef, SendError, SmsRef};
use crate::notification::{Channel, Delivered, Notification};
use crate::sabotage::Sabotage;

/// Why a notification is not delivered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undelivered {
    #[error("{0}")]
    Rejected(String),
    #[error("{0}")]
    Down(String),
    #[error("it asks for a pause of {0:?}")]
    Throttled(Duration),
    #[error("{channel} has failed too often of late")]
    CircuitOpen { channel: Channel, retry_after: Option<Duration> },
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// It may have been sent by one that was killed before it could say so.
    #[error("{0}")]
    NoWorker(String),
}

impl Undelivered {
    /// Under which the account counts it.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Undelivered::Rejected(_) => "rejected by the gateway",
            Undelivered::Down(_) => "gateway down",
            Undelivered::Throttled(_) => "gateway busy",
            Undelivered::CircuitOpen { .. } => "circuit open",
            Undelivered::TimedOut(_) => "timed out",
            Undelivered::NoWorker(_) => "no worker lived to do it",
        }
    }

    fn of(channel: Channel, error: CallError<SendError>) -> Self {
        match error {
            CallError::Handler(SendError::Rejected(why)) => Undelivered::Rejected(why),
            CallError::Handler(SendError::Down(why)) => Undelivered::Down(why),
            CallError::Handler(SendError::Throttled(pause)) => Undelivered::Throttled(pause),
            CallError::CircuitOpen { open, .. } => {
                Undelivered::CircuitOpen { channel, retry_after: open.retry_after }
            }
            CallError::Timeout { after, .. } => Undelivered::TimedOut(after),
            other => Undelivered::Down(other.to_string()),
        }
    }
}

/// What `#[retry]` goes by: when another attempt is worth it, and not before which pause.
impl Classify for Undelivered {
    fn class(&self) -> Class {
        match self {
            Undelivered::Rejected(_) => Class::Permanent,
            // Whether it was sent is not known: another attempt is for those that are `idempotent`.
            Undelivered::NoWorker(_) => Class::Crashed,
            Undelivered::Throttled(retry_after)
            | Undelivered::CircuitOpen { retry_after: Some(retry_after), .. } => {
                Class::Throttled { retry_after: *retry_after }
            }
            Undelivered::Down(_) | Undelivered::TimedOut(_) | Undelivered::CircuitOpen { .. } => {
                Class::Transient
            }
        }
    }
}

/// The stage: it hands each notification to the pool.
///
/// The pauses between attempts are those of the caller, in front of the pool. A worker that meets an open circuit is
/// free again at once: one channel that is down does not keep the workers from the others.
#[genserver(name = "deliver", call_timeout = infinity)]
#[derive(Clone)]
pub(crate) struct Deliver {
    workers: Pool<Worker>,
}

#[genserver]
impl Deliver {
    #[init]
    fn open(workers: Pool<Worker>) -> Self {
        Deliver { workers }
    }

    /// Delivers it, once at least: a gateway knows a second one by its id.
    #[call(job, concurrent)]
    #[retry(max_attempts = 10, initial_delay = 50ms, max_delay = 2s, max_elapsed = 1min, jitter = full, idempotent)]
    pub(crate) async fn deliver(&self, notification: Notification) -> Result<Delivered, Undelivered> {
        let priority = notification.priority;
        let no_worker = |rejected: Rejected<_>| Undelivered::NoWorker(rejected.why.to_string());
        let job = self.workers.submit(notification).priority(priority).await.map_err(no_worker)?;
        job.await.map_err(|error: JobError<<Worker as Work>::Error>| {
            error.into_handler().unwrap_or_else(|error| Undelivered::NoWorker(error.to_string()))
        })
    }
}

/// One of three. What it is given is done, or tried by another one when it is killed meanwhile.
#[genserver(call_timeout = infinity)]
pub(crate) struct Worker {
    email: EmailRef,
    push: PushRef,
    sms: SmsRef,
    sabotage: Sabotage,
}

#[genserver]
impl Worker {
    #[init]
    fn open(cx: &mut Context<Self>, email: EmailRef, push: PushRef, sms: SmsRef, sabotage: Sabotage) -> Self {
        sabotage.know(cx.me());
        Worker { email, push, sms, sabotage }
    }

    /// Delivers it by its channel.
    #[call(job)]
    pub(crate) async fn work(&mut self, notification: Notification) -> Result<Delivered, Undelivered> {
        self.sabotage.strike();
        let channel = notification.channel;
        let sent = match channel {
            Channel::Email => self.email.send(notification).await,
            Channel::Push => self.push.send(notification).await,
            Channel::Sms => self.sms.send(notification).await,
        };
        match sent {
            Ok(receipt) => Ok(Delivered { channel, receipt }),
            Err(error) => Err(Undelivered::of(channel, error)),
        }
    }
}
