//! A child of a tree: its type, and how it is added to the tree that is being built.

use crate::expand::child_options::{options, pool_settings, settings};
use crate::expand::located;
use crate::model::child::Child;
use crate::model::child_kind::ChildKind;
use crate::model::tree::Tree;
use crate::model::types::text;
use crate::names;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

/// A child that is part of the tree, and whether its arguments can be evaluated.
pub(crate) struct Kept<'a> {
    pub(crate) tree: &'a Tree,
    pub(crate) child: &'a Child,
    pub(crate) has_arguments: bool,
}

impl Kept<'_> {
    // Output:  Sound<Ledger, { Bank::__noex_ledger }>
    //
    // In two parts, before and after the type: that stays at its place. A generic tree has to do without: a type
    // cannot depend on a constant that depends on parameters.
    fn around(&self) -> (TokenStream, TokenStream) {
        if self.tree.is_generic() {
            return (TokenStream::new(), TokenStream::new());
        }
        let (krate, proof) = (&self.tree.krate, self.proof());
        (quote!(#krate::__private::Sound<), quote!(, #proof>))
    }

    // Output:  ChildServer<Ledger, { Bank::__noex_ledger }>
    //
    // The server of a state machine is not the type that is written; and a tree is no server.
    fn around_server(&self) -> (TokenStream, TokenStream) {
        let (krate, proof) = (&self.tree.krate, self.proof());
        match self.child.kind {
            ChildKind::Supervisor => self.around(),
            ChildKind::Server | ChildKind::Partition | ChildKind::Dynamic | ChildKind::Pool => {
                (quote!(#krate::__private::ChildServer<), quote!(, #proof>))
            }
        }
    }

    pub(crate) fn sound(&self) -> TokenStream {
        let ((start, end), ty) = (self.around_server(), &self.child.ty);
        quote!(#start #ty #end)
    }

    // Output:  { Bank::__noex_ledger }
    fn proof(&self) -> TokenStream {
        if self.tree.is_generic() {
            return quote!(0);
        }
        let (ident, name) = (&self.tree.ident, names::child(&self.child.name));
        quote!({ #ident::#name })
    }

    // Output:  ChildRef<Ledger, { Bank::__noex_ledger }>
    pub(crate) fn reference_ty(&self) -> TokenStream {
        let (krate, ty, proof, sound) = (&self.tree.krate, &self.child.ty, self.proof(), self.sound());
        let (start, end) = (quote!(#krate::__private::ChildRef<), quote!(, #proof>));
        let (start, end) = (located::at(ty.span(), start), located::at(ty.span(), end));
        let server = quote!(#start #ty #end);
        match self.child.kind {
            ChildKind::Server => server,
            ChildKind::Supervisor => sound,
            ChildKind::Partition => {
                let keys = self.child.options.by.as_ref().map(|key| quote!(, #key));
                quote!(#krate::Partitions<#server #keys>)
            }
            ChildKind::Dynamic => {
                let given = self.given_ty().map(|given| quote!(, #given));
                quote!(#krate::DynamicSupervisor<#sound #given>)
            }
            ChildKind::Pool => quote!(#krate::Pool<#sound>),
        }
    }

    /// What is said at each start of a dynamic child; `None` where it is all the arguments of its server.
    fn given_ty(&self) -> Option<TokenStream> {
        self.child.arguments.as_ref()?;
        let types = self.child.given.iter().map(|given| &given.ty);
        Some(if let [given] = self.child.given.as_slice() {
            given.ty.to_token_stream()
        } else {
            quote!((#(#types),*))
        })
    }

    // Output:  const __noex_ledger: usize = { child::<Ledger>(); 0 };
    //
    // All that depends on the child being a server depends on this constant, and is silent where it is none.
    pub(crate) fn assertion(&self) -> TokenStream {
        let (cfg, name, ty) = (&self.child.carried.cfg, names::child(&self.child.name), &self.child.ty);
        let krate = &self.tree.krate;
        let rule = match self.child.kind {
            ChildKind::Supervisor => quote!(tree),
            ChildKind::Server | ChildKind::Partition | ChildKind::Dynamic => quote!(child),
            ChildKind::Pool => quote!(worker),
        };
        let (start, end) = (quote!(#krate::rules::#rule::<), quote!(>()));
        let (start, end) = (located::at(ty.span(), start), located::at(ty.span(), end));
        quote! {
            #cfg
            #[allow(non_upper_case_globals)]
            const #name: usize = { #start #ty #end; 0 };
        }
    }

    // Output:  let audit = tree.child::<Audit>(ChildOptions::new("audit"), { .. });
    pub(crate) fn statement(&self, earlier: &[Kept<'_>]) -> TokenStream {
        let (cfg, name, ty) = (&self.child.carried.cfg, &self.child.name, &self.child.ty);
        let clones = self.clones(earlier);
        let value = match self.child.kind {
            ChildKind::Server => {
                let (options, value) = (self.own_options(), self.server_arguments());
                self.call("child", quote!(#options, { #clones move || { #clones #value } }))
            }
            ChildKind::Supervisor => {
                let (options, value) = (self.own_options(), self.with_arguments("start"));
                self.call("nest", quote!(#options, { #clones #value }))
            }
            ChildKind::Partition => located::braced(ty.span(), self.partition(&clones)).into_token_stream(),
            ChildKind::Dynamic => located::braced(ty.span(), self.dynamic(&clones)).into_token_stream(),
            ChildKind::Pool => located::braced(ty.span(), self.pool(&clones)).into_token_stream(),
        };
        quote!(#cfg let #name = #value;)
    }

    fn own_options(&self) -> TokenStream {
        options(&self.tree.krate, &self.child.name.to_string(), &self.child.options)
    }

    // Output:  __noex_tree.child::<ChildServer<Audit, ..>>(arguments)
    fn call(&self, method: &str, arguments: TokenStream) -> TokenStream {
        let ((start, end), ty) = (self.around_server(), &self.child.ty);
        let method = Ident::new(method, names::derived(ty.span()));
        let start = located::at(ty.span(), quote!(__noex_tree.#method::<#start));
        let end = located::at(ty.span(), quote!(#end>));
        let arguments = located::parenthesized(ty.span(), arguments);
        quote!(#start #ty #end #arguments)
    }

    // Output:  let ledger = Clone::clone(&ledger);
    //
    // Each start of the child needs a value of its own. Only what the arguments mention is cloned.
    fn clones(&self, earlier: &[Kept<'_>]) -> TokenStream {
        (self.child.mentions.iter())
            .filter(|mention| self.has_arguments && !self.child.is_number(mention))
            .map(|mention| &mention.name)
            .filter(|name| {
                self.tree.has_parameter(name) || earlier.iter().any(|earlier| earlier.child.name == **name)
            })
            .map(|name| {
                let span = names::derived(name.span());
                // A name in a string may be no more than text.
                quote_spanned!(span=> #[allow(unused_variables)] let #name = ::core::clone::Clone::clone(&#name);)
            })
            .collect()
    }

    // Output:  <Sound<Audit>>::__noex_args(ledger)
    fn server_arguments(&self) -> TokenStream {
        self.with_arguments("__noex_args")
    }

    // Output:  <Sound<Books>>::start(opening)
    //
    // As if the user had written it, with the user's own parentheses: rustc then underlines the argument that
    // is wrong, and offers to add the one that is missing.
    fn with_arguments(&self, function: &str) -> TokenStream {
        let Some(arguments) = self.child.arguments.as_ref().filter(|_| self.has_arguments) else {
            let krate = &self.tree.krate;
            return quote!(#krate::__private::missing());
        };
        let ((start, end), ty) = (self.around(), &self.child.ty);
        let function = Ident::new(function, ty.span());
        let start = quote_spanned!(ty.span()=> <#start);
        let end = quote_spanned!(ty.span()=> #end >::#function);
        quote!(#start #ty #end #arguments)
    }

    // Output:  let mut child = Partitions::of::<Shard>("shards", 4, { .. move |number| { .. } }).by::<u64>();
    //          tree.nest(ChildOptions::new("shards"), child.start())
    fn partition(&self, clones: &TokenStream) -> TokenStream {
        let (krate, ty, name) = (&self.tree.krate, &self.child.ty, self.child.name.to_string());
        let ((start, end), value) = (self.around_server(), self.server_arguments());
        let count = match &self.child.options.count {
            Some(count) => count.clone(),
            None => quote!(#krate::supervisor::cores()),
        };
        let number = self.child.number().map(|mention| {
            let number = &mention.name;
            quote!(#[allow(unused_variables)] let #number = __noex_number;)
        });
        let start = located::at(ty.span(), quote!(#krate::Partitions::of::<#start));
        let end = located::at(ty.span(), quote!(#end>));
        let given = quote! {
            #name, #count, { #clones move |__noex_number: usize| { #clones #number #value } }
        };
        let given = located::parenthesized(ty.span(), given);
        let keys = self.child.options.by.as_ref().map(|key| {
            let (start, end) = (quote!(.by::<), quote!(>()));
            let (start, end) = (located::at(key.span(), start), located::at(key.span(), end));
            quote!(#start #key #end)
        });
        let settings = settings(krate, &self.child.options);
        let each = options(krate, &name, &self.child.options);
        quote! {
            let mut __noex_child = #start #ty #end #given #keys;
            __noex_child.children(#each);
            #settings
            __noex_tree.nest(#krate::ChildOptions::new(#name), __noex_child.start())
        }
    }

    // Output:  tree.nest(ChildOptions::new("mailers"), Pool::<Mailer>::of("mailers", { .. move || { .. } }).size(4).start())
    fn pool(&self, clones: &TokenStream) -> TokenStream {
        let (krate, ty, name) = (&self.tree.krate, &self.child.ty, self.child.name.to_string());
        let ((start, end), value) = (self.around_server(), self.server_arguments());
        let start = located::at(ty.span(), quote!(#krate::Pool::<#start));
        let end = located::at(ty.span(), quote!(#end>::of));
        let given = quote!(#name, { #clones move || { #clones #value } });
        let given = located::parenthesized(ty.span(), given);
        let settings = pool_settings(krate, &self.child.options);
        quote! {
            let __noex_child = #start #ty #end #given #settings;
            __noex_tree.nest(#krate::ChildOptions::new(#name), __noex_child.start())
        }
    }

    // Output:  let mut child = DynamicSupervisor::<Conn, u16>::with("conns", { .. move |port: u16| { .. } });
    //          child.max(1000);
    //          tree.nest(ChildOptions::new("conns"), child.start())
    fn dynamic(&self, clones: &TokenStream) -> TokenStream {
        let (krate, ty, name) = (&self.tree.krate, &self.child.ty, self.child.name.to_string());
        let (start, end) = self.around_server();
        let (given_ty, given) = (self.given_ty().map(|ty| quote!(, #ty)), &self.child.given);
        let start = located::at(ty.span(), quote!(#krate::DynamicSupervisor::<#start));
        let end = located::at(ty.span(), end);
        let made = if self.child.arguments.is_some() {
            let (value, patterns) = (self.server_arguments(), given.iter().map(|given| &given.pattern));
            let pattern =
                if let [one] = given.as_slice() { one.pattern.clone() } else { quote!((#(#patterns),*)) };
            let closure = quote!({ #clones move |#pattern| { #clones #value } });
            quote!(::with(#name, #closure))
        } else {
            located::at(ty.span(), quote!(::builder(#name)))
        };
        let max = self.child.options.max.as_ref().map(|max| {
            let method = located::at(max.span(), quote!(__noex_child.max));
            let given = located::parenthesized(max.span(), max.clone());
            quote!(#method #given;)
        });
        let settings = settings(krate, &self.child.options);
        let each = options(krate, &title(ty), &self.child.options);
        quote! {
            let mut __noex_child = #start #ty #end #given_ty > #made;
            __noex_child.children(#each);
            #max
            #settings
            __noex_tree.nest(#krate::ChildOptions::new(#name), __noex_child.start())
        }
    }
}

/// The last word of a type: what a dynamic supervisor calls its children.
fn title(ty: &Type) -> String {
    match ty {
        Type::Path(path) => path.path.segments.last().map_or_else(|| text(ty), |last| last.ident.to_string()),
        _ => text(ty),
    }
}
