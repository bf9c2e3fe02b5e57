//! How the errors of a type count: `#[transient]`, `#[permanent]`, `#[ignored]`, `#[throttled(retry_after = field)]`.

use crate::diag::{self, Diag};
use crate::krate::Krate;
use crate::model::config::report_duration;
use crate::syntax::duration;
use crate::syntax::options::{self, Separator, Value, Written};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use std::time::Duration;
use syn::{Attribute, Data, DeriveInput, Fields, Generics, Index, Member, Meta, ext::IdentExt};

/// The words that say how a variant counts.
const WORDS: [&str; 4] = ["transient", "permanent", "ignored", "throttled"];

/// A type of errors.
pub(crate) struct Classified {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) krate: Krate,
    pub(crate) shape: Shape,
}

pub(crate) enum Shape {
    /// All of its values count alike.
    Struct(Counting),
    Enum(Vec<(Ident, Counting)>),
    /// A union, which is refused.
    Other,
}

/// How a value counts.
#[derive(Clone)]
pub(crate) enum Counting {
    Transient,
    Permanent,
    Ignored,
    Throttled(RetryAfter),
}

/// Where it says for how long to leave the service alone.
#[derive(Clone)]
pub(crate) enum RetryAfter {
    /// In this field; the tokens are those of the attribute.
    Field(Member),
    Always(Duration),
    Constant(TokenStream),
}

impl Classified {
    pub(crate) fn read(item: &DeriveInput, diag: &mut Diag) -> Self {
        let krate = read_krate(&item.attrs, diag);
        let shape = match &item.data {
            Data::Struct(data) => {
                refuse_on_fields(&data.fields, diag);
                let counting = read_counting(&item.attrs, &item.ident, Some(&data.fields), diag);
                Shape::Struct(counting.unwrap_or(Counting::Transient))
            }
            Data::Enum(data) => {
                let default = read_counting(&item.attrs, &item.ident, None, diag);
                let variants = data.variants.iter().map(|variant| {
                    refuse_on_fields(&variant.fields, diag);
                    let counting = read_counting(&variant.attrs, &variant.ident, Some(&variant.fields), diag);
                    let counting = counting.or_else(|| default.clone()).unwrap_or(Counting::Transient);
                    (variant.ident.clone(), counting)
                });
                Shape::Enum(variants.collect())
            }
            Data::Union(data) => {
                diag.error(&data.union_token, "`#[derive(Resilience)]` goes on an enum or a struct")
                    .help("write `enum`, with a variant for each way to fail");
                Shape::Other
            }
        };
        Classified { ident: item.ident.clone(), generics: item.generics.clone(), krate, shape }
    }
}

/// `#[resilience(crate = ::path)]`
fn read_krate(attributes: &[Attribute], diag: &mut Diag) -> Krate {
    let mut krate = Krate::default();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("resilience")) {
        for written in options::parse(arguments(attribute), Separator::Equals) {
            match &written {
                Written::Option(setting) if setting.key == "crate" => {
                    let value = setting.value.clone().unwrap_or_default();
                    match Krate::parse(&value) {
                        Some(path) => krate = path,
                        None => {
                            let at: &dyn ToTokens = if value.is_empty() { &setting.key } else { &value };
                            diag.error(at, "`crate` is an absolute path")
                                .help("write `crate = ::noex` or `crate = crate::noex`");
                        }
                    }
                }
                _ => diag
                    .error(&written, "the only option of `#[resilience]` is `crate`")
                    .help("how a variant counts is an attribute of its own, such as `#[permanent]`"),
            }
        }
    }
    krate
}

/// Of a variant, a struct, or (with no fields) the default of an enum.
fn read_counting(
    attributes: &[Attribute],
    owner: &Ident,
    fields: Option<&Fields>,
    diag: &mut Diag,
) -> Option<Counting> {
    let mut found: Option<(&'static str, Counting)> = None;
    for attribute in attributes {
        let Some(word) = word_of(attribute) else { continue };
        if let Some((first, _)) = found {
            let report = diag.error(attribute.path(), format!("`{owner}` is already `#[{first}]`"));
            match first == word {
                true => report.help(format!("remove this `#[{word}]`")),
                false => report.help(format!("keep `#[{first}]` or `#[{word}]`")),
            }
            continue;
        }
        let counting = match word {
            "throttled" => match read_retry_after(attribute, owner, fields, diag) {
                Some(after) => Counting::Throttled(after),
                None => Counting::Transient,
            },
            _ => {
                if !matches!(attribute.meta, Meta::Path(_)) {
                    let rest = attribute
                        .meta
                        .require_list()
                        .map_or_else(|_| attribute.path().to_token_stream(), |list| list.tokens.clone());
                    let at: &dyn ToTokens = if rest.is_empty() { attribute.path() } else { &rest };
                    diag.error(at, format!("`#[{word}]` has no options")).help(format!("write `#[{word}]`"));
                }
                match word {
                    "permanent" => Counting::Permanent,
                    "ignored" => Counting::Ignored,
                    _ => Counting::Transient,
                }
            }
        };
        found = Some((word, counting));
    }
    found.map(|(_, counting)| counting)
}

fn word_of(attribute: &Attribute) -> Option<&'static str> {
    WORDS.into_iter().find(|word| attribute.path().is_ident(word))
}

