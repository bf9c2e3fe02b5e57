//! How children are kept, as calls of the builders.

use crate::expand::duration;
use crate::krate::Krate;
use crate::model::child_options::{ChildOptions, Shutdown};
use crate::model::pace::{Intensity, Pauses};
use crate::names;
use proc_macro2::TokenStream;
use quote::quote;

// Output:  ChildOptions::new("account").restart(Restart::Transient).shutdown(Shutdown::Timeout(..))
pub(crate) fn options(krate: &Krate, id: &str, options: &ChildOptions) -> TokenStream {
    let restart = options.restart.as_ref().map(|restart| {
        let variant = names::variant(restart);
        quote!(.restart(#krate::Restart::#variant))
    });
    let shutdown = shutdown(krate, options);
    let significant = options.significant.as_ref().map(|_| quote!(.significant()));
    let ready_within = options.ready_within.map(|limit| {
        let limit = duration::duration(limit);
        quote!(.ready_within(#limit))
    });
    quote!(#krate::ChildOptions::new(#id) #restart #shutdown #significant #ready_within)
}

// Output:  .shutdown(Shutdown::Timeout(..))
pub(crate) fn shutdown(krate: &Krate, options: &ChildOptions) -> Option<TokenStream> {
    options.shutdown.as_ref().map(|shutdown| {
        let shutdown = match shutdown {
            Shutdown::BrutalKill => quote!(BrutalKill),
            Shutdown::Infinity => quote!(Infinity),
            Shutdown::After { limit, .. } => {
                let limit = duration::duration(*limit);
                quote!(Timeout(#limit))
            }
        };
        quote!(.shutdown(#krate::Shutdown::#shutdown))
    })
}

// Output:  child.restarts(5, ..); child.backoff(..);
pub(crate) fn settings(krate: &Krate, options: &ChildOptions) -> TokenStream {
    pace(krate, &quote!(__noex_child), options.intensity.as_ref(), options.pauses.as_ref())
}

// Output:  tree.restarts(5, ..); tree.backoff(Backoff::new(.., ..));
pub(crate) fn pace(
    krate: &Krate,
    builder: &TokenStream,
    intensity: Option<&Intensity>,
    pauses: Option<&Pauses>,
) -> TokenStream {
    let restarts = intensity.map(|intensity| {
        let (restarts, window) = (intensity.restarts, duration::duration(intensity.window));
        quote!(#builder.restarts(#restarts, #window);)
    });
    let backoff = pauses.map(|pauses| {
        let (min, max) = (duration::duration(pauses.min), duration::duration(pauses.max));
        quote!(#builder.backoff(#krate::Backoff::new(#min, #max));)
    });
    quote!(#restarts #backoff)
}
