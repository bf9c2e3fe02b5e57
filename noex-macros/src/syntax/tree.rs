//! A supervision tree as it was written: options and children in one list, `name: ..`.

use crate::syntax::attribute::Attribute;
use crate::syntax::method::Argument;
use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{Generics, Token, Type, Visibility, WhereClause, ext::IdentExt, token};

/// Words before the type of a child that is no plain server.
pub(crate) const KINDS: [&str; 4] = ["supervisor", "partition", "dynamic", "pool"];

/// `pub Bank<S: Store>(store: S) where S: Clone { .. }`
pub(crate) struct Tree {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) parameters: Vec<Argument>,
    pub(crate) entries: Vec<Entry>,
}

/// What stands between two commas.
pub(crate) struct Entry {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) value: Value,
    /// Whether a `,` before it is missing.
    pub(crate) is_glued: bool,
    /// The `=` that stands where a `:` belongs.
    pub(crate) equals: Option<Token![=]>,
}

/// What stands after the name.
pub(crate) enum Value {
    /// `Account(config.opening) { restart: transient }`, `dynamic Conn { max: 1000 }`
    Child { kind: Option<Ident>, ty: Box<Type>, arguments: Option<Group>, options: TokenStream },
    /// Anything else, such as `rest_for_one` and `5 in 30s`.
    Other(TokenStream),
}

/// The tree, or what is wrong with its head.
pub(crate) fn parse(tokens: TokenStream) -> syn::Result<(Tree, Vec<syn::Error>)> {
    let mut errors = Vec::new();
    let parse = |input: ParseStream<'_>| Tree::parse(input, &mut errors);
    let tree = Parser::parse2(parse, tokens)?;
    Ok((tree, errors))
}

impl Tree {
    fn parse(input: ParseStream<'_>, errors: &mut Vec<syn::Error>) -> syn::Result<Self> {
        let attributes = Attribute::parse_outer(input)?;
        let visibility: Visibility = input.parse()?;
        if input.peek(Token![struct]) {
            let word: Token![struct] = input.parse()?;
            errors.push(syn::Error::new_spanned(
                word,
                "a tree is declared without `struct`\n= help: remove it",
            ));
        }
        let ident = Self::parse_name(input)?;
        let mut generics: Generics = input.parse()?;
        let mut parameters = Vec::new();
        if input.peek(token::Paren) {
            let group: Group = input.parse()?;
            match parse_parameters.parse2(group.stream()) {
                Ok(written) => parameters = written,
                Err(error) => errors.push(error),
            }
        }
        generics.where_clause = input.parse::<Option<WhereClause>>()?;
        let content;
        syn::braced!(content in input);
        let mut entries: Vec<Entry> = Vec::new();
        let (mut is_glued, mut has_semicolon) = (false, false);
        while !content.is_empty() {
            match Entry::parse(&content, is_glued) {
                Ok(entry) => entries.push(entry),
                Err(error) => {
                    errors.push(error);
                    skip_to_comma(&content)?;
                }
            }
            is_glued = content.parse::<Option<Token![,]>>()?.is_none();
            if let (true, Some(semicolon)) = (is_glued, content.parse::<Option<Token![;]>>()?) {
                is_glued = false;
                if !std::mem::replace(&mut has_semicolon, true) {
                    let message =
                        "the entries of a tree are separated by `,`\n= help: write `,` in the place of `;`";
                    errors.push(syn::Error::new_spanned(semicolon, message));
                }
            }
        }
        Ok(Tree { attributes, visibility, ident, generics, parameters, entries })
    }
}

impl Tree {
    fn parse_name(input: ParseStream<'_>) -> syn::Result<Ident> {
        if input.is_empty() || input.peek(token::Brace) || input.peek(token::Paren) {
            let example = "write `Shop { strategy: one_for_one, cache: Cache(64) }`";
            return Err(syn::Error::new(input.span(), format!("a tree needs a name\n= help: {example}")));
        }
        input.parse()
    }
}

