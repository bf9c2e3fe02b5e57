//! `#[state_machine]`: both halves of a state machine.

use crate::check;
use crate::diag::Diag;
use crate::expand;
use crate::model::config::Config;
use crate::model::machine::Machine;
use crate::syntax::item::{self, Item};
use proc_macro2::TokenStream;
use quote::quote;

pub(crate) fn state_machine(options: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut diag = Diag::new();
    let expansion = expansion(options, &tokens, &mut diag);
    diag.finish(expansion)
}

/// The expansion without its errors, which are in `diag`.
pub(crate) fn expansion(options: TokenStream, tokens: &TokenStream, diag: &mut Diag) -> TokenStream {
    match item::parse(tokens.clone()) {
        Item::Struct(state) => {
            let config = Config::read(options, diag);
            let config = expand::config::config(&state, &config);
            quote!(#tokens #config)
        }
        Item::Impl(block) => match Machine::read(options, *block, diag) {
            Ok(machine) => {
                let verdict = check::machine::check(&machine, diag);
                expand::machine::machine(&machine, &verdict)
            }
            Err(unnamed) => {
                check::server::check_unnamed(&unnamed, diag);
                expand::fallback::unnamed(&unnamed)
            }
        },
        Item::Other(keyword, state) => {
            let help = if keyword == "enum" {
                "make a struct of what all states share, and list the states above its impl block: \
                 `#[state_machine(states(..))]`"
            } else {
                "write `struct`, for what all states share"
            };
            diag.error(&keyword, "`#[state_machine]` goes on a struct or on its impl block").help(help);
            let config = state.map(|state| expand::config::config(&state, &Config::default()));
            quote!(#tokens #config)
        }
        Item::Junk(error) => {
            diag.adopt(&error);
            tokens.clone()
        }
    }
}
