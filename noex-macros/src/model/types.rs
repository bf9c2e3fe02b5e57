//! Questions about types as they were written.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{GenericArgument, Lifetime, PathArguments, ReturnType, Type};

/// `ty` with the type of the server in the place of `Self`, for where `Self` is something else.
pub(crate) fn without_self(ty: &dyn ToTokens, server: &Type) -> TokenStream {
    replace(ty.to_token_stream(), server)
}

fn replace(tokens: TokenStream, server: &Type) -> TokenStream {
    let mut output = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word == "Self" => {
                let is_prefix =
                    matches!(tokens.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
                output.extend(if is_prefix { quote!(<#server>) } else { quote!(#server) });
            }
            TokenTree::Group(group) => {
                let mut replaced = Group::new(group.delimiter(), replace(group.stream(), server));
                replaced.set_span(group.span());
                output.extend([TokenTree::Group(replaced)]);
            }
            other => output.extend([other]),
        }
    }
    output
}

/// Whether the word `name` stands anywhere in the tokens.
pub(crate) fn mentions(tokens: &dyn ToTokens, name: &Ident) -> bool {
    fn find(tokens: TokenStream, name: &Ident) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(word) => word == *name,
            TokenTree::Group(group) => find(group.stream(), name),
            _ => false,
        })
    }
    find(tokens.to_token_stream(), name)
}

/// `ty` with `'static` in the place of every other lifetime.
pub(crate) fn static_type(ty: &Type) -> Type {
    fn replace(tokens: TokenStream) -> TokenStream {
        let mut is_lifetime = false;
        let token = |mut token: TokenTree| {
            match &mut token {
                TokenTree::Ident(name) if is_lifetime => *name = Ident::new("static", name.span()),
                TokenTree::Group(group) => {
                    let span = group.span();
                    *group = Group::new(group.delimiter(), replace(group.stream()));
                    group.set_span(span);
                }
                _ => {}
            }
            is_lifetime = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '\'');
            token
        };
        tokens.into_iter().map(token).collect()
    }
    // A lifetime for a lifetime: what was a type still is one.
    syn::parse2(replace(ty.to_token_stream())).unwrap_or_else(|_| ty.clone())
}

