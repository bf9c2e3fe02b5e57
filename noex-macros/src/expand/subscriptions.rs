//! The subscriptions that a server has from its start: `#[subscribe(..)]`.

use crate::expand::assert::{Proof, sound};
use crate::expand::plan::Plan;
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use crate::model::subscription::Subscription;
use crate::names;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;

// Input:   #[subscribe("rates.*", overflow = wait, buffer = 16)] fn rate_changed(&mut self, topic: Topic, rate: Rate)
// Output:  if __private::is_born(&made) {
//              __private::subscribe(
//                  cx, "rate_changed", const { Pattern::from_static("rates.*") },
//                  const { Buffer::new(16).overflow(Overflow::Wait) },
//                  |topic, event: Rate| AccountInfo::RateChanged { topic: Clone::clone(topic), rate: event },
//              );
//          }
pub(crate) fn subscriptions(plan: &Plan<'_>) -> TokenStream {
    let mut all = plan
        .handlers()
        .filter_map(|handler| Some(subscribe(plan, handler, handler.subscription.as_ref()?)))
        .peekable();
    if all.peek().is_none() {
        return TokenStream::new();
    }
    let krate = plan.krate();
    quote!(if #krate::__private::is_born(&__noex_made) { #(#all)* })
}

/// Whether there is one.
pub(crate) fn has_subscriptions(plan: &Plan<'_>) -> bool {
    plan.handlers().any(|handler| handler.kind == Kind::Subscribe)
}

fn subscribe(plan: &Plan<'_>, handler: &Handler, subscription: &Subscription) -> TokenStream {
    let (krate, cfg, pattern) = (plan.krate(), &handler.carried.cfg, &subscription.pattern);
    let name = handler.ident().unraw().to_string();
    let buffer = buffer(&krate, subscription);
    let message = message(plan, handler);
    quote! {
        #cfg
        #krate::__private::subscribe(
            __noex_cx,
            #name,
            const { #krate::event_bus::Pattern::from_static(#pattern) },
            #buffer,
            #message,
        );
    }
}

fn buffer(krate: &impl quote::ToTokens, subscription: &Subscription) -> TokenStream {
    let buffer = match &subscription.buffer {
        Some(capacity) => quote!(#krate::event_bus::Buffer::new(#capacity)),
        None => quote!(#krate::event_bus::Buffer::DEFAULT),
    };
    let overflow = subscription.overflow.as_ref().map(|word| {
        let overflow = names::variant(word);
        quote!(.overflow(#krate::event_bus::Overflow::#overflow))
    });
    quote!(const { #buffer #overflow })
}

/// Makes the message of a topic and an event.
fn message(plan: &Plan<'_>, handler: &Handler) -> TokenStream {
    let krate = plan.krate();
    let (info, variant) = (&plan.server.names.info, &handler.variant);
    let (topic, event) = match handler.arguments.as_slice() {
        [topic, event] => (Some(topic), event),
        [event, ..] => (None, event),
        [] => return quote!(|_, ()| #info::#variant {}),
    };
    let event_ty = &event.ty;
    let event_ty = sound(plan, quote!(#event_ty), Proof::Messages);
    let event_name = &event.name;
    let any = sound(plan, quote!(_), Proof::Messages);
    let local = Ident::new("__noex_topic", Span::call_site());
    let (given, taken, field) = match topic {
        Some(topic) => {
            let name = &topic.name;
            (
                quote!(#local),
                quote!(let #local: #any = ::core::clone::Clone::clone(#local);),
                quote!(#name: #local,),
            )
        }
        None => (quote!(_), TokenStream::new(), TokenStream::new()),
    };
    quote! {
        |#given: &#krate::event_bus::Topic, __noex_event: #event_ty| {
            #taken
            #info::#variant { #field #event_name: __noex_event }
        }
    }
}
