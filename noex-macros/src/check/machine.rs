//! Rules over a state machine: its states, and that every event has its place in every state.

use crate::check::handler;
use crate::check::server::{self, Verdict};
use crate::diag::{Diag, choices};
use crate::model::coverage::{Cover, Coverage};
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use crate::model::machine::Machine;
use crate::model::step::{Hook, Shape, Step, bar};
use crate::model::types::{self, text};
use proc_macro2::Ident;
use std::collections::HashSet;

/// What is sound enough to be expanded.
pub(crate) struct MachineVerdict {
    pub(crate) server: Verdict,
    /// The events whose handlers are all right.
    pub(crate) is_sound: Vec<bool>,
    pub(crate) has_sound_init: bool,
    pub(crate) has_sound_terminate: bool,
}

pub(crate) fn check(machine: &Machine, diag: &mut Diag) -> MachineVerdict {
    check_head(machine, diag);
    let mut verdict = server::check(&machine.server, diag);
    for stray in &machine.strays {
        let words = [
            stray.on.as_ref().map(|(word, _)| word),
            stray.postpone.as_ref().map(|(word, _)| word),
            stray.drop.as_ref().map(|(word, _)| word),
        ];
        if let Some(word) = words.into_iter().flatten().next() {
            diag.error(word, format!("`#[{word}(..)]` belongs to a handler"))
                .help("add `#[call]`, `#[cast]`, `#[info]` or `#[event]`");
        }
    }
    for (event, _) in machine.events() {
        for step in machine.steps_of(event) {
            let before = diag.count();
            check_step(machine, step, diag);
            verdict.is_sound[event] &= diag.count() == before;
        }
    }
    for coverage in machine.coverage() {
        let before = diag.count();
        // Beside a wrong word in its attributes what is missing is no news.
        if verdict.is_sound[coverage.event] {
            check_coverage(machine, &coverage, diag);
        }
        verdict.is_sound[coverage.event] &= diag.count() == before;
    }
    let is_sound_of = |kind: Kind| {
        let handlers = machine.server.handlers.iter().zip(&verdict.is_sound);
        handlers.into_iter().any(|(handler, is_sound)| handler.kind == kind && *is_sound)
    };
    let before = diag.count();
    if let Some(init) = machine.init.as_ref().filter(|_| is_sound_of(Kind::Init)) {
        check_init(machine, init, diag);
    }
    let has_sound_init = is_sound_of(Kind::Init) && diag.count() == before;
    let has_sound_terminate = is_sound_of(Kind::Terminate);
    for hook in &machine.hooks {
        check_hook(machine, hook, diag);
    }
    check_hooks(machine, diag);
    if !has_sound_init {
        for (handler, is_sound) in machine.server.handlers.iter().zip(&mut verdict.is_sound) {
            *is_sound &= handler.kind != Kind::Init;
        }
    }
    let is_sound = verdict.is_sound.clone();
    MachineVerdict { server: verdict, is_sound, has_sound_init, has_sound_terminate }
}

fn check_head(machine: &Machine, diag: &mut Diag) {
    let ident = &machine.server.ident;
    if machine.states.is_empty() {
        let example =
            format!("write `#[state_machine(states(Locked, Closed))] impl {ident}`, with a type for each");
        diag.error(&machine.server.header.self_ty, format!("`{ident}` has no states")).help(example);
    }
    let parameters = machine.server.type_parameters();
    let mut seen = HashSet::new();
    for state in &machine.states {
        if parameters.contains(&&state.ident) {
            diag.error(&state.ty, format!("the parameter `{}` is no state", state.ident)).help(format!(
                "make it a type of its own: `struct Holding<{0}>({0});`, and write `Holding<{0}>`",
                state.ident
            ));
        }
        if !seen.insert(&state.ident) {
            diag.error(&state.ident, format!("`{}` is a state already", state.ident))
                .help("remove it; two states are two types with names of their own");
        }
    }
}

fn check_step(machine: &Machine, step: &Step, diag: &mut Diag) {
    let handler = machine.handler(step);
    let first = &machine.server.handlers[step.event];
    if let Some(more) = &step.more {
        handler::check(more, &machine.server.ident, diag);
        check_same(first, more, diag);
    } else if let Some(word) = step.event_word.as_ref().filter(|word| *word != handler.ident()) {
        diag.error(word, format!("no `#[{}]` method is called `{word}`", handler.kind.word()))
            .help(format!("rename this one, the first of its event, to `{word}`"));
    }
    check_method(handler, diag);
    let names = step.from.iter().flatten().chain(&step.to).chain(&step.postpone).chain(&step.drop);
    check_names(machine, names, diag);
    check_state_argument(machine, step, handler, diag);
    for argument in &handler.arguments {
        check_late_extra(argument, diag);
    }
    check_shape(step, handler, diag);
}

