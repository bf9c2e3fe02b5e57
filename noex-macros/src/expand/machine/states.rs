//! The states as types: the enum of all, and for each handler that leads to several the enum of those.

use crate::expand::machine::{Shown, picture};
use crate::expand::message::allowed;
use crate::model::kind::Kind;
use crate::model::machine::State;
use crate::model::types;
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
    let ((declared, where_), all_ty) = (plan.generics(), shown.state_ty());
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
            impl #declared #krate::state_machine::StateOf<#self_ty> for #ty #where_ { const INDEX: usize = #index; }
        }
    });
    let indices = states.iter().enumerate().map(|(index, state)| {
        let variant = &state.ident;
        quote!(Self::#variant(_) => #index,)
    });
    let (_, phantom_arm) = phantom(shown, &states);
    let index = quote! {
        #[automatically_derived]
        impl #declared #all_ty #where_ {
            #[doc(hidden)]
            fn __noex_index(&self) -> usize { match self { #(#indices)* #phantom_arm } }
        }
    };
    let all = enumeration(shown, name, &docs, &states);
    let sets = targets(shown);
    quote!(#all #index #(#of)* #sets)
}

/// An enum of states, which each of them becomes; and which becomes that of all, if it is a part of it.
fn enumeration(shown: &Shown<'_>, name: &Ident, docs: &str, states: &[&State]) -> TokenStream {
    let allowed = allowed();
    let ((declared, where_), parameters) = (shown.plan.generics(), shown.plan.parameters());
    let (phantom, phantom_arm) = phantom(shown, states);
    let variants = states.iter().map(|state| {
        let (ident, ty) = (&state.ident, &state.ty);
        quote!(#ident(#ty))
    });
    let from = states.iter().map(|state| {
        let (ident, ty) = (&state.ident, &state.ty);
        quote! {
            #[automatically_derived]
            impl #declared ::core::convert::From<#ty> for #name #parameters #where_ {
                fn from(state: #ty) -> Self { Self::#ident(state) }
            }
        }
    });
    let is_part = *name != shown.plan.server.names.state;
    let whole = is_part.then(|| {
        let (whole, part) = (shown.state_ty(), quote!(#name #parameters));
        let arms = states.iter().map(|state| {
            let ident = &state.ident;
            quote!(#name::#ident(state) => Self::#ident(state),)
        });
        let phantom_arm = phantom_arm.map(|_| quote!(#name::__Phantom(never, _) => match never {},));
        quote! {
            #[automatically_derived]
            impl #declared ::core::convert::From<#part> for #whole #where_ {
                fn from(states: #part) -> Self { match states { #(#arms)* #phantom_arm } }
            }
        }
    });
    quote! {
        #[doc = #docs]
        #allowed
        pub enum #name #declared #where_ { #(#variants,)* #phantom }
        #(#from)*
        #whole
    }
}

/// Whether the enum of all states has more variants than states.
pub(crate) fn has_phantom(shown: &Shown<'_>) -> bool {
    let states: Vec<&State> = shown.machine.states.iter().collect();
    !unmentioned(shown, &states).is_empty()
}

/// The type parameters that none of the states has.
fn unmentioned<'a>(shown: &'a Shown<'_>, states: &[&State]) -> Vec<&'a Ident> {
    let mut parameters = shown.plan.server.type_parameters();
    parameters.retain(|parameter| !states.iter().any(|state| types::mentions(&state.ty, parameter)));
    parameters
}

/// As of the messages (E0392); only where it is needed, because states are what users match on.
fn phantom(shown: &Shown<'_>, states: &[&State]) -> (Option<TokenStream>, Option<TokenStream>) {
    let krate = shown.plan.krate();
    let parameters = unmentioned(shown, states);
    if parameters.is_empty() {
        return (None, None);
    }
    let variant = quote! {
        #[doc(hidden)]
        __Phantom(#krate::Never, ::core::marker::PhantomData<fn() -> (#(#parameters,)*)>)
    };
    (Some(variant), Some(quote!(Self::__Phantom(__noex_never, _) => match *__noex_never {},)))
}

// Input:   #[on(Closed => Open | Locked)] fn push(..)
// Output:  pub enum DoorPushTo { Open(Open), Locked(Locked) }
//          impl From<Open> for DoorPushTo { .. }
//          impl From<DoorPushTo> for DoorState { .. }
fn targets(shown: &Shown<'_>) -> TokenStream {
    let machine = shown.machine;
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
        Some(enumeration(shown, &name, &docs, &targets))
    });
    quote!(#(#sets)*)
}
