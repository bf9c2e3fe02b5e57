//! `supervisor!`: a tree of servers.

use crate::check;
use crate::diag::Diag;
use crate::expand;
use crate::model::tree::Tree;
use crate::syntax::tree;
use proc_macro2::TokenStream;

pub(crate) fn supervisor(tokens: TokenStream) -> TokenStream {
    let mut diag = Diag::new();
    let expansion = expansion(tokens, &mut diag);
    diag.finish(expansion)
}

/// The expansion without its errors, which are in `diag`.
pub(crate) fn expansion(tokens: TokenStream, diag: &mut Diag) -> TokenStream {
    match tree::parse(tokens) {
        Ok((written, errors)) => {
            for error in &errors {
                diag.adopt(error);
            }
            let mut tree = Tree::read(written, diag);
            tree.has_lost_child |= !errors.is_empty();
            let verdict = check::tree::check(&tree, diag);
            expand::tree::tree(&tree, &verdict)
        }
        Err(error) => {
            diag.adopt(&error);
            TokenStream::new()
        }
    }
}
