//! What is left where no server can be made: the user's item without our attributes, so that nothing else about it
//! is an error.

use crate::expand::original;
use crate::model::server::Unnamed;
use proc_macro2::TokenStream;

/// The impl block of a type without a name.
pub(crate) fn unnamed(unnamed: &Unnamed) -> TokenStream {
    // rustc has an error of its own for an inherent impl of such a type; saying it twice helps nobody.
    match unnamed.header.self_ty {
        syn::Type::Tuple(_) | syn::Type::Array(_) | syn::Type::Slice(_) | syn::Type::Reference(_) => {
            TokenStream::new()
        }
        _ => {
            let items: TokenStream = unnamed.items.iter().map(original::item).collect();
            original::around(&unnamed.header, &items)
        }
    }
}
