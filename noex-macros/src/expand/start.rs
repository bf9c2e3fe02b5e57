//! How a server comes to life: `init`, `terminate`, and the functions that start it.

use crate::expand::alternatives::{Alternative, alternatives, none_of};
use crate::expand::assert::{Proof, around, sound, sound_future};
use crate::expand::plan::Plan;
use crate::expand::subscriptions::{has_subscriptions, subscriptions};
use crate::expand::timers::{has_timers, timers};
use crate::expand::{future, located};
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use crate::names;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Type;
use syn::spanned::Spanned;

// Input:   #[init] fn open(cents: i64) -> Self
// Output:  type Args = (i64,);
//          type InitError = <Self as IntoInit<Self>>::Error;
//          async fn init((cents,): (i64,), cx: &mut Context<Self>) -> Result<Init<Self>, Self::InitError> {
//              IntoInit::into_init(Self::open(cents))
//          }
pub(crate) fn init(plan: &Plan<'_>) -> TokenStream {
    let mut inits = TokenStream::new();
    for Alternative { handler, cfg } in alternatives(plan, Kind::Init) {
        if let Some(output) = handler.output() {
            inits.extend(init_by(plan, handler, &cfg, output));
        }
    }
    if let Some(cfg) = none_of(plan, Kind::Init) {
        inits.extend(init_of_nothing(plan, &cfg));
    }
    inits
}

