//! Durations and time-outs as expressions.

use crate::krate::Krate;
use crate::model::config::Patience;
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use std::time::Duration;

// Input:   2s
// Output:  ::core::time::Duration::from_millis(2000)
pub(crate) fn duration(duration: Duration) -> TokenStream {
    match u64::try_from(duration.as_millis()) {
        Ok(millis) if duration.subsec_nanos().is_multiple_of(1_000_000) => {
            let millis = Literal::u64_unsuffixed(millis);
            quote!(::core::time::Duration::from_millis(#millis))
        }
        _ => {
            let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
            quote!(::core::time::Duration::new(#seconds, #nanos))
        }
    }
}

/// The value of `ServerConfig::CALL_TIMEOUT`.
pub(crate) fn patience(patience: &Patience) -> TokenStream {
    match patience {
        Patience::Infinity => quote!(::core::option::Option::None),
        Patience::After(after) => {
            let after = duration(*after);
            quote!(::core::option::Option::Some(#after))
        }
        Patience::Constant(constant) => quote!(::core::option::Option::Some(#constant)),
    }
}

/// A pending call with the time-out of its handler, which is that of each attempt.
pub(crate) fn with_timeout(krate: &Krate, call: TokenStream, patience: Option<&Patience>) -> TokenStream {
    match patience {
        None => call,
        Some(Patience::Infinity) => quote!(#krate::__private::limited(#call, ::core::option::Option::None)),
        Some(Patience::After(after)) => {
            let after = duration(*after);
            quote!(#krate::__private::limited(#call, ::core::option::Option::Some(#after)))
        }
        Some(Patience::Constant(constant)) => {
            quote!(#krate::__private::limited(#call, ::core::option::Option::Some(#constant)))
        }
    }
}
