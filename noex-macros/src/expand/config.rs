//! The struct half: its configuration.

use crate::expand::{duration, located};
use crate::krate::Krate;
use crate::model::config::{Config, Mailbox};
use crate::names;
use crate::syntax::item::State;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::spanned::Spanned;

// Input:   #[genserver(mailbox = 64, trap_exit)] struct Account { .. }
// Output:  impl ::noex::ServerConfig for Account {
//              const MAILBOX: ::noex::Mailbox = ::noex::Mailbox::bounded(64);
//              const TRAP_EXIT: bool = true;
//          }
pub(crate) fn config(state: &State, config: &Config) -> TokenStream {
    let State { ident, generics } = state;
    let krate = &config.krate;
    let (impl_generics, parameters, where_) = generics.split_for_impl();
    let constants = constants(config);
    let assertion = match &config.mailbox {
        Some(Mailbox::Constant(constant)) => {
            let mailbox = bounded(krate, constant);
            // A constant of a trait is looked at only when it is used; this one is looked at in any case.
            quote!(const _: #krate::Mailbox = #mailbox;)
        }
        _ => TokenStream::new(),
    };
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::ServerConfig for #ident #parameters #where_ { #constants }
        #assertion
    }
}

fn constants(config: &Config) -> TokenStream {
    let krate = &config.krate;
    let mut constants = TokenStream::new();
    if let Some(name) = &config.name {
        constants.extend(quote! {
            const NAME: ::core::option::Option<&'static str> = ::core::option::Option::Some(#name);
        });
    }
    if let Some(mailbox) = &config.mailbox {
        let mailbox = match mailbox {
            Mailbox::Unbounded => quote!(#krate::Mailbox::UNBOUNDED),
            Mailbox::Bounded(count) | Mailbox::Constant(count) => bounded(krate, count),
        };
        constants.extend(quote!(const MAILBOX: #krate::Mailbox = #mailbox;));
    }
    if let Some(overflow) = &config.overflow {
        let overflow = word(overflow);
        constants.extend(quote!(const OVERFLOW: #krate::Overflow = #krate::Overflow::#overflow;));
    }
    if let Some(patience) = &config.call_timeout {
        let patience = duration::patience(patience);
        constants.extend(quote! {
            const CALL_TIMEOUT: ::core::option::Option<::core::time::Duration> = #patience;
        });
    }
    if let Some(on_restart) = &config.on_restart {
        let on_restart = word(on_restart);
        constants.extend(quote!(const ON_RESTART: #krate::OnRestart = #krate::OnRestart::#on_restart;));
    }
    if config.traps_exits {
        constants.extend(quote!(
            const TRAP_EXIT: bool = true;
        ));
    }
    if config.is_never_inline {
        constants.extend(quote!(
            const INLINE: bool = false;
        ));
    }
    constants
}

/// Located at the count, so that the compiler underlines that when the count is zero.
fn bounded(krate: &Krate, count: &TokenStream) -> TokenStream {
    let function = located::at(count.span(), quote!(#krate::Mailbox::bounded));
    let argument = located::parenthesized(count.span(), count.clone());
    quote!(#function #argument)
}

/// The variant that a word of an option stands for: `drop_oldest` is `DropOldest`.
fn word(word: &Ident) -> Ident {
    names::variant(word)
}
