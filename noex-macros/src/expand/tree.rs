//! A supervision tree as calls of the builder.

use crate::check::tree::Verdict;
use crate::expand::child::Kept;
use crate::expand::child_options::pace;
use crate::expand::{assert, declared, picture};
use crate::model::carried::Carried;
use crate::model::tree::{Strategy, Tree};
use crate::model::types::text;
use crate::names;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

// Input:   pub Bank(config: Config) { strategy: one_for_one, ledger: Ledger(config.path.clone()) }
// Output:  pub struct Bank { .. }
//          impl Bank { pub fn start(config: Config) -> StartTree<Bank> { .. } pub fn ledger(&self) -> .. { .. } }
pub(crate) fn tree(tree: &Tree, verdict: &Verdict) -> TokenStream {
    let kept: Vec<Kept<'_>> = (tree.children.iter().zip(&verdict.is_kept).zip(&verdict.has_arguments))
        .filter(|((_, is_kept), _)| **is_kept)
        .map(|((child, _), has_arguments)| Kept { tree, child, has_arguments: *has_arguments })
        .collect();
    let (declaration, declared) = (declaration(tree, &kept), declared::declared(tree, &kept));
    let checks = declared::checks(tree, &kept);
    let (items, statements) = if tree.is_generic() { (Vec::new(), checks) } else { (checks, Vec::new()) };
    let start = start(tree, &kept, &statements);
    let accessors = kept.iter().map(accessor);
    let assertions = kept.iter().map(Kept::assertion);
    let parameters = parameters(tree);
    let ident = &tree.ident;
    let (generics, given, where_) = tree.generics.split_for_impl();
    quote! {
        #declaration
        #[automatically_derived]
        #[allow(private_interfaces)]
        impl #generics #ident #given #where_ { #start #(#accessors)* #(#assertions)* }
        #declared
        #(#items)*
        #parameters
    }
}

