//! Names: unique in their system, typed when looked up, free again at once when their server ends.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, PoisonError, RwLock},
};

use crate::{
    GenServer, Pid, ServerRef,
    server::slot::{AnySlot, Signal, Slot},
};

/// Name to slot. A name is a reference: a named server lives on when nobody holds it.
#[derive(Default)]
pub(crate) struct Names {
    table: RwLock<HashMap<Arc<str>, Arc<dyn AnySlot>>>,
}

impl Names {
    /// Gives the name to the slot, or says who has it. A server whose runtime is gone loses it.
    pub(crate) fn claim(&self, name: &Arc<str>, slot: Arc<dyn AnySlot>) -> Result<(), Pid> {
        self.held(name);
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        match table.entry(name.clone()) {
            Entry::Occupied(held) => Err(held.get().core().pid()),
            Entry::Vacant(free) => {
                slot.core().add_handle();
                free.insert(slot);
                Ok(())
            }
        }
    }

    /// The server under this name, if it is of this type.
    pub(crate) fn find<S: GenServer>(&self, name: &str) -> Option<ServerRef<S>> {
        let slot = self.held(name)?;
        slot.into_any().downcast::<Slot<S>>().ok().map(ServerRef::new)
    }

    /// Who has this name, and a runtime to run on. A server that was idle when its runtime went away ends now.
    pub(crate) fn held(&self, name: &str) -> Option<Arc<dyn AnySlot>> {
        let held = self.table.read().unwrap_or_else(PoisonError::into_inner).get(name)?.clone();
        if !held.core().door().is_some_and(|door| door.is_closed()) {
            return Some(held);
        }
        held.clone().signal(Signal::Kill);
        held.abandon();
        None
    }

    /// Frees the name if this slot has it; whether it had.
    pub(crate) fn forget(&self, name: &str, slot: u64) -> bool {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        if table.get(name).is_none_or(|held| held.core().id != slot) {
            return false;
        }
        let held = table.remove(name);
        drop(table);
        if let Some(held) = held {
            held.core().drop_handle();
        }
        true
    }

    pub(crate) fn len(&self) -> usize {
        self.table.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}
