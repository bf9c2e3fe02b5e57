//! Which handlers become what: the sound ones by their kind, the others for a stand-in.

use crate::check::server::Verdict;
use crate::krate::Krate;
use crate::model::bounds;
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use crate::model::server::Server;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{GenericParam, Type, Visibility};

/// A server, ready to be expanded.
pub(crate) struct Plan<'a> {
    pub(crate) server: &'a Server,
    sound: Vec<&'a Handler>,
    /// Handlers with an error: their methods stay on the reference, so that no caller gets an error of its own.
    pub(crate) broken: Vec<&'a Handler>,
}

/// A message enum of a server, or the absence of one.
pub(crate) struct Messages<'a> {
    pub(crate) kind: Kind,
    pub(crate) name: &'a Ident,
    pub(crate) handlers: Vec<&'a Handler>,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(server: &'a Server, verdict: &Verdict) -> Self {
        let mut plan = Plan { server, sound: Vec::new(), broken: Vec::new() };
        for (handler, is_sound) in server.handlers.iter().zip(&verdict.is_sound) {
            let is_twin = |other: &&Handler| other.ident() == handler.ident() && other.kind == handler.kind;
            if *is_sound {
                plan.sound.push(handler);
            } else if !plan.sound.iter().chain(&plan.broken).any(is_twin) {
                plan.broken.push(handler);
            }
        }
        plan
    }

    pub(crate) fn krate(&self) -> &'a Krate {
        &self.server.krate
    }

    pub(crate) fn self_ty(&self) -> &'a Type {
        &self.server.self_ty
    }

    /// The type that is the server: of a state machine the runtime's, around it.
    pub(crate) fn server_ty(&self) -> TokenStream {
        let (krate, self_ty) = (self.krate(), self.self_ty());
        match self.server.machine {
            Some(_) => quote!(#krate::state_machine::Machine<#self_ty>),
            None => self_ty.to_token_stream(),
        }
    }

    /// The server as its name stands in docs.
    pub(crate) fn title(&self) -> String {
        self.server.ident.to_string()
    }

    pub(crate) fn handlers(&self) -> impl Iterator<Item = &'a Handler> {
        self.sound.iter().copied()
    }

    pub(crate) fn messages(&self, kind: Kind) -> Messages<'a> {
        let names = &self.server.names;
        let name = match kind {
            Kind::Cast => &names.cast,
            Kind::Info | Kind::Every | Kind::Idle | Kind::Subscribe => &names.info,
            Kind::Continuation => &names.continuation,
            Kind::Event => &names.event,
            Kind::Call | Kind::Init | Kind::Terminate => &names.call,
        };
        Messages { kind, name, handlers: self.of(kind).collect() }
    }

    /// The handlers whose messages are of this kind.
    fn of(&self, kind: Kind) -> impl Iterator<Item = &'a Handler> {
        self.handlers().filter(move |handler| handler.kind.message() == kind)
    }

    /// `impl<T: Job>` up to the parameters, and the where clause.
    pub(crate) fn generics(&self) -> (TokenStream, TokenStream) {
        let declared = self.declared();
        let declared = if declared.is_empty() { declared } else { quote!(<#declared>) };
        (declared, self.where_clause())
    }

    /// Whether generated items have parameters.
    pub(crate) fn is_generic(&self) -> bool {
        !self.server.generics.params.is_empty()
    }

    /// `T: Job`, without the brackets, as it reads outside of the impl block.
    pub(crate) fn declared(&self) -> TokenStream {
        let mut params = self.server.generics.params.clone();
        for parameter in &mut params {
            if let GenericParam::Type(parameter) = parameter
                && !parameter.bounds.is_empty()
            {
                let missing = bounds::missing(&self.server.generics, parameter);
                parameter.bounds.extend(missing);
            }
        }
        self.server.outside(&params)
    }

    /// The user's where clause, and that all parameters can be sent and live as long as the server may.
    ///
    /// A server is `Send + 'static`, and with it its parameters; where the user forgot to say so, `assert` says it
    /// once, and not each item of ours once more. Bounds go where the user has some: clippy wants them in one place.
    pub(crate) fn where_clause(&self) -> TokenStream {
        let mut predicates = TokenStream::new();
        for predicate in self.server.generics.where_clause.iter().flat_map(|where_| &where_.predicates) {
            let predicate = self.server.outside(predicate);
            predicates.extend(quote!(#predicate,));
        }
        for parameter in self.server.generics.type_params().filter(|parameter| parameter.bounds.is_empty()) {
            let (ident, missing) = (&parameter.ident, bounds::missing(&self.server.generics, parameter));
            if !missing.is_empty() {
                predicates.extend(quote!(#ident: #(#missing)+*,));
            }
        }
        if predicates.is_empty() { predicates } else { quote!(where #predicates) }
    }

    /// `<T>`: the parameters as a generated type is given them.
    pub(crate) fn parameters(&self) -> TokenStream {
        let (_, parameters, _) = self.server.generics.split_for_impl();
        parameters.to_token_stream()
    }

    /// The type of a message enum: `AccountCast`, or the runtime's `Never` where it would be empty.
    pub(crate) fn message_ty(&self, messages: &Messages<'_>) -> TokenStream {
        let (krate, name, parameters) = (self.krate(), messages.name, self.parameters());
        if messages.handlers.as_slice().is_empty() {
            quote!(#krate::Never)
        } else {
            quote!(#name #parameters)
        }
    }

    /// The widest visibility among the handlers, for docs that may link to them.
    pub(crate) fn is_public(&self) -> bool {
        self.handlers().any(|handler| matches!(handler.method.visibility, Visibility::Public(_)))
    }

    /// The server in docs: a link where readers can follow it.
    pub(crate) fn doc_link(&self) -> String {
        let title = self.title();
        if self.is_public() { format!("[`{title}`]") } else { format!("`{title}`") }
    }
}

impl Messages<'_> {
    /// Whether a `cfg` may take one of the handlers away.
    pub(crate) fn has_cfg(&self) -> bool {
        self.handlers.iter().any(|handler| !handler.carried.cfg.is_empty())
    }
}