fn init_by(plan: &Plan<'_>, init: &Handler, cfg: &TokenStream, output: &Type) -> TokenStream {
    let krate = plan.krate();
    let bindings = future::bindings(init);
    let types: Vec<_> = init.arguments.iter().map(|argument| &argument.ty).collect();
    let call = located::parenthesized(output.span(), future::call(init));
    // Located at the type but for the type itself, so that what is wrong with that is the same error everywhere.
    let (start, end) = around(plan, Proof::Start);
    let start = located::at(output.span(), quote!(<#start));
    let end = located::at(output.span(), quote!(#end as #krate::__private::IntoInit<Self>>));
    let error = located::at(output.span(), quote!(::Error));
    let error = quote!(#start #output #end #error);
    let into_init = located::at(output.span(), quote!(::into_init));
    let into_init = quote!(#start #output #end #into_init);
    let function = located::at(output.span(), quote!(async fn init));
    let args = sound(plan, quote!((#(#types,)*)), Proof::Start);
    let arguments = located::parenthesized(
        output.span(),
        quote!((#(#bindings,)*): #args, __noex_cx: &mut #krate::Context<Self>),
    );
    let made = if has_timers(plan) || has_subscriptions(plan) {
        let (timers, subscriptions) = (timers(plan), subscriptions(plan));
        // Set when `init` is done; where it refused, timers end with the life that did not begin.
        quote!(let __noex_made = #into_init #call; #timers #subscriptions __noex_made)
    } else {
        quote!(#into_init #call)
    };
    let result =
        located::at(output.span(), quote!(-> ::core::result::Result<#krate::Init<Self>, Self::InitError>));
    quote! {
        #cfg
        type Args = #args;
        #cfg
        type InitError = #error;
        #cfg
        #[allow(deprecated)]
        #function #arguments #result { #made }
    }
}

/// Beside the error that there is no (right) `#[init]`.
fn init_of_nothing(plan: &Plan<'_>, cfg: &TokenStream) -> TokenStream {
    let krate = plan.krate();
    quote! {
        #cfg
        type Args = ();
        #cfg
        type InitError = ::core::convert::Infallible;
        #cfg
        async fn init(
            _: (), _: &mut #krate::Context<Self>,
        ) -> ::core::result::Result<#krate::Init<Self>, Self::InitError> {
            ::core::unreachable!()
        }
    }
}

// Input:   #[terminate] fn close(&mut self, reason: ExitReason)
// Output:  fn terminate_now(&mut self, reason: &ExitReason, cx: &mut Context<Self>) -> Now<(), ()> {
//              Now::Done(Self::close(self, Clone::clone(reason)))
//          }
//
// An `async fn` becomes `async fn terminate`; without a handler `terminate_now` has nothing to do, so that
// ending such a server needs no task.
pub(crate) fn terminate(plan: &Plan<'_>) -> TokenStream {
    let krate = plan.krate();
    let arguments = quote!(__noex_reason: &#krate::ExitReason, __noex_cx: &mut #krate::Context<Self>);
    let now = quote!(fn terminate_now(&mut self, #arguments) -> #krate::Now<(), ()>);
    let mut methods = TokenStream::new();
    for Alternative { handler, cfg } in alternatives(plan, Kind::Terminate) {
        let reason = handler.arguments.first().map(|argument| {
            let binding = &future::bindings(handler)[0];
            let ty = sound(plan, quote!(_), Proof::Messages);
            if let Type::Reference(_) = &argument.ty {
                quote!(let #binding: #ty = __noex_reason;)
            } else {
                quote!(let #binding: #ty = ::core::clone::Clone::clone(__noex_reason);)
            }
        });
        let call = future::call(handler);
        let body = if handler.is_async() {
            let future = sound_future(plan, quote!(async move { #reason #call }), false);
            quote! {
                fn terminate(
                    &mut self, #arguments
                ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send {
                    #future
                }
            }
        } else {
            quote!(#now { #reason #krate::Now::Done(#call) })
        };
        methods.extend(quote!(#cfg #[allow(deprecated)] #body));
    }
    if let Some(cfg) = none_of(plan, Kind::Terminate) {
        methods.extend(quote!(#cfg #now { #krate::Now::Done(()) }));
    }
    methods
}

// Output:  impl Account {
//              pub fn start(cents: i64) -> Start<Account> { __private::start((cents,)) }
//              pub fn child(cents: i64) -> ChildSpec where (i64,): Clone { .. }
//              pub fn whereis(name: &str) -> Option<AccountRef> { .. }
//              pub fn named(name: &str) -> AccountRef { .. }
//          }
pub(crate) fn functions(plan: &Plan<'_>) -> TokenStream {
    let (krate, self_ty, server_ty) = (plan.krate(), plan.self_ty(), plan.server_ty());
    let (declared, where_) = plan.generics();
    let (reference, parameters) = (&plan.server.names.reference, plan.parameters());
    let title = plan.title();
    let inits = alternatives(plan, Kind::Init);
    let starters: TokenStream = inits.iter().map(|init| starters(plan, init)).collect();
    let stand_ins = none_of(plan, Kind::Init).map(|cfg| start_of_nothing(plan, &cfg));
    let whereis_docs = format!("The running `{title}` that has this name.");
    let named_docs = format!(
        "The `{title}` that has this name, or a reference to none, whose calls fail with \
         `CallError::NotRunning`."
    );
    quote! {
        #[automatically_derived]
        #[allow(private_bounds, private_interfaces, unreachable_pub)]
        impl #declared #self_ty #where_ {
            #starters
            #stand_ins
            #[doc = #whereis_docs]
            pub fn whereis(name: &str) -> ::core::option::Option<#reference #parameters> {
                #krate::__private::whereis::<#server_ty>(name)
            }
            #[doc = #named_docs]
            pub fn named(name: &str) -> #reference #parameters {
                #krate::__private::named::<#server_ty>(name)
            }
        }
    }
}

fn starters(plan: &Plan<'_>, Alternative { handler: init, cfg }: &Alternative<'_>) -> TokenStream {
    let (krate, self_ty, title) = (plan.krate(), plan.server_ty(), plan.title());
    let names: Vec<Ident> = future::bindings(init);
    let types: Vec<TokenStream> =
        init.arguments.iter().map(|argument| plan.server.outside(&argument.ty)).collect();
    let args = names::args_of(init.ident());
    let start_docs =
        format!("Starts `{title}` with what its `{}` takes: a builder that is also a future.", init.ident());
    let child_docs =
        format!("`{title}` as a child of a supervisor, which starts each one with a clone of these.");
    let interface = &init.carried.interface;
    let separator = init.carried.has_docs.then(|| quote!(#[doc = ""]));
    // clippy has no liking for a written `()`.
    let result = match types.as_slice() {
        [] => quote!({}),
        types => quote!(-> (#(#types,)*) { (#(#names,)*) }),
    };
    // A bound on types without parameters is checked where it stands, not where the function is called, unless it
    // is a `for` bound: and most servers are never asked for a child.
    let clone = (!types.is_empty()).then(|| quote!(where for<'__noex> (#(#types,)*): ::core::clone::Clone));
    quote! {
        #cfg
        #[doc = #start_docs]
        #separator
        #interface
        pub fn start(#(#names: #types),*) -> #krate::Start<#self_ty> {
            #krate::__private::start((#(#names,)*))
        }
        #cfg
        #[doc = #child_docs]
        pub fn child(#(#names: #types),*) -> #krate::ChildSpec #clone {
            #krate::__private::child::<#self_ty>((#(#names,)*))
        }
        #cfg
        #[doc(hidden)]
        pub fn #args(#(#names: #types),*) #result
    }
}

/// Beside the error that there is no right `#[init]`: takes whatever the wrong one takes, so that those who start
/// the server get no error of their own.
fn start_of_nothing(plan: &Plan<'_>, cfg: &TokenStream) -> TokenStream {
    let (krate, self_ty) = (plan.krate(), plan.server_ty());
    let wrong = plan.broken.iter().find(|handler| handler.kind == Kind::Init);
    let arguments = wrong.map_or(0, |wrong| wrong.arguments.len());
    let anything: Vec<TokenStream> = (0..arguments).map(|_| quote!(_: impl ::core::marker::Sized)).collect();
    quote! {
        #cfg
        #[doc(hidden)]
        pub fn start(#(#anything),*) -> #krate::Start<#self_ty> { ::core::unreachable!() }
        #cfg
        #[doc(hidden)]
        pub fn child(#(#anything),*) -> #krate::ChildSpec { ::core::unreachable!() }
        #cfg
        #[doc(hidden)]
        pub fn __noex_args(#(#anything),*) { ::core::unreachable!() }
    }
}
