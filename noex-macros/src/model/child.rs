//! A child of a tree: what kind it is of, and what it is started with.

use crate::diag::{Diag, did_you_mean, list};
use crate::model::carried::Carried;
use crate::model::child_kind::ChildKind;
use crate::model::child_options::ChildOptions;
use crate::model::given;
use crate::model::mentions::{Mention, mentions};
use crate::model::types::text;
use crate::syntax::method::Argument;
use crate::syntax::tree::KINDS;
use proc_macro2::{Group, Ident, TokenStream};
use syn::Type;

/// `account: Account(config.opening) { restart: transient, shutdown: 5s }`
pub(crate) struct Child {
    /// Its docs are those of its method, and its `cfg` is everywhere.
    pub(crate) carried: Carried,
    pub(crate) name: Ident,
    pub(crate) kind: ChildKind,
    pub(crate) ty: Type,
    /// `None` where they are not written as arguments.
    pub(crate) arguments: Option<Group>,
    /// Of a dynamic child, those arguments that each start says anew: `port: u16`.
    pub(crate) given: Vec<Argument>,
    /// The names that the arguments mention: where each stands first.
    pub(crate) mentions: Vec<Mention>,
    pub(crate) options: ChildOptions,
    /// Whether the child before it has no `,`.
    pub(crate) is_glued: bool,
}

/// What is said of a child before it is known what it means.
pub(crate) struct Described {
    pub(crate) carried: Carried,
    pub(crate) name: Ident,
    pub(crate) is_glued: bool,
}

impl Child {
    /// A child whose type can be made out, and nothing else.
    pub(crate) fn bare(described: Described, ty: Type) -> Self {
        let Described { carried, name, is_glued } = described;
        Child {
            carried,
            name,
            kind: ChildKind::Server,
            ty,
            arguments: None,
            given: Vec::new(),
            mentions: Vec::new(),
            options: ChildOptions::default(),
            is_glued,
        }
    }

    /// `None` for a kind that nobody knows.
    pub(crate) fn read(
        described: Described,
        word: Option<&Ident>,
        ty: Type,
        arguments: Option<Group>,
        options: TokenStream,
        diag: &mut Diag,
    ) -> Option<Self> {
        let mut child = Child::bare(described, ty);
        if let Some(word) = word {
            child.kind = kind(&child, word, diag)?;
        }
        let (kind, name) = (child.kind, &child.name);
        child.ty = without_function(name, kind, child.ty, diag);
        if let Some(arguments) = arguments {
            let (arguments, given) = given::split(&arguments);
            child.mentions = mentions(&arguments.stream());
            let is_given = |name: &Ident| given.iter().any(|given| given.name.as_ref() == Some(name));
            child.mentions.retain(|mention| !is_given(&mention.name));
            child.arguments = Some(arguments);
            child.given = given;
        } else if kind != ChildKind::Dynamic {
            let (ty, prefix, what) = (text(&child.ty), kind.row().prefix, kind.row().arguments);
            diag.error(&child.ty, format!("the child `{name}` has no arguments")).help(format!(
                "write `{name}: {prefix}{ty}(..)`, with the {what}, or `{name}: {prefix}{ty}()`"
            ));
        }
        if let (Some(given), true) = (child.given.first(), kind != ChildKind::Dynamic) {
            diag.error(&given.ty, "only dynamic children are given arguments when they start")
                .help(format!("write a value, or `{name}: dynamic {}(..)`", text(&child.ty)));
            child.arguments = None;
        }
        child.options = ChildOptions::read(kind, options, diag);
        Some(child)
    }

    /// Whether it can be started with what is written.
    pub(crate) fn is_complete(&self) -> bool {
        self.arguments.is_some() || self.kind == ChildKind::Dynamic
    }

    /// Where the arguments of a partition say its number.
    pub(crate) fn number(&self) -> Option<&Mention> {
        self.mentions.iter().find(|mention| self.is_number(mention))
    }

    /// Whether the name stands for the number of a partition.
    pub(crate) fn is_number(&self, mention: &Mention) -> bool {
        self.kind == ChildKind::Partition && mention.name == "partition"
    }
}

fn kind(child: &Child, word: &Ident, diag: &mut Diag) -> Option<ChildKind> {
    let written = word.to_string();
    let kind = ChildKind::of(&written);
    if kind.is_none() {
        let near = did_you_mean(&written, &KINDS);
        let (name, server, kinds) = (&child.name, text(&child.ty), list(&KINDS));
        let help = match near {
            Some(near) => format!("did you mean `{near}`? kinds: {kinds}"),
            None => format!("kinds: {kinds}; a server has no word before it: `{name}: {server}(..)`"),
        };
        diag.error(word, format!("unknown kind of child `{word}`")).help(help);
        return near.and_then(ChildKind::of);
    }
    kind
}

/// The server of `Server::start(..)`, where the server alone is meant.
fn without_function(name: &Ident, kind: ChildKind, ty: Type, diag: &mut Diag) -> Type {
    let Type::Path(mut path) = ty else { return ty };
    let segments = &mut path.path.segments;
    let is_function = |word: &Ident| word == "start" || word == "child" || word == "new";
    if segments.len() > 1 && segments.last().is_some_and(|last| is_function(&last.ident)) {
        let function = segments.pop();
        segments.pop_punct();
        let (server, row) = (text(&path), kind.row());
        let prefix = row.prefix;
        diag.error(&function, format!("a child is its {} with the {}", row.of, row.arguments))
            .help(format!("write `{name}: {prefix}{server}(..)`"));
    }
    Type::Path(path)
}
