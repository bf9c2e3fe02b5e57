//! Rules over a whole server: its header, and how its handlers get along.

use crate::check::handler;
use crate::diag::{Diag, did_you_mean};
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use crate::model::server::{Header, Server, Unnamed};
use crate::model::types::{Fault, fault, text};
use crate::names::{GIVEN, HIDDEN, RESERVED};
use crate::syntax::attribute::Attribute;
use crate::syntax::block::Item;
use crate::syntax::method::Method;
use proc_macro2::Ident;
use quote::ToTokens;
use std::collections::{HashMap, HashSet};
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
            handler::check(handler, &server.ident, diag);
            check_name(server, handler.ident(), Some(handler.kind), diag);
            // A parameter too many is for rustc to report, and none of the methods can be called then.
            diag.count() == before && !has_twins(handler) && !server.has_unused_parameter
        })
        .collect();
    for helper in &server.helpers {
        check_name(server, &helper.ident, None, diag);
    }
    check_singles(server, &mut is_sound, diag);
    check_variants(server, &mut is_sound, diag);
    check_messages(server, &mut is_sound, diag);
    check_jobs(server, &mut is_sound, diag);
    let is_missing = server.of_kind(Kind::Init).next().is_none();
    if is_missing && !has_broken_init(&server.others) && !has_almost_init(&server.helpers) {
        let (message, help) = no_init(&server.ident);
        diag.error(&server.header.self_ty, message).help(help);
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
            Item::Broken(_, Some(error)) => diag.adopt(error),
            Item::Broken(_, None) | Item::Method(_) | Item::Other(_) => {}
        }
    }
}

/// Whether a method that could not be read was meant to be the `#[init]`, so that none need be missed.
fn has_broken_init(items: &[Item]) -> bool {
    items.iter().any(|item| matches!(item, Item::Broken(tokens, _) if text(tokens).contains("#[init]")))
}

/// Whether two arguments have one name, which rustc reports.
fn has_twins(handler: &Handler) -> bool {
    let names = handler.arguments.iter().filter_map(|argument| argument.name.as_ref());
    let mut seen = HashSet::new();
    names.into_iter().any(|name| !seen.insert(name))
}

/// Whether an attribute is nearly `#[init]`, which rustc has reported then.
fn has_almost_init(helpers: &[Method]) -> bool {
    let mut words = helpers.iter().flat_map(|helper| &helper.attributes).filter_map(Attribute::word);
    words.any(|word| did_you_mean(&word.to_string(), &["init"]).is_some())
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
    if kind.is_some_and(Kind::is_in_reference) && HIDDEN.iter().any(|hidden| name == hidden) {
        diag.error(name, format!("`{name}` of std comes first on any value, so nobody could call this one"))
            .help(format!("choose another name, such as `{name}_it`"));
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
            // Several that are each there under a condition are for the compiler to judge, once it knows those.
            let is_alternative =
                !handler.carried.conditions.is_empty() && !first.carried.conditions.is_empty();
            if handler.kind != kind || std::ptr::eq(handler, first) || is_alternative {
                return true;
            }
            let help = match first.carried.conditions.as_slice() {
                [condition] => format!("add `#[cfg(not({}))]` to this one", text(condition)),
                _ => "keep one of the two".into(),
            };
            diag.error(handler.ident(), twice(&server.ident, kind, first.ident())).help(help);
            false
        });
    }
}

/// The message on a second `#[init]` or `#[terminate]`.
pub(crate) fn twice(server: &Ident, kind: Kind, first: &Ident) -> String {
    let article = if kind == Kind::Init { "an" } else { "a" };
    format!("`{server}` already has {article} `#[{}]` method, `{first}`", kind.word())
}

/// The message where there is no `#[init]`, and its help.
pub(crate) fn no_init(server: &Ident) -> (String, &'static str) {
    (format!("`{server}` has no `#[init]` method"), "add `#[init] fn init() -> Self { .. }`")
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

/// A worker does one kind of job.
fn check_jobs(server: &Server, is_sound: &mut [bool], diag: &mut Diag) {
    let mut first: Option<&Ident> = None;
    each_sound(server, is_sound, |handler, cfg| {
        let Some(word) = handler.job.as_ref().filter(|_| !cfg) else { return true };
        let Some(first) = first else {
            first = Some(handler.ident());
            return true;
        };
        diag.error(word, format!("the job of `{}` is `{first}`", server.ident))
            .help("keep one of the two, or make an enum of what there is to do");
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
