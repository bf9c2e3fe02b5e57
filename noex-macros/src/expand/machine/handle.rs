//! From an event in a state to its handler.

use crate::expand::located;
use crate::expand::machine::{EVENTS, Shown, bindings, extras, states};
use crate::model::coverage::{Cover, Coverage};
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use crate::model::machine::Fate;
use crate::model::step::{Shape, StateArgument, Step, target_ty};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;

/// The variant of `Event` for messages of this kind.
fn wrapper(kind: Kind) -> Ident {
    let name = match kind {
        Kind::Call => "Call",
        Kind::Cast => "Cast",
        Kind::Info => "Info",
        _ => "Internal",
    };
    Ident::new(name, Span::call_site())
}

// Output:  fn route(&self, state: &DoorState, event: &Event<Self>) -> Route {
//              match (event, Self::index(state)) {
//                  (Event::Call(DoorCall::Unlock { .. }), 1) => Route::Postpone,
//                  _ => Route::Handle,
//              }
//          }
pub(crate) fn route(shown: &Shown<'_>) -> TokenStream {
    let krate = shown.plan.krate();
    let arms: Vec<TokenStream> = shown
        .events()
        .flat_map(|coverage| [Fate::Drop, Fate::Postpone].map(|fate| (coverage, fate)))
        .filter_map(|(coverage, fate)| {
            let is_it = |cover: &Cover<'_>| matches!(cover, Cover::Fate(it) if *it == fate);
            let states = coverage.of.iter().enumerate().filter(|(_, cover)| is_it(cover));
            let states: Vec<Literal> = states.map(|(index, _)| Literal::usize_unsuffixed(index)).collect();
            if states.is_empty() {
                return None;
            }
            let handler = &shown.machine.server.handlers[coverage.event];
            let (wrapper, name, variant) =
                (wrapper(handler.kind), shown.plan.messages(handler.kind).name, &handler.variant);
            let fate = match fate {
                Fate::Drop => quote!(Drop),
                Fate::Postpone => quote!(Postpone),
            };
            Some(quote! {
                (#krate::state_machine::Event::#wrapper(#name::#variant { .. }), #(#states)|*) =>
                    #krate::state_machine::Route::#fate,
            })
        })
        .collect();
    if arms.is_empty() {
        return TokenStream::new();
    }
    let (state, state_ty) = (&shown.plan.server.names.state, shown.state_ty());
    quote! {
        fn route(
            &self, __noex_state: &#state_ty, __noex_event: &#krate::state_machine::Event<Self>,
        ) -> #krate::state_machine::Route {
            match (__noex_event, #state::__noex_index(__noex_state)) {
                #(#arms)*
                _ => #krate::state_machine::Route::Handle,
            }
        }
    }
}

