//! The impl block: its header and its items.

use crate::syntax::attribute::Attribute;
use crate::syntax::method::{Method, UNTYPED, begins_method, parse_opaque};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{Generics, Token, Type, WhereClause, ext::IdentExt, token};

/// `impl Account { .. }`
pub(crate) struct Block {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) impl_: Token![impl],
    pub(crate) generics: Generics,
    /// The `const` or `!` of `impl const Account`, which no inherent impl has.
    pub(crate) marker: Option<TokenStream>,
    /// `Display for`, where the block implements a trait.
    pub(crate) trait_: Option<TokenStream>,
    pub(crate) self_ty: Type,
    pub(crate) inner: Vec<Attribute>,
    pub(crate) items: Vec<Item>,
}

/// One item of the block.
pub(crate) enum Item {
    Method(Box<Method>),
    /// A method whose signature is no Rust, with what was wrong if rustc has not said so.
    Broken(TokenStream, Option<syn::Error>),
    /// `name! { .. }`, with the name.
    Macro(TokenStream, Ident),
    /// A constant, a type or whatever else.
    Other(TokenStream),
}

impl Block {
    /// Parses what follows the outer attributes.
    pub(crate) fn parse(attributes: Vec<Attribute>, input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(skip_default)?;
        input.parse::<Option<Token![unsafe]>>()?;
        let impl_: Token![impl] = input.parse()?;
        let mut generics = if input.peek(Token![<]) && !input.peek2(Token![<]) {
            input.parse::<Generics>()?
        } else {
            Generics::default()
        };
        let marker = if input.peek(Token![const]) {
            Some(input.parse::<Token![const]>()?.into_token_stream())
        } else if input.peek(Token![!]) && !input.peek2(token::Brace) {
            Some(input.parse::<Token![!]>()?.into_token_stream())
        } else {
            None
        };
        let first: Type = input.parse()?;
        let (trait_, self_ty) = match input.parse::<Option<Token![for]>>()? {
            Some(for_) => (Some(quote!(#first #for_)), input.parse()?),
            None => (None, first),
        };
        generics.where_clause = input.parse::<Option<WhereClause>>()?;
        let content;
        syn::braced!(content in input);
        let inner = Attribute::parse_inner(&content)?;
        let mut items = Vec::new();
        while !content.is_empty() {
            items.push(Item::parse(&content)?);
        }
        Ok(Block { attributes, impl_, generics, marker, trait_, self_ty, inner, items })
    }
}

/// The word of specialization, which rustc has its own opinion on.
fn skip_default(input: ParseStream<'_>) -> syn::Result<()> {
    if input.peek(Token![default]) {
        Ident::parse_any(input)?;
    }
    Ok(())
}

impl Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = Attribute::parse_outer(input)?;
        if begins_method(input) {
            let ahead = input.fork();
            return match Method::parse(attributes.clone(), &ahead) {
                Ok(method) => {
                    input.advance_to(&ahead);
                    Ok(Item::Method(Box::new(method)))
                }
                Err(error) => {
                    let rest = parse_opaque(input)?;
                    let error = Some(error).filter(|error| error.to_string() != UNTYPED);
                    Ok(Item::Broken(quote!(#(#attributes)* #rest), error))
                }
            };
        }
        let rest = parse_opaque(input)?;
        let name = macro_name.parse2(rest.clone()).ok();
        let tokens = quote!(#(#attributes)* #rest);
        Ok(match name {
            Some(name) => Item::Macro(tokens, name),
            None => Item::Other(tokens),
        })
    }
}

/// The last word before the `!` of a macro call.
fn macro_name(input: ParseStream<'_>) -> syn::Result<Ident> {
    input.parse::<Option<Token![::]>>()?;
    loop {
        let word = Ident::parse_any(input)?;
        if input.parse::<Option<Token![!]>>()?.is_some() {
            input.parse::<TokenStream>()?;
            return Ok(word);
        }
        input.parse::<Token![::]>()?;
    }
}
