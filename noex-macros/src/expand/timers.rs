//! The timers that run from the start: `#[every(..)]` and `#[idle(..)]`.

use crate::expand::duration::duration;
use crate::expand::plan::Plan;
use crate::model::clock::{Clock, Span};
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use crate::names;
use proc_macro2::TokenStream;
use quote::quote;

// Input:   #[every(30s, missed = skip)] fn sweep(&mut self)
//          #[idle(60s)] fn rest(&mut self)
// Output:  __private::every(cx, Duration::from_millis(30000), Missed::Skip, || AccountInfo::Sweep {});
//          __private::idle(cx, &[(Duration::from_millis(60000), || AccountInfo::Rest {})]);
pub(crate) fn timers(plan: &Plan<'_>) -> TokenStream {
    let krate = plan.krate();
    let every = clocks(plan, Kind::Every).map(|(handler, clock)| {
        let (cfg, span, message) = (&handler.carried.cfg, span(&clock.span), message(plan, handler));
        let missed = clock.missed.as_ref().map_or_else(
            || quote!(Burst),
            |word| {
                let missed = names::variant(word);
                quote!(#missed)
            },
        );
        quote!(#cfg #krate::__private::every(__noex_cx, #span, #krate::Missed::#missed, #message);)
    });
    let every: TokenStream = every.collect();
    let mut idle = clocks(plan, Kind::Idle).peekable();
    if idle.peek().is_none() {
        return every;
    }
    let idle = idle.map(|(handler, clock)| {
        let (cfg, span, message) = (&handler.carried.cfg, span(&clock.span), message(plan, handler));
        quote!(#cfg (#span, #message),)
    });
    quote!(#every #krate::__private::idle(__noex_cx, &[#(#idle)*]);)
}

/// Whether there is one.
pub(crate) fn has_timers(plan: &Plan<'_>) -> bool {
    plan.handlers().any(|handler| handler.kind.is_timed())
}

fn clocks<'a>(plan: &Plan<'a>, kind: Kind) -> impl Iterator<Item = (&'a Handler, &'a Clock)> {
    plan.handlers()
        .filter(move |handler| handler.kind == kind)
        .filter_map(|handler| Some((handler, handler.clock.as_ref()?)))
}

fn message(plan: &Plan<'_>, handler: &Handler) -> TokenStream {
    let (info, variant) = (&plan.server.names.info, &handler.variant);
    quote!(|| #info::#variant {})
}

fn span(span: &Span) -> TokenStream {
    match span {
        Span::After(after) => duration(*after),
        Span::Constant(constant) => constant.clone(),
    }
}
