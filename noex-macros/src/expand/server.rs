//! The impl half: the user's block, and everything that makes it a server.

use crate::check::server::Verdict;
use crate::expand::assert::{Proof, sound};
use crate::expand::dispatch::dispatch;
use crate::expand::message::{message, reply, reply_ty};
use crate::expand::plan::Plan;
use crate::expand::{alternatives, assert, future, located, original, policy, reference, start, work};
use crate::model::kind::Kind;
use crate::model::server::Server;
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;

/// The kinds of messages, in the order of `GenServer`.
const MESSAGES: [Kind; 4] = [Kind::Call, Kind::Cast, Kind::Info, Kind::Continuation];

/// The user's own block comes first: for a location that several items share, editors take the first item.
pub(crate) fn server(server: &Server, verdict: &Verdict) -> TokenStream {
    let plan = Plan::new(server, verdict);
    let block = original::block(server);
    let enums = MESSAGES.map(|kind| message(&plan, &plan.messages(kind)));
    let replies = reply(&plan);
    let reference = reference::reference(&plan);
    let functions = start::functions(&plan);
    let promises = future::promises(&plan);
    let gen_server = gen_server(&plan);
    let routes = routes(&plan);
    let work = work::work(&plan);
    let assertions = assert::assertions(&plan);
    let policies = policy::assertions(&plan);
    let judgement = alternatives::judge(&plan);
    quote! {
        #block
        #assertions
        #policies
        #(#enums)*
        #replies
        #reference
        #functions
        #promises
        #gen_server
        #routes
        #work
        #judgement
    }
}

fn gen_server(plan: &Plan<'_>) -> TokenStream {
    let (krate, self_ty) = (plan.krate(), plan.self_ty());
    let (declared, where_) = plan.generics();
    let [call, cast, info, continuation] = MESSAGES.map(|kind| {
        let messages = plan.messages(kind);
        let ty = plan.message_ty(&messages);
        if messages.handlers.is_empty() { ty } else { sound(plan, ty, Proof::Messages) }
    });
    let dispatches = MESSAGES.map(|kind| dispatch(plan, &plan.messages(kind)));
    let reply = sound(plan, reply_ty(plan), Proof::Messages);
    let (reference, parameters) = (&plan.server.names.reference, plan.parameters());
    let init = start::init(plan);
    let info_from = info_from(plan);
    let terminate = start::terminate(plan);
    let protect = policy::protect(plan);
    quote! {
        #[automatically_derived]
        impl #declared #krate::GenServer for #self_ty #where_ {
            type Call = #call;
            type Reply = #reply;
            type Cast = #cast;
            type Info = #info;
            type Continue = #continuation;
            type Ref = #reference #parameters;
            #protect
            #init
            #(#dispatches)*
            #info_from
            #terminate
        }
    }
}

// Input:   #[info] fn ticked(&mut self, tick: Tick)
// Output:  fn info_from(message: Erased) -> Result<AccountInfo, Erased> {
//              use __private::info_as as __noex_as;
//              let message = Err(message);
//              let message = __noex_as::<Self, Tick>(message);
//              message
//          }
fn info_from(plan: &Plan<'_>) -> TokenStream {
    let infos = plan.messages(Kind::Info);
    let mut typed = infos.handlers.iter().filter(|handler| handler.kind == Kind::Info).peekable();
    if typed.peek().is_none() {
        return TokenStream::new();
    }
    let (krate, message_ty) = (plan.krate(), plan.message_ty(&infos));
    let tries = typed.map(|handler| {
        let (cfg, message) = (&handler.carried.cfg, handler.message());
        quote!(#cfg let __noex_message = __noex_as::<Self, #message>(__noex_message);)
    });
    quote! {
        fn info_from(
            __noex_message: #krate::__private::Erased,
        ) -> ::core::result::Result<#message_ty, #krate::__private::Erased> {
            use #krate::__private::info_as as __noex_as;
            let __noex_message = ::core::result::Result::Err(__noex_message);
            #(#tries)*
            __noex_message
        }
    }
}

// Input:   #[info] fn ticked(&mut self, tick: Tick)
// Output:  impl HandlesInfo<Tick> for Account {
//              fn info(message: Tick) -> AccountInfo { AccountInfo::Ticked(message) }
//          }
fn routes(plan: &Plan<'_>) -> TokenStream {
    let (krate, self_ty) = (plan.krate(), plan.self_ty());
    let (declared, where_) = plan.generics();
    let routes = plan.handlers().filter(|handler| handler.kind.takes_one_message()).map(|handler| {
        let (cfg, variant) = (&handler.carried.cfg, &handler.variant);
        let message = handler.message().map(|ty| plan.server.outside(ty));
        let messages = plan.messages(handler.kind);
        let (name, message_ty) = (messages.name, plan.message_ty(&messages));
        let (trait_, function) = match handler.kind {
            Kind::Continuation => (quote!(HandlesContinue), quote!(continuation)),
            _ => (quote!(HandlesInfo), quote!(info)),
        };
        // Located at the message, where rustc says that there is one more handler for it.
        let span = handler.message().map_or_else(Span::call_site, Spanned::span);
        let impl_ = located::at(span, quote!(impl));
        let for_ = located::at(span, quote!(for #self_ty));
        let body = quote!(fn #function(message: #message) -> #message_ty { #name::#variant(message) });
        let body = located::braced(span, body);
        quote! {
            #cfg
            #[automatically_derived]
            #impl_ #declared #krate::#trait_<#message> #for_ #where_ #body
        }
    });
    quote!(#(#routes)*)
}
