//! What wrong handlers are told.

use super::{assert_each, in_block};
use proc_macro2::TokenStream;
use quote::quote;

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
                    fn put(&mut self)
                    where
                        T: Clone,
                    {
                    }
                ),
                "a handler cannot have a where clause",
                "put `T: Clone` on the impl block",
            ),
            (
                quote!(
                    #[call]
                    fn try_into(&self) {}
                ),
                "`try_into` of std comes first on any value, so nobody could call this one",
                "choose another name, such as `try_into_it`",
            ),
            (
                quote!(
                    #[handle_call]
                    fn put(&self) {}
                ),
                "`#[handle_call]` is no attribute of noex",
                "write `#[call]`",
            ),
            (
                quote!(
                    #[actor]
                    fn helper(&self) {}
                ),
                "`#[actor]` is no attribute of noex",
                "remove it: `#[genserver]` above the `impl` is enough",
            ),
            (
                quote!(
                    #[call]
                    fn put(&self, cx: Context<Self>) {}
                ),
                "the context is lent to the handler",
                "write `cx: &mut Context<Self>`",
            ),
            (
                quote!(
                    #[call]
                    fn put(&self, cx: &mut Context<Other>) {}
                ),
                "the context is that of the handler's own server",
                "write `cx: &mut Context<Self>`",
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
                "did you mean `timeout`? options of `#[call]`: `timeout`, `concurrent`, `job`",
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
                    #[call(sideways)]
                    fn put(&self) {}
                ),
                "unknown option `sideways`",
                "options of `#[call]`: `timeout`, `concurrent`, `job`",
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
fn timers() {
    assert_each(
        vec![
            (
                quote!(
                    #[every]
                    fn sweep(&mut self) {}
                ),
                "`#[every]` needs a period",
                "write `#[every(30s)]`",
            ),
            (
                quote!(
                    #[idle()]
                    fn sweep(&mut self) {}
                ),
                "`#[idle]` needs a silence",
                "write `#[idle(60s)]`",
            ),
            (
                quote!(
                    #[every = 30]
                    fn sweep(&mut self) {}
                ),
                "options of `#[every]` stand in parentheses",
                "write `#[every(30s)]`",
            ),
            (
                quote!(
                    #[every(0s)]
                    fn sweep(&mut self) {}
                ),
                "a period cannot be zero",
                "write `30s`",
            ),
            (
                quote!(
                    #[every(30)]
                    fn sweep(&mut self) {}
                ),
                "a duration needs a unit",
                "write `30s`, `30ms` or `30min`",
            ),
            (
                quote!(
                    #[idle(soon)]
                    fn sweep(&mut self) {}
                ),
                "expected a duration, found `soon`",
                "write `5s`, `500ms` or `2min`",
            ),
            (
                quote!(
                    #[every(missed = skip)]
                    fn sweep(&mut self) {}
                ),
                "the period comes first",
                "write `#[every(30s, missed = skip)]`",
            ),
            (
                quote!(
                    #[every(30s, missed = skp)]
                    fn sweep(&mut self) {}
                ),
                "unknown missed `skp`",
                "did you mean `skip`? `missed` is one of: `burst`, `skip`, `delay`",
            ),
            (
                quote!(
                    #[every(30s, misses = skip)]
                    fn sweep(&mut self) {}
                ),
                "unknown option `misses`",
                "did you mean `missed`? options of `#[every]`: `missed`",
            ),
            (
                quote!(
                    #[idle(60s, missed = skip)]
                    fn sweep(&mut self) {}
                ),
                "unknown option `missed`",
                "`#[idle]` has no options",
            ),
            (
                quote!(
                    #[every(30s)]
                    fn sweep(&mut self, now: &Instant) {}
                ),
                "an `#[every]` method takes no arguments: a timer brings nothing",
                "keep what it needs in the server, or use `cx.send_every(..)` and an `#[info]` handler",
            ),
            (
                quote!(
                    #[idle(60s)]
                    fn sweep(&mut self) -> bool {
                        true
                    }
                ),
                "an `#[idle]` method has no reply",
                "drop the return type",
            ),
            (
                quote!(
                    #[every(30s)]
                    #[idle(30s)]
                    fn sweep(&mut self) {}
                ),
                "a handler is either an every or an idle",
                "keep `#[every]` or `#[idle]`",
            ),
        ],
        in_block,
    );
    assert_eq!(
        in_block(quote!(
            #[every(Self::PERIOD)]
            fn sweep(&mut self) {}
        )),
        [""; 0]
    );
}

