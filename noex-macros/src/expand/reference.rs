//! The reference: a client of the server with a method for each call and cast.

use crate::expand::assert::of_reply;
use crate::expand::duration::with_timeout;
use crate::expand::message::{allowed, output};
use crate::expand::plan::Plan;
use crate::expand::{future, located};
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use crate::model::types;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;

// Output:  pub struct AccountRef<Server: GenServer = Account>(ServerRef<Server>);
//          impl<Server: GenServer> Clone, Eq, Debug, Deref, From<ServerRef<Server>> for AccountRef<Server>
//          impl AccountRef { .. the handlers .. }
//
// Why the parameter: the impl block cannot see how visible its struct is. A `Target = ServerRef<Account>` on a type
// that is more visible than a private `Account` is a hard error (E0446), as is a `Ref = AccountRef` that is less
// visible than a public one. With `Account` as a parameter the reference is always as visible as its server.
pub(crate) fn reference(plan: &Plan<'_>) -> TokenStream {
    let (krate, self_ty, name) = (plan.krate(), plan.server_ty(), &plan.server.names.reference);
    let (declared, where_) = (plan.declared(), plan.where_clause());
    let comma = (!declared.is_empty()).then(|| quote!(,));
    let (_, given, _) = plan.server.generics.split_for_impl();
    let server = parameter(plan);
    let parameters = generic_arguments(plan);
    let type_parameters = plan.server.type_parameters();
    // Parameters that only the default mentions are not used (E0392).
    let (phantom, phantom_value) = match type_parameters.as_slice() {
        [] => (None, None),
        parameters => (
            Some(quote!(, ::core::marker::PhantomData<fn() -> (#(#parameters,)*)>)),
            Some(quote!(, ::core::marker::PhantomData)),
        ),
    };
    let docs = docs(plan);
    let allowed = allowed();
    let generics = quote!(<#declared #comma #server: #krate::GenServer>);
    let methods = methods(plan);
    let (impl_generics, _) = plan.generics();
    quote! {
        #[doc = #docs]
        #allowed
        pub struct #name<#declared #comma #server: #krate::GenServer = #self_ty>(
            #krate::ServerRef<#server> #phantom
        ) #where_;
        #[automatically_derived]
        impl #generics ::core::clone::Clone for #name<#parameters #server> #where_ {
            fn clone(&self) -> Self { Self(::core::clone::Clone::clone(&self.0) #phantom_value) }
        }
        #[automatically_derived]
        impl #generics ::core::cmp::PartialEq for #name<#parameters #server> #where_ {
            fn eq(&self, other: &Self) -> bool { self.0 == other.0 }
        }
        #[automatically_derived]
        impl #generics ::core::cmp::Eq for #name<#parameters #server> #where_ {}
        #[automatically_derived]
        impl #generics ::core::fmt::Debug for #name<#parameters #server> #where_ {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Debug::fmt(&self.0, f)
            }
        }
        #[automatically_derived]
        impl #generics ::core::ops::Deref for #name<#parameters #server> #where_ {
            type Target = #krate::ServerRef<#server>;
            fn deref(&self) -> &Self::Target { &self.0 }
        }
        #[automatically_derived]
        impl #generics ::core::convert::From<#krate::ServerRef<#server>> for #name<#parameters #server> #where_ {
            fn from(server: #krate::ServerRef<#server>) -> Self { Self(server #phantom_value) }
        }
        #[automatically_derived]
        #[allow(private_bounds, private_interfaces, unreachable_patterns, unreachable_pub)]
        impl #impl_generics #name #given #where_ { #methods }
    }
}

/// The name of the parameter that is the server.
fn parameter(plan: &Plan<'_>) -> Ident {
    let is_taken = plan.server.generics.params.iter().any(|parameter| match parameter {
        syn::GenericParam::Type(parameter) => parameter.ident == "Server",
        syn::GenericParam::Const(parameter) => parameter.ident == "Server",
        syn::GenericParam::Lifetime(_) => false,
    });
    Ident::new(if is_taken { "__Server" } else { "Server" }, Span::call_site())
}

