//! The options of a policy as an expression.

use super::judge::patterns;
use crate::expand::duration::duration;
use crate::expand::located;
use crate::expand::plan::Plan;
use crate::model::policy::{First, Given, Policy, PolicyKind, Time};
use crate::names;
use crate::syntax::options::Value;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

// Output:  RetryOptions::new().max_attempts(3).jitter(Jitter::Full)
pub(super) fn options(plan: &Plan<'_>, policy: &Policy) -> TokenStream {
    let krate = plan.krate();
    let ty = match policy.kind {
        PolicyKind::Timeout => "TimeoutOptions",
        PolicyKind::Retry => "RetryOptions",
        PolicyKind::CircuitBreaker => "CircuitBreakerOptions",
        PolicyKind::RateLimit => "RateLimitOptions",
        PolicyKind::Bulkhead => "BulkheadOptions",
        PolicyKind::LoadShed => "LoadShedderOptions",
        PolicyKind::Hedge => "HedgeOptions",
        PolicyKind::Fallback => return TokenStream::new(),
    };
    let ty = Ident::new(ty, Span::call_site());
    let first = match &policy.first {
        Some(First::Limit { value, .. }) => {
            let limit = time(value);
            quote!(.timeout(#limit))
        }
        Some(First::Rate { count, per }) => {
            let per = time(per);
            quote!(.limit(#count).period(#per))
        }
        _ => TokenStream::new(),
    };
    // An attribute refuses what comes too fast: a caller that waits would eat up its own time.
    let refuses = policy.kind == PolicyKind::RateLimit && !policy.has("queue");
    let refuses = refuses.then(|| quote!(.max_queue_size(0)));
    let settings = policy.settings.iter().filter_map(|set| setter(plan, policy, &set.key, &set.value));
    quote!(#krate::resilience::#ty::new() #first #refuses #(#settings)*)
}

/// `.max_attempts(3)`; nothing for what is not of the options.
fn setter(plan: &Plan<'_>, policy: &Policy, key: &Ident, value: &Given) -> Option<TokenStream> {
    let krate = plan.krate();
    let name = match key.to_string().as_str() {
        "queue" if policy.kind == PolicyKind::RateLimit => Ident::new("max_queue_size", key.span()),
        // These are of the macro.
        "reset_on_restart"
        | "hold_during_backoff"
        | "burst"
        | "cost"
        | "dedupe"
        | "queue_interval"
        | "weight"
        | "priority" => {
            return None;
        }
        "ratio" if policy.kind == PolicyKind::Retry => return None,
        "idempotent" if policy.kind == PolicyKind::Hedge => return None,
        _ => key.clone(),
    };
    let at = |tokens: TokenStream| located::at(key.span(), tokens);
    Some(match value {
        Given::Number(number) => {
            let name = at(quote!(.#name));
            quote!(#name(#number))
        }
        Given::Time(given, _) if key == "queue_delay" => {
            let interval = match policy.get("queue_interval") {
                Some(Given::Time(interval, _)) => time(interval),
                _ => millis(100),
            };
            let delay = time(given);
            quote!(.queue_delay(#delay, #interval))
        }
        Given::Time(given, _) if key == "window" && policy.kind == PolicyKind::CircuitBreaker => {
            let time = time(given);
            quote!(.window(#krate::resilience::CircuitWindow::Time(#time)))
        }
        Given::Time(given, _) => {
            let time = time(given);
            quote!(.#name(#time))
        }
        // Of a constant only the compiler knows whether it is a count or a time.
        Given::Calls(calls) if matches!(Value::of(calls), Value::Constant) => {
            quote!(.window(#krate::__private::Window(#calls).window()))
        }
        Given::Calls(calls) => quote!(.window(#krate::resilience::CircuitWindow::Calls(#calls))),
        Given::Variant { of, word } => {
            let variant = match word.to_string().as_str() {
                "sliding" => Ident::new("SlidingWindow", word.span()),
                "fixed" => Ident::new("FixedWindow", word.span()),
                _ => names::variant(word),
            };
            let of = Ident::new(of, Span::call_site());
            if word == "token_bucket" {
                // Without a burst, all of a period's may come at once.
                let burst = match (policy.get("burst"), &policy.first) {
                    (Some(Given::Number(burst)), _) => burst.clone(),
                    (_, Some(First::Rate { count, .. })) => count.clone(),
                    _ => quote!(10),
                };
                quote!(.#name(#krate::resilience::#of::#variant { burst: #burst }))
            } else if word == "ratio" {
                // What gRPC takes.
                let ratio = match policy.get("ratio") {
                    Some(Given::Number(ratio)) => ratio.clone(),
                    _ => quote!(0.2),
                };
                quote!(.#name(#krate::resilience::#of::#variant(#ratio)))
            } else if word == "codel" {
                let (target, interval) = (millis(5), millis(100));
                quote!(.#name(#krate::resilience::#of::Codel { target: #target, interval: #interval }))
            } else {
                quote!(.#name(#krate::resilience::#of::#variant))
            }
        }
        // A hedge has one of its own size anyway.
        Given::Flag if key == "budget" && policy.kind == PolicyKind::Hedge => return None,
        Given::Flag if key == "budget" => quote!(.budget(#krate::resilience::BudgetOptions::new())),
        Given::Text(shared) if key == "budget" => {
            quote!(.budget(#krate::resilience::BudgetOptions::new().shared(#shared)))
        }
        Given::Flag if key == "adaptive" => quote!(.adaptive(#krate::resilience::Adaptive::new())),
        Given::Word(word) if key == "adaptive" => {
            let algorithm = names::variant(word);
            let algorithm = quote!(#krate::resilience::LimitAlgorithm::#algorithm);
            quote!(.adaptive(#krate::resilience::Adaptive::new().algorithm(#algorithm)))
        }
        Given::Flag => quote!(.#name(true)),
        // It is the handler's judge that asks them; here they are looked at when the server starts.
        Given::Texts(texts) => {
            let patterns = patterns(plan, texts);
            quote!(.#name(#patterns))
        }
        Given::Function(_) | Given::Argument(_) | Given::Text(_) | Given::Word(_) => return None,
    })
}

fn millis(millis: u64) -> TokenStream {
    duration(std::time::Duration::from_millis(millis))
}

pub(super) fn time(time: &Time) -> TokenStream {
    match time {
        Time::Literal(literal) => duration(*literal),
        Time::Constant(constant) => constant.clone(),
    }
}

/// Who shares the policy.
pub(super) fn scope(plan: &Plan<'_>, policy: &Policy) -> TokenStream {
    let krate = plan.krate();
    match (policy.get("name"), policy.get("scope")) {
        (Some(Given::Text(name)), _) => quote!(#krate::resilience::Scope::Name(#name)),
        (_, Some(Given::Word(word))) if word == "type" => quote!(#krate::resilience::Scope::Type),
        _ => quote!(#krate::resilience::Scope::Server),
    }
}
