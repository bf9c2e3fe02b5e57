//! A state machine: its states, and what its handlers do in each of them.

use crate::diag::Diag;
use crate::model::config;
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use crate::model::mark::{self, Marks};
use crate::model::server::{MachinePart, Server, Unnamed};
use crate::model::step::{Hook, Step, target_ty};
use crate::model::types;
use crate::syntax::attribute::split_commas;
use crate::syntax::block::{Block, Item};
use crate::syntax::method::Method;
use crate::syntax::options::Separator;
use crate::syntax::states;
use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::quote;
use syn::Type;
use syn::ext::IdentExt;

/// What is known of a machine from its impl block.
pub(crate) struct Machine {
    /// Its events, the first handler of each standing for all, its `#[init]` and its `#[terminate]`.
    pub(crate) server: Server,
    pub(crate) states: Vec<State>,
    /// Whether `states(..)` is there.
    pub(crate) has_states: bool,
    /// What becomes of an event that no handler and no state says anything of.
    pub(crate) unhandled: Option<Fate>,
    pub(crate) steps: Vec<Step>,
    pub(crate) hooks: Vec<Hook>,
    /// Of `#[init]` and `#[terminate]`, what they take besides.
    pub(crate) init: Option<Step>,
    pub(crate) terminate: Option<Step>,
    /// Methods with attributes of machines that are none of its handlers.
    pub(crate) strays: Vec<Marks>,
    /// The items as they were written.
    pub(crate) order: Vec<Written>,
}

/// One of the states.
pub(crate) struct State {
    pub(crate) ty: Type,
    pub(crate) ident: Ident,
    pub(crate) default: Option<Fate>,
}

/// What becomes of an event that is not handled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    Drop,
    Postpone,
}

/// Where an item of the block is found.
pub(crate) enum Written {
    /// In the handlers of the server.
    Handler(usize),
    /// A later handler of an event: in the steps.
    Step(usize),
    Hook(usize),
    Helper(usize),
    Other(usize),
}

impl Fate {
    pub(crate) const WORDS: [&'static str; 2] = ["drop", "postpone"];

    pub(crate) fn from_word(word: &Ident) -> Option<Fate> {
        match word.to_string().as_str() {
            "drop" => Some(Fate::Drop),
            "postpone" => Some(Fate::Postpone),
            _ => None,
        }
    }
}

impl Machine {
    /// `Err` where the type has no name to derive names from.
    pub(crate) fn read(options: TokenStream, block: Block, diag: &mut Diag) -> Result<Machine, Box<Unnamed>> {
        let Block { attributes, impl_, generics, marker, trait_, self_ty, inner, items } = block;
        let head = Block { attributes, impl_, generics, marker, trait_, self_ty, inner, items: Vec::new() };
        let mut server = Server::read(TokenStream::new(), head, diag).map_err(|mut unnamed| {
            unnamed.items = Vec::new();
            unnamed
        })?;
        server.machine = Some(MachinePart { initial: None });
        let mut machine = Machine {
            server,
            states: Vec::new(),
            has_states: false,
            unhandled: None,
            steps: Vec::new(),
            hooks: Vec::new(),
            init: None,
            terminate: None,
            strays: Vec::new(),
            order: Vec::new(),
        };
        machine.read_options(options, diag);
        for item in items {
            match item {
                Item::Method(method) => machine.read_method(*method, diag),
                other => {
                    machine.order.push(Written::Other(machine.server.others.len()));
                    machine.server.others.push(other);
                }
            }
        }
        machine.put_off();
        machine.begin();
        Ok(machine)
    }

