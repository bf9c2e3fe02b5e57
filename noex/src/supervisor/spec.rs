//! What a supervisor is told about its children, as data.

use std::{fmt, sync::Arc, time::Duration};

use super::{
    builder::StartTree,
    place::{Place, PlaceOf},
};
use crate::GenServer;

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

/// Whether a supervisor ends when its significant children have ended.
///
/// A child has ended when it will not come back by itself: a `transient` one in an orderly way, a `temporary`
/// one in any. One that was stopped by hand does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AutoShutdown {
    /// It does not; no child may be significant.
    #[default]
    Never,
    /// With the first of them.
    AnySignificant,
    /// With the last of them.
    AllSignificant,
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

impl Shutdown {
    /// How a worker is stopped that says nothing else.
    pub(super) const WORKER: Shutdown = Shutdown::Timeout(Duration::from_secs(5));
    /// How a supervisor is.
    pub(super) const SUPERVISOR: Shutdown = Shutdown::Infinity;

    /// The time that a child is given; `None` is without limit.
    pub(crate) fn limit(self) -> Option<Duration> {
        match self {
            Shutdown::BrutalKill => Some(Duration::ZERO),
            Shutdown::Timeout(limit) => Some(limit),
            Shutdown::Infinity => None,
        }
    }
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
#[must_use = "options do nothing until a child has them"]
pub struct ChildOptions {
    pub(super) id: Arc<str>,
    pub(super) name: Option<Arc<str>>,
    pub(super) restart: Restart,
    pub(super) shutdown: Option<Shutdown>,
    pub(super) significant: bool,
    pub(super) ready: Option<Duration>,
}

impl ChildOptions {
    /// A permanent child with 5 s to shut down; a supervisor has no limit.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        ChildOptions {
            id: id.into(),
            name: None,
            restart: Restart::default(),
            shutdown: None,
            significant: false,
            ready: None,
        }
    }

    /// Registers the child under this name, in place of the one its type has. It keeps the name over restarts.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
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

    /// Its end is one that [`AutoShutdown`] looks at.
    pub fn significant(mut self) -> Self {
        self.significant = true;
        self
    }

    /// Gives each of its starts up after this time; without limit by default. A start that takes too long is
    /// one that failed.
    pub fn ready_within(mut self, limit: Duration) -> Self {
        self.ready = Some(limit);
        self
    }
}

/// Makes a place for a child.
type NewPlace = Arc<dyn Fn(&ChildOptions) -> Arc<dyn Place> + Send + Sync>;

/// A child before it runs: readable, comparable, startable any number of times.
///
/// `Account::child(..)` makes one; its id is the type's name until [`with_id`](ChildSpec::with_id) says otherwise.
#[derive(Clone)]
pub struct ChildSpec {
    pub(super) options: ChildOptions,
    pub(super) kind: Kind,
    pub(super) server: &'static str,
    pub(super) place: NewPlace,
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
            place: Arc::new(move |options| PlaceOf::<S>::new(args.clone(), options, None)),
        }
    }

    /// A child that is a tree, made anew for each place that it is to run in.
    pub fn tree<T: 'static>(
        id: impl Into<Arc<str>>,
        tree: impl Fn() -> StartTree<T> + Send + Sync + 'static,
    ) -> Self {
        ChildSpec {
            options: ChildOptions::new(id),
            kind: Kind::Supervisor,
            server: std::any::type_name::<T>(),
            place: Arc::new(move |options| tree().planned(options.clone()).0.place),
        }
    }

    /// Another id.
    pub fn with_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.options.id = id.into();
        self
    }

    /// All its options.
    pub fn with(mut self, options: ChildOptions) -> Self {
        self.options = options;
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

    /// Its end is one that [`AutoShutdown`] looks at.
    pub fn significant(mut self) -> Self {
        self.options.significant = true;
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
            Kind::Worker => Shutdown::WORKER,
            Kind::Supervisor => Shutdown::SUPERVISOR,
        })
    }

    /// Whether [`AutoShutdown`] looks at its end.
    pub fn is_significant(&self) -> bool {
        self.options.significant
    }

    /// How long a start may take; `None` is without limit.
    pub fn ready_limit(&self) -> Option<Duration> {
        self.options.ready
    }

    /// Worker or supervisor.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The server's type; of a tree the type that stands for it.
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
            .field("significant", &self.options.significant)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Strategy::OneForOne => "one_for_one",
            Strategy::OneForAll => "one_for_all",
            Strategy::RestForOne => "rest_for_one",
        })
    }
}

impl fmt::Display for Restart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Restart::Permanent => "permanent",
            Restart::Transient => "transient",
            Restart::Temporary => "temporary",
        })
    }
}
