//! What only types can know, asserted at the types the user wrote.
//!
//! What cannot be sent would be wrong many times over: in the enum, in the associated type, in each future. It is
//! said once, at its own type, because the assertions are constants and every type of ours that depends on them is a
//! [`sound`]: beside an assertion that fails, it is no type at all, and rustc is silent about those.

use crate::expand::located;
use crate::expand::plan::Plan;
use crate::krate::Krate;
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use crate::model::policy::{Given, PolicyKind};
use crate::model::types;
use crate::syntax::method::Argument;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::Type;
use syn::spanned::Spanned;

/// Which assertions a type of ours depends on.
#[derive(Clone, Copy)]
pub(crate) enum Proof {
    /// Those on what `#[init]` takes and returns.
    Start,
    /// Those on what travels in messages.
    Messages,
}

// Input:   #[call] fn withdraw(&mut self, amount: i64) -> Result<i64, Overdrawn>
// Output:  impl ServerBlock for Account {
//              const START: usize = { init::<Self, Self>(); 0 };
//              const MESSAGES: usize = { argument::<i64>(); reply::<Result<i64, Overdrawn>>(); 0 };
//          }
//
// A type cannot depend on a constant that depends on parameters: a generic server has to do with a function.
pub(crate) fn assertions(plan: &Plan<'_>) -> TokenStream {
    let (start, messages): (Vec<&Handler>, Vec<&Handler>) =
        plan.handlers().partition(|handler| handler.kind == Kind::Init);
    let start: TokenStream = start.into_iter().map(|handler| of_handler(plan, handler)).collect();
    let messages: TokenStream = messages.into_iter().map(|handler| of_handler(plan, handler)).collect();
    if plan.is_generic() {
        return of_generic(plan, &quote!(#start #messages));
    }
    let where_ = plan.where_clause();
    let futures = plan.handlers().any(Handler::runs_later).then(|| futures(plan));
    let constants = quote! {
        const START: usize = { #start 0 };
        const MESSAGES: usize = { #messages 0 };
        #futures
    };
    block(plan, &TokenStream::new(), &where_, constants)
}

/// Located at the server's name, where rustc says so if there is a second one.
fn block(
    plan: &Plan<'_>,
    generics: &TokenStream,
    where_: &TokenStream,
    constants: TokenStream,
) -> TokenStream {
    let (krate, self_ty) = (plan.krate(), plan.self_ty());
    let span = self_ty.span();
    let header = located::at(span, quote!(impl #generics #krate::rules::ServerBlock for));
    let constants = located::braced(span, constants);
    quote! {
        #[doc(hidden)]
        #[automatically_derived]
        #header #self_ty #where_ #constants
    }
}

// Output:  const FUTURES: usize = {
//              use NotSendable as _;
//              shared::<Sound<Self, { Sendable::<Self>::NO }>>();
//              Self::MESSAGES + Sendable::<Self>::NO
//          };
//
// Whether the state can be sent is for `impl GenServer` to assert, and one that cannot need not be shared.
fn futures(plan: &Plan<'_>) -> TokenStream {
    let krate = plan.krate();
    let shared = plan.handlers().filter_map(|handler| {
        let (cfg, receiver) = (&handler.carried.cfg, shared_receiver(handler)?);
        let no = quote!({ #krate::__private::Sendable::<Self>::NO });
        let shared = quote!(#krate::rules::shared::<#krate::__private::Sound<Self, #no>>());
        let shared = located::at(receiver.span(), shared);
        Some(quote!(#cfg #shared;))
    });
    quote! {
        const FUTURES: usize = {
            #[allow(unused_imports)]
            use #krate::__private::NotSendable as _;
            #(#shared)*
            Self::MESSAGES + #krate::__private::Sendable::<Self>::NO
        };
    }
}

/// The `&self` of an async handler, which borrows the server for as long as it is suspended.
fn shared_receiver(handler: &Handler) -> Option<&TokenStream> {
    let receiver = &handler
        .method
        .receiver
        .as_ref()
        .filter(|_| handler.is_async() && handler.concurrent.is_none())?
        .tokens;
    let is_mut = receiver.clone().into_iter().any(|token| token.to_string() == "mut");
    (!is_mut).then_some(receiver)
}

// Output:  const _: () = {
//              fn _parameters<T: Job>() { parameter::<T>(); }
//              fn _assert<T: Job>() where T: Send + 'static { argument::<T>(); }
//          };
//
// The user's own bounds, in the first: what is missing there is said there, and nowhere again.
fn of_generic(plan: &Plan<'_>, statements: &TokenStream) -> TokenStream {
    let krate = plan.krate();
    let (declared, where_) = (plan.declared(), plan.where_clause());
    let own = plan.server.outside(&plan.server.generics.params);
    let own_where = plan.server.outside(&plan.server.generics.where_clause);
    let parameters =
        plan.server.type_parameters().into_iter().map(|parameter| of_parameter(krate, parameter));
    let generics = quote!(<#declared>);
    let block = block(plan, &generics, &where_, TokenStream::new());
    quote! {
        #block
        const _: () = {
            fn _parameters<#own>() #own_where { #(#parameters)* }
            fn _assert<#declared>() #where_ { #statements }
        };
    }
}

// Output:  parameter::<T>();
pub(crate) fn of_parameter(krate: &Krate, parameter: &Ident) -> TokenStream {
    let (start, end) = (quote!(#krate::rules::parameter::<), quote!(>()));
    let (start, end) = (located::at(parameter.span(), start), located::at(parameter.span(), end));
    quote!(#start #parameter #end;)
}

fn of_handler(plan: &Plan<'_>, handler: &Handler) -> TokenStream {
    let (krate, cfg, self_ty) = (plan.krate(), &handler.carried.cfg, plan.self_ty());
    let mut statements = TokenStream::new();
    let mut assert = |rule: &str, ty: &Type, more: Option<TokenStream>| {
        let rule = rule.split("::").map(|word| Ident::new(word, Span::call_site()));
        let (start, end) = (quote!(#krate::rules::#(#rule)::*::<), quote!(>()));
        let (start, end) = (located::at(ty.span(), start), located::at(ty.span(), end));
        let ty = plan.server.outside(ty);
        statements.extend(quote!(#cfg #start #ty #more #end;));
    };
    match handler.kind {
        // A function of a generic server cannot keep rustc from saying the same at the call.
        Kind::Terminate if plan.is_generic() => {}
        Kind::Terminate => handler.arguments.iter().for_each(|reason| assert("reason", &reason.ty, None)),
        Kind::Subscribe => {
            let (topic, event) = match handler.arguments.as_slice() {
                [topic, event] => (Some(topic), Some(event)),
                others => (None, others.first()),
            };
            topic.into_iter().for_each(|topic| assert("topic", &topic.ty, None));
            event.into_iter().for_each(|event| assert("event", &event.ty, None));
        }
        _ => handler.arguments.iter().for_each(|argument| assert("argument", &argument.ty, None)),
    }
    match (handler.kind, handler.output()) {
        (Kind::Call, Some(output)) if types::is_short_result(output) => assert("result_reply", output, None),
        (Kind::Call, Some(output)) => assert("reply", output, None),
        (Kind::Init, Some(output)) if plan.server.machine.is_some() => {
            if let Some(initial) = plan.server.machine.as_ref().and_then(|machine| machine.initial.as_ref()) {
                assert("initial", output, Some(quote!(, #self_ty, #initial)));
            }
        }
        (Kind::Init, Some(output)) => assert("init", output, Some(quote!(, #self_ty))),
        _ => {}
    }
    if handler.policies.iter().any(|policy| policy.kind == PolicyKind::Retry) {
        handler.arguments.iter().for_each(|argument| assert("policy::retried", &argument.ty, None));
    }
    for policy in &handler.policies {
        if let Some(Given::Argument(words)) = policy.get("key")
            && let [only] = words.as_slice()
        {
            let is_key = |argument: &&Argument| argument.name.as_ref() == Some(only);
            handler.arguments.iter().filter(is_key).for_each(|key| assert("policy::key", &key.ty, None));
        }
    }
    statements.extend(of_constants(plan, handler));
    statements
}

// Input:   #[subscribe(RATES, buffer = LIMIT)]
// Output:  pattern(RATES); buffer(LIMIT);
//
// The rest of what is generated is looked at when it runs, or when somebody builds it.
fn of_constants(plan: &Plan<'_>, handler: &Handler) -> TokenStream {
    let Some(subscription) = &handler.subscription else { return TokenStream::new() };
    let (krate, cfg) = (plan.krate(), &handler.carried.cfg);
    let pattern =
        Some(&subscription.pattern).filter(|pattern| syn::parse2::<syn::LitStr>((*pattern).clone()).is_err());
    let rules = [("pattern", pattern), ("buffer", subscription.buffer.as_ref())];
    let rules = rules.into_iter().filter_map(|(rule, constant)| {
        let (rule, constant) = (Ident::new(rule, Span::call_site()), constant?);
        let call = located::at(constant.span(), quote!(#krate::rules::#rule));
        let constant = located::parenthesized(constant.span(), constant.clone());
        Some(quote!(#cfg #call #constant;))
    });
    rules.collect()
}

// Output:  Sound<AccountCall, { <Self as ServerBlock>::MESSAGES }>
pub(crate) fn sound(plan: &Plan<'_>, ty: TokenStream, proof: Proof) -> TokenStream {
    if plan.is_generic() {
        // The parameters are the user's tokens, from which rustc would underline to ours.
        return located::at(plan.self_ty().span(), ty);
    }
    let (start, end) = around(plan, proof);
    quote!(#start #ty #end)
}

/// What stands before and after a type that is [`sound`].
pub(crate) fn around(plan: &Plan<'_>, proof: Proof) -> (TokenStream, TokenStream) {
    if plan.is_generic() {
        return (TokenStream::new(), TokenStream::new());
    }
    let krate = plan.krate();
    let proof = match proof {
        Proof::Start => quote!(START),
        Proof::Messages => quote!(MESSAGES),
    };
    let proof = quote!(, { <Self as #krate::rules::ServerBlock>::#proof }>);
    (quote!(#krate::__private::Sound<), proof)
}

// Output:  OkOf<io::Result<u64>, { <Account as ServerBlock>::MESSAGES }>
//
// `part` is `OkOf` or `ErrOf`, or `Sound` for the reply itself.
pub(crate) fn of_reply(plan: &Plan<'_>, reply: &Type, part: &str) -> TokenStream {
    let (krate, self_ty, part) = (plan.krate(), plan.self_ty(), Ident::new(part, Span::call_site()));
    let length = if plan.is_generic() {
        quote!(0)
    } else {
        quote!({ <#self_ty as #krate::rules::ServerBlock>::MESSAGES })
    };
    let (start, end) = (quote!(#krate::__private::#part<), quote!(, #length>));
    let (start, end) = (located::at(reply.span(), start), located::at(reply.span(), end));
    let reply = plan.server.outside(reply);
    quote!(#start #reply #end)
}

// Output:  future::<{ <Self as ServerBlock>::FUTURES }, _>(Self::rating(self, branch))
pub(crate) fn sound_future(plan: &Plan<'_>, future: TokenStream, is_init: bool) -> TokenStream {
    if plan.is_generic() {
        return future;
    }
    let krate = plan.krate();
    let this = quote!(<Self as #krate::rules::ServerBlock>);
    let start = is_init.then(|| quote!(#this::START +));
    quote!(#krate::__private::future::<{ #start #this::FUTURES }, _>(#future))
}
