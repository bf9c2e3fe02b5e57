//! What policies take out of messages: keys, costs, copies.

use crate::expand::assert::of_reply;
use crate::expand::plan::Plan;
use crate::model::handler::Handler;
use crate::model::policy::{Given, Policy};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

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
pub(super) fn field(plan: &Plan<'_>, handler: &Handler, words: &[Ident]) -> TokenStream {
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
pub(super) fn key_ty(plan: &Plan<'_>, handler: &Handler, words: &[Ident]) -> Option<TokenStream> {
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

pub(super) fn cost(plan: &Plan<'_>, handler: &Handler, policy: &Policy) -> TokenStream {
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

// Output:  Some(|message| match message {
//              AccountCall::Rating { size, .. } => Demand::new().weight(cost(*size)).priority(priority(7)),
//              _ => other_reply(),
//          })
pub(super) fn demand(plan: &Plan<'_>, handler: &Handler, policy: &Policy) -> TokenStream {
    let krate = plan.krate();
    let (mut names, mut demand) = (Vec::<&Ident>::new(), quote!(#krate::resilience::Demand::new()));
    for (option, convert) in [("weight", "cost"), ("priority", "priority")] {
        let value = match policy.get(option) {
            Some(Given::Number(number)) => quote!(#number),
            Some(Given::Argument(words)) => {
                if !names.contains(&&words[0]) {
                    names.push(&words[0]);
                }
                let path = path(words);
                if words.len() == 1 { quote!(*#path) } else { path }
            }
            _ => continue,
        };
        let (option, convert) =
            (Ident::new(option, Span::call_site()), Ident::new(convert, Span::call_site()));
        demand = quote!(#demand.#option(#krate::__private::#convert(#value)));
    }
    if !policy.has("weight") && !policy.has("priority") {
        return quote!(::core::option::Option::None);
    }
    if names.is_empty() {
        return quote!(::core::option::Option::Some(|_| #demand));
    }
    let pattern = taken(plan, handler, &names);
    quote! {
        ::core::option::Option::Some(|__noex_message| match __noex_message {
            #pattern => #demand,
            #[allow(unreachable_patterns)]
            _ => #krate::__private::other_reply(),
        })
    }
}

// Output:  |message| match message {
//              AccountCall::Rating { branch } => AccountCall::Rating { branch: copied::<String>(branch) },
//              _ => other_reply(),
//          }
pub(super) fn copy(plan: &Plan<'_>, handler: &Handler) -> TokenStream {
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
