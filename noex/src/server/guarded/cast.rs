//! Casts and infos of handlers that have policies: let in or not, at once; and given back what they took, if they are not
//! sent after all.

use std::mem;

use smallvec::SmallVec;

use super::Unserved;
use crate::{
    GenServer, Message, NotSent,
    resilience::stack::{Entry, Held, Layers, Refusal, said},
    server::{
        error::Failure,
        slot::{Slot, envelope::Envelope},
    },
};

/// What a message that was let in has spent, and gives back if it is not sent.
pub(in crate::server) struct Passed(Option<Spent>);

struct Spent {
    is_info: bool,
    variant: usize,
    /// Of each layer, the outermost first.
    held: Holds,
}

type Holds = SmallVec<[Held; 2]>;

impl Passed {
    const FREE: Self = Passed(None);

    /// It is not sent.
    #[cold]
    pub(in crate::server) fn unsent<S: GenServer>(self, slot: &Slot<S>) {
        let Some(Spent { is_info, variant, held }) = self.0 else { return };
        let policies = slot.policies();
        match (policies.of_info(variant), policies.of_cast(variant)) {
            (Some(layers), _) if is_info => give_back(layers, held),
            (_, Some(layers)) if !is_info => give_back(layers, held),
            _ => {}
        }
    }
}

/// Whether the policies of the message's handler let it in.
#[inline]
pub(in crate::server) fn admit<S: GenServer>(
    slot: &Slot<S>,
    message: &Envelope<S>,
) -> Result<Passed, NotSent> {
    match message {
        Envelope::Cast(cast) if !S::Cast::GUARDED.is_empty() => {
            let variant = cast.variant();
            match slot.policies().of_cast(variant) {
                Some(layers) => match pass(layers, cast) {
                    Ok(held) => Ok(Passed(Some(Spent { is_info: false, variant, held }))),
                    Err(refusal) => Err(explain(slot, S::Cast::VARIANTS, variant, refusal)),
                },
                None => Ok(Passed::FREE),
            }
        }
        Envelope::Info(info) if !S::Info::GUARDED.is_empty() => {
            let variant = info.variant();
            match slot.policies().of_info(variant) {
                Some(layers) => match pass(layers, info) {
                    Ok(held) => Ok(Passed(Some(Spent { is_info: true, variant, held }))),
                    Err(refusal) => Err(explain(slot, S::Info::VARIANTS, variant, refusal)),
                },
                None => Ok(Passed::FREE),
            }
        }
        _ => Ok(Passed::FREE),
    }
}

fn pass<M>(layers: &Layers<M, Result<(), Unserved>>, message: &M) -> Result<Holds, Refusal> {
    let mut all = Holds::new();
    for layer in layers {
        let mut refused = None;
        match layer.enter(message, &mut refused) {
            Entry::Passed(held) => all.push(held),
            Entry::Wait(_) => unreachable!("nobody waits to cast"),
            Entry::Refused => {
                let outcome = said(refused);
                for (at, held) in all.into_iter().enumerate().rev() {
                    layers[at].leave(held, &outcome);
                }
                let Err(Unserved::Refused(refusal)) = outcome else { unreachable!("it is a refusal") };
                return Err(refusal);
            }
        }
    }
    // Nobody will hear how it ends: only what was spent may come back.
    for (at, held) in all.iter_mut().enumerate().rev() {
        if !matches!(held, Held::Grant(..)) {
            layers[at].cancel(mem::take(held), false);
        }
    }
    Ok(all)
}

fn give_back<M>(layers: &Layers<M, Result<(), Unserved>>, all: Holds) {
    // Why does not matter: it did not get there.
    let outcome = Err(Unserved::Failure(Failure::MailboxFull { capacity: 0 }));
    for (at, held) in all.into_iter().enumerate().rev() {
        if let Held::Grant(..) = held {
            layers[at].leave(held, &outcome);
        }
    }
}

#[cold]
fn explain<S: GenServer>(
    slot: &Slot<S>,
    variants: &'static [&'static str],
    variant: usize,
    refusal: Refusal,
) -> NotSent {
    let target = slot.policies().target(variants.get(variant).copied().unwrap_or("?"));
    match refusal {
        Refusal::CircuitOpen(open) => NotSent::CircuitOpen { target, open },
        Refusal::RateLimited(limited) => NotSent::RateLimited { target, limited },
        Refusal::Disposed(disposed) => NotSent::Disposed { target, disposed },
        Refusal::BulkheadFull(_) | Refusal::Shed(_) => unreachable!("casts have no such policy"),
    }
}