/// What a handler of a machine cannot be.
fn check_method(handler: &Handler, diag: &mut Diag) {
    if let Some(word) = &handler.method.qualifiers.asyncness {
        diag.error(word, "a handler of a state machine is a plain `fn`: nothing else happens while it runs")
            .help("spawn what takes time, and send its outcome back as an event");
    }
    if let Some(word) = &handler.job {
        diag.error(word, "a state machine is no worker: its calls depend on its state").help("remove `job`");
    }
    if let Some(word) = &handler.concurrent {
        diag.error(word, "a state machine has no concurrent calls")
            .help("take `reply: ReplyTo<..>` and answer from a task");
    }
    check_cfg(&handler.carried.cfg, diag);
}

fn check_cfg(cfg: &proc_macro2::TokenStream, diag: &mut Diag) {
    if !cfg.is_empty() {
        diag.error(cfg, "a handler that may not be there cannot be counted on in its states")
            .help("put `cfg` inside of the method");
    }
}

/// All handlers of an event take the same message.
fn check_same(first: &Handler, more: &Handler, diag: &mut Diag) {
    let name = first.ident();
    if first.arguments.len() != more.arguments.len() || first.reply_to.is_some() != more.reply_to.is_some() {
        let written = |handler: &Handler| {
            let arguments = handler.arguments.iter().chain(handler.reply_to.iter().map(|it| &it.argument));
            let arguments: Vec<String> =
                arguments.map(|it| format!("{}: {}", text(&it.pattern), text(&it.ty))).collect();
            arguments.join(", ")
        };
        let takes = match written(first).as_str() {
            "" => "takes nothing".to_string(),
            arguments => format!("takes `{arguments}`"),
        };
        diag.error(more.ident(), format!("`{}` handles the event `{name}`, which {takes}", more.ident()))
            .help("take the same");
    }
}

fn check_names<'a>(machine: &Machine, names: impl Iterator<Item = &'a Ident>, diag: &mut Diag) {
    let known = machine.state_names();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    for name in names {
        if machine.state(name).is_none() && !machine.states.is_empty() {
            let what = format!("states of `{}`", machine.server.ident);
            diag.error(name, format!("unknown state `{name}`")).help(choices(
                &name.to_string(),
                &known,
                &what,
            ));
        }
    }
}

fn check_state_argument(machine: &Machine, step: &Step, handler: &Handler, diag: &mut Diag) {
    if let Some(state) = step.state()
        && state.is_value
        && !matches!(step.shape, Shape::Always(_) | Shape::Missing)
    {
        let ty = text(&state.ty);
        diag.error(
            &state.ty,
            format!("`{}` takes the state away, so it has to lead to one", handler.ident()),
        )
        .help(format!("take `&mut {ty}`, or return the next state itself"));
    }
    if let Some(state) = step.state().filter(|state| state.is_foreign) {
        let any = &machine.server.names.state;
        let help = match &step.from {
            Some(from) if from.len() == 1 => format!("it is in `{}`", from[0]),
            _ => format!("take `&mut {any}`, or write a handler for `{}` alone", text(&state.ty)),
        };
        diag.error(&state.ty, format!("`{}` is not always in `{}`", handler.ident(), text(&state.ty)))
            .help(help);
    }
}

fn check_late_extra(argument: &crate::syntax::method::Argument, diag: &mut Diag) {
    let syn::Type::Reference(reference) = types::ungrouped(&argument.ty) else { return };
    let is_late = types::last_segment(&reference.elem).is_some_and(|segment| segment.ident == "Actions");
    if is_late {
        diag.error(&argument.pattern, "the actions come before the message").help(format!(
            "write `{}: {}` right after `self`",
            text(&argument.pattern),
            text(&argument.ty)
        ));
    }
}

fn check_shape(step: &Step, handler: &Handler, diag: &mut Diag) {
    let name = handler.ident();
    let targets = bar(&step.to.iter().map(ToString::to_string).collect::<Vec<_>>());
    let reply = handler.output().map(|reply| text(reply));
    match &step.shape {
        Shape::Missing => {
            let target = step.to.first().map(ToString::to_string).unwrap_or_default();
            let help = match (&reply, handler.reply_to.is_some()) {
                (Some(reply), false) => {
                    format!("return `({target}, {reply})`, or `Next<{target}, {reply}>` where it may stay")
                }
                _ => format!("return `{target}`, or `Next<{target}>` where it may stay"),
            };
            diag.error(name, format!("`{name}` leads to `{targets}`, but does not return where")).help(help);
        }
        Shape::Undeclared => diag
            .error(name, format!("`{name}` may lead to another state, but does not declare which"))
            .help("write `#[on(.. => State)]`, or return the reply alone"),
        _ => {}
    }
}

