//! Calls of handlers, and the futures of the async ones.

use crate::expand::assert::sound_future;
use crate::expand::plan::Plan;
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use crate::names;
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

/// The local names of a handler's arguments in generated code: its own, or ours where it has none.
pub(crate) fn bindings(handler: &Handler) -> Vec<Ident> {
    // Located at the type: the reason may be of a wrong one.
    let ours =
        |index: usize, ty: &Type| quote::format_ident!("__noex_{}", index, span = names::derived(ty.span()));
    let named = |(index, argument): (usize, &crate::syntax::method::Argument)| match &argument.name {
        Some(name) if !handler.kind.takes_one_message() && handler.kind != Kind::Terminate => name.clone(),
        _ => ours(index, &argument.ty),
    };
    handler.arguments.iter().enumerate().map(named).collect()
}

/// Calls the handler with its arguments under the names of [`bindings`]; awaits it if it is async.
pub(crate) fn call(handler: &Handler) -> TokenStream {
    let receiver = (handler.kind != Kind::Init).then(|| quote!(self,));
    // Located at its type, which may be another than the one that is passed.
    let context = handler.context.as_ref().map(|context| {
        let span = names::derived(context.argument.ty.span());
        quote_spanned!(span=> __noex_cx,)
    });
    let bindings = bindings(handler);
    let reply_to = reply_to(handler);
    if handler.is_async() {
        let future = names::future_of(handler.ident());
        quote!(Self::#future(#receiver #context #(#bindings,)* #reply_to).await)
    } else {
        let ident = handler.ident();
        quote!(Self::#ident(#receiver #context #(#bindings,)* #reply_to))
    }
}

/// The reply address under our name, where the handler takes one.
fn reply_to(handler: &Handler) -> Option<TokenStream> {
    handler.reply_to.as_ref().map(|_| quote!(__noex_reply_to))
}

// Input:   #[call] async fn rating(&self, branch: String) -> Rating
// Output:  fn __noex_rating<'__noex>(&'__noex mut self, branch: String)
//              -> impl Future<Output = Rating> + Send + '__noex {
//              future::<{ Self::FUTURES }, _>(Self::rating(self, branch))
//          }
//
// The promise to be `Send` is made here, located at the handler: what is held over an await is one error there,
// and not one more for the dispatch.
pub(crate) fn promise(plan: &Plan<'_>, handler: &Handler) -> TokenStream {
    let (krate, cfg, ident) = (plan.krate(), &handler.carried.cfg, handler.ident());
    let future = names::future_of(ident);
    let output = match handler.returned() {
        None => quote!(()),
        Some(output) => plan.server.outside(output),
    };
    let bindings = bindings(handler);
    let types = handler.arguments.iter().map(|argument| match &argument.ty {
        // The only borrow there is: the reason lives as long as the call of `terminate`.
        Type::Reference(reference) if handler.kind == Kind::Terminate => {
            let reason = &reference.elem;
            quote!(&'__noex #reason)
        }
        ty => plan.server.outside(ty),
    });
    let receiver = (handler.kind != Kind::Init).then(|| quote!(&'__noex mut self,));
    let given = (handler.kind != Kind::Init).then(|| quote!(self,));
    let (context, context_ty) = if handler.has_context() {
        (Some(quote!(__noex_cx,)), Some(quote!(__noex_cx: &'__noex mut #krate::Context<Self>,)))
    } else {
        (None, None)
    };
    if handler.concurrent.is_some() {
        return concurrent_promise(plan, handler, &output);
    }
    let reply_to = reply_to(handler);
    let reply_to_ty = handler.reply_to.as_ref().map(|reply_to| {
        let ty = plan.server.outside(&reply_to.argument.ty);
        quote!(__noex_reply_to: #ty)
    });
    let opaque = quote_spanned! {names::derived(ident.span())=>
        impl ::core::future::Future<Output = #output> + ::core::marker::Send + '__noex
    };
    // What is captured and cannot be sent was said where it is declared.
    let body = sound_future(
        plan,
        quote!(Self::#ident(#given #context #(#bindings,)* #reply_to)),
        handler.kind == Kind::Init,
    );
    quote! {
        #cfg
        #[allow(deprecated, private_interfaces)]
        fn #future<'__noex>(
            #receiver #context_ty #(#bindings: #types,)* #reply_to_ty
        ) -> #opaque {
            #body
        }
    }
}

// Input:   #[call(concurrent)] async fn rating(&self, branch: String) -> Rating
// Output:  fn __noex_rating(state: Self, branch: String) -> impl Future<Output = Rating> + Send + 'static {
//              future::<{ Self::FUTURES }, _>(async move { Self::rating(&state, branch).await })
//          }
fn concurrent_promise(plan: &Plan<'_>, handler: &Handler, output: &TokenStream) -> TokenStream {
    let (cfg, ident) = (&handler.carried.cfg, handler.ident());
    let future = names::future_of(ident);
    let bindings = bindings(handler);
    let types = handler.arguments.iter().map(|argument| plan.server.outside(&argument.ty));
    let opaque = quote_spanned! {names::derived(ident.span())=>
        impl ::core::future::Future<Output = #output> + ::core::marker::Send + 'static
    };
    let body = quote!(async move { Self::#ident(&__noex_state, #(#bindings),*).await });
    let body = sound_future(plan, body, false);
    quote! {
        #cfg
        #[allow(deprecated, private_interfaces)]
        fn #future(__noex_state: Self, #(#bindings: #types),*) -> #opaque {
            #body
        }
    }
}

/// The promises of all async handlers, in a block of their own.
pub(crate) fn promises(plan: &Plan<'_>) -> TokenStream {
    let mut handlers = plan.handlers().filter(|handler| handler.is_async()).peekable();
    if handlers.peek().is_none() {
        return TokenStream::new();
    }
    let promises = handlers.map(|handler| promise(plan, handler));
    let (declared, where_) = plan.generics();
    let self_ty = plan.self_ty();
    quote! {
        #[automatically_derived]
        impl #declared #self_ty #where_ { #(#promises)* }
    }
}
