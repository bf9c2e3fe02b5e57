//! Rules over a whole server: its header, and how its handlers get along.

use crate::check::handler;
use crate::diag::Diag;
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use crate::model::server::{Header, Server, Unnamed};
use crate::model::types::{Fault, fault, text};
use crate::names::{GIVEN, RESERVED};
use crate::syntax::block::Item;
use proc_macro2::Ident;
use quote::ToTokens;
use std::collections::HashMap;
use syn::{GenericParam, Lifetime};

/// Which handlers are free of errors, in the order of `Server::handlers`.
pub(crate) struct Verdict {
    pub(crate) is_sound: Vec<bool>,
}

pub(crate) fn check(server: &Server, diag: &mut Diag) -> Verdict {
    check_header(&server.header, diag);
    check_items(&server.others, diag);
    let mut is_sound: Vec<bool> = server
        .handlers
        .iter()
        .map(|handler| {
            let before = diag.count();
            handler::check(handler, diag);
            check_name(server, handler.ident(), Some(handler.kind), diag);
            diag.count() == before
        })
        .collect();
    for helper in &server.helpers {
        check_name(server, &helper.ident, None, diag);
    }
    check_singles(server, &mut is_sound, diag);
    check_variants(server, &mut is_sound, diag);
    check_messages(server, &mut is_sound, diag);
    if server.of_kind(Kind::Init).next().is_none() && !has_broken_init(&server.others) {
        diag.error(&server.header.self_ty, format!("`{}` has no `#[init]` method", server.ident))
            .help("add `#[init] fn init() -> Self { .. }`");
    }
    Verdict { is_sound }
}

/// A type that names cannot be derived from.
pub(crate) fn check_unnamed(unnamed: &Unnamed, diag: &mut Diag) {
    check_header(&unnamed.header, diag);
    check_items(&unnamed.items, diag);
    diag.error(&unnamed.header.self_ty, "a server must be a named type")
        .help("wrap it: `struct Server { .. }`, then `impl Server`");
}

fn check_header(header: &Header, diag: &mut Diag) {
    // On `unsafe impl Counter` and `impl !Counter` rustc has the word, before any macro sees them.
    if let Some(marker) = header.marker.as_ref().filter(|marker| text(*marker) == "const") {
        diag.error(marker, "a server's impl block cannot be `const`").help("remove `const`");
    }
    if let Some(trait_) = &header.trait_ {
        diag.error(trait_, "handlers go in an inherent impl").help(format!("remove `{}`", text(trait_)));
    }
    let mut report = |lifetime: &Lifetime| {
        diag.error(lifetime, "a server cannot have lifetime parameters, because it outlives its starter")
            .help(format!("own the data, or write `'static` for `{lifetime}`"));
    };
    for parameter in &header.generics.params {
        if let GenericParam::Lifetime(parameter) = parameter {
            report(&parameter.lifetime);
        }
    }
    // `impl Counter<'_>` has one without declaring it.
    if let Some(Fault::Lifetime(lifetime)) = fault(&header.self_ty)
        && lifetime.ident == "_"
    {
        report(lifetime);
    }
}

fn check_items(items: &[Item], diag: &mut Diag) {
    for item in items {
        match item {
            Item::Macro(_, name) => diag
                .error(name, format!("`{name}!` is not looked into, so handlers it makes would not be seen"))
                .help("write handlers out; other methods go in a plain `impl` block"),
            Item::Broken(_, error) => diag.adopt(error),
            Item::Method(_) | Item::Other(_) => {}
        }
    }
}

/// Whether a method that could not be read was meant to be the `#[init]`, so that none need be missed.
fn has_broken_init(items: &[Item]) -> bool {
    items.iter().any(|item| matches!(item, Item::Broken(tokens, _) if text(tokens).contains("#[init]")))
}

fn check_name(server: &Server, name: &Ident, kind: Option<Kind>, diag: &mut Diag) {
    let server = &server.ident;
    if let Some((given, what)) = GIVEN.iter().find(|(given, _)| name == given) {
        let other = match kind {
            Some(Kind::Init) => "init".to_string(),
            _ => format!("{given}_it"),
        };
        diag.error(name, format!("`{server}::{given}` {what}, so no method can be called `{given}`"))
            .help(format!("choose another name, such as `{other}`"));
    }
    if kind.is_some() && name.to_string().starts_with(RESERVED) {
        let other = name.to_string().trim_start_matches('_').to_string();
        diag.error(name, format!("names beginning with `{RESERVED}` are reserved")).help(format!(
            "choose another name, such as `{}`",
            if other.is_empty() { "handle" } else { &other }
        ));
    }
}

/// `#[init]` and `#[terminate]` are there once.
fn check_singles(server: &Server, is_sound: &mut [bool], diag: &mut Diag) {
    for kind in [Kind::Init, Kind::Terminate] {
        let Some(first) = server.of_kind(kind).next() else { continue };
        each_sound(server, is_sound, |handler, _| {
            if handler.kind != kind || std::ptr::eq(handler, first) {
                return true;
            }
            let (word, first) = (kind.word(), first.ident());
            let article = if kind == Kind::Init { "an" } else { "a" };
            diag.error(
                handler.ident(),
                format!("`{}` already has {article} `#[{word}]` method, `{first}`", server.ident),
            )
            .help("keep one of the two");
            false
        });
    }
}

/// Different handlers become different variants.
fn check_variants(server: &Server, is_sound: &mut [bool], diag: &mut Diag) {
    let mut first_of: HashMap<(&'static str, String), &Ident> = HashMap::new();
    each_sound(server, is_sound, |handler, cfg| {
        // Two that exclude each other by `cfg` may share a name; rustc sees the one that is left.
        if !handler.kind.has_variant() || cfg {
            return true;
        }
        let key = (handler.kind.message().word(), handler.variant.to_string());
        match first_of.get(&key) {
            // The same name twice is for rustc to report.
            Some(first) if *first != handler.ident() => {
                diag.error(
                    handler.ident(),
                    format!(
                        "`{first}` and `{}` both become the message `{}`",
                        handler.ident(),
                        handler.variant
                    ),
                )
                .help("rename one of the two");
                false
            }
            Some(_) => false,
            None => {
                first_of.insert(key, handler.ident());
                true
            }
        }
    });
}

/// A message type has one handler.
fn check_messages(server: &Server, is_sound: &mut [bool], diag: &mut Diag) {
    let mut first_of: HashMap<(&'static str, String), &Ident> = HashMap::new();
    each_sound(server, is_sound, |handler, cfg| {
        let Some(ty) = handler.message().filter(|_| handler.kind.takes_one_message() && !cfg) else {
            return true;
        };
        let key = (handler.kind.word(), ty.to_token_stream().to_string());
        let Some(first) = first_of.get(&key) else {
            first_of.insert(key, handler.ident());
            return true;
        };
        let ty_text = text(ty);
        let message = match handler.kind {
            Kind::Continuation => format!("`{ty_text}` already has a continuation, `{first}`"),
            _ => format!("`{ty_text}` is already handled by `{first}`"),
        };
        diag.error(ty, message).help("make a type of its own for each message");
        false
    });
}

/// Goes over the handlers that are sound so far; `rule` gets whether a `cfg` may take the handler away, and says
/// whether it still is.
fn each_sound<'a>(
    server: &'a Server,
    is_sound: &mut [bool],
    mut rule: impl FnMut(&'a Handler, bool) -> bool,
) {
    for (handler, sound) in server.handlers.iter().zip(is_sound) {
        if *sound {
            *sound = rule(handler, !handler.carried.cfg.is_empty());
        }
    }
}
