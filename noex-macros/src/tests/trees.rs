//! What wrong trees are told.

use super::of_tree;
use proc_macro2::TokenStream;
use quote::quote;

fn assert_told(entries: TokenStream, expected: &[&str]) {
    let shown = entries.to_string();
    assert_eq!(of_tree(quote!(Shop { #entries })), expected, "{shown}");
}

#[test]
fn options() {
    let child = quote!(cache: Cache(1),);
    assert_told(quote!(strategy: one_for_one, restarts: 5 in 30s, #child), &[]);
    assert_told(
        quote!(strategy: one_for_two, #child),
        &["unknown strategy `one_for_two`\n= help: did you mean `one_for_one`? strategies: \
           `one_for_one`, `one_for_all`, `rest_for_one`"],
    );
    assert_told(
        quote!(strategy: OneForAll, #child),
        &["unknown strategy `OneForAll`\n= help: did you mean `one_for_all`? strategies: \
           `one_for_one`, `one_for_all`, `rest_for_one`"],
    );
    assert_told(
        quote!(strategy = one_for_one, #child),
        &["a name and its value are separated by `:`\n= help: write `strategy: ..`"],
    );
    assert_told(
        quote!(strategy: one_for_one; cache: Cache(1);),
        &["the entries of a tree are separated by `,`\n= help: write `,` in the place of `;`"],
    );
    assert_told(
        quote!(strategy: one_for_one, cache: Cache),
        &["the child `cache` has no arguments\n= help: write `cache: Cache(..)`, with the arguments of its \
           `#[init]`, or `cache: Cache()`"],
    );
    assert_told(
        quote!(strategy: one_for_one, cache: a::Cache::start(1)),
        &["a child is its server with the arguments of its `#[init]`\n= help: write `cache: a::Cache(..)`"],
    );
    assert_told(
        quote!(strategy: one_for_one, cache: Cache(1) { restart: transient shutdown: 5s }),
        &["options are separated by `,`\n= help: write a `,` before `shutdown`"],
    );
    let ends = quote!(strategy: one_for_one, auto_shutdown: any_significant);
    assert_told(quote!(#ends, cache: Cache(1) { restart: transient, significant: true }), &[]);
    assert_told(
        quote!(#ends, auto_shutdown: never, #child),
        &["`auto_shutdown` is set twice\n= help: keep one of the two"],
    );
    assert_told(quote!(#child), &["`Shop` has no strategy\n= help: add `strategy: one_for_one`"]);
    assert_told(
        quote!(strategy: one_for_one),
        &["a supervisor needs at least one child\n= help: add one to `Shop`, such as `cache: Cache(64)`"],
    );
    assert_told(
        quote!(strategy: one_for_one, restarts: 5 in 0s, #child),
        &["a window of no time counts nothing\n= help: write `5 in 30s`"],
    );
    assert_told(
        quote!(strategy: one_for_one, restarts: 5, #child),
        &["expected a number of restarts in a window of time\n= help: write `restarts: 5 in 30s`"],
    );
    assert_told(
        quote!(strategy: one_for_one, #child strategy: Strategy()),
        &["`strategy` is an option, not a child\n= help: choose another name"],
    );
}

#[test]
fn children() {
    let told = |children: TokenStream, expected: &[&str]| {
        assert_told(quote!(strategy: one_for_one, #children), expected);
    };
    told(quote!(cache: a::Cache<u8, u16>(1, x), api: Api(cache.clone(), |cache| 1)), &[]);
    told(
        quote!(cache: Cache(), cache: Cache()),
        &["`cache` is already a child of `Shop`\n= help: choose another name"],
    );
    told(
        quote!(api: Api(cache), cache: Cache()),
        &["child `api` uses `cache`, which starts after it\n= help: children start in the order they are \
           written: move `cache` above `api`"],
    );
    told(
        quote!(cache: Cache(cache)),
        &[
            "child `cache` uses itself, before it exists\n= help: inside of the server, `cx.me()` is its own reference",
        ],
    );
    told(
        quote!(a: A(b), b: B(a)),
        &[
            "`a` and `b` need one another, so neither can start first\n= help: let one look the other up by name \
           at run time",
        ],
    );
    told(
        quote!(cache: Cache() { restrt: transient }),
        &["unknown option `restrt`\n= help: did you mean `restart`? options: `restart`, `shutdown`, \
           `significant`, `ready_within`"],
    );
    told(
        quote!(cache: Cache() { restart: sometimes }),
        &["unknown restart `sometimes`\n= help: `restart` is one of: `permanent`, `transient`, `temporary`"],
    );
    told(
        quote!(cache: Cache() api: Api(cach)),
        &["children are separated by `,`\n= help: write a `,` before `api`"],
    );
    told(quote!(api: Api(x.cache, cache(), cache::y, Z { cache: 1 }), cache: Cache()), &[]);
}

#[test]
fn a_parameter_may_be_called_like_a_child() {
    let told = of_tree(quote!(Shop(cache: Options) { strategy: one_for_one, cache: Cache(cache) }));
    assert_eq!(told, [""; 0]);
}

#[test]
fn two_mistakes_are_reported_together() {
    assert_told(
        quote!(strategy: one_for_one, a: A() { shutdown: 5 }, b: B(c), c: C()),
        &[
            "a duration needs a unit\n= help: write `5s`, `5ms` or `5min`, or `brutal_kill`, or `infinity`",
            "child `b` uses `c`, which starts after it\n= help: children start in the order they are written: \
             move `c` above `b`",
        ],
    );
}

#[test]
fn kinds_of_children() {
    let told = |children: TokenStream, expected: &[&str]| {
        assert_told(quote!(strategy: one_for_one, #children), expected);
    };
    told(
        quote! {
            books: supervisor crate::Books(1) { restart: transient, shutdown: 5s, ready_within: 1s },
            api: Api(books),
            shards: partition a::Shard<u8>(partition, api, "{partition}") { by: (u8, String), count: N },
            conns: dynamic Conn { max: api.len(), restarts: 1 in 5s, backoff: 1ms..1.5s },
            more: dynamic Conn(host: Vec<u8>, port: u16),
            last: dynamic Conn,
            mailers: pool Mailer(host) { size: N, queue: 0, queue_timeout: 9s, retries: 2, deadline: 30s, topic: "mail.job", drain: 1min, restarts: 9 in 1s }
        },
        &[],
    );
    told(
        quote!(a: pool Mailer),
        &["the child `a` has no arguments\n= help: write `a: pool Mailer(..)`, with the arguments of its \
           `#[init]`, or `a: pool Mailer()`"],
    );
    told(
        quote!(a: pool Mailer() { size: 0, queue: "long", deadline: 0s, max: 4 }),
        &[
            "`max` is an option of dynamic children, not of pools\n= help: options: `size`, `queue`, \
             `queue_timeout`, `retries`, `deadline`, `topic`, `drain`, `restarts`, `backoff`",
            "a pool without workers does nothing\n= help: use `1` or more",
            "`queue` is a whole number\n= help: write `queue: 2`",
            "a job cannot be done in no time\n= help: write `5s`",
        ],
    );
    told(
        quote!(a: pool Mailer() { topic: mail }, b: pool Mailer() { topic: "mail.*" }, c: pool Mailer() { topic: "a..b" },
               d: pool Mailer() { topic: "" }, e: pool Mailer() { topic: 7, queue_timeout: 0s }, f: pool Mailer() { topic: TOPIC }),
        &[
            "a topic is a string\n= help: write `topic: \"mail\"`, or a constant",
            "a topic cannot have a `*`, which only a pattern can have\n= help: write the topic itself, such as `\"job\"`",
            "a topic cannot have an empty segment\n= help: write `\"a.b\"`",
            "a topic cannot be empty\n= help: write `\"job\"`",
            "a topic is a string\n= help: write `topic: \"job\"`",
            "a job cannot wait for no time\n= help: write `5s`",
        ],
    );
    // A path of a module that is called like a kind.
    told(quote!(a: supervisor::A(), b: dynamic::B(), c: partition(), d: dynamic()), &[]);
    told(quote!(a: dynamic A b: B()), &["children are separated by `,`\n= help: write a `,` before `b`"]);
    told(
        quote!(a: dynamic A(x) { strategy: one_for_one }),
        &["dynamic children know nothing of one another, so each restarts alone\n= help: remove `strategy`"],
    );
    told(
        quote!(a: supervisor A() { by: u8 }),
        &["`by` is an option of partitions, not of nested trees\n= help: options: `restart`, `shutdown`, \
           `significant`, `ready_within`"],
    );
    told(
        quote!(a: supervisr A(), b: B()),
        &["unknown kind of child `supervisr`\n= help: did you mean `supervisor`? kinds: `supervisor`, \
           `partition`, `dynamic`, `pool`"],
    );
    told(
        quote!(a: supervisor A(b), b: supervisor B(a)),
        &[
            "`a` and `b` need one another, so neither can start first\n= help: let one look the other up by name \
           at run time",
        ],
    );
    told(quote!(a: partition A(partition), b: B(partition)), &[]);
    told(
        quote!(partition: A(), b: partition B(partition)),
        &[
            "`partition` is the number of the partition here\n= help: choose another name for the child `partition`",
        ],
    );
    told(
        quote!(a: supervisor A() { significant: true, restart: transient }),
        &[
            "`a` is significant, but `Shop` never ends by itself\n= help: add `auto_shutdown: any_significant` or \
           `auto_shutdown: all_significant` to the tree",
        ],
    );
}

#[test]
fn what_a_dynamic_child_is_given_is_no_use_of_a_child() {
    assert_told(quote!(strategy: one_for_one, conns: dynamic Conn(port: u16, port + 1), port: Port()), &[]);
    // The parameters of a closure are none of the child's.
    assert_told(
        quote!(strategy: one_for_one, conns: dynamic Conn(move |a, port: u16, b| a, x | port), port: Port()),
        &["child `conns` uses `port`, which starts after it\n= help: children start in the order they are \
           written: move `port` above `conns`"],
    );
}

#[test]
fn arguments_that_are_given_belong_to_dynamic_children() {
    for child in [quote!(Conn), quote!(partition Conn), quote!(supervisor Conn)] {
        assert_told(
            quote!(strategy: one_for_one, conn: #child(1, port: u16)),
            &[
                "only dynamic children are given arguments when they start\n= help: write a value, or `conn: dynamic \
               Conn(..)`",
            ],
        );
    }
}

#[test]
fn options_without_a_value() {
    for (options, expected) in [
        (quote!(max), "`max` needs a value\n= help: write `max: 4`"),
        (quote!(shutdown), "`shutdown` needs a value\n= help: write `shutdown: 5s`"),
        (quote!(restart:), "`restart` needs a value\n= help: write `restart: permanent`"),
    ] {
        assert_told(quote!(strategy: one_for_one, conns: dynamic Conn { #options }), &[expected]);
    }
}

#[test]
fn pauses() {
    let told = |pauses: TokenStream, expected: &[&str]| {
        assert_told(quote!(strategy: one_for_one, cache: Cache(), backoff: #pauses), expected);
    };
    let expected =
        "expected the first and the longest pause before a restart\n= help: write `backoff: 100ms..30s`";
    told(quote!(1s..1s), &[]);
    told(quote!(), &[expected]);
    told(quote!(5), &[expected]);
    told(quote!(..5s), &[expected]);
    told(quote!(5s..=6s), &["expected a duration\n= help: write `5s`, `500ms` or `2min`"]);
    told(quote!(1s..2s, backoff: 1s..2s), &["`backoff` is set twice\n= help: keep one of the two"]);
}

#[test]
fn parameters_of_type() {
    let told = |head: TokenStream, expected: &[&str]| {
        let tree = quote!(#head { strategy: one_for_one, cache: Cache() });
        assert_eq!(of_tree(tree), expected);
    };
    told(quote!(Shop<S: Store = Disk, const N: usize>(store: S) where S: Clone,), &[]);
    told(quote!(pub(crate) Shop where u8: Clone), &[]);
    told(
        quote!(Shop<'a, T>(item: &'a T)),
        &[
            "a tree cannot have lifetime parameters, because it outlives its starter\n= help: own the data, or write \
           `'static` for `'a`",
        ],
    );
}

#[test]
fn each_word_of_a_kind_is_one_of_the_table() {
    use crate::model::child_kind::ChildKind;
    assert!(crate::syntax::tree::KINDS.iter().all(|word| ChildKind::of(word).is_some()));
}