/// `T, N,`: the parameters before the server.
fn generic_arguments(plan: &Plan<'_>) -> TokenStream {
    let names = plan.server.generics.params.iter().map(|parameter| match parameter {
        syn::GenericParam::Type(parameter) => {
            let ident = &parameter.ident;
            quote!(#ident)
        }
        syn::GenericParam::Const(parameter) => {
            let ident = &parameter.ident;
            quote!(#ident)
        }
        // Not among those of generated code.
        syn::GenericParam::Lifetime(_) => TokenStream::new(),
    });
    quote!(#(#names,)*)
}

/// The methods of the sound handlers, and stand-ins for the others.
fn methods(plan: &Plan<'_>) -> TokenStream {
    let sound = plan.handlers().filter(|handler| handler.kind.is_in_reference());
    let sound = sound.map(|handler| method(plan, handler));
    let broken = plan.broken.iter().filter(|handler| handler.kind.is_in_reference());
    let broken = broken.map(|handler| stand_in(plan, handler));
    quote!(#(#sound)* #(#broken)*)
}

// Input:   #[call] pub fn withdraw(&mut self, amount: i64) -> Result<i64, Overdrawn>
// Output:  pub fn withdraw(&self, amount: i64) -> Call<'_, Account, i64, Overdrawn> {
//              __private::call(&self.0, AccountCall::Withdraw { amount }, |reply| match reply {
//                  AccountReply::Withdraw(reply) => __private::outcome(reply),
//                  _ => __private::other_reply(),
//              })
//          }
fn method(plan: &Plan<'_>, handler: &Handler) -> TokenStream {
    let (krate, names) = (plan.krate(), &plan.server.names);
    let variant = &handler.variant;
    let fields = future::bindings(handler);
    let types = handler.arguments.iter().map(|argument| plan.server.outside(&argument.ty));
    let body = if handler.kind == Kind::Call {
        let (call, reply) = (&names.call, &names.reply);
        // What is called `Result` and is none, is told here, at the type.
        let outcome = match handler.output() {
            Some(output) if types::is_short_result(output) => {
                let reply = of_reply(plan, output, "Sound");
                quote!(#krate::__private::outcome::<#reply>(__noex_reply))
            }
            Some(output) if types::is_result(output) => {
                located::at(output.span(), quote!(#krate::__private::outcome(__noex_reply)))
            }
            _ => quote!(::core::result::Result::Ok(__noex_reply)),
        };
        let call = quote! {
            #krate::__private::call(&self.0, #call::#variant { #(#fields),* }, |__noex_reply| {
                match __noex_reply {
                    #reply::#variant(__noex_reply) => #outcome,
                    _ => #krate::__private::other_reply(),
                }
            })
        };
        with_timeout(krate, call, handler.timeout.as_ref())
    } else {
        let cast = &names.cast;
        quote!(#krate::ServerRef::cast(&self.0, #cast::#variant { #(#fields),* }))
    };
    let signature = signature(plan, handler);
    let future = future_ty(plan, handler);
    let span = handler.ident().span();
    let arguments = located::parenthesized(span, quote!(&self, #(#fields: #types),*));
    let arrow = located::at(span, quote!(->));
    quote!(#signature #arguments #arrow #future { #body })
}

/// Beside the error of a handler: takes anything, so that those who call it get no error of their own.
fn stand_in(plan: &Plan<'_>, handler: &Handler) -> TokenStream {
    let anything = handler.arguments.iter().map(|_| quote!(_: impl ::core::marker::Sized));
    let signature = signature(plan, handler);
    let krate = plan.krate();
    let self_ty = plan.server_ty();
    let future = match (handler.kind, handler.output()) {
        (Kind::Call, Some(output)) => {
            let is_usable = handler.method.generics.params.is_empty() && types::fault(output).is_none();
            match (is_usable, types::owned(output)) {
                (true, _) => future_ty(plan, handler),
                (false, Some(owned)) => quote!(#krate::Call<'_, #self_ty, #owned>),
                (false, None) => quote!(#krate::Call<'_, #self_ty, ()>),
            }
        }
        _ => future_ty(plan, handler),
    };
    quote!(#signature (&self, #(#anything),*) -> #future { ::core::unreachable!() })
}

/// Up to the arguments. The identifier is the user's token: an error in a call points at the handler, and an
/// editor goes there.
fn signature(plan: &Plan<'_>, handler: &Handler) -> TokenStream {
    let (cfg, interface) = (&handler.carried.cfg, &handler.carried.interface);
    let (visibility, ident) = (&handler.method.visibility, handler.ident());
    let docs = (!handler.carried.has_docs).then(|| {
        let verb = if handler.kind == Kind::Call { "Calls" } else { "Casts" };
        let text = format!("{verb} `{}::{ident}`.", plan.title());
        quote!(#[doc = #text])
    });
    let fn_ = located::at(ident.span(), quote!(fn));
    quote!(#cfg #docs #interface #visibility #fn_ #ident)
}

/// `Call<'_, Account, i64, Overdrawn>`, or `Cast<'_, Account>`.
fn future_ty(plan: &Plan<'_>, handler: &Handler) -> TokenStream {
    let (krate, self_ty) = (plan.krate(), plan.server_ty());
    // The first and the last of it are located at the handler, or "private method defined here" would show the attribute.
    let ours = |tokens| located::at(handler.ident().span(), tokens);
    let end = ours(quote!(>));
    if handler.kind != Kind::Call {
        let cast = ours(quote!(#krate::Cast<'_,));
        return quote!(#cast #self_ty #end);
    }
    let call = ours(quote!(#krate::Call<'_,));
    let call = quote!(#call #self_ty,);
    let reply = output(plan, handler);
    match outcome_tys(plan, handler) {
        Some((ok, error)) => quote!(#call #ok, #error #end),
        None => quote!(#call #reply #end),
    }
}

/// What a call that can fail gives, and its error.
pub(crate) fn outcome_tys(plan: &Plan<'_>, handler: &Handler) -> Option<(TokenStream, TokenStream)> {
    match (handler.output(), types::result_arguments_of(handler.output()).as_deref()) {
        (_, Some([ok, error])) => Some((plan.server.outside(ok), plan.server.outside(error))),
        // An alias such as `io::Result<T>`: only the trait knows its error.
        (Some(output), Some(_)) => Some((of_reply(plan, output, "OkOf"), of_reply(plan, output, "ErrOf"))),
        _ => None,
    }
}

fn docs(plan: &Plan<'_>) -> String {
    format!(
        "A reference to {}, with a method for each of its calls and casts.\n\n\
         Clones are cheap and stay good over restarts. The parameter is always `{}`; write `{}`.",
        plan.doc_link(),
        plan.title(),
        plan.server.names.reference,
    )
}
