//! The registries of a system, by name.

use std::{
    any::{Any, type_name},
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Key, Registry, RegistryError};
use crate::System;

/// Registries by name, each of its own type.
#[derive(Default)]
pub(crate) struct Listing {
    known: Mutex<HashMap<Arc<str>, Listed>>,
}

#[derive(Clone)]
struct Listed {
    registry: Arc<dyn Any + Send + Sync>,
    type_name: &'static str,
}

impl Listing {
    fn known(&self) -> MutexGuard<'_, HashMap<Arc<str>, Listed>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl System {
    /// Gives a registry to those who know its name alone; see [`registry`](System::registry). Adding it again does
    /// nothing. The system keeps it until it is [taken out](System::remove_registry).
    ///
    /// # Errors
    ///
    /// [`RegistryError::NameTaken`]: there is another one of this name.
    pub fn add_registry<K: Key, V: Send + Sync + 'static, S: 'static>(
        &self,
        registry: &Registry<K, V, S>,
    ) -> Result<(), RegistryError> {
        match self.registries().known().entry(registry.name().into()) {
            Entry::Vacant(free) => {
                let type_name = type_name::<Registry<K, V, S>>();
                free.insert(Listed { registry: Arc::new(registry.clone()), type_name });
                Ok(())
            }
            Entry::Occupied(known) => match known.get().registry.downcast_ref::<Registry<K, V, S>>() {
                Some(known) if Arc::ptr_eq(&known.inner, &registry.inner) => Ok(()),
                _ => Err(RegistryError::NameTaken { registry: known.key().clone() }),
            },
        }
    }

    /// The registry of this name, if it is of the type asked for.
    ///
    /// # Errors
    ///
    /// [`RegistryError`]: there is none, or its keys, values or servers are others.
    ///
    /// # Examples
    ///
    /// ```
    /// use noex::{prelude::*, registry::{Registry, RegistryError}};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let system = System::new();
    /// system.add_registry(&Registry::<String, u32>::unique("sessions"))?;
    ///
    /// let sessions: Registry<String, u32> = system.registry("sessions")?;
    /// assert!(sessions.is_empty());
    /// let error = system.registry::<u64, u32, noex::registry::AnyServer>("sessions").unwrap_err();
    /// assert!(matches!(error, RegistryError::OtherType { .. }));
    /// let error = system.registry::<String, u32, noex::registry::AnyServer>("session").unwrap_err();
    /// assert_eq!(error.to_string(), "there is no registry `session`");
    /// # Ok(()) }
    /// ```
    pub fn registry<K: Key, V: Send + Sync + 'static, S: 'static>(
        &self,
        name: &str,
    ) -> Result<Registry<K, V, S>, RegistryError> {
        let known = self.registries().known().get(name).cloned();
        let Some(Listed { registry, type_name: is }) = known else {
            return Err(RegistryError::Unknown { registry: name.into() });
        };
        let asked = type_name::<Registry<K, V, S>>();
        let found = registry.downcast_ref::<Registry<K, V, S>>().cloned();
        found.ok_or_else(|| RegistryError::OtherType { registry: name.into(), is, asked })
    }

    /// Does not keep the registry of this name any more. `false`: there was none.
    pub fn remove_registry(&self, name: &str) -> bool {
        // Dropped without the lock: its servers may end with it.
        let removed = self.registries().known().remove(name);
        removed.is_some()
    }
}
