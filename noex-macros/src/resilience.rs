//! `#[derive(Resilience)]`: how the errors of a type count.

use crate::diag::Diag;
use crate::expand;
use crate::model::class::Classified;
use proc_macro2::TokenStream;

pub(crate) fn resilience(tokens: TokenStream) -> TokenStream {
    let mut diag = Diag::new();
    let expansion = expansion(tokens, &mut diag);
    diag.finish(expansion)
}

/// The expansion without its errors, which are in `diag`.
pub(crate) fn expansion(tokens: TokenStream, diag: &mut Diag) -> TokenStream {
    match syn::parse2(tokens) {
        Ok(item) => expand::class::classify(&Classified::read(&item, diag)),
        Err(error) => {
            diag.adopt(&error);
            TokenStream::new()
        }
    }
}
