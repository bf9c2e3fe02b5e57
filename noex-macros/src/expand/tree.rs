//! A supervision tree as calls of the builder.

use crate::check::tree::Verdict;
use crate::expand::{duration, located};
use crate::krate::Krate;
use crate::model::carried::Carried;
use crate::model::tree::{Child, Shutdown, Strategy, Tree};
use crate::model::types::text;
use crate::names;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

/// A child that is part of the tree, and whether its arguments can be evaluated.
struct Kept<'a> {
    child: &'a Child,
    has_arguments: bool,
}

// Input:   pub Bank(config: Config) { strategy: one_for_one, ledger: Ledger(config.path.clone()) }
// Output:  pub struct Bank { .. }
//          impl Bank { pub fn start(config: Config) -> StartTree<Bank> { .. } pub fn ledger(&self) -> .. { .. } }
pub(crate) fn tree(tree: &Tree, verdict: &Verdict) -> TokenStream {
    let krate = &tree.krate;
    let kept: Vec<Kept<'_>> = (tree.children.iter().zip(&verdict.is_kept).zip(&verdict.has_arguments))
        .filter(|((_, is_kept), _)| **is_kept)
        .map(|((child, _), has_arguments)| Kept { child, has_arguments: *has_arguments })
        .collect();
    let declaration = declaration(krate, tree, &kept);
    let start = start(krate, tree, &kept);
    let accessors = kept.iter().map(|Kept { child, .. }| accessor(krate, tree, child));
    let assertions = kept.iter().map(|Kept { child, .. }| assertion(krate, child));
    let ident = &tree.ident;
    quote! {
        #declaration
        #[automatically_derived]
        #[allow(private_interfaces)]
        impl #ident { #start #(#accessors)* #(#assertions)* }
    }
}