    /// `states(Locked, Closed: drop), unhandled = postpone, crate = ::noex`
    fn read_options(&mut self, options: TokenStream, diag: &mut Diag) {
        let mut others = Vec::new();
        for part in split_commas(options) {
            match states_of(&part) {
                Some(group) if !self.has_states => {
                    self.has_states = true;
                    for part in split_commas(group.stream()) {
                        self.read_state(part, diag);
                    }
                }
                Some(_) => {
                    diag.error(&part, "`states` is set twice").help("keep one of the two");
                }
                None => others.push(part),
            }
        }
        let what = "options of the block besides `states(..)`";
        for setting in
            config::settings(quote!(#(#others),*), Separator::Equals, &["unhandled", "crate"], what, diag)
        {
            if setting.key == "unhandled" {
                let word = config::word(&setting, &Fate::WORDS, diag);
                self.unhandled = word.as_ref().and_then(Fate::from_word);
            } else {
                self.server.krate = config::krate(&setting, diag);
            }
        }
    }

    fn read_state(&mut self, part: TokenStream, diag: &mut Diag) {
        let Ok(declared) = states::parse_declared(part.clone()) else {
            diag.error(&part, "a state is a type").help("write `states(Locked, Closed: drop)`");
            return;
        };
        let default = declared.default.as_ref().and_then(|word| {
            let fate = Fate::from_word(word);
            if fate.is_none() {
                diag.error(word, format!("unknown default `{word}`"))
                    .help("what becomes of an event without a handler: `drop`, `postpone`");
            }
            fate
        });
        let Some(ident) = types::last_segment(&declared.ty).map(|segment| segment.ident.clone()) else {
            return;
        };
        self.states.push(State { ty: declared.ty, ident, default });
    }

    fn read_method(&mut self, mut method: Method, diag: &mut Diag) {
        let marks = Marks::take(&mut method.attributes, diag);
        if let Some(marks) = marks.hook() {
            self.order.push(Written::Hook(self.hooks.len()));
            let hook = Hook::read(method, marks, &self.states, &self.server.names.state, diag);
            self.hooks.push(hook);
            return;
        }
        let Some(kind) = marks.kind else {
            if !marks.is_empty() {
                self.strays.push(marks);
            }
            self.order.push(Written::Helper(self.server.helpers.len()));
            self.server.helpers.push(method);
            return;
        };
        let step = Step::read(kind, &mut method, marks, &self.states, &self.server.names.state);
        let handler = match Handler::read(method, diag) {
            Ok(handler) => Handler { kind, ..handler },
            Err(helper) => {
                self.order.push(Written::Helper(self.server.helpers.len()));
                self.server.helpers.push(*helper);
                return;
            }
        };
        self.add(kind, step, handler);
    }

    /// What the type of the first state is.
    fn begin(&mut self) {
        let Some(init) = &self.init else { return };
        let method = self.server.handlers[init.event].ident();
        let targets = self.targets(init);
        let initial = (!targets.is_empty()).then(|| target_ty(&self.server, method, &targets));
        self.server.machine = Some(MachinePart { initial });
    }

    fn add(&mut self, kind: Kind, mut step: Step, handler: Handler) {
        let next = self.server.handlers.len();
        let known = match kind {
            Kind::Init | Kind::Terminate => None,
            _ => self.server.handlers.iter().position(|other| is_same_event(other, &handler, &step)),
        };
        step.event = known.unwrap_or(next);
        if known.is_some() {
            self.order.push(Written::Step(self.steps.len()));
            step.more = Some(handler);
        } else {
            self.order.push(Written::Handler(next));
            self.server.handlers.push(handler);
        }
        match kind {
            Kind::Init if self.init.is_none() => self.init = Some(step),
            Kind::Terminate if self.terminate.is_none() => self.terminate = Some(step),
            Kind::Init | Kind::Terminate => {}
            _ => self.steps.push(step),
        }
    }

    /// The handler of a step.
    pub(crate) fn handler<'a>(&'a self, step: &'a Step) -> &'a Handler {
        step.more.as_ref().unwrap_or(&self.server.handlers[step.event])
    }

    /// The steps of an event.
    pub(crate) fn steps_of(&self, event: usize) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(move |step| step.event == event)
    }

    /// The events, each by its first handler.
    pub(crate) fn events(&self) -> impl Iterator<Item = (usize, &Handler)> {
        let is_event = |handler: &Handler| !matches!(handler.kind, Kind::Init | Kind::Terminate);
        self.server.handlers.iter().enumerate().filter(move |(_, handler)| is_event(handler))
    }

    pub(crate) fn state(&self, name: &Ident) -> Option<usize> {
        self.states.iter().position(|state| state.ident == *name)
    }

    pub(crate) fn state_names(&self) -> Vec<String> {
        self.states.iter().map(|state| state.ident.to_string()).collect()
    }
}

/// Whether both handle one event: of a call, a cast or an event of the machine's own the name says so, of an info
/// its type.
fn is_same_event(first: &Handler, other: &Handler, step: &Step) -> bool {
    if first.kind != other.kind {
        return false;
    }
    if first.kind == Kind::Info {
        let types = [first, other].map(|handler| handler.message().map(|ty| types::text(ty)));
        return types[0].is_some() && types[0] == types[1];
    }
    match &step.event_word {
        Some(word) => first.ident().unraw() == word.unraw(),
        None => first.ident() == other.ident(),
    }
}

/// What stands in the parentheses of `states(..)`.
fn states_of(part: &TokenStream) -> Option<Group> {
    let tokens: Vec<TokenTree> = part.clone().into_iter().collect();
    match tokens.as_slice() {
        [TokenTree::Ident(word), TokenTree::Group(group)] if word == mark::STATES => Some(group.clone()),
        _ => None,
    }
}
