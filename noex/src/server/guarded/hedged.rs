//! One attempt that is several runs: another one beside the first when that is slow, and the first answer wins.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tokio::time::{Instant, Sleep};

use super::{Answered, Unserved};
use crate::{
    GenServer, ServerRef,
    process::door::now,
    resilience::{Class, Hedge},
    server::{attempt::Attempt, waiting::Asked},
};

/// How a handler is hedged.
pub(crate) struct Hedging<S: GenServer> {
    pub(super) hedge: Hedge,
    pub(super) copy: fn(&S::Call) -> S::Call,
    pub(super) class: fn(&S::Reply) -> Class,
}

/// The runs of one attempt.
pub(super) struct Runs<'a, S: GenServer> {
    first: Option<Attempt<'a, S>>,
    /// What the first one failed with, while others run.
    failed: Option<Answered<S>>,
    extras: Vec<Attempt<'a, S>>,
    /// For further runs.
    call: Option<S::Call>,
    may_start: u32,
    clock: Option<Pin<Box<Sleep>>>,
    begun: Option<Instant>,
}

impl<'a, S: GenServer> Runs<'a, S> {
    pub(super) fn new(hedging: &Hedging<S>, server: &'a ServerRef<S>, call: S::Call, asked: Asked) -> Self {
        hedging.hedge.begin();
        Runs {
            call: Some((hedging.copy)(&call)),
            first: Some(Attempt::new(server, call, asked)),
            failed: None,
            extras: Vec::new(),
            may_start: hedging.hedge.max_extra(),
            clock: None,
            begun: hedging.hedge.notes_latency().then(now),
        }
    }

    pub(super) fn poll(
        &mut self,
        hedging: &Hedging<S>,
        server: &'a ServerRef<S>,
        asked: Asked,
        cx: &mut Context<'_>,
    ) -> Poll<Answered<S>> {
        let answer = std::task::ready!(self.poll_runs(hedging, server, asked, cx));
        if let Some(begun) = self.begun {
            // Of a first run that lost it is known that it would have taken longer.
            hedging.hedge.note(now() - begun);
        }
        Poll::Ready(answer)
    }

    fn poll_runs(
        &mut self,
        hedging: &Hedging<S>,
        server: &'a ServerRef<S>,
        asked: Asked,
        cx: &mut Context<'_>,
    ) -> Poll<Answered<S>> {
        if let Some(first) = &mut self.first
            && let Poll::Ready(answer) = first.poll(cx)
        {
            self.first = None;
            let answer = answer.map_err(|failure| Unserved::Failure(*failure));
            if succeeded(hedging, &answer) {
                return Poll::Ready(answer);
            }
            self.failed = Some(answer);
        }
        // Those that run, and then those that start now.
        let mut at = 0;
        loop {
            let Some(extra) = self.extras.get_mut(at) else {
                if self.extras.is_empty()
                    && let Some(failed) = self.failed.take()
                {
                    return Poll::Ready(failed);
                }
                let number = hedging.hedge.max_extra() - self.may_start + 1;
                if self.may_start == 0 || hedging.hedge.poll_delay(&mut self.clock, cx).is_pending() {
                    return Poll::Pending;
                }
                if !hedging.hedge.may_run(number) {
                    self.may_start = 0;
                    return Poll::Pending;
                }
                (self.may_start, self.clock) = (self.may_start - 1, None);
                let call = match &self.call {
                    Some(call) if self.may_start > 0 => Some((hedging.copy)(call)),
                    _ => self.call.take(),
                };
                self.extras.extend(call.map(|call| Attempt::new(server, call, asked)));
                continue;
            };
            match extra.poll(cx) {
                Poll::Ready(answer) => {
                    let answer = answer.map_err(|failure| Unserved::Failure(*failure));
                    drop(self.extras.swap_remove(at));
                    if succeeded(hedging, &answer) {
                        hedging.hedge.has_won();
                        return Poll::Ready(answer);
                    }
                }
                Poll::Pending => at += 1,
            }
        }
    }
}

fn succeeded<S: GenServer>(hedging: &Hedging<S>, answer: &Answered<S>) -> bool {
    matches!(answer, Ok(reply) if (hedging.class)(reply) == Class::Success)
}