fn arguments(attribute: &Attribute) -> TokenStream {
    match &attribute.meta {
        Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    }
}

/// `retry_after = field`, `retry_after = 0`, `retry_after = 5s`, `retry_after = PAUSE`
fn read_retry_after(
    attribute: &Attribute,
    owner: &Ident,
    fields: Option<&Fields>,
    diag: &mut Diag,
) -> Option<RetryAfter> {
    let before = diag.count();
    let mut after = None;
    for written in options::parse(arguments(attribute), Separator::Equals) {
        match written {
            Written::Option(setting) if setting.key == "retry_after" => match setting.value {
                Some(value) if after.is_none() => after = Some(read_place(&value, owner, fields, diag)),
                Some(_) => {
                    diag.error(&setting.key, "`retry_after` is given twice").help("keep one of the two")
                }
                None => diag
                    .error(&setting.key, "`retry_after` needs a value")
                    .help("write `retry_after = field`, or a duration such as `5s`"),
            },
            Written::Option(setting) => {
                let key = setting.key.to_string();
                let report = diag.error(&setting.key, format!("unknown option `{key}`"));
                report.help(diag::choices(&key, &["retry_after"], "options of `#[throttled]`"));
            }
            Written::Junk(junk) => {
                diag.error(&junk, "options are written `name = value`")
                    .help("write `retry_after = field`, or a duration such as `5s`");
            }
        }
    }
    if after.is_none() && diag.count() == before {
        let help = match fields {
            Some(_) => format!(
                "write `#[throttled(retry_after = field)]` with a field of `{owner}`, or a duration such as `5s`"
            ),
            None => "write `#[throttled(retry_after = 5s)]`".into(),
        };
        diag.error(attribute.path(), "`#[throttled]` does not say how long to wait").help(help);
    }
    after.flatten()
}

fn read_place(
    value: &TokenStream,
    owner: &Ident,
    fields: Option<&Fields>,
    diag: &mut Diag,
) -> Option<RetryAfter> {
    let member = match Value::of(value) {
        Value::Integer(int) if int.suffix().is_empty() => {
            int.base10_parse().ok().map(|index| Member::Unnamed(Index { index, span: int.span() }))
        }
        Value::Word(word) => Some(Member::Named(word)),
        _ => None,
    };
    let Some(member) = member else {
        return match duration::parse(value) {
            duration::Written::Duration(after) if after.is_zero() => {
                diag.error(value, "a pause cannot be zero").help("write `#[transient]`, or `5s`");
                None
            }
            duration::Written::Duration(after) => Some(RetryAfter::Always(after)),
            duration::Written::Constant => Some(RetryAfter::Constant(value.clone())),
            other => {
                report_duration(value, &other, &[], diag);
                None
            }
        };
    };
    let Some(fields) = fields else {
        diag.error(&member, "the default of an enum has no fields")
            .help("put `#[throttled]` on the variant, or write a duration such as `5s`");
        return None;
    };
    if fields.members().any(|field| same(&field, &member)) {
        return Some(RetryAfter::Field(member));
    }
    let names: Vec<String> = fields.members().map(|field| quote!(#field).to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let name = quote!(#member).to_string();
    let report = diag.error(&member, format!("`{owner}` has no field `{name}`"));
    match names.as_slice() {
        [] => report.help("write a duration such as `5s`"),
        names => report.help(diag::choices(&name, names, &format!("fields of `{owner}`"))),
    }
    None
}

fn same(a: &Member, b: &Member) -> bool {
    match (a, b) {
        (Member::Named(a), Member::Named(b)) => a.unraw() == b.unraw(),
        (Member::Unnamed(a), Member::Unnamed(b)) => a.index == b.index,
        _ => false,
    }
}

fn refuse_on_fields(fields: &Fields, diag: &mut Diag) {
    for attribute in fields.iter().flat_map(|field| &field.attrs) {
        if let Some(word) = word_of(attribute) {
            let help = match word {
                "throttled" => "write `#[throttled(retry_after = field)]` above the variant".to_owned(),
                _ => format!("write `#[{word}]` above the variant"),
            };
            diag.error(attribute.path(), format!("`#[{word}]` goes on a variant, not on a field")).help(help);
        }
    }
}
