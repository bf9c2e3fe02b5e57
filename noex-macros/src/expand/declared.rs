//! What the compiler is to know of a tree, and what it checks with it: names that are taken, time to shut down.

use crate::expand::child::Kept;
use crate::expand::child_options::shutdown;
use crate::expand::{duration, located};
use crate::model::child_kind::ChildKind;
use crate::model::child_options::Shutdown;
use crate::model::tree::Tree;
use crate::model::types::text;
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;

// Output:  impl DeclaredTree for Bank {
//              const CHILDREN: &'static [DeclaredChild] = &[DeclaredChild::server::<Ledger>("ledger"), ..];
//          }
pub(crate) fn declared(tree: &Tree, kept: &[Kept<'_>]) -> TokenStream {
    let (krate, ident) = (&tree.krate, &tree.ident);
    let (generics, parameters, where_) = tree.generics.split_for_impl();
    let children = kept.iter().map(|kept| {
        let (cfg, id) = (&kept.child.carried.cfg, kept.child.name.to_string());
        let (sound, child) = (kept.sound(), quote!(#krate::supervisor::DeclaredChild));
        match kept.child.kind {
            ChildKind::Server => {
                let shutdown = shutdown(krate, &kept.child.options);
                quote!(#cfg #child::server::<#sound>(#id) #shutdown,)
            }
            ChildKind::Supervisor => {
                let shutdown = shutdown(krate, &kept.child.options);
                quote!(#cfg #child::tree::<#sound>(#id) #shutdown,)
            }
            // Their options are those of the children that they start.
            ChildKind::Partition | ChildKind::Dynamic | ChildKind::Pool => {
                quote!(#cfg #child::supervisor(#id),)
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl #generics #krate::supervisor::DeclaredTree for #ident #parameters #where_ {
            const CHILDREN: &'static [#krate::supervisor::DeclaredChild] = &[#(#children)*];
        }
    }
}

/// What can be told only by constants of other types: items, or statements where they depend on parameters.
pub(crate) fn checks(tree: &Tree, kept: &[Kept<'_>]) -> Vec<TokenStream> {
    let checks = kept.iter().enumerate().flat_map(|(index, kept)| {
        let cfg = &kept.child.carried.cfg;
        let name = (index > 0).then(|| own_names(tree, kept)).flatten();
        [name, nameless(tree, kept), time(tree, kept)]
            .into_iter()
            .flatten()
            .map(move |check| quote!(#cfg #check))
    });
    checks.collect()
}

// Output:  const _: () = hold(is_nameless::<Shard>(), "..");
fn check(tree: &Tree, span: Span, condition: TokenStream, otherwise: &str) -> TokenStream {
    let krate = &tree.krate;
    let held = located::at(span, quote!(#krate::__private::hold(#condition, #otherwise)));
    if tree.is_generic() { quote!(const { #held };) } else { quote!(const _: () = #held;) }
}

fn own_names(tree: &Tree, kept: &Kept<'_>) -> Option<TokenStream> {
    let (krate, ident, ty) = (&tree.krate, &tree.ident, &kept.child.ty);
    let (_, parameters, _) = tree.generics.split_for_impl();
    let (name, server) = (&kept.child.name, text(ty));
    let message = match kept.child.kind {
        ChildKind::Server => {
            format!("`{server}` has a static `name`, which a child before `{name}` has as well")
        }
        ChildKind::Supervisor => {
            format!("a server of `{server}` has a static `name`, which a child before `{name}` has as well")
        }
        ChildKind::Partition | ChildKind::Dynamic | ChildKind::Pool => return None,
    };
    let id = name.to_string();
    let condition = quote!(#krate::__private::has_own_names::<#ident #parameters>(#id));
    Some(check(tree, ty.span(), condition, &message))
}

fn nameless(tree: &Tree, kept: &Kept<'_>) -> Option<TokenStream> {
    let (krate, ty, sound) = (&tree.krate, &kept.child.ty, kept.sound());
    let many = match kept.child.kind {
        ChildKind::Partition => "partitions",
        ChildKind::Pool => "workers",
        _ => return None,
    };
    let (server, name) = (text(ty), &kept.child.name);
    let message =
        format!("`{server}` has a static `name`, which only one of the {many} of `{name}` could have");
    Some(check(tree, ty.span(), quote!(#krate::__private::is_nameless::<#sound>()), &message))
}

fn time(tree: &Tree, kept: &Kept<'_>) -> Option<TokenStream> {
    let (krate, sound) = (&tree.krate, kept.sound());
    let (ChildKind::Supervisor, Some(Shutdown::After { limit, written })) =
        (kept.child.kind, &kept.child.options.shutdown)
    else {
        return None;
    };
    let (nested, own, limit) = (text(&kept.child.ty), text(written), duration::duration(*limit));
    let message =
        format!("a child of `{nested}` is given more time to shut down than the {own} of the whole tree");
    Some(check(tree, written.span(), quote!(#krate::__private::has_time_for::<#sound>(#limit)), &message))
}
