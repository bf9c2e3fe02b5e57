//! What runs around events: `init`, the hooks, `terminate`.

use crate::expand::assert::{Proof, sound};
use crate::expand::machine::{Shown, extras};
use crate::expand::{future, located};
use crate::model::kind::Kind;
use crate::model::step::{Extra, Hook, StateArgument};
use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;
use syn::spanned::Spanned;

// Input:   #[init] fn install(code: String) -> (Self, Locked)
// Output:  type Args = (String,);
//          type InitError = <(Self, Locked) as IntoInitial<Self, Locked>>::Error;
//          async fn init((code,): (String,), cx: ..) -> Result<Option<(Self, DoorState)>, Self::InitError> {
//              __private::initial(IntoInitial::<Self, Locked>::into_initial(Self::install(code)))
//          }
pub(crate) fn init(shown: &Shown<'_>) -> TokenStream {
    let plan = &shown.plan;
    let (krate, state) = (plan.krate(), shown.state_ty());
    let initial = plan.server.machine.as_ref().and_then(|machine| machine.initial.as_ref());
    let handler = plan.handlers().find(|handler| handler.kind == Kind::Init);
    let (Some(handler), Some(initial), Some(init), true) =
        (handler, initial, &shown.machine.init, shown.verdict.has_sound_init)
    else {
        return quote! {
            type Args = ();
            type InitError = ::core::convert::Infallible;
            async fn init(
                _: (), _: &mut #krate::Context<#krate::Machine<Self>>,
            ) -> ::core::result::Result<::core::option::Option<(Self, #state)>, Self::InitError> {
                ::core::unreachable!()
            }
        };
    };
    let Some(output) = handler.output() else { return TokenStream::new() };
    let bindings = future::bindings(handler);
    let types: Vec<_> = handler.arguments.iter().map(|argument| &argument.ty).collect();
    let args = sound(plan, quote!((#(#types,)*)), Proof::Start);
    let rule = located::at(output.span(), quote!(#krate::state_machine::IntoInitial<Self, #initial>));
    let made = sound(plan, quote!(#output), Proof::Start);
    let (ident, extras) = (handler.ident(), extras(&init.extras));
    let wait = handler.is_async().then(|| quote!(.await));
    quote! {
        type Args = #args;
        type InitError = <#made as #rule>::Error;
        #[allow(deprecated)]
        async fn init(
            (#(#bindings,)*): Self::Args, __noex_cx: &mut #krate::Context<#krate::Machine<Self>>,
        ) -> ::core::result::Result<::core::option::Option<(Self, #state)>, Self::InitError> {
            let __noex_made = Self::#ident(#(#extras,)* #(#bindings),*) #wait;
            #krate::__private::initial(<#made as #rule>::into_initial(__noex_made))
        }
    }
}

// Input:   #[enter(Open)] fn opened(&mut self, open: &mut Open, actions: &mut Actions<Self>)
// Output:  fn enter(&mut self, state: &mut DoorState, from: At<Self>, actions: ..) {
//              match state { DoorState::Open(in_) => Self::opened(self, in_, actions), _ => {} }
//          }
pub(crate) fn hooks(shown: &Shown<'_>) -> TokenStream {
    let plan = &shown.plan;
    let (krate, state) = (plan.krate(), shown.state_ty());
    let more = quote! {
        __noex_actions: &mut #krate::Actions<Self>,
        __noex_cx: &mut #krate::Context<#krate::Machine<Self>>,
    };
    let mut methods = TokenStream::new();
    let of = |is_enter: bool| shown.machine.hooks.iter().filter(move |hook| hook.is_enter == is_enter);
    if of(true).next().is_some() {
        let arms = of(true).map(|hook| {
            let call = call(hook);
            arms(shown, hook, &call)
        });
        methods.extend(quote! {
            #[allow(deprecated, unused_variables, unreachable_patterns)]
            fn enter(&mut self, __noex_state: &mut #state, __noex_at: #krate::At<Self>, #more) {
                match __noex_state { #(#arms)* _ => {} }
            }
        });
    }
    if of(false).next().is_some() {
        let arms = of(false).map(|hook| {
            let call = call(hook);
            let states = hook.states.iter().filter_map(|name| shown.machine.state(name));
            let states = states.map(proc_macro2::Literal::usize_unsuffixed);
            let body = if hook.state().is_some() {
                let arms = arms(shown, hook, &call);
                quote!(if let ::core::option::Option::Some(__noex_state) = __noex_state {
                    match __noex_state { #arms _ => {} }
                })
            } else {
                quote!({ #call })
            };
            quote!(#(#states)|* => #body,)
        });
        methods.extend(quote! {
            #[allow(deprecated, unused_variables, unreachable_patterns)]
            fn exit(
                &mut self,
                __noex_from: #krate::At<Self>,
                __noex_state: ::core::option::Option<&mut #state>,
                __noex_at: #krate::At<Self>,
                #more
            ) {
                match #krate::At::place(__noex_from) { #(#arms)* _ => {} }
            }
        });
    }
    methods
}

fn call(hook: &Hook) -> TokenStream {
    let (ident, extras) = (&hook.method.ident, extras(&hook.extras));
    quote!(Self::#ident(self, #(#extras),*))
}

/// `DoorState::Open(in_) => ..`, for each state of the hook.
fn arms(shown: &Shown<'_>, hook: &Hook, call: &TokenStream) -> TokenStream {
    let all = &shown.plan.server.names.state;
    let states = hook.states.iter().filter_map(|name| shown.machine.state(name));
    let arms = states.map(|index| {
        let variant = &shown.machine.states[index].ident;
        match hook.state() {
            Some(StateArgument { is_any: false, .. }) => quote!(#all::#variant(__noex_in) => #call,),
            Some(_) => quote!(__noex_in @ #all::#variant(_) => #call,),
            None => quote!(#all::#variant(_) => #call,),
        }
    });
    quote!(#(#arms)*)
}

// Input:   #[terminate] fn close(&mut self, state: Option<&mut DoorState>, reason: &ExitReason)
pub(crate) fn terminate(shown: &Shown<'_>) -> TokenStream {
    let plan = &shown.plan;
    let (krate, state) = (plan.krate(), shown.state_ty());
    let handler = plan.handlers().find(|handler| handler.kind == Kind::Terminate);
    let (Some(handler), Some(step), true) =
        (handler, &shown.machine.terminate, shown.verdict.has_sound_terminate)
    else {
        return TokenStream::new();
    };
    let reason = handler.arguments.first().map(|argument| match &argument.ty {
        Type::Reference(_) => quote!(__noex_reason),
        _ => quote!(::core::clone::Clone::clone(__noex_reason)),
    });
    let (ident, taken) = (handler.ident(), extras(&step.extras));
    let call = quote!(Self::#ident(self, #(#taken,)* #reason));
    let has_state = step.extras.iter().any(|extra| matches!(extra, Extra::State(_)));
    let body = if has_state {
        // A state that is gone was taken by a handler that has crashed; then there is nothing to show.
        quote!(if let ::core::option::Option::Some(__noex_in) = __noex_state { #call })
    } else {
        call
    };
    quote! {
        #[allow(deprecated, unused_variables)]
        fn terminate(
            &mut self,
            __noex_state: ::core::option::Option<&mut #state>,
            __noex_reason: &#krate::ExitReason,
            __noex_cx: &mut #krate::Context<#krate::Machine<Self>>,
        ) {
            #body
        }
    }
}
