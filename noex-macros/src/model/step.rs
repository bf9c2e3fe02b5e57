//! One handler of a state machine: where it handles its event, where it leads, what it takes besides.

use crate::diag::Diag;
use crate::model::carried::Carried;
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use crate::model::machine::State;
use crate::model::mark::Marks;
use crate::model::server::Server;
use crate::model::types;
use crate::names;
use crate::syntax::method::{Argument, Method};
use crate::syntax::states::Source;
use proc_macro2::Ident;
use syn::{GenericArgument, PathArguments, ReturnType, Type, parse_quote};

pub(crate) struct Step {
    /// Its event: the place of the event's first handler among those of the server.
    pub(crate) event: usize,
    /// `#[call(unlock)]`: the event by its name.
    pub(crate) event_word: Option<Ident>,
    /// The handler, where it is not the event's first.
    pub(crate) more: Option<Handler>,
    /// The word `on`, where that is written.
    pub(crate) on: Option<Ident>,
    /// The states it is for; `None`: those that no other handler of the event is for.
    pub(crate) from: Option<Vec<Ident>>,
    pub(crate) to: Vec<Ident>,
    /// Whether an arrow is written.
    pub(crate) has_arrow: bool,
    pub(crate) postpone: Vec<Ident>,
    pub(crate) drop: Vec<Ident>,
    /// What it takes that is no part of its message, in order.
    pub(crate) extras: Vec<Extra>,
    pub(crate) shape: Shape,
}

/// `#[enter(Open)]`, `#[exit(Open)]`
pub(crate) struct Hook {
    pub(crate) word: Ident,
    pub(crate) is_enter: bool,
    pub(crate) states: Vec<Ident>,
    pub(crate) method: Method,
    pub(crate) carried: Carried,
    pub(crate) extras: Vec<Extra>,
}

/// An argument that is no part of a message.
pub(crate) enum Extra {
    Context,
    Actions,
    /// `from: At<Self>`
    At,
    State(Box<StateArgument>),
}

/// How a method takes the state.
pub(crate) struct StateArgument {
    pub(crate) ty: Type,
    /// It is taken away, and not lent.
    pub(crate) is_value: bool,
    /// `&mut DoorState`: any of the states.
    pub(crate) is_any: bool,
    /// It is of a state that the method is not always in.
    pub(crate) is_foreign: bool,
}

/// How a handler says where it leads.
pub(crate) enum Shape {
    /// It does not: the state stays.
    Stay,
    /// It returns the state, of this type, alone or beside the reply.
    Always(Box<Type>),
    /// It returns `Next`, of states of this type.
    May(Box<Type>),
    /// It should, and does not.
    Missing,
    /// It should not, and does.
    Undeclared,
}

impl Step {
    /// Takes what machines alone know from the method.
    pub(crate) fn read(kind: Kind, method: &mut Method, marks: Marks, states: &[State], any: &Ident) -> Step {
        let (on, arrow) = marks.on.map_or((None, None), |(word, arrow)| (Some(word), Some(arrow)));
        let (from, to) = arrow.map_or((None, None), |arrow| (Some(arrow.from), arrow.to));
        let from = from.filter(|from| !from.iter().any(|source| matches!(source, Source::Rest)));
        let from = from.map(|from| {
            let state = |source| match source {
                Source::State(state) => Some(state),
                Source::Rest => None,
            };
            from.into_iter().filter_map(state).collect::<Vec<Ident>>()
        });
        let has_arrow = to.is_some();
        let to = if kind == Kind::Init { marks.initial } else { to.unwrap_or_default() };
        let only = match (&from, kind) {
            (Some(from), _) => <&[Ident; 1]>::try_from(from.as_slice()).ok().map(|[state]| state),
            (None, _) => None,
        };
        let takes = match kind {
            Kind::Init => Takes { state: None, any: None },
            _ => Takes { state: only, any: Some(any) },
        };
        let extras = take_extras(&mut method.arguments, &takes, states);
        let mut step = Step {
            event: 0,
            event_word: marks.event,
            more: None,
            on,
            from,
            to,
            has_arrow,
            postpone: marks.postpone.map(|(_, states)| states).unwrap_or_default(),
            drop: marks.drop.map(|(_, states)| states).unwrap_or_default(),
            extras,
            shape: Shape::Stay,
        };
        match kind {
            Kind::Init => step.read_initial(method, states),
            Kind::Terminate => {}
            _ => step.read_shape(kind, method),
        }
        step
    }

    /// Which state `#[init]` begins in, where its type says so.
    fn read_initial(&mut self, method: &Method, states: &[State]) {
        let made = types::written_output(&method.output).and_then(made_of);
        self.shape = match made {
            Some(ty) => Shape::Always(Box::new(ty.clone())),
            None => Shape::Missing,
        };
        if let (true, Some(segment)) = (self.to.is_empty(), made.and_then(types::last_segment))
            && states.iter().any(|state| state.ident == segment.ident)
        {
            self.to = vec![segment.ident.clone()];
        }
    }

    /// Leaves the reply alone as what the method returns.
    fn read_shape(&mut self, kind: Kind, method: &mut Method) {
        let answers = kind == Kind::Call
            && !method.arguments.last().is_some_and(|argument| types::is_reply_to(&argument.ty));
        let output = types::written_output(&method.output).cloned();
        let (shape, reply) = match output {
            Some(output) => match next_of(&output) {
                Some((_, reply)) if !self.has_arrow => (Shape::Undeclared, reply),
                Some((state, reply)) => (Shape::May(Box::new(state)), reply),
                None if !self.has_arrow => (Shape::Stay, Some(output)),
                None if answers => match pair_of(&output) {
                    Some((state, reply)) => (Shape::Always(Box::new(state)), Some(reply)),
                    None => (Shape::Missing, Some(output)),
                },
                None => (Shape::Always(Box::new(output)), None),
            },
            None if self.has_arrow => (Shape::Missing, None),
            None => (Shape::Stay, None),
        };
        self.shape = shape;
        let arrow = match &method.output {
            ReturnType::Type(arrow, _) => *arrow,
            ReturnType::Default => return,
        };
        method.output = match reply {
            Some(reply) => ReturnType::Type(arrow, Box::new(reply)),
            None => ReturnType::Default,
        };
    }

