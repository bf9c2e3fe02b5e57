//! A method of the block: its signature, around a body that stays one token.
//!
//! syn reads methods only with its feature `full`, and reads their bodies then; a body that is being typed would
//! fail in the macro and take every other method with it.

use crate::syntax::attribute::Attribute;
use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{
    Generics, Lifetime, LitStr, ReturnType, Token, Type, Visibility, WhereClause, ext::IdentExt, token,
};

/// One `fn` of the block.
pub(crate) struct Method {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) qualifiers: Qualifiers,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) receiver: Option<Receiver>,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) variadic: Option<Token![...]>,
    pub(crate) output: ReturnType,
    /// All but the attributes, as written.
    pub(crate) original: TokenStream,
}

/// The words before `fn`.
#[derive(Default)]
pub(crate) struct Qualifiers {
    pub(crate) defaultness: Option<Ident>,
    pub(crate) constness: Option<Token![const]>,
    pub(crate) asyncness: Option<Token![async]>,
    pub(crate) unsafety: Option<Token![unsafe]>,
    pub(crate) linkage: Option<(Token![extern], Option<LitStr>)>,
}

/// What is said of an argument without a type. Of a method rustc has said so before.
pub(crate) const UNTYPED: &str = "expected a name with a type, such as `amount: u64`";

/// How a method takes the server.
pub(crate) struct Receiver {
    pub(crate) form: Form,
    pub(crate) is_mutable: bool,
    pub(crate) tokens: TokenStream,
}

/// The forms of a receiver that mean something different.
pub(crate) enum Form {
    /// `&self`, `&mut self`, and the same spelled with a type.
    Borrowed,
    /// `self`, `mut self`
    Value,
    /// `self: Arc<Self>`
    Typed,
}

/// One argument after the receiver.
pub(crate) struct Argument {
    pub(crate) pattern: TokenStream,
    /// The name that the pattern is, if it is no more than a name.
    pub(crate) name: Option<Ident>,
    pub(crate) ty: Type,
}

impl Method {
    /// Parses what follows the attributes.
    pub(crate) fn parse(attributes: Vec<Attribute>, input: ParseStream<'_>) -> syn::Result<Self> {
        let visibility: Visibility = input.parse()?;
        let qualifiers = Qualifiers::parse(input)?;
        let fn_token: Token![fn] = input.parse()?;
        let ident = Ident::parse_any(input)?;
        let mut generics: Generics = input.parse()?;
        let inputs: Group = input.parse()?;
        let output: ReturnType = input.parse()?;
        generics.where_clause = input.parse::<Option<WhereClause>>()?;
        let body: TokenTree = input.parse()?;
        let where_clause = &generics.where_clause;
        let original =
            quote!(#visibility #qualifiers #fn_token #ident #generics #inputs #output #where_clause #body);
        let Inputs { receiver, arguments, variadic } = Inputs::parse.parse2(inputs.stream())?;
        Ok(Method {
            attributes,
            visibility,
            qualifiers,
            ident,
            generics,
            receiver,
            arguments,
            variadic,
            output,
            original,
        })
    }
}

impl Qualifiers {
    /// In any order: rustc has the word on which order is right.
    pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut qualifiers = Qualifiers::default();
        loop {
            if input.peek(Token![const]) {
                qualifiers.constness = Some(input.parse()?);
            } else if input.peek(Token![async]) {
                qualifiers.asyncness = Some(input.parse()?);
            } else if input.peek(Token![unsafe]) {
                qualifiers.unsafety = Some(input.parse()?);
            } else if input.peek(Token![extern]) {
                qualifiers.linkage = Some((input.parse()?, input.parse()?));
            } else if input.peek(Token![default]) {
                qualifiers.defaultness = Some(Ident::parse_any(input)?);
            } else {
                return Ok(qualifiers);
            }
        }
    }
}

