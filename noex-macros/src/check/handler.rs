//! Rules over one handler: its attributes and its signature.

use crate::check::{argument, policy};
use crate::diag::Diag;
use crate::model::handler::Handler;
use crate::model::kind::Kind;
use crate::model::types::{self, is_reply_to, last_segment, text};
use crate::syntax::method::Form;
use proc_macro2::Ident;
use syn::{GenericParam, Type};

pub(crate) fn check(handler: &Handler, server: &Ident, diag: &mut Diag) {
    check_marks(handler, diag);
    check_qualifiers(handler, diag);
    check_generics(handler, diag);
    check_where(handler, diag);
    check_receiver(handler, diag);
    check_context(handler, server, diag);
    check_reply_to(handler, diag);
    check_concurrent(handler, diag);
    check_job(handler, diag);
    check_message(handler, diag);
    // Of what takes no arguments none can be wrong in itself.
    for argument in handler.arguments.iter().filter(|_| !handler.kind.is_timed()) {
        argument::check(handler, argument, diag);
    }
    check_output(handler, diag);
    policy::check(handler, diag);
}

fn check_marks(handler: &Handler, diag: &mut Diag) {
    let name = handler.ident();
    if let Some(word) = &handler.hidden_mark {
        diag.error(word, format!("`#[{word}]` behind `cfg_attr` is not visible to `#[genserver]`"))
            .help("use `#[cfg(..)]` on the method");
    }
    for mark in &handler.more_marks {
        let word = mark.kind.word();
        if mark.kind == handler.kind {
            diag.error(&mark.word, format!("`{name}` is already marked `#[{word}]`"))
                .help(format!("remove this `#[{word}]`"));
        } else {
            let (first, second) = (handler.kind.article(), mark.kind.article());
            diag.error(&mark.word, format!("a handler is either {first} or {second}"))
                .help(format!("keep `#[{}]` or `#[{word}]`", handler.kind.word()));
        }
    }
}

fn check_qualifiers(handler: &Handler, diag: &mut Diag) {
    let qualifiers = &handler.method.qualifiers;
    let words: [(&str, Option<&dyn quote::ToTokens>); 4] = [
        ("default", qualifiers.defaultness.as_ref().map(|word| word as _)),
        ("const", qualifiers.constness.as_ref().map(|word| word as _)),
        ("unsafe", qualifiers.unsafety.as_ref().map(|word| word as _)),
        ("extern", qualifiers.linkage.as_ref().map(|(word, _)| word as _)),
    ];
    for (word, token) in words {
        if let Some(token) = token {
            diag.error(token, format!("a handler cannot be `{word}`")).help(format!("remove `{word}`"));
        }
    }
    if let Some(dots) = &handler.method.variadic {
        diag.error(dots, "a handler cannot be variadic").help("take a `Vec` of what may be many");
    }
}

fn check_generics(handler: &Handler, diag: &mut Diag) {
    for parameter in &handler.method.generics.params {
        match parameter {
            GenericParam::Lifetime(parameter) => diag
                .error(
                    &parameter.lifetime,
                    "a handler cannot have lifetime parameters, because messages own their data",
                )
                .help(format!("remove `{}` and take owned types", parameter.lifetime)),
            GenericParam::Type(parameter) => diag
                .error(&parameter.ident, "a handler cannot have type parameters")
                .help(format!("put `{}` on the impl block", parameter.ident)),
            GenericParam::Const(parameter) => diag
                .error(&parameter.ident, "a handler cannot have const parameters")
                .help(format!("put `const {}` on the impl block", parameter.ident)),
        }
    }
}

/// What a handler asks of its server, everybody who sends to it would have to ask.
fn check_where(handler: &Handler, diag: &mut Diag) {
    if let Some(where_) = &handler.method.generics.where_clause {
        diag.error(&where_.where_token, "a handler cannot have a where clause")
            .help(format!("put `{}` on the impl block", text(&where_.predicates).trim_end_matches(',')));
    }
}

fn check_receiver(handler: &Handler, diag: &mut Diag) {
    let kind = handler.kind;
    match (&handler.method.receiver, kind) {
        (Some(receiver), Kind::Init) => diag
            .error(&receiver.tokens, "`#[init]` creates the server, so there is no `self` yet")
            .help(format!("remove `{}`", text(&receiver.tokens))),
        (None, Kind::Init) => {}
        (None, _) => diag
            .error(handler.ident(), format!("{} needs `&self` or `&mut self`", kind.noun()))
            .help("add `&mut self` as the first argument"),
        (Some(receiver), _) => match receiver.form {
            Form::Borrowed => {}
            Form::Value => diag
                .error(
                    &receiver.tokens,
                    format!("{} cannot take the server away from its mailbox", kind.noun()),
                )
                .help("use `&mut self`"),
            Form::Typed => {
                diag.error(&receiver.tokens, "a handler borrows its server").help("use `&mut self`");
            }
        },
    }
}

fn check_context(handler: &Handler, server: &Ident, diag: &mut Diag) {
    let Some(context) = &handler.context else { return };
    let help = || format!("write `{}: &mut Context<Self>`", text(&context.argument.pattern));
    if !matches!(types::ungrouped(&context.argument.ty), Type::Reference(_)) {
        diag.error(&context.argument.ty, "the context is lent to the handler").help(help());
        return;
    }
    if let Some(other) = types::other_context(&context.argument.ty, server) {
        diag.error(other, "the context is that of the handler's own server").help(help());
        return;
    }
    if context.position == 0 {
        return;
    }
    let place = match handler.method.receiver {
        Some(_) => "right after `self`",
        None => "first",
    };
    let pattern = &context.argument.pattern;
    diag.error(pattern, "the context comes before the message").help(format!(
        "write `{}: {}` {place}",
        text(pattern),
        text(&context.argument.ty)
    ));
}