#[test]
fn subscriptions() {
    assert_each(
        vec![
            (
                quote!(
                    #[subscribe]
                    fn heard(&mut self, rate: Rate) {}
                ),
                "`#[subscribe]` needs a pattern of topics",
                "write `#[subscribe(\"rates.*\")]`",
            ),
            (
                quote!(
                    #[subscribe = "rates.*"]
                    fn heard(&mut self, rate: Rate) {}
                ),
                "options of `#[subscribe]` stand in parentheses",
                "write `#[subscribe(\"rates.*\")]`",
            ),
            (
                quote!(
                    #[subscribe("")]
                    fn heard(&mut self, rate: Rate) {}
                ),
                "a pattern cannot be empty",
                "write `\"rates.*\"`, or `\"**\"` for all topics",
            ),
            (
                quote!(
                    #[subscribe("rates..eur.")]
                    fn heard(&mut self, rate: Rate) {}
                ),
                "a pattern cannot have an empty segment",
                "write `\"rates.eur\"`",
            ),
            (
                quote!(
                    #[subscribe("rates.e*")]
                    fn heard(&mut self, rate: Rate) {}
                ),
                "`*` in the segment `e*` is no wildcard: that is a whole segment",
                "write `*` for one segment, `**` for any number of them",
            ),
            (
                quote!(
                    #[subscribe("rates.**.**")]
                    fn heard(&mut self, rate: Rate) {}
                ),
                "two `**` in a row are one",
                "write `\"rates.**\"`",
            ),
            (
                quote!(
                    #[subscribe(rates)]
                    fn heard(&mut self, rate: Rate) {}
                ),
                "a pattern of topics is a string",
                "write `\"rates\"`, or a constant",
            ),
            (
                quote!(
                    #[subscribe(buffer = 4)]
                    fn heard(&mut self, rate: Rate) {}
                ),
                "the pattern comes first",
                "write `#[subscribe(\"rates.*\", buffer = 4)]`",
            ),
            (
                quote!(
                    #[subscribe("rates.*", overflow = fail)]
                    fn heard(&mut self, rate: Rate) {}
                ),
                "unknown overflow `fail`",
                "`overflow` is one of: `drop_oldest`, `drop_newest`, `disconnect`, `wait`",
            ),
            (
                quote!(
                    #[subscribe("rates.*", bufer = 4)]
                    fn heard(&mut self, rate: Rate) {}
                ),
                "unknown option `bufer`",
                "did you mean `buffer`? options of `#[subscribe]`: `overflow`, `buffer`",
            ),
            (
                quote!(
                    #[subscribe("rates.*", buffer = 0)]
                    fn heard(&mut self, rate: Rate) {}
                ),
                "a buffer must hold at least one event",
                "use `1` or more",
            ),
            (
                quote!(
                    #[subscribe("rates.*", buffer = unbounded)]
                    fn heard(&mut self, rate: Rate) {}
                ),
                "a buffer has a bound, which is what makes a subscriber slow",
                "write `buffer = 1_024`, which is the default, or more",
            ),
            (
                quote!(
                    #[subscribe("rates.*")]
                    fn heard(&mut self) {}
                ),
                "a `#[subscribe]` method takes the event, or the topic and the event",
                "add an argument such as `rate: Rate`",
            ),
            (
                quote!(
                    #[subscribe("rates.*")]
                    fn heard(&mut self, topic: Topic, rate: Rate, at: Instant) {}
                ),
                "a `#[subscribe]` method takes the topic and the event, and nothing else",
                "make one type of what is published",
            ),
            (
                quote!(
                    #[subscribe("rates.*")]
                    fn heard(&mut self, rate: &Rate) {}
                ),
                "handler argument `rate` is borrowed, but arguments travel in a message",
                "take `Rate` by value, or share it as `Arc<Rate>`",
            ),
            (
                quote!(
                    #[subscribe("rates.*")]
                    fn heard(&mut self, rate: Rate) -> bool {
                        true
                    }
                ),
                "a `#[subscribe]` method has no reply",
                "drop the return type",
            ),
            (
                quote!(
                    #[subscribe("rates.*")]
                    #[info]
                    fn heard(&mut self, rate: Rate) {}
                ),
                "a handler is either a subscribe or an info",
                "keep `#[subscribe]` or `#[info]`",
            ),
        ],
        in_block,
    );
    assert_eq!(
        in_block(quote!(
            #[subscribe(Self::RATES, buffer = limits::RATES, overflow = wait)]
            async fn heard(&self, cx: &mut Context<Self>, topic: Topic, rate: Rate) {}
        )),
        [""; 0]
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

#[test]
fn what_rustc_reports_is_not_reported_again() {
    let none: [&str; 0] = [];
    let twins = quote!(
        #[call]
        fn put(&self, a: u8, a: u8) {}
        #[call]
        fn put(&self) {}
    );
    assert_eq!(in_block(twins), none);
    let untyped = quote!(
        #[call]
        fn put(&self, a u8) {}
    );
    assert_eq!(in_block(untyped), none);
    let almost = quote!(
        impl Counter {
            #[inti]
            fn init() -> Self {
                Counter
            }
        }
    );
    assert_eq!(super::messages(quote!(), almost), none);
}

#[test]
fn inits_under_cfg_are_for_the_compiler() {
    let none: [&str; 0] = [];
    let block = |first: TokenStream, second: TokenStream| {
        let block = quote!(impl Counter {
            #first
            #[init]
            fn new() -> Self { Counter }
            #second
            #[init]
            fn open() -> Self { Counter }
        });
        super::messages(quote!(), block)
    };
    assert_eq!(block(quote!(#[cfg(a)]), quote!(#[cfg(not(a))])), none);
    assert_eq!(block(quote!(#[cfg(a)]), quote!(#[cfg_attr(b, cfg(c))])), none);
    assert_eq!(
        block(quote!(#[cfg(a)]), quote!()),
        ["`Counter` already has an `#[init]` method, `new`\n= help: add `#[cfg(not(a))]` to this one"]
    );
    assert_eq!(
        block(quote!(), quote!(#[cfg(a)])),
        ["`Counter` already has an `#[init]` method, `new`\n= help: keep one of the two"]
    );
}

#[test]
fn replies_that_come_later() {
    assert_each(
        vec![
            (
                quote!(
                    #[call]
                    fn take(&mut self, reply: ReplyTo<u32>, from: u32) {}
                ),
                "the reply address comes after the message",
                "write `reply: ReplyTo<u32>` last",
            ),
            (
                quote!(
                    #[call]
                    fn take(&mut self, one: ReplyTo<u32>, other: ReplyTo<u32>) {}
                ),
                "a call has one reply",
                "make one type of both replies",
            ),
            (
                quote!(
                    #[call]
                    fn take(&mut self, reply: ReplyTo<u32>) -> u32 {
                        1
                    }
                ),
                "a handler with a `ReplyTo` replies through it",
                "drop the return type",
            ),
            (
                quote!(
                    #[cast]
                    fn take(&mut self, reply: ReplyTo<u32>) {}
                ),
                "nobody waits for a reply of a cast handler",
                "use `#[call]`, or drop this argument",
            ),
            (
                quote!(
                    #[call]
                    fn take(&mut self, reply: ReplyTo<&str>) {}
                ),
                "a reply cannot borrow from the server",
                "return `String`",
            ),
        ],
        in_block,
    );
}

#[test]
fn concurrent_handlers() {
    assert_each(
        vec![
            (
                quote!(
                    #[call(concurrent)]
                    fn ask(&self) {}
                ),
                "a concurrent handler waits beside the mailbox, so it is async",
                "write `async fn ask`, or remove `concurrent`",
            ),
            (
                quote!(
                    #[call(concurrent)]
                    async fn ask(&mut self) {}
                ),
                "a concurrent handler works on a clone of the state, so a change would be lost",
                "use `&self`",
            ),
            (
                quote!(
                    #[call(concurrent)]
                    async fn ask(self: &mut Self) {}
                ),
                "a concurrent handler works on a clone of the state, so a change would be lost",
                "use `&self`",
            ),
            (
                quote!(
                    #[call(concurrent)]
                    async fn ask(&self, cx: &mut Context<Self>) {}
                ),
                "a concurrent handler runs beside its server, so it has no context",
                "remove it, or remove `concurrent`",
            ),
            (
                quote!(
                    #[call(concurrent)]
                    async fn ask(&self, reply: ReplyTo<u32>) {}
                ),
                "a concurrent handler replies with what it returns",
                "return `u32`, or remove `concurrent`",
            ),
            (
                quote!(
                    #[call(concurrent = true)]
                    async fn ask(&self) {}
                ),
                "`concurrent` takes no value",
                "write `#[call(concurrent)]`",
            ),
            (
                quote!(
                    #[cast(concurrent)]
                    async fn ask(&self) {}
                ),
                "unknown option `concurrent`",
                "`#[cast]` has no options",
            ),
        ],
        in_block,
    );
}

#[test]
fn jobs() {
    assert_each(
        vec![
            (
                quote!(
                    #[call(job)]
                    fn ask(&mut self) {}
                ),
                "a job says what is to be done",
                "add an argument such as `mail: Mail`",
            ),
            (
                quote!(
                    #[call(job = 4)]
                    fn ask(&mut self, what: u32) {}
                ),
                "`job` takes no value",
                "write `#[call(job)]`",
            ),
            (
                quote!(
                    #[call(job)]
                    fn ask(&mut self, what: u32) {}
                    #[call(job)]
                    fn tell(&mut self, what: u32) {}
                ),
                "the job of `Counter` is `ask`",
                "keep one of the two, or make an enum of what there is to do",
            ),
        ],
        in_block,
    );
}
