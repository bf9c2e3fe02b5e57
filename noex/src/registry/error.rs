//! What can go wrong with a registry.

use std::sync::Arc;

use thiserror::Error;

use crate::Pid;

/// The key of a unique registry is held.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the key is registered in `{registry}` by {holder}")]
#[non_exhaustive]
pub struct AlreadyRegistered {
    /// The registry's name.
    pub registry: Arc<str>,
    /// Who has the key; it may be the very server that asks.
    pub holder: Pid,
}

/// The server has no entry under this key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{server} has nothing under this key in `{registry}`")]
#[non_exhaustive]
pub struct NotRegistered {
    /// The registry's name.
    pub registry: Arc<str>,
    /// Who asked.
    pub server: Pid,
}

/// Why a registry is not to be had by its name, or not to be added under it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The system knows no registry of this name.
    #[error("there is no registry `{registry}`")]
    Unknown {
        /// The name.
        registry: Arc<str>,
    },
    /// It has other keys, values or servers.
    #[error("the registry `{registry}` is a `{is}`, not a `{asked}`")]
    OtherType {
        /// The name.
        registry: Arc<str>,
        /// Its type.
        is: &'static str,
        /// The type that was asked for.
        asked: &'static str,
    },
    /// The system has another registry of this name.
    #[error("there is another registry `{registry}`")]
    NameTaken {
        /// The name.
        registry: Arc<str>,
    },
}
