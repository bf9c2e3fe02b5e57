//! A supervision tree: its options, and its children with what they use of one another.

use crate::diag::{Diag, choices};
use crate::krate::Krate;
use crate::model::bounds;
use crate::model::carried::Carried;
use crate::model::child::{Child, Described};
use crate::model::config;
use crate::model::pace::{Intensity, Pauses};
use crate::model::types::{self, text};
use crate::syntax::attribute::Attribute;
use crate::syntax::method::Argument;
use crate::syntax::options::{Separator, Setting, Value as OptionValue};
use crate::syntax::tree::{self, Entry, Value};
use proc_macro2::{Ident, TokenStream};
use syn::{GenericParam, Generics, Type, Visibility};

const OPTIONS: [&str; 5] = ["strategy", "restarts", "auto_shutdown", "backoff", "crate"];
const STRATEGIES: [&str; 3] = ["one_for_one", "one_for_all", "rest_for_one"];
const AUTO_SHUTDOWNS: [&str; 3] = ["never", "any_significant", "all_significant"];

/// What is known of a tree.
pub(crate) struct Tree {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) ident: Ident,
    /// Without lifetimes, which are an error of their own, and with the bounds that servers need.
    pub(crate) generics: Generics,
    /// With the bounds that the user wrote.
    pub(crate) own_generics: Generics,
    pub(crate) parameters: Vec<Argument>,
    pub(crate) krate: Krate,
    pub(crate) strategy: Strategy,
    pub(crate) intensity: Option<Intensity>,
    pub(crate) auto_shutdown: Option<Ident>,
    pub(crate) pauses: Option<Pauses>,
    pub(crate) children: Vec<Child>,
    /// Whether something was meant to be a child and could not be read as one.
    pub(crate) has_lost_child: bool,
}

/// The strategy as far as it can be made out.
pub(crate) enum Strategy {
    Missing,
    Unknown,
    Known(Ident),
}

impl Tree {
    pub(crate) fn read(written: tree::Tree, diag: &mut Diag) -> Tree {
        let tree::Tree { attributes, visibility, ident, generics, parameters, entries } = written;
        let (generics, parameters) = without_lifetimes(generics, parameters, diag);
        let mut tree = Tree {
            attributes,
            visibility,
            ident,
            generics: bounds::complete(&generics),
            own_generics: generics,
            parameters,
            krate: Krate::default(),
            strategy: Strategy::Missing,
            intensity: None,
            auto_shutdown: None,
            pauses: None,
            children: Vec::new(),
            has_lost_child: false,
        };
        let mut options: Vec<Ident> = Vec::new();
        for Entry { attributes, name, value, is_glued, equals } in entries {
            if let Some(equals) = equals {
                diag.error(&equals, "a name and its value are separated by `:`")
                    .help(format!("write `{name}: ..`"));
            }
            let is_option = OPTIONS.iter().any(|option| name == option);
            match value {
                Value::Child { .. } if is_option => {
                    diag.error(&name, format!("`{name}` is an option, not a child"))
                        .help("choose another name");
                    // Nothing more about the option: it was meant to be a child.
                    if name == "strategy" && matches!(tree.strategy, Strategy::Missing) {
                        tree.strategy = Strategy::Unknown;
                    }
                }
                Value::Child { kind, ty, arguments, options } => {
                    let described = Described { carried: Carried::of(&attributes), name, is_glued };
                    match Child::read(described, kind.as_ref(), *ty, arguments, options, diag) {
                        Some(child) => tree.children.push(child),
                        None => tree.has_lost_child = true,
                    }
                }
                Value::Other(_) if options.contains(&name) => {
                    diag.error(&name, format!("`{name}` is set twice")).help("keep one of the two");
                }
                Value::Other(value) if is_option => {
                    options.push(name.clone());
                    tree.set(name, value, is_glued, diag);
                }
                Value::Other(value) => match not_a_child(&name, &value, diag) {
                    Some(ty) => {
                        let described = Described { carried: Carried::of(&attributes), name, is_glued };
                        tree.children.push(Child::bare(described, ty));
                    }
                    None => tree.has_lost_child = true,
                },
            }
        }
        tree
    }