// Output:  const _: () = { fn _parameters<S: Store>() { parameter::<S>(); } };
//
// The user's own bounds: what is missing is said here, and nowhere again.
fn parameters(tree: &Tree) -> Option<TokenStream> {
    let types: Vec<&Ident> = tree.own_generics.type_params().map(|parameter| &parameter.ident).collect();
    let assertions = types.iter().map(|parameter| assert::of_parameter(&tree.krate, parameter));
    let (generics, _, where_) = tree.own_generics.split_for_impl();
    let assertions = quote!(const _: () = { fn _parameters #generics() #where_ { #(#assertions)* } };);
    (!types.is_empty()).then_some(assertions)
}

// Output:  pub struct Bank { ledger: ChildRef<Ledger, ..>, __noex_supervisor: SupervisorRef }
//          impl Clone, Debug, Deref<Target = SupervisorRef> for Bank
//
// A child does its work whether anybody asks for it or not. The last field decides whether the whole has a size: one
// that is no server shall not be it.
fn declaration(tree: &Tree, kept: &[Kept<'_>]) -> TokenStream {
    let Tree { attributes, visibility, ident, krate, .. } = tree;
    let (generics, given, where_) = tree.generics.split_for_impl();
    let declared = &tree.generics;
    let fields = kept.iter().map(|kept| {
        let (cfg, name, reference) = (&kept.child.carried.cfg, &kept.child.name, kept.reference_ty());
        quote!(#cfg #[allow(dead_code)] #name: #reference,)
    });
    let clones = kept.iter().map(|Kept { child, .. }| {
        let (cfg, name) = (&child.carried.cfg, &child.name);
        quote!(#cfg #name: ::core::clone::Clone::clone(&self.#name),)
    });
    // A parameter may be that of an argument alone.
    let types = tree.generics.type_params().map(|parameter| &parameter.ident);
    let marker =
        tree.is_generic().then(|| quote!(__noex_types: ::core::marker::PhantomData<fn() -> (#(#types,)*)>,));
    let marked = tree.is_generic().then(|| quote!(__noex_types: ::core::marker::PhantomData,));
    let picture = picture::docs(tree);
    // An empty line ends the user's own paragraph.
    let has_docs = attributes.iter().any(|attribute| attribute.is("doc"));
    let separator =
        if has_docs { quote!(#[doc = ""]) } else { quote!(#[doc = "A supervision tree."] #[doc = ""]) };
    quote! {
        #(#attributes)*
        #separator
        #picture
        #[must_use = "the tree stops when the last reference to it is dropped"]
        #visibility struct #ident #declared #where_ {
            #(#fields)* #marker __noex_supervisor: #krate::SupervisorRef
        }
        #[automatically_derived]
        impl #generics ::core::clone::Clone for #ident #given #where_ {
            fn clone(&self) -> Self {
                Self {
                    #(#clones)*
                    #marked
                    __noex_supervisor: ::core::clone::Clone::clone(&self.__noex_supervisor),
                }
            }
        }
        #[automatically_derived]
        impl #generics ::core::fmt::Debug for #ident #given #where_ {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Debug::fmt(&self.__noex_supervisor, f)
            }
        }
        #[automatically_derived]
        impl #generics ::core::ops::Deref for #ident #given #where_ {
            type Target = #krate::SupervisorRef;
            fn deref(&self) -> &Self::Target { &self.__noex_supervisor }
        }
    }
}

// Output:  pub fn ledger(&self) -> &ChildRef<Ledger, ..> { &self.ledger }
fn accessor(kept: &Kept<'_>) -> TokenStream {
    let (visibility, child, name) = (&kept.tree.visibility, kept.child, &kept.child.name);
    let reference = kept.reference_ty();
    let Carried { cfg, interface, has_docs, .. } = &child.carried;
    let docs = format!("The child `{name}`: `{}{}`.", child.kind.row().prefix, text(&child.ty));
    let docs = (!has_docs).then(|| quote!(#[doc = #docs]));
    quote! {
        #cfg
        #docs
        #interface
        #[allow(dead_code)]
        #visibility fn #name(&self) -> &#reference { &self.#name }
    }
}

// Output:  pub fn start(config: Config) -> StartTree<Bank> {
//              let mut tree = Supervisor::builder("Bank");
//              tree.strategy(Strategy::OneForOne);
//              let ledger = tree.child::<Ledger>(ChildOptions::new("ledger"), { .. });
//              __private::start_tree(tree, move |supervisor| Bank { supervisor, ledger })
//          }
fn start(tree: &Tree, kept: &[Kept<'_>], checks: &[TokenStream]) -> TokenStream {
    let Tree { krate, visibility, ident, .. } = tree;
    let (_, given, _) = tree.generics.split_for_impl();
    let title = ident.to_string();
    // Where rustc says what a wrong argument of a nested tree is one of.
    let name = Ident::new("start", names::derived(ident.span()));
    let parameters = tree.parameters.iter().map(|parameter| match (&parameter.name, &parameter.ty) {
        (Some(name), ty) => quote!(#name: #ty),
        // Beside its error, so that who starts the tree gets none.
        (None, ty) => quote!(_: #ty),
    });
    let strategy = match &tree.strategy {
        Strategy::Known(strategy) => {
            let variant = names::variant(strategy);
            quote!(__noex_tree.strategy(#krate::Strategy::#variant);)
        }
        Strategy::Missing | Strategy::Unknown => TokenStream::new(),
    };
    let auto_shutdown = tree.auto_shutdown.as_ref().map(|word| {
        let variant = names::variant(word);
        quote!(__noex_tree.auto_shutdown(#krate::AutoShutdown::#variant);)
    });
    let pace = pace(krate, &quote!(__noex_tree), tree.intensity.as_ref(), tree.pauses.as_ref());
    let children = kept.iter().enumerate().map(|(index, child)| child.statement(&kept[..index]));
    let fields = kept.iter().map(|Kept { child, .. }| {
        let (cfg, name) = (&child.carried.cfg, &child.name);
        quote!(#cfg #name,)
    });
    let marked = tree.is_generic().then(|| quote!(__noex_types: ::core::marker::PhantomData,));
    let docs = format!("Starts `{title}` and its children, in the order they are written.");
    quote! {
        #[doc = #docs]
        #visibility fn #name(#(#parameters),*) -> #krate::StartTree<#ident #given> {
            #(#checks)*
            let mut __noex_tree = #krate::Supervisor::builder(#title);
            #strategy
            #pace
            #auto_shutdown
            #(#children)*
            #krate::__private::start_tree(__noex_tree, move |__noex_supervisor| #ident {
                #(#fields)* #marked __noex_supervisor
            })
        }
    }
}
