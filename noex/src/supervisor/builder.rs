//! Building a tree at run time; what `supervisor!` expands to.

use std::{fmt, future::IntoFuture, sync::Arc, time::Duration};

use super::{
    backoff::Backoff,
    error::SupervisorError,
    place::PlaceOf,
    plan::{Budget, Plan, Planned},
    server::{Supervisor, SupervisorRef},
    spec::{AutoShutdown, ChildOptions, ChildSpec, Kind, Shutdown, Strategy},
};
use crate::{Context, GenServer, ServerRef, Start, System, process::door::Boxed, server::slot::AnySlot};

/// A tree before it runs: options, and children in the order in which they will start.
///
/// # Examples
///
/// ```
/// use noex::{ChildOptions, Strategy, Supervisor, prelude::*};
/// use std::time::Duration;
/// # #[genserver] struct Counter { count: u64 }
/// # #[genserver] impl Counter {
/// #     #[init] fn init(count: u64) -> Self { Counter { count } }
/// #     #[call] fn get(&self) -> u64 { self.count }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut below = Supervisor::builder("more counters");
/// below.add(Counter::child(3));
///
/// let mut tree = Supervisor::builder("counters");
/// tree.strategy(Strategy::OneForAll);
/// tree.restarts(5, Duration::from_secs(30));
/// let first = tree.child::<Counter>(ChildOptions::new("first"), || (1,));
/// tree.add(Counter::child(2));
/// tree.nest(ChildOptions::new("more"), below.start());
/// let counters = tree.start().await?;
/// assert_eq!(first.get().await?, 1);
/// counters.stop().await?;
/// # Ok(()) }
/// ```
#[must_use = "a tree does not run until it is started"]
pub struct SupervisorBuilder {
    pub(super) plan: Plan,
}

impl SupervisorBuilder {
    pub(super) fn new(name: Arc<str>) -> Self {
        SupervisorBuilder { plan: Plan::new(name) }
    }

    /// Children will come and go.
    pub(crate) fn make_dynamic(&mut self) {
        self.plan.is_dynamic = true;
    }

    /// How many children there may be.
    pub(crate) fn limit(&mut self, most: usize) {
        self.plan.most = most;
    }

    /// Who is restarted together; `one_for_one` by default.
    pub fn strategy(&mut self, strategy: Strategy) -> &mut Self {
        self.plan.strategy = strategy;
        self
    }

    /// At most `max` restarts within `window`; 3 in 5 s by default.
    pub fn restarts(&mut self, max: u32, window: Duration) -> &mut Self {
        self.plan.restarts = Budget { max, window };
        self
    }

    /// Whether the tree ends with its significant children; it does not by default.
    pub fn auto_shutdown(&mut self, auto_shutdown: AutoShutdown) -> &mut Self {
        self.plan.auto_shutdown = auto_shutdown;
        self
    }

    /// Pauses before restarts; there are none by default.
    pub fn backoff(&mut self, backoff: Backoff) -> &mut Self {
        self.plan.backoff = Some(backoff);
        self
    }

    /// Adds a child and gives its reference, which is good before the child runs: messages wait for it.
    pub fn child<S: GenServer>(
        &mut self,
        options: ChildOptions,
        args: impl Fn() -> S::Args + Send + Sync + 'static,
    ) -> S::Ref {
        let (planned, child) = Planned::server::<S>(options, Arc::new(args));
        self.plan.children.push(planned);
        child
    }

    /// Adds a child that has its place.
    pub(crate) fn add_planned(&mut self, planned: Planned) {
        self.plan.children.push(planned);
    }

    /// Adds a child by its spec.
    pub fn add(&mut self, spec: ChildSpec) -> &mut Self {
        self.plan.children.push(Planned::of(spec));
        self
    }

    /// Adds a tree as a child, and gives what awaiting it would give. Any tree: one from a builder, one declared
    /// with `supervisor!` here or in another crate, a dynamic or partitioned one.
    ///
    /// Its children keep their places over restarts of the tree, so that references to them stay good.
    pub fn nest<T: 'static>(&mut self, options: ChildOptions, tree: StartTree<T>) -> T {
        let (planned, handle) = tree.planned(options);
        self.plan.children.push(planned);
        handle
    }

    /// The children as data, in start order.
    pub fn children(&self) -> impl Iterator<Item = &ChildSpec> {
        self.plan.children.iter().map(|child| &child.spec)
    }

    /// Starts the tree.
    pub fn start(self) -> StartTree<SupervisorRef> {
        StartTree::new(self, |supervisor| supervisor)
    }
}

