//! How replies count, and what stands in for them.

use crate::expand::assert::of_reply;
use crate::expand::message::output;
use crate::expand::plan::Plan;
use crate::model::handler::Handler;
use crate::model::policy::{First, Given, Policy, PolicyKind};
use crate::model::types;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

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
pub(super) fn judge(plan: &Plan<'_>, handler: &Handler, policy: &Policy) -> TokenStream {
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
        None => (output(plan, handler), None),
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
            let patterns = patterns(plan, texts);
            let says = quote!({
                static __NOEX_PATTERNS: #krate::__private::ErrorPatterns =
                    #krate::__private::ErrorPatterns::new(#patterns);
                __NOEX_PATTERNS.match_error(__noex_it)
            });
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

// Output:  const { &[Pattern::Text("timeout"), regex("5\\d\\d")] }
pub(super) fn patterns(plan: &Plan<'_>, texts: &[syn::LitStr]) -> TokenStream {
    let krate = plan.krate();
    let patterns = texts.iter().map(|text| {
        let value = text.value();
        match value.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            Some(expression) => {
                let expression = syn::LitStr::new(expression, text.span());
                quote!(#krate::__private::regex(#expression))
            }
            None => quote!(#krate::resilience::Pattern::Text(#text)),
        }
    });
    quote!(const { &[#(#patterns),*] })
}

// Output:  |reply| match reply {
//              AccountReply::Rating(Ok(it)) => { .. Class::Success }
//              AccountReply::Rating(Err(it)) => { let class = (&Judged(it)).class(); .. class }
//              _ => other_reply(),
//          }
pub(super) fn closure(
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

// Output:  .fallback::<Rating, BankError>(
//              |reply| match reply { AccountReply::Rating(Err(it)) => (&ToldError(it)).says(), _ => None },
//              |reply| match reply { AccountReply::Rating(reply) => outcome(reply), _ => other_reply() },
//              |_| Ok(Rating::stale()),
//              AccountReply::Rating,
//          )
pub(super) fn fallback(plan: &Plan<'_>, handler: &Handler, policy: &Policy) -> TokenStream {
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
                #reply::#variant(::core::result::Result::Err(__noex_it)) => {
                    #[allow(unused_imports)]
                    use #krate::__private::{InNoWords as _, InWords as _};
                    (&#krate::__private::ToldError(__noex_it)).says()
                }
                _ => ::core::option::Option::None,
            },
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
