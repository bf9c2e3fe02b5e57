//! The values of options: read, or told what they should be.

use super::known::Shape;
use super::{Given, Time};
use crate::diag::Diag;
use crate::model::config::{report_duration, required, word};
use crate::syntax::duration::{self, Written as WrittenDuration};
use crate::syntax::options::{Setting, Value};
use crate::syntax::rate;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

impl Shape {
    pub(super) fn read(self, setting: &Setting, diag: &mut Diag) -> Option<Given> {
        let key = &setting.key;
        if let (Shape::Budget | Shape::FlagOr(_), None) = (self, &setting.value) {
            return Some(Given::Flag);
        }
        if let Shape::Flag = self {
            if let Some(value) = &setting.value {
                diag.error(value, format!("`{key}` takes no value")).help(format!("write `{key}`"));
                return None;
            }
            return Some(Given::Flag);
        }
        let example = match self {
            Shape::Time => "5s",
            Shape::Part | Shape::Inside | Shape::Share => "0.5",
            Shape::Factor => "2.0",
            Shape::Word(_, words) | Shape::Only(words) | Shape::FlagOr(words) => words[0],
            Shape::Texts => "[\"timeout\"]",
            Shape::Predicate => "Error::is_transient",
            Shape::Argument => "user_id",
            Shape::Text | Shape::Budget => "\"database\"",
            Shape::Function => "function",
            Shape::Count(..) | Shape::Window | Shape::Flag => "10",
        };
        let value = required(setting, example, diag)?;
        match self {
            Shape::Count(least, rule) => {
                number(value, &format!("`{key}`"), least, rule, diag).then(|| Given::Number(value.clone()))
            }
            Shape::Time => {
                let time = time(value, &format!("`{key}` cannot be zero"), diag)?;
                Some(Given::Time(time, value.clone()))
            }
            Shape::Part => {
                real(setting, value, |part| part > 0.0 && part <= 1.0, ("above 0 and at most 1", "0.5"), diag)
            }
            Shape::Inside => {
                real(setting, value, |part| part > 0.0 && part < 1.0, ("above 0 and below 1", "0.9"), diag)
            }
            Shape::Share => {
                real(setting, value, |part| (0.0..=1.0).contains(&part), ("from 0 to 1", "0.5"), diag)
            }
            Shape::Factor => real(setting, value, |factor| factor >= 1.0, ("1 or more", "2.0"), diag),
            Shape::Word(of, words) => word(setting, words, diag).map(|word| Given::Variant { of, word }),
            Shape::Only(words) | Shape::FlagOr(words) => word(setting, words, diag).map(Given::Word),
            Shape::Texts => texts(key, value, diag),
            Shape::Window => match duration::parse(value) {
                WrittenDuration::NoUnit(_) => {
                    number(value, "`window`", 1, "a window of 0 calls sees nothing", diag)
                        .then(|| Given::Calls(value.clone()))
                }
                WrittenDuration::Constant => Some(Given::Calls(value.clone())),
                _ => Some(Given::Time(time(value, "`window` cannot be zero", diag)?, value.clone())),
            },
            Shape::Predicate | Shape::Function => Some(Given::Function(value.clone())),
            Shape::Argument => argument(key, value, diag),
            Shape::Text | Shape::Budget => match Value::of(value) {
                Value::Text(text) if !text.value().is_empty() => Some(Given::Text(text)),
                _ => {
                    diag.error(value, format!("`{key}` is a string"))
                        .help(format!("write `{key} = {example}`"));
                    None
                }
            },
            Shape::Flag => Some(Given::Flag),
        }
    }
}

/// `["network error", "timeout"]`
fn texts(key: &Ident, value: &TokenStream, diag: &mut Diag) -> Option<Given> {
    let texts = |input: syn::parse::ParseStream<'_>| {
        let inside;
        syn::bracketed!(inside in input);
        inside.parse_terminated(<syn::LitStr as syn::parse::Parse>::parse, syn::Token![,])
    };
    match syn::parse::Parser::parse2(texts, value.clone()) {
        Ok(texts) if !texts.is_empty() => Some(Given::Texts(texts.into_iter().collect())),
        _ => {
            diag.error(value, format!("`{key}` is a list of texts, one of which an error says"))
                .help(format!("write `{key} = [\"network error\", \"timeout\"]`"));
            None
        }
    }
}

