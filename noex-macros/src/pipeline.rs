//! `pipeline!`: servers that a request goes through.

use crate::diag::Diag;
use crate::expand;
use crate::model::pipeline::Pipeline;
use crate::syntax::pipeline;
use proc_macro2::TokenStream;

pub(crate) fn pipeline(tokens: TokenStream) -> TokenStream {
    let mut diag = Diag::new();
    let expansion = expansion(tokens, &mut diag);
    diag.finish(expansion)
}

/// The expansion without its errors, which are in `diag`.
pub(crate) fn expansion(tokens: TokenStream, diag: &mut Diag) -> TokenStream {
    match pipeline::parse(tokens) {
        Ok((written, errors)) => {
            for error in &errors {
                diag.adopt(error);
            }
            let pipeline = Pipeline::read(written, diag);
            expand::pipeline::pipeline(&pipeline, errors.is_empty())
        }
        Err(error) => {
            diag.adopt(&error);
            TokenStream::new()
        }
    }
}