/// The reply address comes last, and the reply goes there.
fn check_reply_to(handler: &Handler, diag: &mut Diag) {
    let mut more = handler.arguments.iter().filter(|argument| is_reply_to(&argument.ty));
    let Some(reply_to) = &handler.reply_to else {
        if let Some(argument) = more.next() {
            diag.error(&argument.ty, format!("nobody waits for a reply of {}", handler.kind.noun()))
                .help("use `#[call]`, or drop this argument");
        }
        return;
    };
    if let Some(argument) = more.next() {
        diag.error(&argument.pattern, "a call has one reply").help("make one type of both replies");
    } else if reply_to.after > 0 {
        let argument = &reply_to.argument;
        let (pattern, ty) = (text(&argument.pattern), text(&argument.ty));
        diag.error(&argument.pattern, "the reply address comes after the message")
            .help(format!("write `{pattern}: {ty}` last"));
    }
    if let Some(output) = handler.returned() {
        diag.error(output, "a handler with a `ReplyTo` replies through it").help("drop the return type");
    }
}

/// A concurrent handler is a future that owns all it needs.
fn check_concurrent(handler: &Handler, diag: &mut Diag) {
    let Some(word) = &handler.concurrent else { return };
    if !handler.is_async() {
        diag.error(word, "a concurrent handler waits beside the mailbox, so it is async")
            .help(format!("write `async fn {}`, or remove `concurrent`", handler.ident()));
    }
    if let Some(receiver) = handler.method.receiver.as_ref().filter(|receiver| receiver.is_mutable) {
        diag.error(
            &receiver.tokens,
            "a concurrent handler works on a clone of the state, so a change would be lost",
        )
        .help("use `&self`");
    }
    if let Some(context) = &handler.context {
        diag.error(
            &context.argument.pattern,
            "a concurrent handler runs beside its server, so it has no context",
        )
        .help("remove it, or remove `concurrent`");
    }
    if let Some(reply_to) = &handler.reply_to {
        diag.error(&reply_to.argument.pattern, "a concurrent handler replies with what it returns").help(
            format!(
                "return `{}`, or remove `concurrent`",
                handler.output().map_or_else(|| "()".into(), |reply| text(reply))
            ),
        );
    }
}

/// A worker is given something to do.
fn check_job(handler: &Handler, diag: &mut Diag) {
    if handler.job.is_some() && handler.arguments.is_empty() {
        diag.error(handler.ident(), "a job says what is to be done")
            .help("add an argument such as `mail: Mail`");
    }
}

/// Info handlers and continuations take one message, `#[terminate]` at most the reason.
fn check_message(handler: &Handler, diag: &mut Diag) {
    match (handler.kind, handler.arguments.as_slice()) {
        (Kind::Info, []) => diag
            .error(handler.ident(), "an info handler takes the message it handles")
            .help("add an argument such as `tick: Tick`"),
        (Kind::Continuation, []) => diag
            .error(handler.ident(), "a continuation takes the message it continues with")
            .help("add an argument such as `warm: Warm`"),
        (Kind::Info | Kind::Continuation, [_, second, ..]) => diag
            .error(&second.pattern, format!("{} takes exactly one message", handler.kind.noun()))
            .help("make one type of both"),
        (Kind::Subscribe, []) => diag
            .error(handler.ident(), "a `#[subscribe]` method takes the event, or the topic and the event")
            .help("add an argument such as `rate: Rate`"),
        (Kind::Subscribe, [_, _, third, ..]) => diag
            .error(&third.pattern, "a `#[subscribe]` method takes the topic and the event, and nothing else")
            .help("make one type of what is published"),
        (Kind::Every | Kind::Idle, [first, ..]) => diag
            .error(
                &first.pattern,
                format!("{} takes no arguments: a timer brings nothing", handler.kind.noun()),
            )
            .help("keep what it needs in the server, or use `cx.send_every(..)` and an `#[info]` handler"),
        (Kind::Terminate, [_, second, ..]) => diag
            .error(&second.pattern, "`#[terminate]` takes the exit reason and nothing else")
            .help("keep `reason: &ExitReason`"),
        _ => {}
    }
}

/// What does not answer, returns nothing.
fn check_output(handler: &Handler, diag: &mut Diag) {
    if handler.returned().is_some() && handler.reply_to.is_some() {
        return;
    }
    let Some(output) = handler.output() else {
        if handler.kind == Kind::Init {
            diag.error(handler.ident(), "`#[init]` creates the server, but this returns nothing")
                .help("return `Self`, `Result<Self, E>` or `Init<Self>`");
        }
        return;
    };
    match handler.kind {
        Kind::Call => argument::check_reply(output, diag),
        Kind::Init => argument::check_state(output, diag),
        kind if is_result(output) => diag.error(output, "nobody receives this error").help(match kind {
            Kind::Cast => "handle it in the method, or use `#[call]`",
            _ => "handle it in the method",
        }),
        Kind::Cast => {
            diag.error(output, "a cast has no reply").help("use `#[call]`, or drop the return type");
        }
        kind => diag.error(output, format!("{} has no reply", kind.noun())).help("drop the return type"),
    }
}

fn is_result(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == "Result")
}
