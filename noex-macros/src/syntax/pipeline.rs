//! A pipeline as it was written: what goes in, what comes out, and stages and options in one list, `name: ..`.

use crate::syntax::attribute::Attribute;
use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{Path, Token, Type, Visibility, ext::IdentExt, token};

/// `pub Ingest: RawRequest => StoredResult { .. }`
pub(crate) struct Pipeline {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) ident: Ident,
    pub(crate) input: Type,
    pub(crate) output: Type,
    pub(crate) entries: Vec<Entry>,
}

/// What stands between two commas.
pub(crate) struct Entry {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) value: Value,
    /// Whether a `,` before it is missing.
    pub(crate) is_glued: bool,
}

/// What stands after the name.
pub(crate) enum Value {
    /// `Parser::parse { concurrency: 4 }`
    Stage { path: Path, options: TokenStream },
    /// Anything else, such as `kept`.
    Other(TokenStream),
}

/// The pipeline, or what is wrong with its head.
pub(crate) fn parse(tokens: TokenStream) -> syn::Result<(Pipeline, Vec<syn::Error>)> {
    let mut errors = Vec::new();
    let parse = |input: ParseStream<'_>| Pipeline::parse(input, &mut errors);
    let pipeline = Parser::parse2(parse, tokens)?;
    Ok((pipeline, errors))
}

impl Pipeline {
    fn parse(input: ParseStream<'_>, errors: &mut Vec<syn::Error>) -> syn::Result<Self> {
        const HEAD: &str = "write `Ingest: Request => Response { parse: Parser::parse }`";
        let attributes = Attribute::parse_outer(input)?;
        let visibility: Visibility = input.parse()?;
        if !input.peek(Ident::peek_any) {
            return Err(syn::Error::new(input.span(), format!("a pipeline needs a name\n= help: {HEAD}")));
        }
        let ident: Ident = input.parse()?;
        if !input.peek(Token![:]) {
            let message = format!("a pipeline says what goes in and what comes out\n= help: {HEAD}");
            return Err(syn::Error::new(ident.span(), message));
        }
        input.parse::<Token![:]>()?;
        let from: Type = input.parse()?;
        if !input.peek(Token![=>]) {
            let message = format!("a pipeline says what comes out\n= help: {HEAD}");
            return Err(syn::Error::new_spanned(from, message));
        }
        input.parse::<Token![=>]>()?;
        let output: Type = input.parse()?;
        let content;
        syn::braced!(content in input);
        let mut entries = Vec::new();
        let mut is_glued = false;
        while !content.is_empty() {
            match Entry::parse(&content, is_glued) {
                Ok(entry) => entries.push(entry),
                Err(error) => {
                    errors.push(error);
                    while !content.is_empty() && !content.peek(Token![,]) {
                        content.parse::<TokenTree>()?;
                    }
                }
            }
            is_glued = content.parse::<Option<Token![,]>>()?.is_none();
        }
        Ok(Pipeline { attributes, visibility, ident, input: from, output, entries })
    }
}

impl Entry {
    fn parse(input: ParseStream<'_>, is_glued: bool) -> syn::Result<Self> {
        const EXAMPLE: &str = "expected a stage such as `parse: Parser::parse`";
        let attributes = Attribute::parse_outer(input)?;
        if !input.peek(Ident::peek_any) {
            return Err(input.error(EXAMPLE));
        }
        let name = Ident::parse_any(input)?;
        if !input.peek(Token![:]) || input.peek(Token![::]) {
            return Err(syn::Error::new(name.span(), EXAMPLE));
        }
        input.parse::<Token![:]>()?;
        Ok(Entry { attributes, name, value: Value::parse(input)?, is_glued })
    }
}

impl Value {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        if let Ok(path) = ahead.parse::<Path>()
            && path.segments.len() > 1
        {
            let options =
                if ahead.peek(token::Brace) { ahead.parse::<Group>()?.stream() } else { TokenStream::new() };
            input.advance_to(&ahead);
            return Ok(Value::Stage { path, options });
        }
        let mut tokens = TokenStream::new();
        // What follows without a comma but looks like the next entry is the next entry.
        while !input.is_empty() && !input.peek(Token![,]) && (tokens.is_empty() || !begins_entry(input)) {
            input.parse::<TokenTree>()?.to_tokens(&mut tokens);
        }
        Ok(Value::Other(tokens))
    }
}

fn begins_entry(input: ParseStream<'_>) -> bool {
    input.peek(Ident::peek_any) && input.peek2(Token![:]) && !input.peek2(Token![::])
}
