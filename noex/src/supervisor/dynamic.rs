//! Dynamic supervisors: many children of one type, that come and go.

use std::{fmt, future::IntoFuture, ops::Deref, sync::Arc};

use super::{
    builder::{StartTree, SupervisorBuilder},
    error::AdminError,
    plan::Planned,
    server::{Supervisor, SupervisorRef},
    spec::{ChildOptions, Restart, Shutdown},
};
use crate::{GenServer, ServerRef, process::door::Boxed};

/// A dynamic supervisor's handle: it starts children of type `S`, from what `A` says of them.
///
/// It has no list of children to begin with. They are known by their references, not by ids; they start side by
/// side, each on a task of its own, and stop all at once, each within its time. Adding and removing one costs the
/// same whether there are ten or a hundred thousand. As `DynamicSupervisor` in Elixir.
///
/// # Examples
///
/// ```
/// use noex::{DynamicSupervisor, prelude::*, supervisor::AdminError};
///
/// #[genserver]
/// struct Conn { host: String, port: u16 }
///
/// #[genserver]
/// impl Conn {
///     #[init]
///     fn open(host: String, port: u16) -> Self { Conn { host, port } }
///
///     #[call]
///     fn address(&self) -> String { format!("{}:{}", self.host, self.port) }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut conns = DynamicSupervisor::<Conn, u16>::with("conns", |port| ("localhost".to_owned(), port));
/// conns.max(1);
/// let conns = conns.start().await?;
/// let conn = conns.start_child(80).await?;
/// assert_eq!(conn.address().await?, "localhost:80");
/// assert!(matches!(conns.start_child(81).await, Err(AdminError::TooMany { max: 1 })));
/// conns.terminate_child(&conn).await?;
/// conns.start_child(81).await?;
/// # Ok(()) }
/// ```
pub struct DynamicSupervisor<S: GenServer, A = <S as GenServer>::Args> {
    supervisor: SupervisorRef,
    shape: Arc<Shape<S, A>>,
}

/// What all children have in common.
struct Shape<S: GenServer, A> {
    args: Arc<dyn Fn(A) -> S::Args + Send + Sync>,
    options: ChildOptions,
}

impl<S: GenServer> DynamicSupervisor<S> {
    /// A dynamic supervisor under construction, whose children are started with the arguments of `S` itself.
    pub fn builder(name: impl Into<Arc<str>>) -> DynamicBuilder<S>
    where
        S::Args: Clone + Sync,
    {
        Self::with(name, |args| args)
    }
}

impl<S: GenServer, A: Clone + Send + Sync + 'static> DynamicSupervisor<S, A> {
    /// The same for children that `args` completes: what they have in common, and what is said of each.
    pub fn with(
        name: impl Into<Arc<str>>,
        args: impl Fn(A) -> S::Args + Send + Sync + 'static,
    ) -> DynamicBuilder<S, A> {
        let mut builder = Supervisor::builder(name);
        builder.make_dynamic();
        DynamicBuilder { builder, shape: Shape { args: Arc::new(args), options: ChildOptions::new("child") } }
    }

    /// A child about to be started with these arguments: awaited, it is its reference. Each of its lives gets
    /// a clone of them.
    pub fn start_child(&self, args: A) -> StartChild<'_, S, A> {
        StartChild { conns: self, args, options: self.shape.options.clone() }
    }
}

impl<S: GenServer, A> DynamicSupervisor<S, A> {
    /// Stops a child and forgets it; ready when it is gone.
    ///
    /// # Errors
    ///
    /// [`NotFound`](AdminError::NotFound): it has gone before, or is not one of these.
    pub async fn terminate_child(&self, child: &ServerRef<S>) -> Result<(), AdminError> {
        self.supervisor.terminate_slot(child.pid().slot()).await
    }
}

impl<S: GenServer, A> Deref for DynamicSupervisor<S, A> {
    type Target = SupervisorRef;

    fn deref(&self) -> &SupervisorRef {
        &self.supervisor
    }
}

impl<S: GenServer, A> Clone for DynamicSupervisor<S, A> {
    fn clone(&self) -> Self {
        DynamicSupervisor { supervisor: self.supervisor.clone(), shape: self.shape.clone() }
    }
}

impl<S: GenServer, A> fmt::Debug for DynamicSupervisor<S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DynamicSupervisor").field(&self.supervisor).finish()
    }
}

/// A dynamic supervisor before it runs.
#[must_use = "a supervisor does not run until it is started"]
pub struct DynamicBuilder<S: GenServer, A = <S as GenServer>::Args> {
    builder: SupervisorBuilder,
    shape: Shape<S, A>,
}

impl<S: GenServer, A> DynamicBuilder<S, A> {
    /// How many children there may be at a time; any number by default.
    pub fn max(&mut self, max: usize) -> &mut Self {
        self.builder.limit(max);
        self
    }

    /// At most `max` restarts within `window`, over all children; 3 in 5 s by default.
    pub fn restarts(&mut self, max: u32, window: std::time::Duration) -> &mut Self {
        self.builder.restarts(max, window);
        self
    }

    /// Pauses before restarts; there are none by default.
    pub fn backoff(&mut self, backoff: super::Backoff) -> &mut Self {
        self.builder.backoff(backoff);
        self
    }

    /// When and how children are restarted and stopped; each start can say otherwise. Its id is what all of them
    /// are called.
    pub fn children(&mut self, options: ChildOptions) -> &mut Self {
        self.shape.options = options;
        self
    }

    /// Starts the supervisor, without children.
    pub fn start(self) -> StartTree<DynamicSupervisor<S, A>>
    where
        A: Send + Sync + 'static,
    {
        let shape = Arc::new(self.shape);
        StartTree::new(self.builder, move |supervisor| DynamicSupervisor { supervisor, shape })
    }
}

impl<S: GenServer, A> fmt::Debug for DynamicBuilder<S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DynamicBuilder").field(&self.builder).finish()
    }
}

/// A child of a dynamic supervisor about to be started.
///
/// # Errors
///
/// [`TooMany`](AdminError::TooMany); [`NotStarted`](AdminError::NotStarted), [`Ignored`](AdminError::Ignored) or
/// [`NotReady`](AdminError::NotReady), after which nothing of it is kept.
#[must_use = "a child does not start until this is awaited"]
pub struct StartChild<'a, S: GenServer, A> {
    conns: &'a DynamicSupervisor<S, A>,
    args: A,
    options: ChildOptions,
}

impl<S: GenServer, A> StartChild<'_, S, A> {
    /// Another id, a name, how it is restarted and stopped.
    pub fn options(mut self, options: ChildOptions) -> Self {
        self.options = options;
        self
    }

    /// When it is restarted.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.options = self.options.restart(restart);
        self
    }

    /// How it is stopped.
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.options = self.options.shutdown(shutdown);
        self
    }
}

impl<'a, S: GenServer, A: Clone + Send + Sync + 'static> IntoFuture for StartChild<'a, S, A> {
    type Output = Result<S::Ref, AdminError>;
    type IntoFuture = Boxed<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let StartChild { conns, args, options } = self;
        let each = conns.shape.args.clone();
        let (planned, child) = Planned::server::<S>(options, Arc::new(move || each(args.clone())));
        let supervisor = conns.supervisor.clone();
        Box::pin(async move {
            supervisor.start_planned(planned).await?;
            Ok(child)
        })
    }
}

impl<S: GenServer, A> fmt::Debug for StartChild<'_, S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartChild").field("options", &self.options).finish_non_exhaustive()
    }
}