// Output:  fn handle(
//              &mut self, state: &mut Place<DoorState>, event: Event<Self>, actions: &mut Actions<Self>, cx: ..,
//          ) -> Next<DoorState, Option<DoorReply>> {
//              let index = Self::index(state.get());
//              match event {
//                  Event::Call(DoorCall::Unlock { code }) => match index {
//                      0 => { .. }
//                      _ => unrouted(),
//                  },
//                  Event::Cast(never) => match never {},
//                  ..
//              }
//          }
pub(crate) fn handle(shown: &Shown<'_>) -> TokenStream {
    let plan = &shown.plan;
    let krate = plan.krate();
    let arms = EVENTS.map(|kind| {
        let messages = plan.messages(kind);
        let wrapper = wrapper(kind);
        if messages.handlers.is_empty() {
            return quote! {
                #krate::state_machine::Event::#wrapper(__noex_never) => match __noex_never {},
            };
        }
        let of_kind = shown.events().filter(|it| shown.machine.server.handlers[it.event].kind == kind);
        let arms = of_kind.map(|coverage| {
            let (pattern, body) = (pattern(shown, coverage), event(shown, coverage));
            quote!(#krate::state_machine::Event::#wrapper(#pattern) => #body,)
        });
        quote!(#(#arms)*)
    });
    let (state, state_ty) = (&plan.server.names.state, shown.state_ty());
    let reply = crate::expand::assert::sound(
        plan,
        crate::expand::message::reply_ty(plan),
        crate::expand::assert::Proof::Messages,
    );
    quote! {
        #[allow(deprecated, unused_variables)]
        fn handle(
            &mut self,
            __noex_state: &mut #krate::state_machine::Place<#state_ty>,
            __noex_event: #krate::state_machine::Event<Self>,
            __noex_actions: &mut #krate::Actions<Self>,
            __noex_cx: &mut #krate::Context<#krate::Machine<Self>>,
        ) -> #krate::Next<#state_ty, ::core::option::Option<#reply>> {
            let __noex_index = #state::__noex_index(#krate::state_machine::Place::get(__noex_state));
            match __noex_event { #(#arms)* }
        }
    }
}

fn pattern(shown: &Shown<'_>, coverage: &Coverage<'_>) -> TokenStream {
    let handler = &shown.machine.server.handlers[coverage.event];
    let (name, variant) = (shown.plan.messages(handler.kind).name, &handler.variant);
    let bindings = bindings(shown, coverage.event);
    if handler.kind.takes_one_message() {
        quote!(#name::#variant(#(#bindings),*))
    } else {
        quote!(#name::#variant { #(#bindings),* })
    }
}

/// What becomes of one event, by the state.
fn event(shown: &Shown<'_>, coverage: &Coverage<'_>) -> TokenStream {
    let krate = shown.plan.krate();
    let steps: Vec<(&Step, Vec<usize>)> = (shown.machine.steps_of(coverage.event))
        .map(|step| (step, shown.machine.sources(coverage, step)))
        .collect();
    if let [(step, states)] = steps.as_slice()
        && states.len() == shown.machine.states.len()
    {
        return one(shown, step, states);
    }
    let arms = steps.iter().filter(|(_, states)| !states.is_empty()).map(|(step, states)| {
        let body = one(shown, step, states);
        let states = states.iter().map(|state| Literal::usize_unsuffixed(*state));
        quote!(#(#states)|* => #body,)
    });
    quote!(match __noex_index { #(#arms)* _ => #krate::__private::unrouted() })
}

// Input:   #[call] #[on(Locked => Closed)] fn unlock(&mut self, locked: &mut Locked, code: String) -> Next<Closed, bool>
// Output:  {
//              let in_ = match state.get_mut() { DoorState::Locked(in_) => in_, _ => unrouted() };
//              let next: Next<Closed, bool> = Self::unlock(self, in_, code);
//              Next::map(next, |to| DoorState::from(to), |reply| Some(DoorReply::Unlock(reply)))
//          }
fn one(shown: &Shown<'_>, step: &Step, states: &[usize]) -> TokenStream {
    let plan = &shown.plan;
    let krate = plan.krate();
    let handler = shown.machine.handler(step);
    let first = &shown.machine.server.handlers[step.event];
    let state = step.state().map(|state| take(shown, state, states));
    let reply_to = first.reply_to.as_ref().map(|_| {
        let wrap = wrap(shown, first);
        quote!(let __noex_reply_to = #krate::Actions::reply_to(__noex_actions, #wrap);)
    });
    let given_reply_to = handler.reply_to.as_ref().map(|_| quote!(__noex_reply_to));
    let (extras, bindings) = (extras(&step.extras), bindings(shown, step.event));
    let ident = handler.ident();
    let call = quote!(Self::#ident(self, #(#extras,)* #(#bindings,)* #given_reply_to));
    let all = shown.state_ty();
    let targets = shown.machine.targets(step);
    let target = target_ty(&shown.machine.server, ident, &targets);
    let answers = first.kind == Kind::Call && first.reply_to.is_none();
    let wrap = wrap(shown, first);
    let output = output(shown, first);
    let some = |reply: TokenStream| quote!(::core::option::Option::Some(#wrap(#reply)));
    let none = quote!(::core::option::Option::None);
    // Where the type of the target is not the one that is declared, rustc says so at the type.
    let decided = match (&step.shape, answers) {
        (Shape::Always(ty), true) => {
            let call = located::at(ty.span(), call);
            let reply = some(quote!(__noex_reply));
            quote! {
                let (__noex_to, __noex_reply): (#target, #output) = #call;
                #krate::Next::reply(#krate::Next::to(<#all>::from(__noex_to)), #reply)
            }
        }
        (Shape::Always(ty), false) => {
            let call = located::at(ty.span(), call);
            quote! {
                let __noex_to: #target = #call;
                #krate::Next::reply(#krate::Next::to(<#all>::from(__noex_to)), #none)
            }
        }
        (Shape::May(ty), true) => {
            let call = located::at(ty.span(), call);
            let reply = some(quote!(__noex_reply));
            quote! {
                let __noex_next: #krate::Next<#target, #output> = #call;
                #krate::Next::map(__noex_next, <#all>::from, |__noex_reply| #reply)
            }
        }
        (Shape::May(ty), false) => {
            let call = located::at(ty.span(), call);
            quote! {
                let __noex_next: #krate::Next<#target> = #call;
                #krate::Next::map(__noex_next, <#all>::from, |()| #none)
            }
        }
        (Shape::Stay | Shape::Missing | Shape::Undeclared, true) => {
            let reply = some(call);
            quote!(#krate::Next::reply(#krate::Next::stay(), #reply))
        }
        (Shape::Stay | Shape::Missing | Shape::Undeclared, false) => quote! {
            #call;
            #krate::Next::reply(#krate::Next::stay(), #none)
        },
    };
    quote!({ #state #reply_to #decided })
}

/// The state, as the handler takes it.
fn take(shown: &Shown<'_>, argument: &StateArgument, states: &[usize]) -> TokenStream {
    let krate = shown.plan.krate();
    let how = if argument.is_value { quote!(take) } else { quote!(get_mut) };
    let taken = quote!(#krate::state_machine::Place::#how(__noex_state));
    if argument.is_any {
        return quote!(let __noex_in = #taken;);
    }
    let all = &shown.plan.server.names.state;
    let arms = states.iter().map(|index| {
        let variant = &shown.machine.states[*index].ident;
        quote!(#all::#variant(__noex_in) => __noex_in,)
    });
    let has_others = shown.machine.states.len() > states.len() || states::has_phantom(shown);
    let others = has_others.then(|| quote!(_ => #krate::__private::unrouted(),));
    quote!(let __noex_in = match #taken { #(#arms)* #others };)
}

/// From a reply to the enum of all replies.
fn wrap(shown: &Shown<'_>, first: &Handler) -> TokenStream {
    let (reply, variant) = (&shown.plan.server.names.reply, &first.variant);
    match (&first.reply_to, first.output()) {
        (Some(_), None) => quote!(|()| #reply::#variant(())),
        _ => quote!(#reply::#variant),
    }
}

fn output(shown: &Shown<'_>, first: &Handler) -> TokenStream {
    crate::expand::message::output(&shown.plan, first)
}