fn parse_parameters(input: ParseStream<'_>) -> syn::Result<Vec<Argument>> {
    let mut parameters = Vec::new();
    while !input.is_empty() {
        Attribute::parse_outer(input)?;
        let Some(parameter) = Argument::parse(input)? else {
            return Err(input.error("a tree cannot be variadic"));
        };
        parameters.push(parameter);
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(parameters)
}

impl Entry {
    fn parse(input: ParseStream<'_>, is_glued: bool) -> syn::Result<Self> {
        let attributes = Attribute::parse_outer(input)?;
        if !input.peek(Ident::peek_any) {
            return Err(input.error("expected a child such as `cache: Cache(64)`"));
        }
        let name = Ident::parse_any(input)?;
        let equals: Option<Token![=]> = input.parse()?;
        if equals.is_none() && (!input.peek(Token![:]) || input.peek(Token![::])) {
            return Err(syn::Error::new(name.span(), "expected a child such as `cache: Cache(64)`"));
        }
        input.parse::<Option<Token![:]>>()?;
        let value = Value::parse(input)?;
        Ok(Entry { attributes, name, value, is_glued, equals })
    }
}

impl Value {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        if let Ok(child) = Value::parse_child(&ahead) {
            input.advance_to(&ahead);
            return Ok(child);
        }
        let mut tokens = TokenStream::new();
        // What follows without a comma but looks like the next entry is the next entry.
        while !is_end(input) && (tokens.is_empty() || !begins_entry(input)) {
            input.parse::<TokenTree>()?.to_tokens(&mut tokens);
        }
        Ok(Value::Other(tokens))
    }
}

impl Value {
    fn parse_child(input: ParseStream<'_>) -> syn::Result<Self> {
        let kind = parse_kind(input)?;
        let ty = Box::new(parse_path_type(input)?);
        let is_known = kind.as_ref().is_some_and(|kind| KINDS.iter().any(|known| kind == known));
        let has_arguments = input.peek(token::Paren);
        // Without arguments a child has to have a word before it; one that nobody knows needs more to be one.
        let is_child = has_arguments || is_known || kind.is_some() && input.peek(token::Brace);
        if !is_child {
            return Err(input.error("expected the arguments of a child"));
        }
        let arguments = if has_arguments { Some(input.parse()?) } else { None };
        let options =
            if input.peek(token::Brace) { input.parse::<Group>()?.stream() } else { TokenStream::new() };
        Ok(Value::Child { kind, ty, arguments, options })
    }
}

/// The `dynamic` of `dynamic Conn`.
///
/// `supervisor ::books::Shelf` and `supervisor::books::Shelf` are the same tokens: they are a path.
fn parse_kind(input: ParseStream<'_>) -> syn::Result<Option<Ident>> {
    let ahead = input.fork();
    let word = Ident::parse_any(&ahead)?;
    if !ahead.peek(Ident::peek_any) {
        return Ok(None);
    }
    input.advance_to(&ahead);
    Ok(Some(word))
}

/// `Cache` or `Cache { size: 64 }`, which were meant to be a child.
pub(crate) fn parse_server(tokens: TokenStream) -> syn::Result<Type> {
    let parse = |input: ParseStream<'_>| {
        let ty = parse_path_type(input)?;
        if input.peek(token::Brace) {
            input.parse::<Group>()?;
        }
        Ok(ty)
    };
    parse.parse2(tokens)
}

/// `bank::Account<Eur>`: a path whose parentheses, if any, are not part of it.
fn parse_path_type(input: ParseStream<'_>) -> syn::Result<Type> {
    // `Fn(A) -> B` would be read as one type; a path in the style of modules stops before the parentheses.
    let ahead = input.fork();
    let path = syn::Path::parse_mod_style(&ahead)?;
    if !ahead.peek(Token![<]) {
        input.advance_to(&ahead);
        return Ok(Type::Path(syn::TypePath { attrs: Vec::new(), qself: None, path }));
    }
    input.parse()
}

fn begins_entry(input: ParseStream<'_>) -> bool {
    input.peek(Token![#]) || input.peek(Ident::peek_any) && input.peek2(Token![:]) && !input.peek2(Token![::])
}

fn is_end(input: ParseStream<'_>) -> bool {
    input.is_empty() || input.peek(Token![,]) || input.peek(Token![;])
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !is_end(input) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
