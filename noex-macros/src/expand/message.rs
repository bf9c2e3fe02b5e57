//! The message enums: plain data, one variant for each handler.

use crate::expand::plan::{Messages, Plan};
use crate::expand::policy;
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use syn::ext::IdentExt;

/// The lints that a type of ours can trip in a crate that denies them.
///
/// The impl block cannot see the visibility of its struct, and a message that is less visible than its server is
/// a hard error (E0446): so messages are `pub`, whatever they are made of.
pub(crate) fn allowed() -> TokenStream {
    quote! {
        #[allow(
            missing_debug_implementations, missing_docs, private_bounds, private_interfaces, unreachable_pub
        )]
    }
}

// Input:   #[call] fn withdraw(&mut self, amount: i64) -> i64
// Output:  pub enum AccountCall { Withdraw { amount: i64 } }
//          impl Message for AccountCall {
//              const VARIANTS: &'static [&'static str] = &["withdraw"];
//              fn variant(&self) -> usize { match *self { Self::Withdraw { .. } => 0 } }
//          }
pub(crate) fn message(plan: &Plan<'_>, messages: &Messages<'_>) -> TokenStream {
    if messages.handlers.is_empty() {
        return TokenStream::new();
    }
    let krate = plan.krate();
    let (declared, where_) = plan.generics();
    let (name, parameters) = (messages.name, plan.parameters());
    let variants = messages.handlers.iter().map(|handler| variant(plan, handler));
    let labels = messages.handlers.iter().map(|handler| handler.ident().unraw().to_string());
    let indices = messages.handlers.iter().enumerate().map(|(index, handler)| {
        let (cfg, variant) = (&handler.carried.cfg, &handler.variant);
        let index = Literal::usize_unsuffixed(index);
        quote!(#cfg Self::#variant { .. } => #index,)
    });
    let (phantom, phantom_arm) = phantom(plan);
    let docs = docs(plan, messages.kind);
    let allowed = allowed();
    let hint = async_hint(messages);
    let deferred = deferred(messages);
    let guarded = policy::guarded(messages);
    quote! {
        #[doc = #docs]
        #allowed
        pub enum #name #declared #where_ { #(#variants,)* #phantom }
        #[automatically_derived]
        impl #declared #krate::Message for #name #parameters #where_ {
            const VARIANTS: &'static [&'static str] = &[#(#labels),*];
            #hint
            #guarded
            fn variant(&self) -> usize { match *self { #(#indices)* #phantom_arm } }
            #deferred
        }
    }
}

/// Which of the first 64 variants have async or deferred handlers, a bit each; nothing where none has.
fn async_hint(messages: &Messages<'_>) -> Option<TokenStream> {
    let bits = messages
        .handlers
        .iter()
        .take(64)
        .enumerate()
        .filter(|(_, handler)| handler.runs_later())
        .fold(0_u64, |bits, (index, _)| bits | 1 << index);
    let bits = Literal::u64_unsuffixed(bits);
    (bits.to_string() != "0").then(|| quote!(const ASYNC: u64 = #bits;))
}

// Input:   #[call] fn take(&mut self, reply: ReplyTo<u32>)
// Output:  fn is_deferred(&self) -> bool { match *self { Self::Take { .. } => true, _ => false } }
fn deferred(messages: &Messages<'_>) -> Option<TokenStream> {
    let handlers: Vec<_> = messages.handlers.iter().filter(|handler| handler.is_deferred()).collect();
    let arms = handlers.iter().map(|handler| {
        let (cfg, variant) = (&handler.carried.cfg, &handler.variant);
        quote!(#cfg Self::#variant { .. } => true,)
    });
    (!handlers.is_empty()).then(|| {
        quote! {
            #[allow(unreachable_patterns)]
            fn is_deferred(&self) -> bool { match *self { #(#arms)* _ => false } }
        }
    })
}

// Input:   #[call] fn withdraw(&mut self, amount: i64) -> Result<i64, Overdrawn>
// Output:  pub enum AccountReply { Withdraw(Result<i64, Overdrawn>) }
pub(crate) fn reply(plan: &Plan<'_>) -> TokenStream {
    let calls = plan.messages(Kind::Call);
    if calls.handlers.is_empty() {
        return TokenStream::new();
    }
    let (declared, where_) = plan.generics();
    let name = &plan.server.names.reply;
    let variants = calls.handlers.iter().map(|handler| {
        let (cfg, variant) = (&handler.carried.cfg, &handler.variant);
        let output = output(plan, handler);
        quote!(#cfg #variant(#output),)
    });
    let (phantom, _) = phantom(plan);
    let docs = format!("Replies of {}, one variant for each call.", plan.doc_link());
    let allowed = allowed();
    quote! {
        #[doc = #docs]
        #allowed
        pub enum #name #declared #where_ { #(#variants)* #phantom }
    }
}

/// The return type of a handler as it reads outside of the impl block.
pub(crate) fn output(plan: &Plan<'_>, handler: &Handler) -> TokenStream {
    if let Some(output) = handler.output() { plan.server.outside(output) } else { quote!(()) }
}

/// The type of the replies, which has no variant to offer where nothing is called.
pub(crate) fn reply_ty(plan: &Plan<'_>) -> TokenStream {
    let (krate, name, parameters) = (plan.krate(), &plan.server.names.reply, plan.parameters());
    if plan.messages(Kind::Call).handlers.as_slice().is_empty() {
        quote!(#krate::Never)
    } else {
        quote!(#name #parameters)
    }
}

fn variant(plan: &Plan<'_>, handler: &Handler) -> TokenStream {
    let (cfg, variant) = (&handler.carried.cfg, &handler.variant);
    let fields = handler.arguments.iter().map(|argument| {
        let (name, ty) = (&argument.name, plan.server.outside(&argument.ty));
        if handler.kind.takes_one_message() { ty } else { quote!(#name: #ty) }
    });
    let fields = if handler.kind.takes_one_message() {
        quote!((#(#fields),*))
    } else if handler.arguments.is_empty() {
        TokenStream::new()
    } else {
        quote!({ #(#fields),* })
    };
    quote!(#cfg #variant #fields)
}

/// A variant that mentions the type parameters which no handler does (E0392), and that no value can have.
fn phantom(plan: &Plan<'_>) -> (TokenStream, TokenStream) {
    let krate = plan.krate();
    match plan.server.type_parameters().as_slice() {
        [] => (TokenStream::new(), TokenStream::new()),
        parameters => (
            quote! {
                #[doc(hidden)]
                __Phantom(#krate::Never, ::core::marker::PhantomData<fn() -> (#(#parameters,)*)>)
            },
            quote!(Self::__Phantom(ref __noex_never, _) => match *__noex_never {},),
        ),
    }
}

fn docs(plan: &Plan<'_>, kind: Kind) -> String {
    let server = plan.doc_link();
    match kind {
        Kind::Cast => format!("Casts of {server}."),
        Kind::Info | Kind::Every | Kind::Idle | Kind::Subscribe => {
            format!("Other messages that {server} handles.")
        }
        Kind::Continuation => format!("What {server} continues with."),
        Kind::Event => format!("Events of {server} that it raises itself, or that a time-out brings."),
        Kind::Call | Kind::Init | Kind::Terminate => format!("Calls of {server}."),
    }
}