/// What keeps a type from travelling in a message.
pub(crate) enum Fault<'a> {
    /// `&T`, anywhere in the type; the whole type is it
    Borrow(&'a Type),
    /// `Cow<'a, str>`
    Lifetime(&'a Lifetime),
    ImplTrait(&'a Type),
    /// `dyn Job`, `str`, `[T]` without a box
    Unsized(&'a Type),
    Infer(&'a Type),
}

/// The first thing in `ty` that a message cannot hold, outermost first.
///
/// What stands inside `Fn(..)`, `fn(..)` and trait objects is left alone: lifetimes there are bound there.
pub(crate) fn fault(ty: &Type) -> Option<Fault<'_>> {
    match ty {
        Type::TraitObject(_) | Type::Slice(_) => Some(Fault::Unsized(ty)),
        Type::Path(path) if path.qself.is_none() && path.path.is_ident("str") => Some(Fault::Unsized(ty)),
        Type::Paren(paren) => fault(&paren.elem),
        Type::Group(group) => fault(&group.elem),
        _ => inner_fault(ty),
    }
}

/// As [`fault`], where a type without a size is fine: `Box<dyn Job>`.
fn inner_fault(ty: &Type) -> Option<Fault<'_>> {
    match ty {
        Type::Reference(reference) => match &reference.lifetime {
            Some(lifetime) if lifetime.ident == "static" => inner_fault(&reference.elem),
            _ => Some(Fault::Borrow(ty)),
        },
        Type::ImplTrait(_) => Some(Fault::ImplTrait(ty)),
        Type::Infer(_) => Some(Fault::Infer(ty)),
        Type::Array(array) => inner_fault(&array.elem),
        Type::Slice(slice) => inner_fault(&slice.elem),
        Type::Paren(paren) => inner_fault(&paren.elem),
        Type::Group(group) => inner_fault(&group.elem),
        Type::Tuple(tuple) => tuple.elems.iter().find_map(inner_fault),
        Type::Path(path) => path.path.segments.iter().find_map(|segment| match &segment.arguments {
            PathArguments::AngleBracketed(generic) => {
                generic.args.iter().find_map(|argument| match argument {
                    GenericArgument::Type(ty) => inner_fault(ty),
                    GenericArgument::Lifetime(lifetime) if lifetime.ident != "static" => {
                        Some(Fault::Lifetime(lifetime))
                    }
                    GenericArgument::AssocType(assoc) => inner_fault(&assoc.ty),
                    _ => None,
                })
            }
            _ => None,
        }),
        _ => None,
    }
}

/// The owned type that is meant where `ty` is borrowed: for `&str` it is `String`.
pub(crate) fn owned(ty: &Type) -> Option<TokenStream> {
    let Type::Reference(reference) = ty else { return None };
    match &*reference.elem {
        Type::Slice(slice) => {
            let elem = &slice.elem;
            Some(quote!(Vec<#elem>))
        }
        Type::Path(path) if path.path.is_ident("str") => Some(quote!(String)),
        Type::Path(path) => match path.path.segments.last()?.ident.to_string().as_str() {
            "Path" => Some(quote!(PathBuf)),
            "OsStr" => Some(quote!(OsString)),
            "CStr" => Some(quote!(CString)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether `ty` is the server's context, by its look: a borrowed `Context`, or one of `Self` by value, which is a
/// mistake. That it is noex's is for rustc to say, because the handler is called with one.
pub(crate) fn is_context(ty: &Type) -> bool {
    match ungrouped(ty) {
        Type::Reference(reference) => {
            last_segment(&reference.elem).is_some_and(|segment| segment.ident == "Context")
        }
        ty => context_of(ty).is_some_and(|of| text(of) == "Self"),
    }
}

/// The type in `&mut Context<..>`, if it is neither `Self` nor what the server is called.
pub(crate) fn other_context<'a>(ty: &'a Type, server: &Ident) -> Option<&'a Type> {
    let Type::Reference(reference) = ungrouped(ty) else { return None };
    let of = context_of(&reference.elem)?;
    let is_own = last_segment(of).is_none_or(|segment| segment.ident == "Self" || segment.ident == *server);
    (!is_own).then_some(of)
}

/// The type that a `Context<..>` is of.
fn context_of(ty: &Type) -> Option<&Type> {
    let segment = last_segment(ty).filter(|segment| segment.ident == "Context")?;
    let PathArguments::AngleBracketed(generic) = &segment.arguments else { return None };
    generic.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Whether `ty` is the address of a reply, by its look; that it is noex's is for rustc to say, because the
/// handler is called with one.
pub(crate) fn is_reply_to(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == "ReplyTo")
}

/// Of `ReplyTo<T>` the `T`; `None` for `()`, and where nothing is written.
pub(crate) fn reply_of(ty: &Type) -> Option<&Type> {
    let PathArguments::AngleBracketed(generic) = &last_segment(ty)?.arguments else { return None };
    let reply = generic.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })?;
    match ungrouped(reply) {
        Type::Tuple(tuple) if tuple.elems.is_empty() => None,
        _ => Some(reply),
    }
}

/// The type without the invisible group in which a `macro_rules!` hands it over as `$ty:ty`.
pub(crate) fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped(&group.elem),
        ty => ty,
    }
}

/// The type after the arrow; `()` is no type.
pub(crate) fn written_output(output: &ReturnType) -> Option<&Type> {
    match output {
        ReturnType::Type(_, ty) => match ungrouped(ty) {
            Type::Tuple(tuple) if tuple.elems.is_empty() => None,
            _ => Some(ty),
        },
        ReturnType::Default => None,
    }
}

/// The generic types of `Result<..>`; `None` where `ty` has another name or the name stands alone.
///
/// `fmt::Result` and a user's own `Result` stay what they are. That a `Result<..>` really is the one of std is
/// asserted in the expansion.
pub(crate) fn result_arguments_of(output: Option<&Type>) -> Option<Vec<&Type>> {
    let segment = last_segment(output?).filter(|segment| segment.ident == "Result")?;
    let PathArguments::AngleBracketed(generic) = &segment.arguments else { return None };
    let types = generic.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    Some(types.collect())
}

/// Whether `ty` is written `Result<..>`.
pub(crate) fn is_result(ty: &Type) -> bool {
    result_arguments_of(Some(ty)).is_some()
}

/// Whether `ty` is written `Result<..>` with other arguments than std's, such as `io::Result<u64>`: what it is made of
/// is for its type to say.
pub(crate) fn is_short_result(ty: &Type) -> bool {
    result_arguments_of(Some(ty)).is_some_and(|arguments| arguments.len() != 2)
}

/// The last segment of a type that is a path.
pub(crate) fn last_segment(ty: &Type) -> Option<&syn::PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        Type::Paren(paren) => last_segment(&paren.elem),
        Type::Group(group) => last_segment(&group.elem),
        _ => None,
    }
}

/// A type as the user wrote it, on one line, for a message.
pub(crate) fn text(tokens: &dyn ToTokens) -> String {
    let spaced = tokens.to_token_stream().to_string();
    let tight_before = [" ,", " >", " <", " :", " )", " ]", " ;", " !", " ("];
    let tight_after = ["< ", ":: ", "( ", "[ ", "& ", "' "];
    let mut text = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    for pair in tight_before {
        text = text.replace(pair, pair.trim_start());
    }
    for pair in tight_after {
        text = text.replace(pair, pair.trim_end());
    }
    text
}
