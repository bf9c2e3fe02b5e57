//! The policies of a server's handlers: how they are declared, and where they live.

use std::{fmt, sync::Arc, time::Duration};

use super::{Answered, CallPlan, CallPolicies, CastPolicies, Hedging, QueueTime, Unserved};
use crate::{
    GenServer, Message, Name, System, Target,
    resilience::{
        Class, LoadShedder, NamedError,
        stack::{Layer, Place, Reset},
    },
    server::slot::Core,
};

pub(super) type Boxed<R, O> = Box<dyn Layer<R, O>>;
pub(super) type BoxedSent<M> = Boxed<M, Result<(), Unserved>>;
pub(super) type CastLayers<M> = Option<Arc<[BoxedSent<M>]>>;

/// The policies of one server, in its slot.
pub(crate) struct Policies<S: GenServer> {
    label: Arc<str>,
    calls: Vec<CallPlan<S>>,
    casts: Vec<CastLayers<S::Cast>>,
    infos: Vec<CastLayers<S::Info>>,
    resets: Vec<Reset>,
    fault: Option<NamedError>,
}

impl<S: GenServer> Policies<S> {
    pub(crate) fn of(core: &Core) -> Self {
        let mut protection = Protection {
            place: Place {
                system: core.door().map_or_else(System::global, |door| door.system().clone()),
                server: core.label(),
                pid: core.pid(),
                kind: short_name::<S>(),
            },
            calls: S::Call::VARIANTS
                .iter()
                .map(|_| Draft { layers: Vec::new(), hedging: None, dedupe: None, shedders: Vec::new() })
                .collect(),
            casts: S::Cast::VARIANTS.iter().map(|_| Vec::new()).collect(),
            infos: S::Info::VARIANTS.iter().map(|_| Vec::new()).collect(),
            resets: Vec::new(),
            fault: None,
        };
        S::protect(&mut protection);
        let some = |layers: Vec<_>| (!layers.is_empty()).then(|| Arc::from(layers));
        Policies {
            label: protection.place.server,
            calls: protection.calls.into_iter().map(Draft::plan).collect(),
            casts: protection.casts.into_iter().map(some).collect(),
            infos: protection
                .infos
                .into_iter()
                .map(|layers| (!layers.is_empty()).then(|| Arc::from(layers)))
                .collect(),
            resets: protection.resets,
            fault: protection.fault,
        }
    }

    #[inline]
    pub(crate) fn of_call(&self, variant: usize) -> &CallPlan<S> {
        &self.calls[variant]
    }

    pub(super) fn of_cast(&self, variant: usize) -> &CastLayers<S::Cast> {
        self.casts.get(variant).unwrap_or(&None)
    }

    pub(super) fn of_info(&self, variant: usize) -> &CastLayers<S::Info> {
        self.infos.get(variant).unwrap_or(&None)
    }

    /// Whom a refusal is about, without a look into the slot.
    pub(crate) fn target(&self, handler: &'static str) -> Target {
        Target { server: Name::of(&self.label), handler }
    }

    /// A policy that is shared by name is not to be had.
    pub(crate) fn fault(&self) -> Option<&NamedError> {
        self.fault.as_ref()
    }

    /// A further life begins: policies that belong to one life start anew.
    pub(crate) fn begin_anew(&self) {
        for reset in &self.resets {
            reset();
        }
    }
}

/// The policies of one call handler, in the making.
pub(super) struct Draft<S: GenServer> {
    pub(super) layers: Vec<Boxed<S::Call, Answered<S>>>,
    pub(super) hedging: Option<Hedging<S>>,
    pub(super) dedupe: Option<Duration>,
    /// Those that mind how long calls are queued.
    pub(super) shedders: Vec<LoadShedder>,
}

impl<S: GenServer> Draft<S> {
    fn plan(self) -> CallPlan<S> {
        let Draft { layers, hedging, dedupe, shedders } = self;
        CallPlan { layers: layers.into(), hedging, dedupe, queue_time: QueueTime::of(shedders) }
    }
}

