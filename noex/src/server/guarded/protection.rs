//! The policies of a server's handlers: how they are declared, and where they live.

use std::{fmt, sync::Arc};

use super::{Answered, CallPlan, Hedging, Unserved};
use crate::{
    CallError, GenServer, Message, System, Target,
    resilience::{
        BulkheadOptions, CircuitBreakerOptions, Class, Hedge, HedgeOptions, NamedError, PolicyKind,
        RateLimitOptions, RetryOptions, Scope, TimeoutOptions,
        stack::{
            BreakerLayer, BulkheadLayer, FallbackLayer, Judge, Layer, LimitLayer, Place, Reset, RetryLayer,
            TimeoutLayer,
        },
    },
    rules::policy::Key,
    server::slot::Core,
};

type Boxed<R, O> = Box<dyn Layer<R, O>>;
type BoxedSent<M> = Boxed<M, Result<(), Unserved>>;
type CastLayers<M> = Option<Arc<[BoxedSent<M>]>>;

/// The policies of one server, in its slot.
pub(crate) struct Policies<S: GenServer> {
    label: Arc<str>,
    calls: Vec<Arc<CallPlan<S>>>,
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
            calls: S::Call::VARIANTS.iter().map(|_| Draft { layers: Vec::new(), hedging: None }).collect(),
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

    pub(crate) fn of_call(&self, variant: usize) -> Arc<CallPlan<S>> {
        self.calls[variant].clone()
    }

    pub(super) fn of_cast(&self, variant: usize) -> &CastLayers<S::Cast> {
        self.casts.get(variant).unwrap_or(&None)
    }

    pub(super) fn of_info(&self, variant: usize) -> &CastLayers<S::Info> {
        self.infos.get(variant).unwrap_or(&None)
    }

    /// Whom a refusal is about, without a look into the slot.
    pub(crate) fn target(&self, handler: &'static str) -> Target {
        Target { server: self.label.clone(), handler }
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
struct Draft<S: GenServer> {
    layers: Vec<Boxed<S::Call, Answered<S>>>,
    hedging: Option<Hedging<S>>,
}

impl<S: GenServer> Draft<S> {
    fn plan(self) -> Arc<CallPlan<S>> {
        Arc::new(CallPlan { layers: self.layers.into(), hedging: self.hedging.map(Arc::new) })
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
    place: Place,
    calls: Vec<Draft<S>>,
    casts: Vec<Vec<BoxedSent<S::Cast>>>,
    infos: Vec<Vec<BoxedSent<S::Info>>>,
    resets: Vec<Reset>,
    fault: Option<NamedError>,
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

/// The policies of one call handler, the outermost first.
pub struct CallPolicies<'a, S: GenServer> {
    protection: &'a mut Protection<S>,
    handler: &'static str,
    variant: usize,
    class: fn(&S::Reply) -> Class,
    /// Of the last policy.
    reset: Option<Reset>,
}

/// What a key of a policy is: part of the message.
type KeyOf<M, K> = fn(&M) -> &K;

impl<S: GenServer> CallPolicies<'_, S> {
    /// Puts what `instead` gives in the place of an error. `read` and `write` take the reply apart and put it together.
    pub fn fallback<T: 'static, E: 'static>(
        self,
        read: fn(S::Reply) -> Result<T, E>,
        instead: fn(CallError<E>) -> Result<T, E>,
        write: fn(Result<T, E>) -> S::Reply,
    ) -> Self {
        let target = Target { server: self.protection.place.server.clone(), handler: self.handler };
        let judge = self.judge(None);
        let identity = self.protection.place.own(PolicyKind::Fallback, self.handler);
        let layer = FallbackLayer::new(identity, judge, move |outcome: Answered<S>| {
            let error = match outcome {
                Ok(reply) => match read(reply) {
                    Ok(value) => return Ok(write(Ok(value))),
                    Err(error) => CallError::Handler(error),
                },
                Err(unserved) => unserved.at(target.clone()),
            };
            Ok(write(instead(error)))
        });
        self.push(layer)
    }

    /// Limits the time of what is further in.
    pub fn timeout(self, options: TimeoutOptions) -> Self {
        let layer = TimeoutLayer::new(&self.protection.place, self.handler, options);
        self.push_or_note(layer)
    }

    /// Tries again what fails. `when`: how replies count, in place of the handler's `class`; `copy`: one more of the
    /// message.
    pub fn retry(
        self,
        options: RetryOptions,
        when: Option<fn(&S::Reply) -> Class>,
        copy: fn(&S::Call) -> S::Call,
    ) -> Self {
        let judge = self.judge(when);
        let layer = RetryLayer::new(&self.protection.place, self.handler, options, judge, copy);
        self.push_or_note(layer)
    }

    /// Refuses calls while too many fail.
    pub fn circuit_breaker(
        self,
        options: CircuitBreakerOptions,
        scope: Scope,
        when: Option<fn(&S::Reply) -> Class>,
    ) -> Self {
        let judge = self.judge(when);
        let layer = BreakerLayer::new(&self.protection.place, self.handler, options, scope, judge);
        self.push_or_note(layer)
    }

    /// A circuit breaker for each key.
    pub fn circuit_breaker_by<K: Key>(
        self,
        options: CircuitBreakerOptions,
        scope: Scope,
        when: Option<fn(&S::Reply) -> Class>,
        key: KeyOf<S::Call, K>,
    ) -> Self {
        let judge = self.judge(when);
        let layer = BreakerLayer::keyed(&self.protection.place, self.handler, options, scope, judge, key);
        self.push_or_note(layer)
    }

    /// Limits the rate of calls; `cost`: what each takes, 1 without.
    pub fn rate_limit(
        self,
        options: RateLimitOptions,
        scope: Scope,
        cost: Option<fn(&S::Call) -> u32>,
    ) -> Self {
        let judge = self.judge(None);
        let layer = LimitLayer::new(&self.protection.place, self.handler, options, scope, cost, judge);
        self.push_or_note(layer)
    }

    /// Limits the rate of calls for each key.
    pub fn rate_limit_by<K: Key>(
        self,
        options: RateLimitOptions,
        scope: Scope,
        cost: Option<fn(&S::Call) -> u32>,
        key: KeyOf<S::Call, K>,
    ) -> Self {
        let judge = self.judge(None);
        let layer = LimitLayer::keyed(&self.protection.place, self.handler, options, scope, cost, judge, key);
        self.push_or_note(layer)
    }

    /// Limits how many calls run at once.
    pub fn bulkhead(self, options: BulkheadOptions, scope: Scope) -> Self {
        let layer =
            BulkheadLayer::new(&self.protection.place, self.handler, options, scope, self.judge(None));
        self.push_or_note(layer)
    }

    /// Has each attempt be several runs when the first one is slow: innermost, wherever it is said.
    pub fn hedge(self, options: HedgeOptions, copy: fn(&S::Call) -> S::Call) -> Self {
        match Hedge::within(self.protection.place.own(PolicyKind::Hedge, self.handler), options) {
            Ok(hedge) => {
                let hedging = Hedging { hedge, copy, class: self.class };
                self.protection.calls[self.variant].hedging = Some(hedging);
            }
            Err(fault) => drop(self.protection.fault.get_or_insert(fault.into())),
        }
        self
    }

    /// Has each life of the server begin with the last policy as it was made.
    pub fn reset_on_restart(mut self) -> Self {
        self.protection.resets.extend(self.reset.take());
        self
    }

    /// How this layer judges outcomes.
    fn judge(&self, when: Option<fn(&S::Reply) -> Class>) -> Judge<Answered<S>> {
        let class = when.unwrap_or(self.class);
        Box::new(move |answer| match answer {
            Ok(reply) => class(reply),
            Err(unserved) => unserved.class(),
        })
    }

    fn push(mut self, layer: impl Layer<S::Call, Answered<S>> + 'static) -> Self {
        self.reset = layer.reset();
        let layer = Box::new(layer) as Boxed<S::Call, Answered<S>>;
        self.protection.calls[self.variant].layers.push(layer);
        self
    }

    fn push_or_note<L: Layer<S::Call, Answered<S>> + 'static>(self, layer: Result<L, NamedError>) -> Self {
        match layer {
            Ok(layer) => self.push(layer),
            Err(fault) => {
                self.protection.fault.get_or_insert(fault);
                self
            }
        }
    }
}

impl<S: GenServer> fmt::Debug for CallPolicies<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallPolicies").field("handler", &self.handler).finish_non_exhaustive()
    }
}

