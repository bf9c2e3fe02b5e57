//! Whose a policy of a handler is: what it is called, and who shares it.

use std::sync::Arc;

use crate::{
    Pid, System,
    resilience::{Identity, PolicyKind},
};

/// Who shares a policy of a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// All callers of one server; its name is `account.rating`.
    Server,
    /// All servers of the type; its name is `Account.rating`.
    Type,
    /// All that name it, handlers and plain values alike.
    Name(&'static str),
}

/// The server whose handlers have policies.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) system: System,
    /// Its name, or its type and pid.
    pub(crate) server: Arc<str>,
    pub(crate) pid: Pid,
    /// Its type.
    pub(crate) kind: &'static str,
}

impl Place {
    /// The identity of a policy that no other server has.
    pub(crate) fn own(&self, kind: PolicyKind, handler: &str) -> Identity {
        let name = format!("{}.{handler}", self.server);
        Identity::new(kind, name, &self.system).owned_by(self.pid, self.server.clone())
    }

    /// The name that others know the policy by, if it is shared.
    pub(crate) fn shared(&self, scope: Scope, handler: &str) -> Option<String> {
        match scope {
            Scope::Server => None,
            Scope::Type => Some(format!("{}.{handler}", self.kind)),
            Scope::Name(name) => Some(name.into()),
        }
    }
}
