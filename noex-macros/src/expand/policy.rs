//! The policies of handlers: the function that declares them, and which messages meet some.

use crate::check::policy::doubts;
use crate::expand::assert::of_reply;
use crate::expand::duration::duration;
use crate::expand::located;
use crate::expand::plan::{Messages, Plan};
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use crate::model::policy::{First, Given, Policy, PolicyKind, Time};
use crate::model::types;
use crate::names;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

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
            quote!(.retry(#options, #when, #copy))
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
        PolicyKind::Bulkhead => {
            let scope = scope(plan, policy);
            quote!(.bulkhead(#options, #scope))
        }
    }
}

fn anew(policy: &Policy) -> Option<TokenStream> {
    policy.has("reset_on_restart").then(|| quote!(.reset_on_restart()))
}

// Output:  RetryOptions::new().max_attempts(3).jitter(Jitter::Full)
fn options(plan: &Plan<'_>, policy: &Policy) -> TokenStream {
    let krate = plan.krate();
    let ty = match policy.kind {
        PolicyKind::Timeout => "TimeoutOptions",
        PolicyKind::Retry => "RetryOptions",
        PolicyKind::CircuitBreaker => "CircuitBreakerOptions",
        PolicyKind::RateLimit => "RateLimitOptions",
        PolicyKind::Bulkhead => "BulkheadOptions",
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
        if policy.has_constants() {
            let rule = Ident::new(policy.kind.word(), Span::call_site());
            let rule = located::at(place, quote!(#krate::rules::policy::#rule));
            let options = located::parenthesized(place, options(plan, policy));
            assertions.extend(quote!(#cfg const _: () = { #rule #options; };));
        }
        if policy.kind == PolicyKind::Timeout && is_of_each_attempt(handler, policy) {
            let limit = match &policy.first {
                Some(First::Limit { value, .. }) => time(value),
                _ => duration(std::time::Duration::from_secs(5)),
            };
            let patience = match &handler.timeout {
                Some(patience) => crate::expand::duration::patience(patience),
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

/// `.max_attempts(3)`; nothing for what is not of the options.
fn setter(plan: &Plan<'_>, policy: &Policy, key: &Ident, value: &Given) -> Option<TokenStream> {
    let krate = plan.krate();
    let name = match key.to_string().as_str() {
        "queue" if policy.kind == PolicyKind::RateLimit => Ident::new("max_queue_size", key.span()),
        // These are of the macro.
        "reset_on_restart" | "hold_during_backoff" | "burst" => return None,
        "idempotent" if policy.kind == PolicyKind::Hedge => return None,
        _ => key.clone(),
    };
    let at = |tokens: TokenStream| located::at(key.span(), tokens);
    Some(match value {
        Given::Number(number) => {
            let name = at(quote!(.#name));
            quote!(#name(#number))
        }
        Given::Time(given, _) if key == "window" => {
            let time = time(given);
            quote!(.window(#krate::resilience::CircuitWindow::Time(#time)))
        }
        Given::Time(given, _) => {
            let time = time(given);
            quote!(.#name(#time))
        }
        Given::Calls(calls) => quote!(.window(#krate::resilience::CircuitWindow::Calls(#calls))),
        Given::Variant { of, word } => {
            let (of, variant) = (Ident::new(of, Span::call_site()), names::variant(word));
            if word == "token_bucket" {
                let burst = match policy.get("burst") {
                    Some(Given::Number(burst)) => quote!(::core::option::Option::Some(#burst)),
                    _ => quote!(::core::option::Option::None),
                };
                quote!(.#name(#krate::resilience::#of::#variant { burst: #burst }))
            } else if word == "codel" {
                let (target, interval) = (millis(5), millis(100));
                quote!(.#name(#krate::resilience::#of::Codel { target: #target, interval: #interval }))
            } else {
                quote!(.#name(#krate::resilience::#of::#variant))
            }
        }
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
        Given::Function(_) | Given::Argument(_) | Given::Text(_) | Given::Texts(_) | Given::Word(_) => {
            return None;
        }
    })
}

fn millis(millis: u64) -> TokenStream {
    duration(std::time::Duration::from_millis(millis))
}

fn time(time: &Time) -> TokenStream {
    match time {
        Time::Literal(literal) => duration(*literal),
        Time::Constant(constant) => constant.clone(),
    }
}

/// Who shares the policy.
fn scope(plan: &Plan<'_>, policy: &Policy) -> TokenStream {
    let krate = plan.krate();
    match (policy.get("name"), policy.get("scope")) {
        (Some(Given::Text(name)), _) => quote!(#krate::resilience::Scope::Name(#name)),
        (_, Some(Given::Word(word))) if word == "type" => quote!(#krate::resilience::Scope::Type),
        _ => quote!(#krate::resilience::Scope::Server),
    }
}

/// The types of value and error of a reply that is a result.
fn parts(plan: &Plan<'_>, handler: &Handler) -> Option<(TokenStream, TokenStream)> {
    let output = handler.output()?;
    match types::result_arguments_of(Some(output)).as_deref() {
        Some([ok, error]) => Some((plan.server.outside(ok), plan.server.outside(error))),
        Some(_) => Some((of_reply(plan, output, "OkOf"), of_reply(plan, output, "ErrOf"))),
        None => None,
    }
}

// Output:  Some(|reply| match reply { .. }), or None where the handler's own classes will do
fn judge(plan: &Plan<'_>, handler: &Handler, policy: &Policy) -> TokenStream {
    let krate = plan.krate();
    let function = |key: &str| match policy.get(key) {
        Some(Given::Function(function)) => Some(function),
        _ => None,
    };
    let (when, when_ok, ignore) = (function("when"), function("when_ok"), function("ignore"));
    let texts = match policy.get("retryable_errors") {
        Some(Given::Texts(texts)) => Some(texts),
        _ => None,
    };
    if when.is_none() && when_ok.is_none() && ignore.is_none() && texts.is_none() {
        return quote!(::core::option::Option::None);
    }
    let verdict = Ident::new(
        if policy.kind == PolicyKind::Retry { "retried_when" } else { "failed_when" },
        Span::call_site(),
    );
    let (ok, error) = match parts(plan, handler) {
        Some((ok, error)) => (ok, Some(error)),
        None => (crate::expand::message::output(plan, handler), None),
    };
    let predicate = |of: &TokenStream, function: &TokenStream| quote!({ let __noex_when: fn(&#of) -> bool = #function; __noex_when(__noex_it) });
    let of_error = error.map(|error| {
        let ignored = ignore.map(|ignore| {
            let ignore = predicate(&error, ignore);
            quote!(if #ignore { return #krate::resilience::Class::Ignored; })
        });
        let when = when.map(|when| {
            let when = predicate(&error, when);
            quote!(let __noex_class = #krate::__private::#verdict(#when, __noex_class);)
        });
        let says = texts.map(|texts| {
            let says = quote!(#krate::__private::says(__noex_it, &[#(#texts),*]));
            quote!(let __noex_class = #krate::__private::#verdict(#says, __noex_class);)
        });
        quote!(#ignored #when #says)
    });
    let of_value = when_ok.map(|when| {
        let when = predicate(&ok, when);
        quote!(if #when { return #krate::resilience::Class::Transient; })
    });
    let closure = closure(plan, handler, of_value, of_error);
    quote!(::core::option::Option::Some(#closure))
}

// Output:  |reply| match reply {
//              AccountReply::Rating(Ok(it)) => { .. Class::Success }
//              AccountReply::Rating(Err(it)) => { let class = (&Judged(it)).class(); .. class }
//              _ => other_reply(),
//          }
fn closure(
    plan: &Plan<'_>,
    handler: &Handler,
    of_value: Option<TokenStream>,
    of_error: Option<TokenStream>,
) -> TokenStream {
    let (krate, reply, variant) = (plan.krate(), &plan.server.names.reply, &handler.variant);
    let arms = if handler.output().is_some_and(types::is_result) {
        quote! {
            #reply::#variant(::core::result::Result::Ok(__noex_it)) => {
                let _ = __noex_it;
                #of_value
                #krate::resilience::Class::Success
            }
            #reply::#variant(::core::result::Result::Err(__noex_it)) => {
                #[allow(unused_imports)]
                use #krate::__private::{ByClass as _, ByDefault as _};
                let __noex_class = (&#krate::__private::Judged(__noex_it)).class();
                #of_error
                __noex_class
            }
        }
    } else {
        quote! {
            #reply::#variant(__noex_it) => {
                let _ = __noex_it;
                #of_value
                #krate::resilience::Class::Success
            }
        }
    };
    quote! {
        |__noex_reply| match __noex_reply {
            #arms
            #[allow(unreachable_patterns)]
            _ => #krate::__private::other_reply(),
        }
    }
}

/// The pattern that takes one field out of a message, by reference.
fn taken(plan: &Plan<'_>, handler: &Handler, names: &[&Ident]) -> TokenStream {
    let messages = plan.messages(handler.kind);
    let (name, variant) = (messages.name, &handler.variant);
    if handler.kind.takes_one_message() {
        quote!(#name::#variant(#(#names)*))
    } else {
        quote!(#name::#variant { #(#names,)* .. })
    }
}

// Output:  |message| match message { AccountCall::Rating { branch, .. } => &branch.id, _ => other_reply() }
fn field(plan: &Plan<'_>, handler: &Handler, words: &[Ident]) -> TokenStream {
    let krate = plan.krate();
    let pattern = taken(plan, handler, &[&words[0]]);
    let path = path(words);
    let value = if words.len() == 1 { quote!(#path) } else { quote!(&#path) };
    quote! {
        |__noex_message| match __noex_message {
            #pattern => #value,
            #[allow(unreachable_patterns)]
            _ => #krate::__private::other_reply(),
        }
    }
}

// Output:  ::<Sound<String, { .. }>>
//
// Beside an error at the argument, nothing more about its type.
fn key_ty(plan: &Plan<'_>, handler: &Handler, words: &[Ident]) -> Option<TokenStream> {
    let [only] = words else { return None };
    let argument = handler.arguments.iter().find(|argument| argument.name.as_ref() == Some(only))?;
    let ty = of_reply(plan, &argument.ty, "Sound");
    Some(quote!(::<#ty>))
}

/// `request.user.0` from its words.
fn path(words: &[Ident]) -> TokenStream {
    let (first, rest) = (&words[0], &words[1..]);
    let rest = rest.iter().map(|word| match word.to_string().strip_prefix('_').map(str::parse::<usize>) {
        Some(Ok(number)) => {
            let number = Literal::usize_unsuffixed(number);
            quote!(.#number)
        }
        _ => quote!(.#word),
    });
    quote!(#first #(#rest)*)
}

fn cost(plan: &Plan<'_>, handler: &Handler, policy: &Policy) -> TokenStream {
    let krate = plan.krate();
    match policy.get("cost") {
        Some(Given::Number(number)) => quote!(::core::option::Option::Some(|_| #number)),
        Some(Given::Argument(words)) => {
            let (pattern, path) = (taken(plan, handler, &[&words[0]]), path(words));
            let value = if words.len() == 1 { quote!(*#path) } else { path };
            quote! {
                ::core::option::Option::Some(|__noex_message| match __noex_message {
                    #pattern => #krate::__private::cost(#value),
                    #[allow(unreachable_patterns)]
                    _ => #krate::__private::other_reply(),
                })
            }
        }
        _ => quote!(::core::option::Option::None),
    }
}

// Output:  |message| match message {
//              AccountCall::Rating { branch } => AccountCall::Rating { branch: copied::<String>(branch) },
//              _ => other_reply(),
//          }
fn copy(plan: &Plan<'_>, handler: &Handler) -> TokenStream {
    let (krate, call, variant) = (plan.krate(), &plan.server.names.call, &handler.variant);
    let names: Vec<&Ident> = handler.arguments.iter().filter_map(|argument| argument.name.as_ref()).collect();
    let copies = handler.arguments.iter().filter_map(|argument| {
        let (name, ty) = (argument.name.as_ref()?, of_reply(plan, &argument.ty, "Sound"));
        Some(quote!(#name: #krate::__private::copied::<#ty>(#name),))
    });
    quote! {
        |__noex_message| match __noex_message {
            #call::#variant { #(#names,)* } => #call::#variant { #(#copies)* },
            #[allow(unreachable_patterns)]
            _ => #krate::__private::other_reply(),
        }
    }
}

// Output:  .fallback::<Rating, BankError>(
//              |reply| match reply { AccountReply::Rating(reply) => outcome(reply), _ => other_reply() },
//              |_| Ok(Rating::stale()),
//              AccountReply::Rating,
//          )
fn fallback(plan: &Plan<'_>, handler: &Handler, policy: &Policy) -> TokenStream {
    let (krate, reply, variant) = (plan.krate(), &plan.server.names.reply, &handler.variant);
    let Some((ok, error)) = parts(plan, handler) else { return TokenStream::new() };
    let instead = match (&policy.first, policy.get("with")) {
        (Some(First::Value(value)), _) => quote! {
            |_| { let __noex_value: #ok = #value; ::core::result::Result::Ok(__noex_value) }
        },
        (_, Some(Given::Function(with))) => quote! {
            {
                let __noex_with: fn(#krate::CallError<#error>) -> ::core::result::Result<#ok, #error> = #with;
                __noex_with
            }
        },
        _ => return TokenStream::new(),
    };
    quote! {
        .fallback::<#ok, #error>(
            |__noex_reply| match __noex_reply {
                #reply::#variant(__noex_reply) => #krate::__private::outcome(__noex_reply),
                #[allow(unreachable_patterns)]
                _ => #krate::__private::other_reply(),
            },
            #instead,
            #reply::#variant,
        )
    }
}
