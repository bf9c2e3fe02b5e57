//! Rules over what travels: arguments and replies own their data.

use crate::diag::Diag;
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use crate::model::types::{Fault, fault, is_reply_to, owned, text};
use crate::syntax::method::Argument;
use proc_macro2::{TokenStream, TokenTree};
use syn::{Type, TypeParamBound};

pub(crate) fn check(handler: &Handler, argument: &Argument, diag: &mut Diag) {
    // The exit reason comes as a borrow or as a value, whichever the method likes.
    if handler.kind == Kind::Terminate {
        return;
    }
    check_pattern(handler, argument, diag);
    check_type(argument, diag);
}

fn check_pattern(handler: &Handler, argument: &Argument, diag: &mut Diag) {
    // The message of an info handler has no name in the message.
    if argument.name.is_some() || (argument.is_ignored() || handler.kind.takes_one_message()) {
        if argument.is_ignored() && !handler.kind.takes_one_message() {
            diag.error(
                &argument.pattern,
                "a handler argument needs a name, because its message has a field for it",
            )
            .help(format!("write `_unused: {}`", text(&argument.ty)));
        }
        return;
    }
    let (pattern, ty) = (text(&argument.pattern), text(&argument.ty));
    let name = if pattern.starts_with('(') { "pair" } else { "value" };
    diag.error(&argument.pattern, "a handler argument needs a name")
        .help(format!("write `{name}: {ty}`, then `let {pattern} = {name};`"));
}

fn check_type(argument: &Argument, diag: &mut Diag) {
    let name = argument.name.as_ref().map_or_else(|| "_".to_string(), ToString::to_string);
    let borrowed = format!("handler argument `{name}` is borrowed, but arguments travel in a message");
    match fault(&argument.ty) {
        None => {}
        Some(Fault::Borrow(ty)) => diag.error(ty, borrowed).help(by_value(ty)),
        Some(Fault::Lifetime(lifetime)) => {
            diag.error(lifetime, borrowed).help("use `'static`, or an owned type");
        }
        Some(Fault::ImplTrait(ty)) => {
            diag.error(ty, "a message needs a concrete type").help(concrete(ty));
        }
        Some(Fault::Unsized(ty)) => {
            diag.error(ty, "a message needs a sized type").help(boxed(ty));
        }
        Some(Fault::Infer(ty)) => {
            diag.error(ty, "a message needs a written type").help("write the type in the place of `_`");
        }
    }
}

/// A reply is handed to another task, so it owns its data too.
pub(crate) fn check_reply(output: &Type, diag: &mut Diag) {
    match fault(output) {
        None => {}
        Some(Fault::Borrow(ty)) => {
            let owned = owned(ty).unwrap_or_else(|| without_borrow(ty));
            diag.error(ty, "a reply cannot borrow from the server")
                .help(format!("return `{}`", text(&owned)));
        }
        Some(Fault::Lifetime(lifetime)) => diag
            .error(lifetime, "a reply cannot borrow from the server")
            .help("use `'static`, or return an owned type"),
        Some(Fault::ImplTrait(ty)) => {
            let help = match bound(ty) {
                Some((name, _)) if name.ends_with("Iterator") => "collect into a `Vec`".to_string(),
                Some((name, _)) if name == "Future" => {
                    "write an `async fn` that returns its output".to_string()
                }
                _ => "name the type, or box it: `Box<dyn .. + Send>`".to_string(),
            };
            diag.error(ty, "a reply needs a concrete type").help(help);
        }
        Some(Fault::Unsized(ty)) => {
            diag.error(ty, "a reply needs a sized type").help(boxed(ty));
        }
        Some(Fault::Infer(ty)) => {
            diag.error(ty, "a reply needs a written type").help("write the type in the place of `_`");
        }
    }
}

/// The result of `#[init]` names its types, which the associated types repeat.
pub(crate) fn check_state(output: &Type, diag: &mut Diag) {
    let message = "the result of `#[init]` needs a concrete, owned type";
    let help = "return `Self`, `Result<Self, E>` or `Init<Self>`";
    match fault(output) {
        None => {}
        Some(Fault::ImplTrait(ty) | Fault::Infer(ty) | Fault::Borrow(ty) | Fault::Unsized(ty)) => {
            diag.error(ty, message).help(help);
        }
        Some(Fault::Lifetime(lifetime)) => diag.error(lifetime, message).help(help),
    }
}

fn by_value(ty: &Type) -> String {
    let Type::Reference(reference) = ty else { return "take it by value".into() };
    if is_reply_to(&reference.elem) {
        return format!("take `{}` by value: it answers once", text(&reference.elem));
    }
    if reference.mutability.is_some() {
        return "take it by value and return it".into();
    }
    if let Some(owned) = owned(ty) {
        format!("use `{}`", text(&owned))
    } else {
        let inner = text(&reference.elem);
        match &*reference.elem {
            Type::TraitObject(_) => format!("use `Box<{inner} + Send>`"),
            _ => format!("take `{inner}` by value, or share it as `Arc<{inner}>`"),
        }
    }
}

/// The type under all `&`.
fn without_borrow(ty: &Type) -> TokenStream {
    match ty {
        Type::Reference(reference) => without_borrow(&reference.elem),
        other => quote::quote!(#other),
    }
}

/// `impl Into<String>` stands for a `String`.
fn concrete(ty: &Type) -> String {
    match bound(ty) {
        Some((name, Some(inner))) if name == "Into" => format!("use `{inner}`"),
        Some((name, Some(inner))) if name == "AsRef" => match inner.as_str() {
            "str" => "use `String`".into(),
            "Path" => "use `PathBuf`".into(),
            inner => format!("use `{inner}`"),
        },
        Some((name, _)) if name == "ToString" || name == "Display" => "use `String`".into(),
        Some((name, Some(inner))) if name.ends_with("Iterator") => {
            format!("use `Vec<{}>`", inner.trim_start_matches("Item =").trim())
        }
        _ => "name the type, or box it: `Box<dyn .. + Send>`".into(),
    }
}

/// The name of the first trait of `impl Trait<Inner>`, and what it is generic over.
fn bound(ty: &Type) -> Option<(String, Option<String>)> {
    let Type::ImplTrait(ty) = ty else { return None };
    let segment = ty.bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last(),
        _ => None,
    })?;
    let inner = match &segment.arguments {
        syn::PathArguments::AngleBracketed(generic) => Some(text(&generic.args)),
        _ => None,
    };
    Some((segment.ident.to_string(), inner))
}

fn boxed(ty: &Type) -> String {
    match ty {
        Type::TraitObject(object) => {
            let is_send = object
                .bounds
                .iter()
                .any(|bound| matches!(bound, TypeParamBound::Trait(bound) if bound.path.is_ident("Send")));
            let send = if is_send { "" } else { " + Send" };
            format!("use `Box<{}{send}>`", text(ty))
        }
        Type::Slice(slice) => format!("use `Vec<{}>`", text(&slice.elem)),
        ty if matches!(quote::quote!(#ty).into_iter().next(), Some(TokenTree::Ident(word)) if word == "str") => {
            "use `String`".into()
        }
        ty => format!("use `Box<{}>`", text(ty)),
    }
}