fn check_coverage(machine: &Machine, coverage: &Coverage<'_>, diag: &mut Diag) {
    let event = machine.server.handlers[coverage.event].ident();
    for (state, first) in &coverage.twice {
        diag.error(*state, format!("what becomes of `{event}` in `{state}` is said at `{first}` already"))
            .help("remove it here or there");
    }
    for (second, first) in &coverage.second_rest {
        let (second, first) = (machine.handler(second).ident(), machine.handler(first).ident());
        diag.error(second, format!("`{first}` is for every state that is left, and so is `{second}`"))
            .help("write `#[on(..)]` with the states of one of the two");
    }
    let missing: Vec<String> = (machine.states.iter().zip(&coverage.of))
        .filter(|(_, cover)| matches!(cover, Cover::Missing))
        .map(|(state, _)| state.ident.to_string())
        .collect();
    if let Some(first) = missing.first() {
        let names: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
        let help = format!(
            "handle it: `#[on({})]`; or say what becomes of it: `#[drop({first})]`, `#[postpone({first})]`, or \
             `unhandled = drop` above the `impl`",
            bar(&missing),
        );
        diag.error(event, format!("`{event}` is not handled in {}", names.join(", "))).help(help);
    }
}

fn check_init(machine: &Machine, init: &Step, diag: &mut Diag) {
    let Some(handler) = machine.server.handlers.iter().find(|handler| handler.kind == Kind::Init) else {
        return;
    };
    check_names(machine, init.to.iter(), diag);
    check_cfg(&handler.carried.cfg, diag);
    if let Some(on) = &init.on {
        diag.error(on, "a machine is in no state before `#[init]`").help("remove `#[on(..)]`");
    }
    let Some(output) = handler.output() else { return };
    let first = machine.state_names().into_iter().next().unwrap_or_default();
    match init.shape {
        Shape::Missing => diag
            .error(output, "`#[init]` makes the machine and its first state")
            .help(format!("return `(Self, {first})`, or `Result<(Self, {first}), E>`")),
        _ if init.to.is_empty() && !machine.states.is_empty() => diag
            .error(output, "in which state the machine begins cannot be seen here")
            .help(format!("return `(Self, {first})`, or name them: `#[init({first} | ..)]`")),
        _ => {}
    }
}

fn check_hook(machine: &Machine, hook: &Hook, diag: &mut Diag) {
    let word = &hook.word;
    check_names(machine, hook.states.iter(), diag);
    check_cfg(&hook.carried.cfg, diag);
    let method = &hook.method;
    let noun = if hook.is_enter { "an enter hook" } else { "an exit hook" };
    if let Some(word) = &method.qualifiers.asyncness {
        diag.error(word, format!("{noun} is a plain `fn`")).help("remove `async`, and spawn what takes time");
    }
    if method.receiver.is_none() {
        diag.error(&method.ident, format!("{noun} needs `&self` or `&mut self`"))
            .help("add `&mut self` as the first argument");
    }
    if let Some(argument) = method.arguments.first() {
        let at = if hook.is_enter { "from" } else { "to" };
        diag.error(&argument.pattern, format!("{noun} takes no `{}`", text(&argument.ty))).help(format!(
            "it may take `actions: &mut Actions<Self>`, its only state as `&mut`, and `{at}: At<Self>`"
        ));
    }
    if let Some(output) = types::written_output(&method.output) {
        diag.error(output, format!("{noun} returns nothing"))
            .help("to go on from here, raise an event: `actions.raise(..)`");
    }
    if let Some(state) = hook.state().filter(|state| state.is_foreign) {
        diag.error(&state.ty, format!("`{}` is not always in `{}`", method.ident, text(&state.ty)))
            .help("take the data of the only state of the hook");
    }
    if let Some(state) = hook.state().filter(|state| state.is_value) {
        diag.error(&state.ty, format!("{noun} cannot take the state away"))
            .help(format!("take `&mut {}`", text(&state.ty)));
    }
    if hook.states.is_empty() {
        diag.error(word, format!("`#[{word}(..)]` needs states")).help(format!("write `#[{word}(Open)]`"));
    }
}

/// A state has one hook of a kind; and one that is taken away cannot be shown to the exit hook.
fn check_hooks(machine: &Machine, diag: &mut Diag) {
    let mut seen = HashSet::new();
    for hook in &machine.hooks {
        for state in &hook.states {
            if !seen.insert((hook.is_enter, state.to_string())) {
                diag.error(state, format!("`{state}` has this hook already")).help("make one of the two");
            }
        }
        let Some(argument) = hook.state().filter(|_| !hook.is_enter) else { continue };
        let takes = machine.coverage().into_iter().find_map(|coverage| {
            let mut steps =
                hook.states.iter().filter_map(|state| match coverage.of[machine.state(state)?] {
                    Cover::By(step) => Some(step),
                    _ => None,
                });
            steps.find(|step| step.state().is_some_and(|state| state.is_value))
        });
        if let Some(step) = takes {
            let method = machine.handler(step).ident();
            diag.error(&argument.ty, format!("`{method}` takes the state away, so this hook cannot see it"))
                .help(format!("remove this argument, or take `&mut {}` there", text(&argument.ty)));
        }
    }
}
