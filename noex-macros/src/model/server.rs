//! A server: all handlers of one impl block.

use crate::diag::Diag;
use crate::krate::Krate;
use crate::model::config::read_block_options;
use crate::model::foreign;
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use crate::model::types;
use crate::names::Names;
use crate::syntax::attribute::Attribute;
use crate::syntax::block::{Block, Item};
use crate::syntax::method::Method;
use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{GenericParam, Generics, Token, Type, WherePredicate};

/// What is known of a server from its impl block.
pub(crate) struct Server {
    pub(crate) krate: Krate,
    /// The block as it was written.
    pub(crate) header: Header,
    pub(crate) ident: Ident,
    /// The type and its parameters as generated code has them: without defaults, which an impl has not, and with
    /// `'static` for each lifetime, which is an error of its own.
    pub(crate) self_ty: Type,
    pub(crate) generics: Generics,
    /// Whether the block has a parameter that its type has not; generated code does without it.
    pub(crate) has_unused_parameter: bool,
    pub(crate) names: Names,
    /// Of a state machine: what is different there.
    pub(crate) machine: Option<MachinePart>,
    pub(crate) handlers: Vec<Handler>,
    /// Methods without an attribute of ours.
    pub(crate) helpers: Vec<Method>,
    /// Constants, macro calls and whatever else, as written.
    pub(crate) others: Vec<Item>,
    /// The items as they were written: each is the next of its list.
    pub(crate) order: Vec<Member>,
}

/// What a server knows of the state machine that it is.
pub(crate) struct MachinePart {
    /// The type of its first state; `None` where that is an error.
    pub(crate) initial: Option<Type>,
}

/// Which list an item of the block went to.
#[derive(Clone, Copy)]
pub(crate) enum Member {
    Handler,
    Helper,
    Other,
}

/// What stands before the braces.
pub(crate) struct Header {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) inner: Vec<Attribute>,
    pub(crate) impl_: Token![impl],
    pub(crate) generics: Generics,
    pub(crate) marker: Option<TokenStream>,
    pub(crate) trait_: Option<TokenStream>,
    pub(crate) self_ty: Type,
}

impl Server {
    /// `Err` with the header and the items where the type has no name to derive names from.
    pub(crate) fn read(options: TokenStream, block: Block, diag: &mut Diag) -> Result<Server, Box<Unnamed>> {
        let Block { attributes, impl_, generics, marker, trait_, self_ty, inner, items } = block;
        let attributes =
            attributes.into_iter().filter(|attribute| !report_foreign(attribute, diag)).collect();
        let header = Header { attributes, inner, impl_, generics, marker, trait_, self_ty };
        let Some(ident) = types::last_segment(&header.self_ty).map(|segment| segment.ident.clone()) else {
            return Err(Box::new(Unnamed { header, items }));
        };
        let unused = unused(&header.generics, &header.self_ty);
        let mut server = Server {
            krate: read_block_options(options, &ident.to_string(), diag),
            names: Names::of(&ident),
            ident,
            self_ty: types::static_type(&header.self_ty),
            generics: generated(&header.generics, &unused),
            has_unused_parameter: !unused.is_empty(),
            header,
            machine: None,
            handlers: Vec::new(),
            helpers: Vec::new(),
            others: Vec::new(),
            order: Vec::new(),
        };
        for item in items {
            let member = match item {
                Item::Method(method) => match Handler::read(*method, diag) {
                    Ok(handler) => {
                        server.handlers.push(handler);
                        Member::Handler
                    }
                    Err(helper) => {
                        server.helpers.push(*helper);
                        Member::Helper
                    }
                },
                other => {
                    server.others.push(other);
                    Member::Other
                }
            };
            server.order.push(member);
        }
        Ok(server)
    }

    pub(crate) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Handler> {
        self.handlers.iter().filter(move |handler| handler.kind == kind)
    }

    /// A type of a handler as it reads outside of the impl block.
    pub(crate) fn outside(&self, ty: &dyn ToTokens) -> TokenStream {
        types::without_self(ty, &self.self_ty)
    }

    /// The type parameters, for what has to mention them all.
    pub(crate) fn type_parameters(&self) -> Vec<&Ident> {
        self.generics.type_params().map(|parameter| &parameter.ident).collect()
    }
}

/// Reports an attribute of another library that says what `#[genserver]` says.
fn report_foreign(attribute: &Attribute, diag: &mut Diag) -> bool {
    // Of many messages, where `#[message]` is of one.
    let is_foreign = foreign::is_whole(attribute) || attribute.is("messages");
    if let (true, [word]) = (is_foreign, attribute.path.as_slice()) {
        diag.error(word, format!("`#[{word}]` is no attribute of noex"))
            .help("remove it: `#[genserver]` is enough");
    }
    is_foreign
}

/// The parameters that neither the type nor anything else in the header mentions.
fn unused(generics: &Generics, self_ty: &Type) -> Vec<Ident> {
    let is_mentioned = |name: &Ident| {
        let others = generics.params.iter().filter(|other| parameter_name(other) != Some(name));
        types::mentions(self_ty, name)
            || types::mentions(&generics.where_clause, name)
            || others.into_iter().any(|other| types::mentions(other, name))
    };
    generics.params.iter().filter_map(parameter_name).filter(|name| !is_mentioned(name)).cloned().collect()
}

fn parameter_name(parameter: &GenericParam) -> Option<&Ident> {
    match parameter {
        GenericParam::Type(parameter) => Some(&parameter.ident),
        GenericParam::Const(parameter) => Some(&parameter.ident),
        GenericParam::Lifetime(_) => None,
    }
}

/// The parameters without lifetimes and defaults.
fn generated(written: &Generics, unused: &[Ident]) -> Generics {
    let mut generics = Generics::default();
    for parameter in &written.params {
        let mut parameter = parameter.clone();
        if parameter_name(&parameter).is_some_and(|name| unused.contains(name)) {
            continue;
        }
        match &mut parameter {
            GenericParam::Type(parameter) => parameter.default = None,
            GenericParam::Const(parameter) => parameter.default = None,
            GenericParam::Lifetime(_) => continue,
        }
        generics.params.push(parameter);
    }
    let predicates = written.where_clause.iter().flat_map(|where_| where_.predicates.iter());
    for predicate in predicates.filter(|predicate| !matches!(predicate, WherePredicate::Lifetime(_))) {
        generics.make_where_clause().predicates.push(predicate.clone());
    }
    generics
}

/// An impl block of a type without a name, such as a tuple.
pub(crate) struct Unnamed {
    pub(crate) header: Header,
    pub(crate) items: Vec<Item>,
}