fn argument(key: &Ident, value: &TokenStream, diag: &mut Diag) -> Option<Given> {
    let least = match key.to_string().as_str() {
        "cost" => Some((1, "a call that costs 0 is not limited")),
        "weight" => Some((1, "a call that takes no slot is not limited")),
        "priority" => Some((0, "")),
        _ => None,
    };
    if let (Some((least, zero)), Value::Integer(_) | Value::Constant) = (least, Value::of(value)) {
        return number(value, &format!("`{key}`"), least, zero, diag).then(|| Given::Number(value.clone()));
    }
    match rate::path(value) {
        Some(words) if words[0] == "self" => {
            diag.error(
                value,
                format!("`{key}` cannot use `self`: the policy acts before the server is asked"),
            )
            .help("use an argument");
            None
        }
        Some(words) => Some(Given::Argument(words)),
        None => {
            diag.error(value, format!("`{key}` is an argument of the handler, or a field of one"))
                .help(format!("write `{key} = user_id`, or `{key} = request.user`"));
            None
        }
    }
}

/// Whether it is a whole number of at least `least`, or may be; `zero`: what is wrong with less.
pub(super) fn number(value: &TokenStream, what: &str, least: u32, zero: &str, diag: &mut Diag) -> bool {
    let or_more = format!("use {least} or more");
    match Value::of(value) {
        Value::Integer(int) if matches!(int.suffix(), "" | "u32" | "u64" | "usize") => {
            match int.base10_parse::<u32>() {
                Ok(count) if count < least => diag.error(value, zero).help(or_more),
                Ok(_) => return true,
                Err(_) => diag
                    .error(value, format!("{what} cannot be that large"))
                    .help(format!("use at most {}", u32::MAX)),
            }
        }
        Value::Constant => return true,
        Value::Negative => diag.error(value, format!("{what} cannot be negative")).help(or_more),
        _ => {
            diag.error(value, format!("expected a whole number for {what}")).help(or_more);
        }
    }
    false
}

fn real(
    setting: &Setting,
    value: &TokenStream,
    is_sound: impl Fn(f64) -> bool,
    (range, example): (&str, &str),
    diag: &mut Diag,
) -> Option<Given> {
    let key = &setting.key;
    let found = match Value::of(value) {
        Value::Integer(int) if int.suffix().is_empty() => int.base10_parse::<f64>().ok(),
        Value::Float(float) if matches!(float.suffix(), "" | "f64") => float.base10_parse::<f64>().ok(),
        Value::Constant => return Some(Given::Number(value.clone())),
        _ => None,
    };
    match found {
        Some(found) if is_sound(found) => {
            let literal = proc_macro2::Literal::f64_unsuffixed(found);
            Some(Given::Number(quote!(#literal)))
        }
        _ => {
            diag.error(value, format!("`{key}` is {range}")).help(format!("write `{key} = {example}`"));
            None
        }
    }
}

pub(super) fn time(value: &TokenStream, zero: &str, diag: &mut Diag) -> Option<Time> {
    match duration::parse(value) {
        WrittenDuration::Duration(time) if time.is_zero() => {
            diag.error(value, zero).help("write `1s`");
            None
        }
        WrittenDuration::Duration(time) => Some(Time::Literal(time)),
        WrittenDuration::Constant => Some(Time::Constant(value.clone())),
        WrittenDuration::Other if matches!(Value::of(value), Value::Text(_)) => {
            diag.error(value, "a duration is written without quotes")
                .help("write `5s`; units are `us`, `ms`, `s`, `min`, `h`");
            None
        }
        other => {
            report_duration(value, &other, &[], diag);
            None
        }
    }
}
