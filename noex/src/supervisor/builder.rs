//! Building a tree at run time; what `supervisor!` expands to.

use std::{fmt, future::IntoFuture, sync::Arc, time::Duration};

use super::{
    child::{Child, PlaceOf},
    intensity::Intensity,
    server::{Supervisor, SupervisorError, SupervisorRef},
    spec::{ChildOptions, ChildSpec, Strategy},
};
use crate::{GenServer, ServerRef, Start, System, process::door::Boxed, server::slot};

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
/// let mut tree = Supervisor::builder("counters");
/// tree.strategy(Strategy::OneForAll);
/// tree.restarts(5, Duration::from_secs(30));
/// let first = tree.child::<Counter>(ChildOptions::new("first"), || (1,));
/// tree.add(Counter::child(2));
/// let counters = tree.start().await?;
/// assert_eq!(first.get().await?, 1);
/// counters.stop().await?;
/// # Ok(()) }
/// ```
pub struct SupervisorBuilder {
    pub(super) name: Arc<str>,
    pub(super) strategy: Strategy,
    pub(super) intensity: Intensity,
    pub(super) children: Vec<Child>,
}

impl SupervisorBuilder {
    pub(super) fn new(name: Arc<str>) -> Self {
        SupervisorBuilder {
            name,
            strategy: Strategy::OneForOne,
            intensity: Intensity::new(3, Duration::from_secs(5)),
            children: Vec::new(),
        }
    }

    /// Who is restarted together; `one_for_one` by default.
    pub fn strategy(&mut self, strategy: Strategy) -> &mut Self {
        self.strategy = strategy;
        self
    }

    /// At most `max` restarts within `window`; 3 in 5 s by default.
    pub fn restarts(&mut self, max: u32, window: Duration) -> &mut Self {
        self.intensity = Intensity::new(max, window);
        self
    }

    /// Adds a child and gives its reference, which is good before the child runs: messages wait for it.
    pub fn child<S: GenServer>(
        &mut self,
        options: ChildOptions,
        args: impl Fn() -> S::Args + Send + Sync + 'static,
    ) -> S::Ref {
        let slot = slot::vacant::<S>(System::next_slot());
        let args: Arc<dyn Fn() -> S::Args + Send + Sync> = Arc::new(args);
        let mut spec = ChildSpec::of::<S>(options.id.clone(), {
            let args = args.clone();
            move || args()
        });
        spec.options = options;
        self.children.push(Child::new(spec, Arc::new(PlaceOf { slot: slot.clone(), args })));
        ServerRef::new(slot).into()
    }

    /// Adds a child by its spec.
    pub fn add(&mut self, spec: ChildSpec) -> &mut Self {
        let place = (spec.place)();
        self.children.push(Child::new(spec, place));
        self
    }

    /// The children as data, in start order.
    pub fn children(&self) -> impl Iterator<Item = &ChildSpec> {
        self.children.iter().map(|child| &child.spec)
    }

    /// Starts the tree.
    pub fn start(self) -> StartTree<SupervisorRef> {
        StartTree::new(self, |supervisor| supervisor)
    }
}

impl fmt::Debug for SupervisorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupervisorBuilder")
            .field("name", &self.name)
            .field("strategy", &self.strategy)
            .field("children", &self.children().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// A tree about to be started: awaited, it is ready when all children are up.
///
/// # Errors
///
/// [`SupervisorError`] names the child that did not start and why; those before it are stopped again.
#[must_use = "a tree does not start until this is awaited"]
pub struct StartTree<T> {
    builder: SupervisorBuilder,
    registered: Option<Arc<str>>,
    system: Option<System>,
    finish: Box<dyn FnOnce(SupervisorRef) -> T + Send>,
}

impl<T> StartTree<T> {
    pub(crate) fn new(
        builder: SupervisorBuilder,
        finish: impl FnOnce(SupervisorRef) -> T + Send + 'static,
    ) -> Self {
        StartTree { builder, registered: None, system: None, finish: Box::new(finish) }
    }

    /// Registers the supervisor under this name.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.registered = Some(name.into());
        self
    }

    /// Starts in this system, not in the global one.
    pub fn system(mut self, system: &System) -> Self {
        self.system = Some(system.clone());
        self
    }
}

impl<T: 'static> IntoFuture for StartTree<T> {
    type Output = Result<T, SupervisorError>;
    type IntoFuture = Boxed<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let StartTree { builder, registered, system, finish } = self;
        Box::pin(async move {
            let label = builder.name.clone();
            let mut start = Start::<Supervisor>::new(builder).label(label.clone());
            if let Some(name) = registered {
                start = start.name(name);
            }
            if let Some(system) = &system {
                start = start.system(system);
            }
            match start.await {
                Ok(supervisor) => Ok(finish(supervisor)),
                Err(error) => Err(SupervisorError::from_start(label, error)),
            }
        })
    }
}

impl<T> fmt::Debug for StartTree<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartTree").field("tree", &self.builder).finish_non_exhaustive()
    }
}
