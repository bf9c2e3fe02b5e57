//! What wrong servers are told. Rows are those of the list of compile errors.

use super::{in_block, messages};
use proc_macro2::TokenStream;
use quote::quote;

/// Each message begins as expected and has the help, where one is given.
fn assert_each(table: Vec<(TokenStream, &str, &str)>, told: impl Fn(TokenStream) -> Vec<String>) {
    for (input, message, help) in table {
        let shown = input.to_string();
        let found = told(input);
        let expected =
            if help.is_empty() { message.to_string() } else { format!("{message}\n= help: {help}") };
        assert_eq!(found, [expected], "{shown}");
    }
}

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
            (quote!(trap_exit = true), "`trap_exit` takes no value", "write `trap_exit`"),
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
            (quote!(unsafe impl Counter), "a server's impl block cannot be `unsafe`", "remove `unsafe`"),
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

#[test]
fn signatures() {
    assert_each(
        vec![
            (
                quote!(
                    #[call]
                    #[cast]
                    fn add(&mut self) {}
                ),
                "a handler is either a call or a cast",
                "keep `#[call]` or `#[cast]`",
            ),
            (
                quote!(
                    #[call]
                    #[call]
                    fn add(&mut self) {}
                ),
                "`add` is already marked `#[call]`",
                "remove this `#[call]`",
            ),
            (
                quote!(
                    #[call]
                    fn add(by: u64) {}
                ),
                "a call handler needs `&self` or `&mut self`",
                "add `&mut self` as the first argument",
            ),
            (
                quote!(
                    #[call]
                    fn add(self) {}
                ),
                "a call handler cannot take the server away from its mailbox",
                "use `&mut self`",
            ),
            (
                quote!(
                    #[call]
                    fn add(self: Arc<Self>) {}
                ),
                "a handler borrows its server",
                "use `&mut self`",
            ),
            (
                quote!(
                    #[cast]
                    fn reset(&mut self) -> u64 {
                        1
                    }
                ),
                "a cast has no reply",
                "use `#[call]`, or drop the return type",
            ),
            (
                quote!(
                    #[cast]
                    fn reset(&mut self) -> Result<(), E> {
                        1
                    }
                ),
                "nobody receives this error",
                "handle it in the method, or use `#[call]`",
            ),
            (
                quote!(
                    #[info]
                    fn ticked(&mut self) {}
                ),
                "an info handler takes the message it handles",
                "add an argument such as `tick: Tick`",
            ),
            (
                quote!(
                    #[info]
                    fn ticked(&mut self, a: A, b: B) {}
                ),
                "an info handler takes exactly one message",
                "make one type of both",
            ),
            (
                quote!(
                    #[call]
                    fn put<T>(&mut self, t: T) {}
                ),
                "a handler cannot have type parameters",
                "put `T` on the impl block",
            ),
            (
                quote!(
                    #[call]
                    unsafe fn put(&mut self) {}
                ),
                "a handler cannot be `unsafe`",
                "remove `unsafe`",
            ),
            (
                quote!(
                    #[call(timout = 1s)]
                    fn put(&mut self) {}
                ),
                "unknown option `timout`",
                "did you mean `timeout`? options of `#[call]`: `timeout`",
            ),
            (
                quote!(
                    #[call = "x"]
                    fn put(&self) {}
                ),
                "options of `#[call]` stand in parentheses",
                "write `#[call]`, or `#[call(..)]` with options",
            ),
            (
                quote!(
                    #[call(concurrent)]
                    fn put(&self) {}
                ),
                "unknown option `concurrent`",
                "options of `#[call]`: `timeout`",
            ),
            (
                quote!(
                    #[cfg_attr(x, call)]
                    fn put(&mut self) {}
                ),
                "`#[call]` behind `cfg_attr` is not visible to `#[genserver]`",
                "use `#[cfg(..)]` on the method",
            ),
            (
                quote!(
                    #[call]
                    fn __phantom(&mut self) {}
                ),
                "names beginning with `__` are reserved",
                "choose another name, such as `phantom`",
            ),
            (
                quote!(
                    #[cast]
                    fn put(&mut self, a: u8, cx: &mut Context<Self>) {}
                ),
                "the context comes before the message",
                "write `cx: &mut Context<Self>` right after `self`",
            ),
            (
                quote!(
                    fn start() {}
                ),
                "`Counter::start` starts the server, so no method can be called `start`",
                "choose another name, such as `start_it`",
            ),
        ],
        in_block,
    );
}