fn short_name<S>() -> &'static str {
    let name = std::any::type_name::<S>().split('<').next().unwrap_or("server");
    name.rsplit("::").next().unwrap_or(name)
}

/// Where a server's policies are declared: [`GenServer::protect`] is given it.
///
/// `#[genserver]` fills it in from the attributes of the handlers; by hand it is as below. What is declared first is
/// outermost.
///
/// # Examples
///
/// ```
/// use noex::{prelude::*, resilience::{CircuitBreakerOptions, Class, Scope}};
/// use noex::Protection;
///
/// struct Gate { works: bool }
///
/// enum Ask { Pass }
///
/// impl ServerConfig for Gate {}
/// impl Message for Ask {
///     const VARIANTS: &'static [&'static str] = &["pass"];
///     const GUARDED: &'static [usize] = &[0];
/// }
///
/// impl GenServer for Gate {
///     type Args = bool;
///     type InitError = std::convert::Infallible;
///     type Call = Ask;
///     type Reply = Result<(), &'static str>;
///     type Cast = Never;
///     type Info = Never;
///     type Continue = Never;
///     type Ref = ServerRef<Self>;
///
///     fn protect(policies: &mut Protection<Self>) {
///         policies.call("pass", Class::of)
///             .circuit_breaker(CircuitBreakerOptions::new().failure_threshold(1), Scope::Server, None);
///     }
///
///     async fn init(works: bool, _: &mut Context<Self>) -> Result<Init<Self>, Self::InitError> {
///         Ok(Init::ready(Gate { works }))
///     }
///
///     fn call_now(&mut self, _: Ask, _: &mut Context<Self>) -> Now<Self::Reply, Ask> {
///         Now::Done(if self.works { Ok(()) } else { Err("shut") })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let gate = Start::<Gate>::new(false).await?;
/// assert_eq!(gate.call(Ask::Pass).await?, Err("shut"));
/// assert!(matches!(gate.call(Ask::Pass).await, Err(CallError::CircuitOpen { .. })));
/// # Ok(()) }
/// ```
pub struct Protection<S: GenServer> {
    pub(super) place: Place,
    pub(super) calls: Vec<Draft<S>>,
    casts: Vec<Vec<BoxedSent<S::Cast>>>,
    infos: Vec<Vec<BoxedSent<S::Info>>>,
    pub(super) resets: Vec<Reset>,
    pub(super) fault: Option<NamedError>,
}

impl<S: GenServer> Protection<S> {
    /// The policies of a call handler, whose replies count as `class` says.
    ///
    /// # Panics
    ///
    /// When the server has no call handler of this name.
    pub fn call(&mut self, handler: &'static str, class: fn(&S::Reply) -> Class) -> CallPolicies<'_, S> {
        let variant = position(S::Call::VARIANTS, handler);
        CallPolicies { protection: self, handler, variant, class, reset: None }
    }

    /// The policies of a cast handler.
    ///
    /// # Panics
    ///
    /// When the server has no cast handler of this name.
    pub fn cast(&mut self, handler: &'static str) -> CastPolicies<'_, S::Cast> {
        let layers = &mut self.casts[position(S::Cast::VARIANTS, handler)];
        CastPolicies {
            place: &self.place,
            handler,
            layers,
            resets: &mut self.resets,
            reset: None,
            fault: &mut self.fault,
        }
    }

    /// The policies of an info handler.
    ///
    /// # Panics
    ///
    /// When the server has no info handler of this name.
    pub fn info(&mut self, handler: &'static str) -> CastPolicies<'_, S::Info> {
        let layers = &mut self.infos[position(S::Info::VARIANTS, handler)];
        CastPolicies {
            place: &self.place,
            handler,
            layers,
            resets: &mut self.resets,
            reset: None,
            fault: &mut self.fault,
        }
    }
}

fn position(variants: &[&str], handler: &str) -> usize {
    variants
        .iter()
        .position(|variant| *variant == handler)
        .unwrap_or_else(|| panic!("the server has no handler `{handler}` of this kind"))
}

impl<S: GenServer> fmt::Debug for Protection<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Protection").field("server", &self.place.server).finish_non_exhaustive()
    }
}