// Output:  pub struct Bank { ledger: ChildRef<Ledger, ..>, __noex_supervisor: SupervisorRef }
//          impl Clone, Debug, Deref<Target = SupervisorRef> for Bank
//
// The last field decides whether the whole has a size: one that is no server shall not be it.
fn declaration(krate: &Krate, tree: &Tree, kept: &[Kept<'_>]) -> TokenStream {
    let Tree { attributes, visibility, ident, .. } = tree;
    let fields = kept.iter().map(|Kept { child, .. }| {
        let (cfg, name, reference) = (&child.carried.cfg, &child.name, reference_ty(krate, tree, child));
        quote!(#cfg #name: #reference,)
    });
    let clones = kept.iter().map(|Kept { child, .. }| {
        let (cfg, name) = (&child.carried.cfg, &child.name);
        quote!(#cfg #name: ::core::clone::Clone::clone(&self.#name),)
    });
    let picture = crate::expand::picture::picture(tree);
    // An empty line ends the user's own paragraph.
    let has_docs = attributes.iter().any(|attribute| attribute.is("doc"));
    let separator =
        if has_docs { quote!(#[doc = ""]) } else { quote!(#[doc = "A supervision tree."] #[doc = ""]) };
    quote! {
        #(#attributes)*
        #separator
        #[doc = #picture]
        #[must_use = "the tree stops when the last reference to it is dropped"]
        #visibility struct #ident { #(#fields)* __noex_supervisor: #krate::SupervisorRef }
        #[automatically_derived]
        impl ::core::clone::Clone for #ident {
            fn clone(&self) -> Self {
                Self {
                    #(#clones)*
                    __noex_supervisor: ::core::clone::Clone::clone(&self.__noex_supervisor),
                }
            }
        }
        #[automatically_derived]
        impl ::core::fmt::Debug for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Debug::fmt(&self.__noex_supervisor, f)
            }
        }
        #[automatically_derived]
        impl ::core::ops::Deref for #ident {
            type Target = #krate::SupervisorRef;
            fn deref(&self) -> &Self::Target { &self.__noex_supervisor }
        }
    }
}

// Output:  ChildRef<Ledger, { Bank::__noex_ledger }>
fn reference_ty(krate: &Krate, tree: &Tree, child: &Child) -> TokenStream {
    let (ident, ty, name) = (&tree.ident, &child.ty, names::child(&child.name));
    quote!(#krate::__private::ChildRef<#ty, { #ident::#name }>)
}

// Output:  Sound<Ledger, { Bank::__noex_ledger }>
//
// In two parts, before and after the type: that stays at its place.
fn around(krate: &Krate, tree: &Tree, child: &Child) -> (TokenStream, TokenStream) {
    let (ident, name) = (&tree.ident, names::child(&child.name));
    (quote!(#krate::__private::Sound<), quote!(, { #ident::#name }>))
}

// Output:  const __noex_ledger: usize = { child::<Ledger>(); 0 };
//
// All that depends on the child being a server depends on this constant, and is silent where it is none.
fn assertion(krate: &Krate, child: &Child) -> TokenStream {
    let (cfg, name, ty) = (&child.carried.cfg, names::child(&child.name), &child.ty);
    let (start, end) = (quote!(#krate::rules::child::<), quote!(>()));
    let (start, end) = (located::at(ty.span(), start), located::at(ty.span(), end));
    quote! {
        #cfg
        #[allow(non_upper_case_globals)]
        const #name: usize = { #start #ty #end; 0 };
    }
}

// Output:  pub fn ledger(&self) -> &ChildRef<Ledger, ..> { &self.ledger }
fn accessor(krate: &Krate, tree: &Tree, child: &Child) -> TokenStream {
    let (visibility, name) = (&tree.visibility, &child.name);
    let reference = reference_ty(krate, tree, child);
    let Carried { cfg, interface, has_docs, .. } = &child.carried;
    let docs = format!("The child `{name}`: `{}`.", text(&child.ty));
    let docs = (!has_docs).then(|| quote!(#[doc = #docs]));
    quote! {
        #cfg
        #docs
        #interface
        #visibility fn #name(&self) -> &#reference { &self.#name }
    }
}

// Output:  pub fn start(config: Config) -> StartTree<Bank> {
//              let mut tree = Supervisor::builder("Bank");
//              tree.strategy(Strategy::OneForOne);
//              let ledger = tree.child::<Ledger>(ChildOptions::new("ledger"), { .. });
//              __private::start_tree(tree, move |supervisor| Bank { supervisor, ledger })
//          }
fn start(krate: &Krate, tree: &Tree, kept: &[Kept<'_>]) -> TokenStream {
    let (visibility, ident) = (&tree.visibility, &tree.ident);
    let title = ident.to_string();
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
    let restarts = tree.intensity.as_ref().map(|intensity| {
        let (restarts, window) = (intensity.restarts, duration::duration(intensity.window));
        quote!(__noex_tree.restarts(#restarts, #window);)
    });
    let auto_shutdown = tree.auto_shutdown.as_ref().map(|word| {
        let variant = names::variant(word);
        quote!(__noex_tree.auto_shutdown(#krate::AutoShutdown::#variant);)
    });
    let children =
        kept.iter().enumerate().map(|(index, kept_child)| child(krate, tree, &kept[..index], kept_child));
    let fields = kept.iter().map(|Kept { child, .. }| {
        let (cfg, name) = (&child.carried.cfg, &child.name);
        quote!(#cfg #name,)
    });
    let docs = format!("Starts `{title}` and its children, in the order they are written.");
    quote! {
        #[doc = #docs]
        #visibility fn start(#(#parameters),*) -> #krate::StartTree<#ident> {
            let mut __noex_tree = #krate::Supervisor::builder(#title);
            #strategy
            #restarts
            #auto_shutdown
            #(#children)*
            #krate::__private::start_tree(__noex_tree, move |__noex_supervisor| #ident {
                #(#fields)* __noex_supervisor
            })
        }
    }
}

// Output:  let audit = tree.child::<Audit>(ChildOptions::new("audit"), {
//              let ledger = Clone::clone(&ledger);
//              move || { let ledger = Clone::clone(&ledger); Audit::__noex_args(ledger) }
//          });
//
// Twice, because each start of the child needs a value of its own. Only what the arguments mention is cloned.
fn child(krate: &Krate, tree: &Tree, earlier: &[Kept<'_>], kept: &Kept<'_>) -> TokenStream {
    let Child { carried, name, ty, arguments, .. } = kept.child;
    let cfg = &carried.cfg;
    let options = options(krate, kept.child);
    let value = if kept.has_arguments {
        // As if the user had written it, with the user's own parentheses: rustc then underlines the argument that
        // is wrong, and offers to add the one that is missing.
        let (start, end) = around(krate, tree, kept.child);
        let start = quote_spanned!(ty.span()=> <#start);
        let end = quote_spanned!(ty.span()=> #end >::__noex_args);
        quote!(#start #ty #end #arguments)
    } else {
        quote!(::core::unreachable!())
    };
    let clones: TokenStream = (kept.child.mentions.iter())
        .filter(|_| kept.has_arguments)
        .map(|mention| &mention.name)
        .filter(|name| tree.has_parameter(name) || earlier.iter().any(|earlier| earlier.child.name == **name))
        .map(|name| {
            let span = names::derived(name.span());
            // A name in a string may be no more than text.
            quote_spanned!(span=> #[allow(unused_variables)] let #name = ::core::clone::Clone::clone(&#name);)
        })
        .collect();
    let (start, end) = around(krate, tree, kept.child);
    let start = located::at(ty.span(), quote!(__noex_tree.child::<#start));
    let end = located::at(ty.span(), quote!(#end>));
    let given = quote!(#options, { #clones move || { #clones #value } });
    let given = located::parenthesized(ty.span(), given);
    quote!(#cfg let #name = #start #ty #end #given;)
}

// Output:  ChildOptions::new("account").restart(Restart::Transient).shutdown(Shutdown::Timeout(..))
fn options(krate: &Krate, child: &Child) -> TokenStream {
    let name = child.name.to_string();
    let restart = child.restart.as_ref().map(|restart| {
        let variant = names::variant(restart);
        quote!(.restart(#krate::Restart::#variant))
    });
    let shutdown = child.shutdown.as_ref().map(|shutdown| {
        let shutdown = match shutdown {
            Shutdown::BrutalKill => quote!(BrutalKill),
            Shutdown::Infinity => quote!(Infinity),
            Shutdown::After(after) => {
                let after = duration::duration(*after);
                quote!(Timeout(#after))
            }
        };
        quote!(.shutdown(#krate::Shutdown::#shutdown))
    });
    let significant = child.significant.as_ref().map(|_| quote!(.significant()));
    let ready_within = child.ready_within.map(|limit| {
        let limit = duration::duration(limit);
        quote!(.ready_within(#limit))
    });
    quote!(#krate::ChildOptions::new(#name) #restart #shutdown #significant #ready_within)
}
