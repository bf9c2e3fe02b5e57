//! Casts and infos of handlers that have policies: let in or not, at once.

use smallvec::SmallVec;

use super::Unserved;
use crate::{
    GenServer, Message, NotSent,
    resilience::stack::{Entry, Held, Layers, Outcome, Refusal},
    server::slot::{Slot, envelope::Envelope},
};

/// Whether the policies of the message's handler let it in.
#[inline]
pub(in crate::server) fn admit<S: GenServer>(slot: &Slot<S>, message: &Envelope<S>) -> Result<(), NotSent> {
    match message {
        Envelope::Cast(cast) if !S::Cast::GUARDED.is_empty() => {
            let variant = cast.variant();
            match slot.policies().of_cast(variant) {
                Some(layers) => {
                    pass(layers, cast).map_err(|refusal| explain(slot, S::Cast::VARIANTS, variant, refusal))
                }
                None => Ok(()),
            }
        }
        Envelope::Info(info) if !S::Info::GUARDED.is_empty() => {
            let variant = info.variant();
            match slot.policies().of_info(variant) {
                Some(layers) => {
                    pass(layers, info).map_err(|refusal| explain(slot, S::Info::VARIANTS, variant, refusal))
                }
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

fn pass<M>(layers: &Layers<M, Result<(), Unserved>>, message: &M) -> Result<(), Refusal> {
    let mut held: SmallVec<[Held; 2]> = SmallVec::new();
    for layer in layers {
        match layer.enter(message) {
            Entry::Passed(it) => held.push(it),
            Entry::Wait(_) => unreachable!("nobody waits to cast"),
            Entry::Refused(refusal) => {
                let outcome = Outcome::refused(refusal.clone());
                for (at, held) in held.into_iter().enumerate().rev() {
                    layers[at].leave(held, &outcome);
                }
                return Err(refusal);
            }
        }
    }
    // It is on its way: nobody will hear how it ends.
    for (at, held) in held.into_iter().enumerate().rev() {
        layers[at].cancel(held, false);
    }
    Ok(())
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
