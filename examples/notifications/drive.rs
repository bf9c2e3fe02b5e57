//! Takes what is offered and sees it to its end.

use std::pin::pin;

use noex::prelude::*;
use tokio::task::{JoinError, JoinSet};

use crate::intake::{Offer, Offers};
use crate::journey::{Way, travel};
use crate::notification::Line;
use crate::run::End;
use crate::tracker::NotTracked;
use crate::tree::Notifications;

/// Notifications on their way at once: many more than there are workers, because one that waits for its next attempt
/// waits here.
const ON_THE_WAY: usize = 256;

/// What was taken, and what did not get on record.
#[derive(Debug, Default)]
pub(crate) struct Driven {
    pub(crate) submitted: u64,
    not_tracked: Option<String>,
}

impl Driven {
    /// Sends every line on its journey, never more than [`ON_THE_WAY`] at once, and sees all of them to their end.
    pub(crate) async fn drive(
        &mut self,
        tree: &Notifications,
        way: &Way,
        mut offers: Offers,
        told_to_stop: impl Future<Output = ()>,
    ) -> End {
        let mut told_to_stop = pin!(told_to_stop);
        let mut journeys = JoinSet::new();
        let end = loop {
            if self.not_tracked.is_some() {
                break End::Complete;
            }
            tokio::select! {
                () = &mut told_to_stop => break End::Stopped,
                Some(ended) = journeys.join_next() => self.count(ended),
                offer = offers.recv(), if journeys.len() < ON_THE_WAY => {
                    let Some(Offer { source, text, answer }) = offer else { break End::Complete };
                    self.submitted += 1;
                    let line = Line { number: self.submitted, source, text };
                    let (way, tracker) = (way.clone(), tree.tracker().clone());
                    journeys.spawn(async move {
                        let end = travel(way, tracker, line).await?;
                        // Whoever asked may have gone.
                        let _ = answer.map(|answer| answer.send(end));
                        Ok(())
                    });
                }
            }
        };
        if matches!(end, End::Stopped) {
            eprintln!("stopping: {} are on their way", journeys.len());
        }
        // What is offered from now on, or was and not taken, goes back to whoever offered it.
        drop(offers);
        while let Some(ended) = journeys.join_next().await {
            self.count(ended);
        }
        self.not_tracked.take().map_or(end, End::NotTracked)
    }

    fn count(&mut self, ended: Result<Result<(), CallError<NotTracked>>, JoinError>) {
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.not_tracked = Some(error.to_string()),
            // It panicked, and the account will not add up.
            Err(error) => eprintln!("error: a journey ended: {error}"),
        }
    }
}
