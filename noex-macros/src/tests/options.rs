//! What wrong options and wrong headers are told.

use super::{assert_each, messages};
use proc_macro2::TokenStream;
use quote::quote;

#[test]
fn options_of_a_struct() {
    assert_each(
        vec![
            (quote!(mailbox = 1, mailbox = 2), "`mailbox` is set twice", "keep one of the two"),
            (
                quote!(mailbox = 0),
                "a mailbox must hold at least one message",
                "use `1` or more, or `unbounded`",
            ),
            (
                quote!(mailbox = -1),
                "expected a message count, found a negative number",
                "use `1` or more, or `unbounded`",
            ),
            (quote!(mailbox = "64"), "expected a message count, found a string", "write `mailbox = 64`"),
            (
                quote!(call_timeout = 5),
                "a duration needs a unit",
                "write `5s`, `5ms` or `5min`, or `infinity`",
            ),
            (quote!(call_timeout = 5x), "unknown unit `x`", "units are `us`, `ms`, `s`, `min`, `h`"),
            (
                quote!(call_timeout = 0s),
                "a call with no time can never succeed",
                "use `infinity` to wait without limit",
            ),
            (
                quote!(name = ""),
                "a server name cannot be empty",
                "leave `name` out for a server without a name",
            ),
            (
                quote!(crate = noex2),
                "`crate` needs an absolute path",
                "write `::noex2` for a dependency or `crate::noex2` for a module",
            ),
            (quote!(mailbox), "`mailbox` needs a value", "write `mailbox = 64`"),
            (
                quote!(overflow = drop_old),
                "unknown overflow `drop_old`",
                "did you mean `drop_oldest`? `overflow` is one of: `wait`, `fail`, `drop_oldest`, `drop_newest`",
            ),
            (quote!(unbounded), "unknown option `unbounded`", "write `mailbox = unbounded`"),
            (
                quote!(trap_exit = true),
                "`trap_exit` takes no value",
                "write `trap_exit` to turn it on; it is off when it is not written",
            ),
        ],
        |options| {
            messages(
                options,
                quote!(
                    struct Counter;
                ),
            )
        },
    );
    let unknown = messages(
        quote!(mailbx = 8),
        quote!(
            struct Counter;
        ),
    );
    assert!(
        unknown[0].starts_with(
            "unknown option `mailbx`\n= help: did you mean `mailbox`? options on a struct: `name`"
        )
    );
}

#[test]
fn options_that_are_fine() {
    for options in [
        quote!(name = "a", mailbox = 1_000, call_timeout = 2s, overflow = fail, on_restart = drop, trap_exit),
        quote!(mailbox = unbounded, call_timeout = infinity, inline = never, crate = crate::noex),
        quote!(mailbox = limits::MAILBOX, call_timeout = CALL,),
        quote!(),
    ] {
        assert_eq!(
            messages(
                options.clone(),
                quote!(
                    struct Counter;
                )
            ),
            [""; 0],
            "{options}"
        );
    }
}

#[test]
fn headers() {
    let none: [&str; 0] = [];
    let block =
        |header: TokenStream| messages(quote!(), quote!(#header { #[init] fn init() -> Self { todo } }));
    assert_eq!(block(quote!(impl<T> Pool<T> where T: Job)), none);
    assert_each(
        vec![
            (quote!(impl Display for Counter), "handlers go in an inherent impl", "remove `Display for`"),
            (
                quote!(impl<'a> Counter<'a>),
                "a server cannot have lifetime parameters, because it outlives its starter",
                "own the data, or write `'static` for `'a`",
            ),
            (
                quote!(impl Counter<'_>),
                "a server cannot have lifetime parameters, because it outlives its starter",
                "own the data, or write `'static` for `'_`",
            ),
            (quote!(impl const Counter), "a server's impl block cannot be `const`", "remove `const`"),
            (
                quote!(impl (A, B)),
                "a server must be a named type",
                "wrap it: `struct Server { .. }`, then `impl Server`",
            ),
        ],
        block,
    );
    assert_each(
        vec![(
            quote!(mailbox = 8),
            "`mailbox` belongs on the struct",
            "move it to `#[genserver(mailbox = ..)] struct Counter`",
        )],
        |options| messages(options, quote!(impl Counter { #[init] fn init() -> Self { Counter } })),
    );
    assert_each(
        vec![(quote!(), "`Counter` has no `#[init]` method", "add `#[init] fn init() -> Self { .. }`")],
        |items| messages(quote!(), quote!(impl Counter { #items })),
    );
}