    fn set(&mut self, name: Ident, value: TokenStream, is_glued: bool, diag: &mut Diag) {
        let setting = |name, value: TokenStream| Setting {
            key: name,
            value: Some(value).filter(|value| !value.is_empty()),
            separator: Separator::Colon,
            is_glued,
        };
        match name.to_string().as_str() {
            "strategy" => self.strategy = strategy(&name, &value, diag),
            "restarts" => self.intensity = Intensity::read(&name, &value, diag),
            "backoff" => self.pauses = Pauses::read(&name, &value, diag),
            "auto_shutdown" => {
                self.auto_shutdown = config::word(&setting(name, value), &AUTO_SHUTDOWNS, diag);
            }
            _ => self.krate = config::krate(&setting(name, value), diag),
        }
    }

    /// Whether `name` is a parameter of the tree.
    pub(crate) fn has_parameter(&self, name: &Ident) -> bool {
        self.parameters.iter().any(|parameter| parameter.name.as_ref() == Some(name))
    }

    /// A type cannot depend on a constant that depends on parameters.
    pub(crate) fn is_generic(&self) -> bool {
        !self.generics.params.is_empty()
    }
}

/// Servers outlive whoever starts them, and so do trees.
fn without_lifetimes(
    mut generics: Generics,
    mut parameters: Vec<Argument>,
    diag: &mut Diag,
) -> (Generics, Vec<Argument>) {
    let mut has_lifetime = false;
    for parameter in &generics.params {
        if let GenericParam::Lifetime(parameter) = parameter {
            has_lifetime = true;
            diag.error(parameter, "a tree cannot have lifetime parameters, because it outlives its starter")
                .help(format!("own the data, or write `'static` for `{}`", parameter.lifetime));
        }
    }
    if has_lifetime {
        let is_lifetime = |parameter: &GenericParam| matches!(parameter, GenericParam::Lifetime(_));
        generics.params = generics.params.into_iter().filter(|parameter| !is_lifetime(parameter)).collect();
        generics.where_clause = None;
        for parameter in &mut parameters {
            parameter.ty = types::static_type(&parameter.ty);
        }
    }
    (generics, parameters)
}

/// Reports what is neither an option nor a child, and makes out the server where it was meant to be a child.
fn not_a_child(name: &Ident, value: &TokenStream, diag: &mut Diag) -> Option<Type> {
    let near = crate::diag::did_you_mean(&name.to_string(), &OPTIONS);
    if let Some(near) = near {
        diag.error(name, format!("unknown option `{name}`")).help(format!("did you mean `{near}`?"));
        return None;
    }
    let at: &dyn quote::ToTokens = if value.is_empty() { name } else { value };
    match tree::parse_server(value.clone()) {
        Ok(ty) => {
            let server = text(&ty);
            diag.error(at, format!("the child `{name}` has no arguments")).help(format!(
                "write `{name}: {server}(..)`, with the arguments of its `#[init]`, or `{name}: {server}()`"
            ));
            Some(ty)
        }
        Err(_) => {
            diag.error(at, format!("`{name}` is neither an option nor a child"))
                .help(format!("write `{name}: Server(..)`, with the arguments of its `#[init]`"));
            None
        }
    }
}

fn strategy(name: &Ident, value: &TokenStream, diag: &mut Diag) -> Strategy {
    match OptionValue::of(value) {
        OptionValue::Word(word) if STRATEGIES.iter().any(|known| word == known) => Strategy::Known(word),
        OptionValue::Word(word) => {
            diag.error(value, format!("unknown strategy `{word}`")).help(choices(
                &word.to_string(),
                &STRATEGIES,
                "strategies",
            ));
            Strategy::Unknown
        }
        _ => {
            let at: &dyn quote::ToTokens = if value.is_empty() { name } else { value };
            diag.error(at, "expected a strategy")
                .help(format!("strategies: {}", crate::diag::list(&STRATEGIES)));
            Strategy::Unknown
        }
    }
}
