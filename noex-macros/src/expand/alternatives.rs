//! Several `#[init]` or `#[terminate]` methods, each there under a `cfg`: which of them counts is known only to the
//! compiler, so all of them are expanded, each under the condition that it is there and no earlier one is.

use crate::check::server::{no_init, twice};
use crate::diag::error_if;
use crate::expand::plan::Plan;
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use proc_macro2::TokenStream;
use quote::quote;

/// One of several methods, and the `#[cfg(..)]` under which it counts; nothing where it always does.
pub(crate) struct Alternative<'a> {
    pub(crate) handler: &'a Handler,
    pub(crate) cfg: TokenStream,
}

/// The sound methods of the kind.
pub(crate) fn alternatives<'a>(plan: &Plan<'a>, kind: Kind) -> Vec<Alternative<'a>> {
    let mut earlier: Vec<TokenStream> = Vec::new();
    let handlers = plan.handlers().filter(|handler| handler.kind == kind);
    let alternative = |handler: &'a Handler| {
        let condition = condition(handler);
        let cfg = match earlier.as_slice() {
            [] => handler.carried.cfg.clone(),
            earlier => quote!(#[cfg(all(#condition, not(any(#(#earlier),*))))]),
        };
        earlier.push(condition);
        Alternative { handler, cfg }
    };
    handlers.map(alternative).collect()
}

/// `#[cfg(..)]` under which none of the methods is there, which is nothing if there are none; `None` where one always
/// is.
pub(crate) fn none_of(plan: &Plan<'_>, kind: Kind) -> Option<TokenStream> {
    let handlers: Vec<&Handler> = plan.handlers().filter(|handler| handler.kind == kind).collect();
    if handlers.is_empty() {
        return Some(TokenStream::new());
    }
    let is_always = handlers.iter().any(|handler| handler.carried.conditions.is_empty());
    let conditions = handlers.into_iter().map(condition);
    (!is_always).then(|| quote!(#[cfg(not(any(#(#conditions),*)))]))
}

// Input:   #[cfg(a)] #[init] fn new() -> Self; #[cfg(b)] #[init] fn open() -> Self
// Output:  #[cfg(all(all(b), any(all(a))))] compile_error! { "`Account` already has an `#[init]` method, `new`" }
//          #[cfg(not(any(all(a), all(b))))] compile_error! { "`Account` has no `#[init]` method" }
pub(crate) fn judge(plan: &Plan<'_>) -> TokenStream {
    let ident = &plan.server.ident;
    let mut errors = TokenStream::new();
    for kind in [Kind::Init, Kind::Terminate] {
        let handlers: Vec<&Handler> = plan.handlers().filter(|handler| handler.kind == kind).collect();
        for (index, handler) in handlers.iter().enumerate() {
            let condition = condition(handler);
            for first in &handlers[..index] {
                let other = self::condition(first);
                let cfg = quote!(#[cfg(all(#condition, #other))]);
                let message = twice(ident, kind, first.ident());
                errors.extend(error_if(&cfg, handler.ident(), message, "keep one of the two"));
            }
        }
        let has_error = handlers.is_empty() || plan.broken.iter().any(|handler| handler.kind == kind);
        if let (Kind::Init, false, Some(cfg)) = (kind, has_error, none_of(plan, kind)) {
            let (message, help) = no_init(ident);
            errors.extend(error_if(&cfg, &plan.server.header.self_ty, message, help));
        }
    }
    errors
}

fn condition(handler: &Handler) -> TokenStream {
    let conditions = &handler.carried.conditions;
    quote!(all(#(#conditions),*))
}