impl fmt::Debug for SupervisorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SupervisorBuilder").field(&self.plan).finish()
    }
}

impl Planned {
    pub(super) fn of(spec: ChildSpec) -> Self {
        let place = (spec.place)(&spec.options);
        Planned { spec, place }
    }

    pub(crate) fn server<S: GenServer>(
        options: ChildOptions,
        args: Arc<dyn Fn() -> S::Args + Send + Sync>,
    ) -> (Self, S::Ref) {
        let (planned, child) = Planned::server_ref::<S>(options, args);
        (planned, child.into())
    }

    pub(crate) fn server_ref<S: GenServer>(
        options: ChildOptions,
        args: Arc<dyn Fn() -> S::Args + Send + Sync>,
    ) -> (Self, ServerRef<S>) {
        let place = PlaceOf::<S>::new(args.clone(), &options, None);
        let child = ServerRef::new(place.slot.clone());
        let spec = ChildSpec::of::<S>(options.id.clone(), move || args()).with(options);
        (Planned { spec, place }, child)
    }

    /// Where the child lives, in all of its lives.
    pub(crate) fn slot(&self) -> Arc<dyn AnySlot> {
        self.place.slot()
    }
}

/// A tree about to be started: awaited, it is ready when all children are up. Or a tree about to be nested in
/// another: see [`SupervisorBuilder::nest`].
///
/// # Errors
///
/// [`SupervisorError`] names the child that did not start and why; those before it are stopped again.
#[must_use = "a tree does not start until this is awaited"]
pub struct StartTree<T> {
    plan: Arc<Plan>,
    registered: Option<Arc<str>>,
    start: Start<Supervisor>,
    finish: Box<dyn FnOnce(SupervisorRef) -> T + Send>,
}

impl<T> StartTree<T> {
    pub(crate) fn new(
        builder: SupervisorBuilder,
        finish: impl FnOnce(SupervisorRef) -> T + Send + 'static,
    ) -> Self {
        let plan = Arc::new(builder.plan);
        let start = Start::new(plan.clone()).label(plan.name.clone());
        StartTree { plan, registered: None, start, finish: Box::new(finish) }
    }

    /// Registers the supervisor under this name.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.registered = Some(name.into());
        self
    }

    /// Starts in this system, not in the global one. A nested tree is in the system of the tree above.
    pub fn system(mut self, system: &System) -> Self {
        self.start = self.start.system(system);
        self
    }

    /// Links the supervisor to the server that starts it, as [`Start::linked`]. A nested tree has a supervisor
    /// above it instead.
    pub fn linked<P: GenServer>(mut self, cx: &Context<P>) -> Self {
        self.start = self.start.linked(cx);
        self
    }

    /// The tree as a child, and what its handle is.
    pub(super) fn planned(self, mut options: ChildOptions) -> (Planned, T)
    where
        T: 'static,
    {
        let StartTree { plan, registered, finish, .. } = self;
        options.name = options.name.or(registered);
        let place = tree_place(plan.clone(), &options);
        let handle = finish(ServerRef::new(place.slot.clone()));
        let spec = ChildSpec {
            options,
            kind: Kind::Supervisor,
            server: std::any::type_name::<T>(),
            place: Arc::new(move |options| tree_place(Arc::new(plan.again()), options)),
        };
        (Planned { spec, place }, handle)
    }
}

/// A place for a tree.
fn tree_place(plan: Arc<Plan>, options: &ChildOptions) -> Arc<PlaceOf<Supervisor>> {
    let each = plan.clone();
    let place = PlaceOf::<Supervisor>::new(Arc::new(move || each.clone()), options, Some(plan.clone()));
    place.slot.core().set_label(plan.name.clone());
    place.slot.core().set_keepsake(plan);
    place
}

impl<T: 'static> IntoFuture for StartTree<T> {
    type Output = Result<T, SupervisorError>;
    type IntoFuture = Boxed<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let StartTree { plan, registered, mut start, finish } = self;
        Box::pin(async move {
            // Nobody is above it, so that it has all the time it wants.
            plan.check(Shutdown::Infinity)
                .map_err(|(supervisor, error)| SupervisorError::Plan { supervisor, error })?;
            if let Some(name) = registered {
                start = start.name(name);
            }
            match start.await {
                Ok(supervisor) => Ok(finish(supervisor)),
                Err(error) => Err(SupervisorError::from_start(plan.name.clone(), error)),
            }
        })
    }
}

impl<T> fmt::Debug for StartTree<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartTree").field("tree", &self.plan).finish_non_exhaustive()
    }
}