    /// The state that it takes.
    pub(crate) fn state(&self) -> Option<&StateArgument> {
        state_of(&self.extras)
    }
}

impl Hook {
    pub(crate) fn read(
        mut method: Method,
        marks: &Marks,
        states: &[State],
        any: &Ident,
        diag: &mut Diag,
    ) -> Hook {
        let ((word, names), is_enter) = match (&marks.enter, &marks.exit) {
            (Some(enter), exit) => {
                if let Some((word, _)) = exit {
                    diag.error(word, "a hook is either an enter or an exit").help("keep one of the two");
                }
                (enter.clone(), true)
            }
            (None, Some(exit)) => (exit.clone(), false),
            (None, None) => unreachable!("the caller has seen one of the two"),
        };
        let only = <&[Ident; 1]>::try_from(names.as_slice()).ok().map(|[state]| state);
        let extras = take_extras(&mut method.arguments, &Takes { state: only, any: Some(any) }, states);
        let carried = Carried::of(&std::mem::take(&mut method.attributes));
        Hook { word, is_enter, states: names, method, carried, extras }
    }

    pub(crate) fn state(&self) -> Option<&StateArgument> {
        state_of(&self.extras)
    }
}

fn state_of(extras: &[Extra]) -> Option<&StateArgument> {
    extras.iter().find_map(|extra| match extra {
        Extra::State(state) => Some(&**state),
        _ => None,
    })
}

/// Which states a method can take: its only one, or any as the enum of all.
struct Takes<'a> {
    state: Option<&'a Ident>,
    any: Option<&'a Ident>,
}

/// Takes the arguments before the message.
fn take_extras(arguments: &mut Vec<Argument>, takes: &Takes<'_>, states: &[State]) -> Vec<Extra> {
    let mut extras = Vec::new();
    while let Some(argument) = arguments.first() {
        let Some(extra) = extra_of(&argument.ty, takes, states) else { break };
        // The second of a kind is a part of the message, or an error there.
        if extras.iter().any(|known| std::mem::discriminant(known) == std::mem::discriminant(&extra)) {
            break;
        }
        extras.push(extra);
        arguments.remove(0);
    }
    extras
}

fn extra_of(ty: &Type, takes: &Takes<'_>, states: &[State]) -> Option<Extra> {
    if types::is_context(ty) {
        return Some(Extra::Context);
    }
    let (inner, is_value) = match types::ungrouped(ty) {
        Type::Reference(reference) => (&*reference.elem, false),
        ty => (ty, true),
    };
    let name = &types::last_segment(inner)?.ident;
    match name.to_string().as_str() {
        "Actions" if !is_value => return Some(Extra::Actions),
        "At" if is_value => return Some(Extra::At),
        _ => {}
    }
    let is_any = takes.any == Some(name);
    let is_own = takes.state == Some(name);
    // One that is borrowed cannot be a part of the message.
    let is_state = (is_own || !is_value) && states.iter().any(|state| state.ident == *name);
    let is_foreign = is_state && !is_own;
    (is_any || is_state)
        .then(|| Extra::State(Box::new(StateArgument { ty: inner.clone(), is_value, is_any, is_foreign })))
}

/// Of `Next<Closed, u8>` the two.
fn next_of(ty: &Type) -> Option<(Type, Option<Type>)> {
    let segment = types::last_segment(ty).filter(|segment| segment.ident == "Next")?;
    let PathArguments::AngleBracketed(generic) = &segment.arguments else { return None };
    let mut types = generic.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    });
    let state = types.next()?;
    let is_unit = |ty: &Type| matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty());
    Some((state, types.next().filter(|ty| !is_unit(ty))))
}

/// Of `(Closed, u8)` the two.
fn pair_of(ty: &Type) -> Option<(Type, Type)> {
    match types::ungrouped(ty) {
        Type::Tuple(tuple) if tuple.elems.len() == 2 => {
            Some((tuple.elems[0].clone(), tuple.elems[1].clone()))
        }
        _ => None,
    }
}

/// Of `Result<Option<(Self, Locked)>, E>` the `Locked`.
fn made_of(ty: &Type) -> Option<&Type> {
    let ty = types::ungrouped(ty);
    if let Type::Tuple(tuple) = ty {
        return tuple.elems.iter().nth(1);
    }
    let segment = types::last_segment(ty).filter(|it| it.ident == "Result" || it.ident == "Option")?;
    let PathArguments::AngleBracketed(generic) = &segment.arguments else { return None };
    generic
        .args
        .iter()
        .find_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
        .and_then(made_of)
}

/// The type of where a handler leads: the state, or the enum of those it declares.
pub(crate) fn target_ty(machine: &Server, method: &Ident, to: &[&State]) -> Type {
    match to {
        [only] => only.ty.clone(),
        _ => {
            let set = names::targets(&machine.ident, method);
            let (_, parameters, _) = machine.generics.split_for_impl();
            parse_quote!(#set #parameters)
        }
    }
}

/// A list of states for a message: `A | B`.
pub(crate) fn bar(states: &[String]) -> String {
    states.join(" | ")
}