/// The policies of one cast or info handler, the outermost first: those that need no reply to judge.
pub struct CastPolicies<'a, M> {
    place: &'a Place,
    handler: &'static str,
    layers: &'a mut Vec<BoxedSent<M>>,
    resets: &'a mut Vec<Reset>,
    /// Of the last policy.
    reset: Option<Reset>,
    fault: &'a mut Option<NamedError>,
}

impl<M: Message> CastPolicies<'_, M> {
    /// Refuses messages while the breaker of this name is open. It learns from the calls of other handlers.
    pub fn circuit_breaker(self, options: CircuitBreakerOptions, scope: Scope) -> Self {
        let judge = Box::new(|_: &_| Class::Cancelled);
        let layer = BreakerLayer::new(self.place, self.handler, options, scope, judge);
        self.push(layer)
    }

    /// Limits the rate of messages; `cost`: what each takes, 1 without.
    pub fn rate_limit(self, options: RateLimitOptions, scope: Scope, cost: Option<fn(&M) -> u32>) -> Self {
        let layer = LimitLayer::new(self.place, self.handler, options, scope, cost, Box::new(refused));
        self.push(layer)
    }

    /// Limits the rate of messages for each key.
    pub fn rate_limit_by<K: Key>(
        self,
        options: RateLimitOptions,
        scope: Scope,
        cost: Option<fn(&M) -> u32>,
        key: KeyOf<M, K>,
    ) -> Self {
        let layer = LimitLayer::keyed(self.place, self.handler, options, scope, cost, Box::new(refused), key);
        self.push(layer)
    }

    /// Has each life of the server begin with the last policy as it was made.
    pub fn reset_on_restart(mut self) -> Self {
        self.resets.extend(self.reset.take());
        self
    }

    fn push<L>(mut self, layer: Result<L, NamedError>) -> Self
    where
        L: Layer<M, Result<(), Unserved>> + 'static,
    {
        match layer {
            Ok(layer) => {
                self.reset = layer.reset();
                self.layers.push(Box::new(layer));
            }
            Err(fault) => drop(self.fault.get_or_insert(fault)),
        }
        self
    }
}

/// What a layer further in refused was never sent.
fn refused(outcome: &Result<(), Unserved>) -> Class {
    match outcome {
        Ok(()) => Class::Success,
        Err(unserved) => unserved.class(),
    }
}

impl<M> fmt::Debug for CastPolicies<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CastPolicies").field("handler", &self.handler).finish_non_exhaustive()
    }
}
