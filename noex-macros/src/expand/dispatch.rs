//! From a message to its handler.

use crate::expand::future;
use crate::expand::message::reply_ty;
use crate::expand::plan::{Messages, Plan};
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// The two methods of a kind: `call_now` and `handle_call`.
struct Names {
    now: Ident,
    later: Ident,
}

/// `call_now` and `handle_call`, as far as there are handlers for each.
///
/// Plain handlers run in `call_now`, on the caller's task if the server is idle. Async ones run in `handle_call`,
/// which hands the others on.
pub(crate) fn dispatch(plan: &Plan<'_>, messages: &Messages<'_>) -> TokenStream {
    let names = Names::of(messages.kind);
    let (later, now): (Vec<&Handler>, Vec<&Handler>) =
        messages.handlers.iter().copied().partition(|handler| handler.is_async());
    let mut methods = TokenStream::new();
    if !now.is_empty() {
        methods.extend(dispatch_now(plan, messages, &names, &now, !later.is_empty()));
    }
    if !later.is_empty() {
        methods.extend(dispatch_later(plan, messages, &names, &later, !now.is_empty()));
    }
    methods
}

impl Names {
    fn of(kind: Kind) -> Self {
        let word = match kind {
            Kind::Continuation => "continue",
            kind => kind.word(),
        };
        let name = |name: String| Ident::new(&name, Span::call_site());
        Names { now: name(format!("{word}_now")), later: name(format!("handle_{word}")) }
    }
}

// Output:  fn call_now(&mut self, call: Self::Call, cx: &mut Context<Self>) -> Now<Self::Reply, Self::Call> {
//              match call {
//                  AccountCall::Withdraw { amount } =>
//                      Now::Done(AccountReply::Withdraw(Self::withdraw(self, amount))),
//                  call => Now::Later(call),
//              }
//          }
fn dispatch_now(
    plan: &Plan<'_>,
    messages: &Messages<'_>,
    names: &Names,
    handlers: &[&Handler],
    has_others: bool,
) -> TokenStream {
    let (krate, name, message_ty) = (plan.krate(), &names.now, plan.message_ty(messages));
    let done = arms(plan, messages, handlers, |value| quote!(#krate::Now::Done(#value)));
    let others = has_others.then(|| quote!(__noex_message => #krate::Now::Later(__noex_message),));
    let reply = replied(plan, messages.kind);
    let allowed = allowed(messages);
    quote! {
        #allowed
        fn #name(
            &mut self, __noex_message: #message_ty, __noex_cx: &mut #krate::Context<Self>,
        ) -> #krate::Now<#reply, #message_ty> {
            match __noex_message { #done #others }
        }
    }
}

// Output:  async fn handle_call(&mut self, call: Self::Call, cx: &mut Context<Self>) -> Self::Reply {
//              match call {
//                  AccountCall::Rating { branch } =>
//                      AccountReply::Rating(Self::__noex_rating(self, cx, branch).await),
//                  call => done(Self::call_now(self, call, cx)),
//              }
//          }
fn dispatch_later(
    plan: &Plan<'_>,
    messages: &Messages<'_>,
    names: &Names,
    handlers: &[&Handler],
    has_others: bool,
) -> TokenStream {
    let (krate, message_ty) = (plan.krate(), plan.message_ty(messages));
    let Names { now, later } = names;
    let done = arms(plan, messages, handlers, |value| value);
    let others = has_others.then(|| {
        quote! {
            __noex_message => #krate::__private::done(
                #krate::GenServer::#now(self, __noex_message, __noex_cx)
            ),
        }
    });
    let reply = replied(plan, messages.kind);
    let allowed = allowed(messages);
    quote! {
        #allowed
        async fn #later(
            &mut self, __noex_message: #message_ty, __noex_cx: &mut #krate::Context<Self>,
        ) -> #reply {
            match __noex_message { #done #others }
        }
    }
}

fn arms(
    plan: &Plan<'_>,
    messages: &Messages<'_>,
    handlers: &[&Handler],
    finish: impl Fn(TokenStream) -> TokenStream,
) -> TokenStream {
    let name = messages.name;
    let arms = handlers.iter().map(|handler| {
        let (cfg, variant) = (&handler.carried.cfg, &handler.variant);
        let bindings = future::bindings(handler);
        let pattern = if handler.kind.takes_one_message() {
            quote!(#name::#variant(#(#bindings),*))
        } else {
            quote!(#name::#variant { #(#bindings),* })
        };
        let call = future::call(handler);
        let value = match handler.kind {
            Kind::Call => {
                let reply = &plan.server.names.reply;
                quote!(#reply::#variant(#call))
            }
            _ => call,
        };
        let value = finish(value);
        quote!(#cfg #pattern => #value,)
    });
    quote!(#(#arms)*)
}

/// What a handler of this kind leaves for its caller.
fn replied(plan: &Plan<'_>, kind: Kind) -> TokenStream {
    if kind == Kind::Call { reply_ty(plan) } else { quote!(()) }
}

/// A handler may be deprecated for those who call it, not for us; and a `cfg` may leave nothing for the last arm.
fn allowed(messages: &Messages<'_>) -> TokenStream {
    let unreachable = messages.has_cfg().then(|| quote!(, unreachable_patterns));
    quote!(#[allow(deprecated #unreachable)])
}
