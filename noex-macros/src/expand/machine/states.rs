//! The states as types: the enum of all, and for each handler that leads to several the enum of those.

use crate::expand::machine::{Shown, picture};
use crate::expand::message::allowed;
use crate::model::kind::Kind;
use crate::model::machine::State;
use crate::names;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

// Input:   states(Locked, Closed)
// Output:  pub enum DoorState { Locked(Locked), Closed(Closed) }
//          impl From<Locked> for DoorState { .. }
//          impl StateOf<Door> for Locked { const INDEX: usize = 0; }
pub(crate) fn states(shown: &Shown<'_>) -> TokenStream {
    let plan = &shown.plan;
    let (krate, self_ty, name) = (plan.krate(), plan.self_ty(), &plan.server.names.state);
    let states: Vec<&State> = shown.machine.states.iter().collect();
    let docs = format!(
        "The states of {}, each with the data that only it has.\n\n```mermaid\n{}```\n\n{}",
        plan.doc_link(),
        picture::diagram(shown),
        picture::table(shown),
    );
    let of = states.iter().enumerate().map(|(index, state)| {
        let ty = &state.ty;
        quote! {
            #[automatically_derived]
            impl #krate::state_machine::StateOf<#self_ty> for #ty { const INDEX: usize = #index; }
        }
    });
    let indices = states.iter().enumerate().map(|(index, state)| {
        let variant = &state.ident;
        quote!(Self::#variant(_) => #index,)
    });
    let index = quote! {
        #[automatically_derived]
        impl #name {
            #[doc(hidden)]
            fn __noex_index(&self) -> usize { match self { #(#indices)* } }
        }
    };
    let all = enumeration(name, &docs, &states, None);
    let sets = targets(shown);
    quote!(#all #index #(#of)* #sets)
}

/// An enum of states, which each of them becomes; and which becomes another, if it is a part of that.
fn enumeration(name: &Ident, docs: &str, states: &[&State], whole: Option<&Ident>) -> TokenStream {
    let allowed = allowed();
    let variants = states.iter().map(|state| {
        let (ident, ty) = (&state.ident, &state.ty);
        quote!(#ident(#ty))
    });
    let from = states.iter().map(|state| {
        let (ident, ty) = (&state.ident, &state.ty);
        quote! {
            #[automatically_derived]
            impl ::core::convert::From<#ty> for #name {
                fn from(state: #ty) -> Self { Self::#ident(state) }
            }
        }
    });
    let whole = whole.map(|whole| {
        let arms = states.iter().map(|state| {
            let ident = &state.ident;
            quote!(#name::#ident(state) => Self::#ident(state),)
        });
        quote! {
            #[automatically_derived]
            impl ::core::convert::From<#name> for #whole {
                fn from(states: #name) -> Self { match states { #(#arms)* } }
            }
        }
    });
    quote! {
        #[doc = #docs]
        #allowed
        pub enum #name { #(#variants,)* }
        #(#from)*
        #whole
    }
}

// Input:   #[on(Closed => Open | Locked)] fn push(..)
// Output:  pub enum DoorPushTo { Open(Open), Locked(Locked) }
//          impl From<Open> for DoorPushTo { .. }
//          impl From<DoorPushTo> for DoorState { .. }
fn targets(shown: &Shown<'_>) -> TokenStream {
    let (machine, whole) = (shown.machine, &shown.plan.server.names.state);
    let init = machine.init.as_ref();
    let steps = machine.steps.iter().chain(init);
    let sets = steps.filter_map(|step| {
        let mut targets = machine.targets(step);
        let mut seen = std::collections::HashSet::new();
        targets.retain(|state| seen.insert(state.ident.to_string()));
        if targets.len() < 2 {
            return None;
        }
        let handler = machine.handler(step);
        let name = names::targets(&machine.server.ident, handler.ident());
        let docs = match handler.kind {
            Kind::Init => format!("The states that `{}` may begin in.", machine.server.ident),
            _ => format!("The states that `{}::{}` may lead to.", machine.server.ident, handler.ident()),
        };
        Some(enumeration(&name, &docs, &targets, Some(whole)))
    });
    quote!(#(#sets)*)
}
