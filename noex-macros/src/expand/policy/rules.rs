//! What only the compiler can know of policies, asserted.

use super::options::{options, time};
use crate::check::policy::unreachable_calls;
use crate::expand::duration::{duration, patience};
use crate::expand::located;
use crate::expand::plan::Plan;
use crate::model::handler::Handler;
use crate::model::policy::{First, Given, Policy, PolicyKind, Time};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;

// Output:  const _: () = { rules::policy::retry(RetryOptions::new().max_attempts(ATTEMPTS)); };
//          const _: () = rules::policy::timeout_fits(Duration::from_millis(5000), Account::CALL_TIMEOUT);
//
// What only the compiler can know: the values of constants, and the other half of the server.
pub(crate) fn assertions(plan: &Plan<'_>) -> TokenStream {
    // A constant cannot depend on parameters; what is wrong there is told when the server starts.
    if plan.is_generic() {
        return TokenStream::new();
    }
    plan.handlers().map(|handler| assertions_of(plan, handler)).collect()
}

fn assertions_of(plan: &Plan<'_>, handler: &Handler) -> TokenStream {
    let (krate, cfg, self_ty) = (plan.krate(), &handler.carried.cfg, plan.self_ty());
    let mut assertions = TokenStream::new();
    for policy in &handler.policies {
        let place = policy.place().span();
        // Literals that contradict one another in ways that only the options know.
        let is_told_by_options = match policy.kind {
            PolicyKind::CircuitBreaker => unreachable_calls(policy).is_none(),
            PolicyKind::RateLimit | PolicyKind::Bulkhead | PolicyKind::Hedge => true,
            _ => false,
        } && !policy.settings.is_empty();
        if policy.has_constants() || is_told_by_options {
            let rule = Ident::new(policy.kind.word(), Span::call_site());
            let rule = located::at(place, quote!(#krate::rules::policy::#rule));
            let options = located::parenthesized(place, options(plan, policy));
            assertions.extend(quote!(#cfg const _: () = { #rule #options; };));
        }
        if let (Some(Given::Time(Time::Constant(kept), _)), Some(key)) =
            (policy.get("dedupe"), policy.key("dedupe"))
        {
            let rule = located::at(key.span(), quote!(#krate::rules::policy::dedupe));
            let kept = located::parenthesized(key.span(), kept.clone());
            assertions.extend(quote!(#cfg const _: () = #rule #kept;));
        }
        if policy.kind == PolicyKind::Timeout && is_of_each_attempt(handler, policy) {
            let limit = match &policy.first {
                Some(First::Limit { value, .. }) => time(value),
                _ => duration(std::time::Duration::from_secs(5)),
            };
            let patience = match &handler.timeout {
                Some(written) => patience(written),
                None => quote!(<#self_ty as #krate::ServerConfig>::CALL_TIMEOUT),
            };
            let rule = located::at(place, quote!(#krate::rules::policy::timeout_fits));
            let arguments = located::parenthesized(place, quote!(#limit, #patience));
            assertions.extend(quote!(#cfg const _: () = #rule #arguments;));
        }
    }
    assertions
}

/// Whether no retry stands between a time-out and the handler.
fn is_of_each_attempt(handler: &Handler, policy: &Policy) -> bool {
    let after = handler.policies.iter().skip_while(|other| !std::ptr::eq(*other, policy));
    !after.into_iter().any(|other| other.kind == PolicyKind::Retry)
}
