//! The impl half of a state machine: the user's block, and everything that makes it one.

mod handle;
mod hooks;
mod picture;
mod states;

use crate::check::machine::MachineVerdict;
use crate::expand::assert::{self, Proof, sound};
use crate::expand::message::{message, reply, reply_ty};
use crate::expand::plan::Plan;
use crate::expand::{alternatives, future, located, original, policy, reference, start};
use crate::model::coverage::Coverage;
use crate::model::kind::Kind;
use crate::model::machine::{Machine, Written};
use crate::model::step::Extra;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;

/// The kinds of events, in the order of `StateMachine`.
const EVENTS: [Kind; 4] = [Kind::Call, Kind::Cast, Kind::Info, Kind::Event];

/// A machine, ready to be expanded.
pub(crate) struct Shown<'a> {
    pub(crate) machine: &'a Machine,
    pub(crate) verdict: &'a MachineVerdict,
    pub(crate) plan: Plan<'a>,
    pub(crate) coverage: Vec<Coverage<'a>>,
}

impl<'a> Shown<'a> {
    /// The events whose handlers are all right.
    pub(crate) fn events(&self) -> impl Iterator<Item = &Coverage<'a>> {
        self.coverage.iter().filter(|coverage| self.verdict.is_sound[coverage.event])
    }

    /// The type of all states: `DoorState<T>`.
    pub(crate) fn state_ty(&self) -> TokenStream {
        let (name, parameters) = (&self.plan.server.names.state, self.plan.parameters());
        quote!(#name #parameters)
    }
}

/// The user's own block comes first: for a location that several items share, editors take the first item.
pub(crate) fn machine(machine: &Machine, verdict: &MachineVerdict) -> TokenStream {
    let plan = Plan::new(&machine.server, &verdict.server);
    let shown = Shown { machine, verdict, plan, coverage: machine.coverage() };
    let plan = &shown.plan;
    let block = block(machine);
    if machine.states.is_empty() {
        // Its error says enough; a type without states is no machine.
        return block;
    }
    let states = states::states(&shown);
    let enums = EVENTS.map(|kind| message(plan, &plan.messages(kind)));
    let replies = reply(plan);
    let assertions = assert::assertions(plan);
    let reference = reference::reference(plan);
    let functions = start::functions(plan);
    let diagram = diagram(&shown);
    let state_machine = state_machine(&shown);
    let routes = routes(&shown);
    let judgement = alternatives::judge(plan);
    quote! {
        #block
        #assertions
        #states
        #(#enums)*
        #replies
        #reference
        #functions
        #diagram
        #state_machine
        #routes
        #judgement
    }
}

