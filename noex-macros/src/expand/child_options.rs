//! How children are kept, as calls of the builders.

use crate::expand::{duration, located};
use crate::krate::Krate;
use crate::model::child_options::{ChildOptions, Shutdown};
use crate::model::pace::{Intensity, Pauses};
use crate::names;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::spanned::Spanned;

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

// Output:  .size(4).queue(100).queue_timeout(..).retries(2).deadline(..).topic(const { Topic::from_static("job") })
//          .drain(..).restarts(5, ..).backoff(..)
pub(crate) fn pool_settings(krate: &Krate, options: &ChildOptions) -> TokenStream {
    let number = |method: &str, value: &Option<TokenStream>| {
        value.as_ref().map(|value| {
            let method = Ident::new(method, names::derived(value.span()));
            let method = located::at(value.span(), quote!(.#method));
            let value = located::parenthesized(value.span(), value.clone());
            quote!(#method #value)
        })
    };
    let (size, queue) = (number("size", &options.size), number("queue", &options.queue));
    let retries = number("retries", &options.retries);
    let queue_timeout = options.queue_timeout.map(|limit| {
        let limit = duration::duration(limit);
        quote!(.queue_timeout(#limit))
    });
    let topic = options.topic.as_ref().map(|topic| {
        let made = located::at(topic.span(), quote!(#krate::event_bus::Topic::from_static));
        let given = located::parenthesized(topic.span(), topic.clone());
        quote!(.topic(const { #made #given }))
    });
    let deadline = options.deadline.map(|limit| {
        let limit = duration::duration(limit);
        quote!(.deadline(#limit))
    });
    let drain = options.drain.map(|limit| {
        let limit = duration::duration(limit);
        quote!(.drain(#limit))
    });
    let restarts = options.intensity.as_ref().map(|intensity| {
        let (restarts, window) = (intensity.restarts, duration::duration(intensity.window));
        quote!(.restarts(#restarts, #window))
    });
    let backoff = options.pauses.as_ref().map(|pauses| {
        let (min, max) = (duration::duration(pauses.min), duration::duration(pauses.max));
        quote!(.backoff(#krate::Backoff::new(#min, #max)))
    });
    quote!(#size #queue #queue_timeout #retries #deadline #topic #drain #restarts #backoff)
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