impl ToTokens for Qualifiers {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Qualifiers { defaultness, constness, asyncness, unsafety, linkage } = self;
        let (linkage, abi) = linkage.as_ref().map_or((None, None), |(word, abi)| (Some(word), abi.as_ref()));
        tokens.extend(quote!(#defaultness #constness #asyncness #unsafety #linkage #abi));
    }
}

struct Inputs {
    receiver: Option<Receiver>,
    arguments: Vec<Argument>,
    variadic: Option<Token![...]>,
}

impl Inputs {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut inputs = Inputs { receiver: None, arguments: Vec::new(), variadic: None };
        let mut is_first = true;
        while !input.is_empty() {
            Attribute::parse_outer(input)?;
            if is_first && begins_receiver(input) {
                inputs.receiver = Some(Receiver::parse(input)?);
            } else if input.peek(Token![...]) {
                inputs.variadic = Some(input.parse()?);
            } else if let Some(argument) = Argument::parse(input)? {
                inputs.arguments.push(argument);
            } else {
                inputs.variadic = Some(input.parse()?);
            }
            is_first = false;
            if input.is_empty() {
                break;
            }
            input.parse::<Token![,]>()?;
        }
        Ok(inputs)
    }
}

fn begins_receiver(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    if ahead.parse::<Option<Token![&]>>().is_ok_and(|and| and.is_some()) {
        let _ = ahead.parse::<Option<Lifetime>>();
    }
    let _ = ahead.parse::<Option<Token![mut]>>();
    ahead.peek(Token![self]) && !ahead.peek2(Token![::])
}

impl Receiver {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let and: Option<Token![&]> = input.parse()?;
        let lifetime: Option<Lifetime> = if and.is_some() { input.parse()? } else { None };
        let mutability: Option<Token![mut]> = input.parse()?;
        let word: Token![self] = input.parse()?;
        let colon: Option<Token![:]> = input.parse()?;
        let ty: Option<Type> = if colon.is_some() { Some(input.parse()?) } else { None };
        let form = match (&and, &ty) {
            (Some(_), _) | (None, Some(Type::Reference(_))) => Form::Borrowed,
            (None, Some(Type::Path(path))) if path.path.is_ident("Self") => Form::Value,
            (None, Some(_)) => Form::Typed,
            (None, None) => Form::Value,
        };
        let is_mutable = mutability.is_some()
            || matches!(&ty, Some(Type::Reference(reference)) if reference.mutability.is_some());
        Ok(Receiver { form, is_mutable, tokens: quote!(#and #lifetime #mutability #word #colon #ty) })
    }
}

impl Argument {
    /// `None` where an argument is `args: ...`.
    pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Option<Self>> {
        let mut pattern = TokenStream::new();
        while !input.peek(Token![:]) || input.peek(Token![::]) {
            if input.is_empty() || input.peek(Token![,]) {
                return Err(syn::Error::new_spanned(pattern, UNTYPED));
            }
            // Both halves of a `::` at once, so that the loop never stands between them.
            if input.peek(Token![::]) {
                input.parse::<Token![::]>()?.to_tokens(&mut pattern);
            } else {
                input.parse::<TokenTree>()?.to_tokens(&mut pattern);
            }
        }
        input.parse::<Token![:]>()?;
        if input.peek(Token![...]) {
            return Ok(None);
        }
        let ty = input.parse()?;
        let name = name_of.parse2(pattern.clone()).ok();
        Ok(Some(Argument { pattern, name, ty }))
    }

    /// Whether the pattern is `_`.
    pub(crate) fn is_ignored(&self) -> bool {
        syn::parse2::<Token![_]>(self.pattern.clone()).is_ok()
    }
}

/// Of `amount` and `mut amount` the name.
fn name_of(input: ParseStream<'_>) -> syn::Result<Ident> {
    input.parse::<Option<Token![mut]>>()?;
    input.parse()
}

/// Whether what comes next, after attributes, is a method.
pub(crate) fn begins_method(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    ahead.parse::<Visibility>().is_ok() && Qualifiers::parse(&ahead).is_ok() && ahead.peek(Token![fn])
}

/// Takes one item that is not looked into: up to a `;` or with its braces.
pub(crate) fn parse_opaque(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    while !input.is_empty() {
        // `const TABLE: [u8; 2] = { .. };` goes on after its braces.
        let is_end = input.peek(Token![;]) || (input.peek(token::Brace) && !input.peek2(Token![;]));
        input.parse::<TokenTree>()?.to_tokens(&mut tokens);
        if is_end {
            break;
        }
    }
    Ok(tokens)
}
