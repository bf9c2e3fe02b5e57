//! `#[genserver]`: both halves of a server.

use crate::check;
use crate::diag::Diag;
use crate::expand;
use crate::model::config::Config;
use crate::model::server::Server;
use crate::syntax::item::{self, Item};
use proc_macro2::TokenStream;
use quote::quote;

pub(crate) fn genserver(options: TokenStream, tokens: TokenStream) -> TokenStream {
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
        Item::Impl(block) => match Server::read(options, *block, diag) {
            Ok(server) => {
                let verdict = check::server::check(&server, diag);
                expand::server::server(&server, &verdict)
            }
            Err(unnamed) => {
                check::server::check_unnamed(&unnamed, diag);
                expand::fallback::unnamed(&unnamed)
            }
        },
        Item::Other(keyword, state) => {
            diag.error(&keyword, "`#[genserver]` goes on a struct or on its impl block")
                .help("write `struct`; an enum can be its field");
            let config = state.map(|state| expand::config::config(&state, &Config::default()));
            quote!(#tokens #config)
        }
        Item::Junk(error) => {
            diag.adopt(&error);
            tokens.clone()
        }
    }
}