/// The user's block without what is ours.
fn block(machine: &Machine) -> TokenStream {
    let server = &machine.server;
    let items = machine.order.iter().map(|written| match written {
        Written::Handler(index) => original::handler(&server.handlers[*index]),
        Written::Step(index) => original::handler(machine.handler(&machine.steps[*index])),
        Written::Hook(index) => {
            let hook = &machine.hooks[*index];
            let (own, method) = (&hook.carried.own, &hook.method.original);
            quote!(#own #[allow(clippy::unused_self)] #method)
        }
        Written::Helper(index) => original::helper(&server.helpers[*index]),
        Written::Other(index) => original::item(&server.others[*index]),
    });
    original::around(&server.header, &items.collect())
}

// Output:  impl Door { pub fn diagram() -> &'static str { "stateDiagram-v2 .." } }
//          impl Served for Door { type Server = Machine<Door>; }
fn diagram(shown: &Shown<'_>) -> TokenStream {
    let (krate, self_ty, server_ty) = (shown.plan.krate(), shown.plan.self_ty(), shown.plan.server_ty());
    let (declared, where_) = shown.plan.generics();
    let drawn = picture::diagram(shown);
    // Where the half on the struct is missing, all that needs it says so at one place.
    let span = self_ty.span();
    let body = located::braced(span, located::at(span, quote!(type Server = #server_ty;)));
    let (impl_, served) =
        (located::at(span, quote!(impl)), located::at(span, quote!(#krate::state_machine::Served for)));
    let served = quote!(#impl_ #declared #served #self_ty #where_ #body);
    quote! {
        #[automatically_derived]
        #[allow(unreachable_pub)]
        impl #declared #self_ty #where_ {
            /// The states and how handlers lead from one to another, as a Mermaid `stateDiagram-v2`.
            #[must_use]
            pub fn diagram() -> &'static str { #drawn }
        }
        #[automatically_derived]
        #served
    }
}

fn state_machine(shown: &Shown<'_>) -> TokenStream {
    let plan = &shown.plan;
    let (krate, self_ty) = (plan.krate(), plan.self_ty());
    let [call, cast, info, event] = EVENTS.map(|kind| {
        let messages = plan.messages(kind);
        let ty = plan.message_ty(&messages);
        if messages.handlers.is_empty() { ty } else { sound(plan, ty, Proof::Messages) }
    });
    let reply = sound(plan, reply_ty(plan), Proof::Messages);
    let (declared, where_) = plan.generics();
    let (reference, parameters) = (&plan.server.names.reference, plan.parameters());
    let (state, state_ty) = (&plan.server.names.state, shown.state_ty());
    let names = shown.machine.states.iter().map(|state| state.ident.to_string());
    let protect = policy::protect(plan);
    let init = hooks::init(shown);
    let route = handle::route(shown);
    let handle = handle::handle(shown);
    let hooks = hooks::hooks(shown);
    let terminate = hooks::terminate(shown);
    let info_from = info_from(shown);
    quote! {
        #[automatically_derived]
        impl #declared #krate::StateMachine for #self_ty #where_ {
            const STATES: &'static [&'static str] = &[#(#names),*];
            type State = #state_ty;
            type Call = #call;
            type Reply = #reply;
            type Cast = #cast;
            type Info = #info;
            type Event = #event;
            type Ref = #reference #parameters;
            fn index(__noex_state: &#state_ty) -> usize { #state::__noex_index(__noex_state) }
            #protect
            #init
            #route
            #handle
            #hooks
            #terminate
            #info_from
        }
    }
}

// As `info_from` of a server, by the machine's own trait.
fn info_from(shown: &Shown<'_>) -> TokenStream {
    let plan = &shown.plan;
    let infos = plan.messages(Kind::Info);
    if infos.handlers.is_empty() {
        return TokenStream::new();
    }
    let (krate, message_ty) = (plan.krate(), plan.message_ty(&infos));
    let tries = infos.handlers.iter().map(|handler| {
        let message = handler.message();
        quote!(let __noex_message = __noex_as::<Self, #message>(__noex_message);)
    });
    quote! {
        fn info_from(
            __noex_message: #krate::__private::Erased,
        ) -> ::core::result::Result<#message_ty, #krate::__private::Erased> {
            use #krate::__private::taken_as as __noex_as;
            let __noex_message = ::core::result::Result::Err(__noex_message);
            #(#tries)*
            __noex_message
        }
    }
}

// Input:   #[info] fn ticked(&mut self, tick: Tick)
// Output:  impl TakesInfo<Tick> for Door {
//              fn info(message: Tick) -> DoorInfo { DoorInfo::Ticked(message) }
//          }
fn routes(shown: &Shown<'_>) -> TokenStream {
    let plan = &shown.plan;
    let (krate, self_ty) = (plan.krate(), plan.self_ty());
    let (declared, where_) = plan.generics();
    let infos = plan.messages(Kind::Info);
    let message_ty = plan.message_ty(&infos);
    let routes = infos.handlers.iter().map(|handler| {
        let (name, variant) = (infos.name, &handler.variant);
        let message = handler.message().map(|ty| plan.server.outside(ty));
        // Located at the message, where rustc says that there is one more handler for it.
        let span = handler.message().map_or_else(Span::call_site, Spanned::span);
        let impl_ = located::at(span, quote!(impl));
        let for_ = located::at(span, quote!(for #self_ty));
        let body = quote!(fn info(message: #message) -> #message_ty { #name::#variant(message) });
        let body = located::braced(span, body);
        quote! {
            #[automatically_derived]
            #impl_ #declared #krate::state_machine::TakesInfo<#message> #for_ #where_ #body
        }
    });
    quote!(#(#routes)*)
}

/// The local names of what a handler takes, each but for the message under our own.
pub(crate) fn extras(extras: &[Extra]) -> Vec<TokenStream> {
    extras
        .iter()
        .map(|extra| match extra {
            Extra::Context => quote!(__noex_cx),
            Extra::Actions => quote!(__noex_actions),
            Extra::At => quote!(__noex_at),
            Extra::State(_) => quote!(__noex_in),
        })
        .collect()
}

/// The message's parts under the names that the first handler of the event has for them.
pub(crate) fn bindings(shown: &Shown<'_>, event: usize) -> Vec<Ident> {
    future::bindings(&shown.machine.server.handlers[event])
}