#[test]
fn handlers_side_by_side() {
    assert_each(
        vec![
            (
                quote!(
                    #[init]
                    fn open() -> Self {
                        Counter
                    }
                ),
                "`Counter` already has an `#[init]` method, `init`",
                "keep one of the two",
            ),
            (
                quote!(
                    #[call]
                    fn foo_bar(&self) {}
                    #[call]
                    fn fooBar(&self) {}
                ),
                "`foo_bar` and `fooBar` both become the message `FooBar`",
                "rename one of the two",
            ),
            (
                quote!(
                    #[info]
                    fn ticked(&mut self, t: Tick) {}
                    #[info]
                    fn again(&mut self, _: Tick) {}
                ),
                "`Tick` is already handled by `ticked`",
                "make a type of its own for each message",
            ),
            (
                quote!(
                    #[continuation]
                    fn a(&mut self, w: Warm) {}
                    #[continuation]
                    fn b(&mut self, w: Warm) {}
                ),
                "`Warm` already has a continuation, `a`",
                "make a type of its own for each message",
            ),
        ],
        in_block,
    );
}

#[test]
fn what_travels() {
    let argument = |ty: TokenStream| in_block(quote!(#[call] fn put(&mut self, key: #ty) {}));
    let borrowed = "handler argument `key` is borrowed, but arguments travel in a message";
    assert_each(
        vec![
            (quote!(&str), borrowed, "use `String`"),
            (quote!(&[u8]), borrowed, "use `Vec<u8>`"),
            (quote!(&Path), borrowed, "use `PathBuf`"),
            (quote!(&Config), borrowed, "take `Config` by value, or share it as `Arc<Config>`"),
            (quote!(&mut Vec<u8>), borrowed, "take it by value and return it"),
            (quote!(impl Into<String>), "a message needs a concrete type", "use `String`"),
            (quote!(dyn Job), "a message needs a sized type", "use `Box<dyn Job + Send>`"),
            (quote!(_), "a message needs a written type", "write the type in the place of `_`"),
        ],
        argument,
    );
    let reply = |ty: TokenStream| in_block(quote!(#[call] fn get(&self) -> #ty {}));
    assert_each(
        vec![
            (quote!(&str), "a reply cannot borrow from the server", "return `String`"),
            (quote!(Option<&Config>), "a reply cannot borrow from the server", "return `Config`"),
            (quote!(impl Iterator<Item = u8>), "a reply needs a concrete type", "collect into a `Vec`"),
        ],
        reply,
    );
    assert_eq!(
        in_block(quote!(
            #[call]
            fn put(&mut self, (a, b): (u8, u8)) {}
        )),
        ["a handler argument needs a name\n= help: write `pair: (u8, u8)`, then `let (a, b) = pair;`"]
    );
}

#[test]
fn several_mistakes_are_reported_together() {
    let told = in_block(quote! {
        #[call] fn a(&mut self, key: &str, job: dyn Job) -> &str {}
        #[cast] fn b() -> u8 {}
        #[call(timeout = 5)] const fn c(&self) {}
        make! {}
    });
    let starts: Vec<&str> = told.iter().map(|message| message.lines().next().unwrap_or_default()).collect();
    assert_eq!(
        starts,
        [
            "a duration needs a unit",
            "`make!` is not looked into, so handlers it makes would not be seen",
            "handler argument `key` is borrowed, but arguments travel in a message",
            "a message needs a sized type",
            "a reply cannot borrow from the server",
            "a cast handler needs `&self` or `&mut self`",
            "a cast has no reply",
            "a handler cannot be `const`",
        ]
    );
}

#[test]
fn configured_out_handlers_may_share_a_name() {
    let told = in_block(quote! {
        #[cfg(unix)] #[call] fn get(&self) -> u8 { 1 }
        #[cfg(not(unix))] #[call] fn get(&self) -> u8 { 2 }
    });
    assert_eq!(told, [""; 0]);
}
