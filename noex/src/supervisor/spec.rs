//! What a supervisor is told about its children, as data.

use std::{fmt, sync::Arc, time::Duration};

use super::child::{Place, PlaceOf};
use crate::{GenServer, System, server::slot};

/// Who is restarted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Strategy {
    /// The child that ended.
    OneForOne,
    /// All children.
    OneForAll,
    /// The child that ended and those started after it.
    RestForOne,
}

/// When a child is restarted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Restart {
    /// Always.
    #[default]
    Permanent,
    /// When it ended abnormally.
    Transient,
    /// Never; it is forgotten when it ends.
    Temporary,
}

/// How a child is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shutdown {
    /// It is killed.
    BrutalKill,
    /// It is told to shut down, and killed when it has not within this time.
    Timeout(Duration),
    /// It is told to shut down, and waited for.
    Infinity,
}

/// What kind of process a child is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A server that does work.
    Worker,
    /// A supervisor.
    Supervisor,
}

/// A child's id and how it is kept.
#[derive(Clone, Debug)]
pub struct ChildOptions {
    pub(super) id: Arc<str>,
    pub(super) restart: Restart,
    pub(super) shutdown: Option<Shutdown>,
}

impl ChildOptions {
    /// A permanent child with 5 s to shut down.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        ChildOptions { id: id.into(), restart: Restart::default(), shutdown: None }
    }

    /// When it is restarted.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// How it is stopped.
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = Some(shutdown);
        self
    }
}

/// A child before it runs: readable, comparable, startable any number of times.
///
/// `Account::child(..)` makes one; its id is the type's name until [`id`](ChildSpec::with_id) says otherwise.
#[derive(Clone)]
pub struct ChildSpec {
    pub(super) options: ChildOptions,
    pub(super) kind: Kind,
    pub(super) server: &'static str,
    pub(super) place: Arc<dyn Fn() -> Arc<dyn Place> + Send + Sync>,
}

impl ChildSpec {
    /// A child of type `S` whose arguments are made anew for each start.
    pub fn of<S: GenServer>(
        id: impl Into<Arc<str>>,
        args: impl Fn() -> S::Args + Send + Sync + 'static,
    ) -> Self {
        let args: Arc<dyn Fn() -> S::Args + Send + Sync> = Arc::new(args);
        ChildSpec {
            options: ChildOptions::new(id),
            kind: Kind::Worker,
            server: std::any::type_name::<S>(),
            place: Arc::new(move || {
                Arc::new(PlaceOf { slot: slot::vacant::<S>(System::next_slot()), args: args.clone() })
            }),
        }
    }

    /// Another id.
    pub fn with_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.options.id = id.into();
        self
    }

    /// When it is restarted.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.options.restart = restart;
        self
    }

    /// How it is stopped.
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.options.shutdown = Some(shutdown);
        self
    }

    /// The id, unique among its siblings.
    pub fn id(&self) -> &str {
        &self.options.id
    }

    /// When it is restarted.
    pub fn restart_type(&self) -> Restart {
        self.options.restart
    }

    /// How it is stopped: 5 s for a worker, without limit for a supervisor, unless told otherwise.
    pub fn shutdown_type(&self) -> Shutdown {
        self.options.shutdown.unwrap_or(match self.kind {
            Kind::Worker => Shutdown::Timeout(Duration::from_secs(5)),
            Kind::Supervisor => Shutdown::Infinity,
        })
    }

    /// Worker or supervisor.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The server's type.
    pub fn server(&self) -> &'static str {
        self.server
    }
}

impl fmt::Debug for ChildSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildSpec")
            .field("id", &self.options.id)
            .field("server", &self.server)
            .field("kind", &self.kind)
            .field("restart", &self.options.restart)
            .field("shutdown", &self.shutdown_type())
            .finish_non_exhaustive()
    }
}
