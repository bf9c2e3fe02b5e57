//! The policies of handlers: the function that declares them, and which messages meet some.

mod judge;
mod message;
mod options;
mod rules;

pub(crate) use rules::assertions;

use crate::check::policy::doubts;
use crate::expand::located;
use crate::expand::plan::{Messages, Plan};
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use crate::model::policy::{Given, Policy, PolicyKind};
use crate::names;
use judge::{closure, fallback, judge};
use message::{copy, cost, demand, field, key_ty};
use options::{options, scope, time};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;

/// Which of the messages have policies; nothing where none has.
pub(crate) fn guarded(messages: &Messages<'_>) -> Option<TokenStream> {
    let handlers = messages.handlers.iter().enumerate();
    let places = handlers.filter(|(_, handler)| !handler.policies.is_empty()).map(|(at, handler)| {
        let (cfg, at) = (&handler.carried.cfg, Literal::usize_unsuffixed(at));
        quote!(#cfg #at,)
    });
    let places: TokenStream = places.collect();
    (!places.is_empty()).then(|| quote!(const GUARDED: &'static [usize] = &[#places];))
}

// Input:   #[call] #[timeout(5s)] fn rating(&self) -> Result<Rating, BankError>
// Output:  fn protect(policies: &mut Protection<Self>) {
//              let handler = policies.call("rating", |reply| match reply { .. how it counts .. });
//              let handler = handler.timeout(TimeoutOptions::new().timeout(Duration::from_millis(5000)));
//          }
pub(crate) fn protect(plan: &Plan<'_>) -> TokenStream {
    let krate = plan.krate();
    let mut handlers = plan.handlers().filter(|handler| !handler.policies.is_empty()).peekable();
    if handlers.peek().is_none() {
        return TokenStream::new();
    }
    let handlers = handlers.map(|handler| of_handler(plan, handler));
    let server = match plan.server.machine {
        Some(_) => plan.server_ty(),
        None => quote!(Self),
    };
    quote! {
        fn protect(__noex_policies: &mut #krate::Protection<#server>) { #(#handlers)* }
    }
}

fn of_handler(plan: &Plan<'_>, handler: &Handler) -> TokenStream {
    let cfg = &handler.carried.cfg;
    let name = handler.ident().unraw().to_string();
    let policies = if handler.kind == Kind::Call {
        let class = closure(plan, handler, None, None);
        quote!(__noex_policies.call(#name, #class))
    } else {
        let method = Ident::new(handler.kind.word(), Span::call_site());
        quote!(__noex_policies.#method(#name))
    };
    let layers = handler.policies.iter().map(|policy| {
        let layer = layer(plan, handler, policy);
        // The attribute's own location, for what types say about it.
        let dot = located::at(policy.word.span(), quote!(let __noex_handler = __noex_handler));
        quote!(#dot #layer;)
    });
    let doubts = doubts(handler).into_iter().map(|(policy, doubt)| warning(policy, &doubt));
    quote! {
        #cfg
        {
            let __noex_handler = #policies;
            #(#layers)*
            let _ = __noex_handler;
            #(#doubts)*
        }
    }
}

// Output:  #[deprecated(note = "..")] const ORDER: () = (); ORDER;
//
// A macro on stable Rust has no other way to warn (rust-lang/rust#54140).
fn warning(policy: &Policy, doubt: &str) -> TokenStream {
    let name = Ident::new("__NOEX_POLICY_ORDER", names::derived(policy.word.span()));
    quote! {
        {
            #[deprecated(note = #doubt)]
            const #name: () = ();
            #name
        };
    }
}

/// `.retry(options, ..)`
fn layer(plan: &Plan<'_>, handler: &Handler, policy: &Policy) -> TokenStream {
    let options = options(plan, policy);
    match policy.kind {
        PolicyKind::Timeout => quote!(.timeout(#options)),
        PolicyKind::Hedge => {
            let copy = copy(plan, handler);
            quote!(.hedge(#options, #copy))
        }
        PolicyKind::Fallback => fallback(plan, handler, policy),
        PolicyKind::Retry => {
            let (when, copy) = (judge(plan, handler, policy), copy(plan, handler));
            match policy.get("dedupe") {
                Some(Given::Time(kept, _)) => {
                    let kept = time(kept);
                    quote!(.retry_deduped(#options, #when, #copy, #kept))
                }
                _ => quote!(.retry(#options, #when, #copy)),
            }
        }
        PolicyKind::CircuitBreaker => {
            let (scope, anew) = (scope(plan, policy), anew(policy));
            let when = (handler.kind == Kind::Call).then(|| judge(plan, handler, policy));
            let when = when.map(|when| quote!(, #when));
            match policy.get("key") {
                Some(Given::Argument(words)) => {
                    let (key, of) = (field(plan, handler, words), key_ty(plan, handler, words));
                    quote!(.circuit_breaker_by #of (#options, #scope #when, #key) #anew)
                }
                _ => quote!(.circuit_breaker(#options, #scope #when) #anew),
            }
        }
        PolicyKind::RateLimit => {
            let (scope, anew, cost) = (scope(plan, policy), anew(policy), cost(plan, handler, policy));
            match policy.get("key") {
                Some(Given::Argument(words)) => {
                    let (key, of) = (field(plan, handler, words), key_ty(plan, handler, words));
                    quote!(.rate_limit_by #of (#options, #scope, #cost, #key) #anew)
                }
                _ => quote!(.rate_limit(#options, #scope, #cost) #anew),
            }
        }
        PolicyKind::LoadShed => {
            let scope = scope(plan, policy);
            quote!(.load_shed(#options, #scope))
        }
        PolicyKind::Bulkhead => {
            let (scope, demand) = (scope(plan, policy), demand(plan, handler, policy));
            quote!(.bulkhead(#options, #scope, #demand))
        }
    }
}

fn anew(policy: &Policy) -> Option<TokenStream> {
    policy.has("reset_on_restart").then(|| quote!(.reset_on_restart()))
}
