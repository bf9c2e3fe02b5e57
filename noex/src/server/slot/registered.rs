//! Where a server is registered: struck out there when its life ends.

use std::sync::Weak;

use super::Core;
use crate::process::{
    Pid,
    panic::{catch, drop_quietly},
};

/// A registry, without its types.
pub(crate) trait Ledger: Send + Sync {
    /// That life is over: takes out what it has.
    fn strike_out(&self, pid: Pid);
}

/// The registries that this life may have entries in.
#[derive(Default)]
pub(crate) struct Registered {
    ledgers: Vec<Weak<dyn Ledger>>,
}

impl Core {
    /// When the life ends, it is struck out there. The caller has the life in hand: it cannot end meanwhile.
    pub(crate) fn keep_ledger(&self, ledger: Weak<dyn Ledger>) {
        let mut slow = self.slow();
        let ledgers = &mut slow.whole().registered.ledgers;
        if !ledgers.iter().any(|known| Weak::ptr_eq(known, &ledger)) {
            // Registries that are gone need no room.
            if ledgers.len() == ledgers.capacity() {
                ledgers.retain(|known| known.strong_count() > 0);
            }
            ledgers.push(ledger);
        }
    }

    /// That life is over, or did not begin: takes its entries out of all registries.
    pub(crate) fn end_registrations(&self, pid: Pid) {
        let ledgers = match &mut self.slow().rest {
            Some(rest) if !rest.registered.ledgers.is_empty() => std::mem::take(&mut rest.registered.ledgers),
            _ => return,
        };
        for ledger in ledgers.iter().filter_map(Weak::upgrade) {
            // Listeners and keys are code of the user's.
            drop_quietly(catch(|| ledger.strike_out(pid)).map_err(|panic| panic.into_reason("registry")));
            drop_quietly(ledger);
        }
    }
}
