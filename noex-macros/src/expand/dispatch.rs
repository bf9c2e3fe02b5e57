//! From a message to its handler.

use crate::expand::assert::{Proof, sound, sound_future};
use crate::expand::message::reply_ty;
use crate::expand::plan::{Messages, Plan};
use crate::expand::{future, located};
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use crate::names;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;

/// The two methods of a kind, `call_now` and `handle_call`, and what they take and return.
struct Names {
    now: Ident,
    later: Ident,
    message_ty: TokenStream,
    reply_ty: TokenStream,
}

/// `call_now` and `handle_call`, as far as there are handlers for each.
///
/// Plain handlers run in `call_now`, on the caller's task if the server is idle. Async ones run in `handle_call`,
/// which hands the others on, and so do those whose reply comes later.
pub(crate) fn dispatch(plan: &Plan<'_>, messages: &Messages<'_>) -> TokenStream {
    let names = Names::of(plan, messages);
    let (later, now): (Vec<&Handler>, Vec<&Handler>) =
        messages.handlers.iter().copied().partition(|handler| handler.runs_later());
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
    // The types by name: `Self::Call` would have rustc prove once more that this is a server.
    fn of(plan: &Plan<'_>, messages: &Messages<'_>) -> Self {
        let word = match messages.kind {
            Kind::Continuation => "continue",
            kind => kind.word(),
        };
        let name = |name: String| Ident::new(&name, Span::call_site());
        Names {
            now: name(format!("{word}_now")),
            later: name(format!("handle_{word}")),
            message_ty: plan.message_ty(messages),
            reply_ty: if messages.kind == Kind::Call { reply_ty(plan) } else { quote!(()) },
        }
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
    let krate = plan.krate();
    let Names { now, message_ty, reply_ty, .. } = names;
    let done = arms(plan, messages, handlers, |value| quote!(#krate::Now::Done(#value)));
    let others = has_others.then(|| quote!(__noex_message => #krate::Now::Later(__noex_message),));
    let allowed = allowed(messages);
    quote! {
        #allowed
        fn #now(
            &mut self, __noex_message: #message_ty, __noex_cx: &mut #krate::Context<Self>,
        ) -> #krate::Now<#reply_ty, #message_ty> {
            match __noex_message { #done #others }
        }
    }
}

// Output:  fn handle_call(
//              &mut self, call: Sound<AccountCall, ..>, cx: &mut Context<Self>,
//          ) -> impl Future<Output = Option<Sound<AccountReply, ..>>> + Send {
//              future::<{ Self::FUTURES }, _>(async move {
//                  Some(match call {
//                      AccountCall::Rating { branch } =>
//                          AccountReply::Rating(Self::__noex_rating(self, cx, branch).await),
//                      call => done(Self::call_now(self, call, cx)),
//                  })
//              })
//          }
//
// Only a call is answered, so that only there is a `Some`; where the reply comes later, the arm returns `None`.
fn dispatch_later(
    plan: &Plan<'_>,
    messages: &Messages<'_>,
    names: &Names,
    handlers: &[&Handler],
    has_others: bool,
) -> TokenStream {
    let krate = plan.krate();
    let Names { now, later, message_ty, reply_ty } = names;
    // The future captures the one and outputs the other.
    let message_ty = sound(plan, message_ty.clone(), Proof::Messages);
    let reply_ty = match messages.kind {
        Kind::Call => {
            let reply_ty = sound(plan, reply_ty.clone(), Proof::Messages);
            quote!(::core::option::Option<#reply_ty>)
        }
        _ => reply_ty.clone(),
    };
    let done = arms(plan, messages, handlers, |value| value);
    let others = has_others.then(|| {
        quote! {
            __noex_message => #krate::__private::done(
                #krate::GenServer::#now(self, __noex_message, __noex_cx)
            ),
        }
    });
    let allowed = allowed(messages);
    let answer = quote!(match __noex_message { #done #others });
    let answer = match messages.kind {
        // Where each arm returns, there is nothing to wrap.
        Kind::Call if handlers.iter().all(|handler| handler.is_deferred()) && !has_others => answer,
        Kind::Call => quote!(::core::option::Option::Some(#answer)),
        _ => answer,
    };
    let future = quote!(async move { #answer });
    let future = sound_future(plan, future, false);
    quote! {
        #allowed
        fn #later(
            &mut self, __noex_message: #message_ty, __noex_cx: &mut #krate::Context<Self>,
        ) -> impl ::core::future::Future<Output = #reply_ty> + ::core::marker::Send {
            #future
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
        if handler.is_deferred() {
            let value = deferred(plan, handler, &bindings);
            return quote!(#cfg #pattern => #value,);
        }
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

// Input:   #[call] fn take(&mut self, reply: ReplyTo<u32>)
// Output:  { let reply_to = Context::reply_to(cx, TicketsReply::Take); Self::take(self, reply_to); return None }
//
// Input:   #[call(concurrent)] async fn rating(&self, branch: String) -> Rating
// Output:  {
//              let state = __private::concurrent_state(self);
//              Context::beside(cx, "rating", AccountReply::Rating, Self::__noex_rating(state, branch));
//              return None;
//          }
fn deferred(plan: &Plan<'_>, handler: &Handler, bindings: &[Ident]) -> TokenStream {
    let (krate, reply, variant) = (plan.krate(), &plan.server.names.reply, &handler.variant);
    let none = quote!(return ::core::option::Option::None;);
    let wrap = match handler.output() {
        Some(_) => quote!(#reply::#variant),
        None => quote!(|()| #reply::#variant(())),
    };
    if let Some(word) = &handler.concurrent {
        let future = names::future_of(handler.ident());
        let name = handler.ident().unraw().to_string();
        // All of it at the word: what it asks of the state is said there.
        let clone = located::at(word.span(), quote!(#krate::__private::concurrent_state(&*self)));
        return quote!({
            let __noex_state = #clone;
            #krate::Context::beside(
                __noex_cx, #name, #wrap, Self::#future(__noex_state, #(#bindings),*)
            );
            #none
        });
    }
    let call = future::call(handler);
    quote!({
        let __noex_reply_to = #krate::Context::reply_to(__noex_cx, #wrap);
        #call;
        #none
    })
}

/// A handler may be deprecated for those who call it, not for us; and a `cfg` may leave nothing for the last arm.
fn allowed(messages: &Messages<'_>) -> TokenStream {
    let unreachable = messages.has_cfg().then(|| quote!(, unreachable_code, unreachable_patterns));
    quote!(#[allow(deprecated #unreachable)])
}
