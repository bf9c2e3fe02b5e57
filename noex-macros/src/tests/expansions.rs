//! Whole expansions, one a shape, as a reader would format them.
//!
//! The files in `expansions/` are what the macros write; with `NOEX_BLESS=1` the test writes them anew, to be read.

use crate::diag::Diag;
use crate::{genserver, pipeline, supervisor};
use proc_macro2::TokenStream;
use quote::quote;
use std::path::Path;

fn assert_expansion(name: &str, expansion: TokenStream) {
    let file: syn::File = syn::parse2(expansion).expect("an expansion is a list of items");
    let found = prettyplease::unparse(&file);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/tests/expansions/{name}.rs"));
    if std::env::var_os("NOEX_BLESS").is_some() {
        std::fs::write(&path, &found).expect("the snapshot can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{name} expands to something else:\n{found}");
}

fn server(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut diag = Diag::new();
    let expansion = genserver::expansion(options, &item, &mut diag);
    assert_eq!(diag.into_messages(), [""; 0]);
    expansion
}

#[test]
fn configuration() {
    let options =
        quote!(name = "account", mailbox = CAPACITY, call_timeout = 2s, overflow = drop_oldest, trap_exit);
    assert_expansion(
        "configuration",
        server(
            options,
            quote!(
                pub struct Account<T: Job>(T);
            ),
        ),
    );
}

#[test]
fn plain_handlers() {
    let block = quote! {
        impl Account {
            #[init]
            fn open(cents: i64) -> Self { Account { cents } }
            /// Takes `amount` out.
            #[call(timeout = 1s)]
            pub fn withdraw(&mut self, amount: i64) -> Result<i64, Overdrawn> { .. }
            const LEAST: i64 = 1;
            fn helper(&self) -> bool { self.cents < Self::LEAST }
            #[cast]
            pub fn deposit(&mut self, amount: i64) { self.cents += amount }
        }
    };
    // `..` is no body; a body is not looked into, but a formatter does.
    let block: TokenStream =
        block.to_string().replace("{ .. }", "{ Ok(self.cents) }").parse().expect("tokens");
    assert_expansion("plain_handlers", server(quote!(), block));
}

#[test]
fn a_pipeline() {
    let tokens = quote! {
        /// From text to a place in the store.
        pub Ingest: String => usize {
            parse: Parser::parse,
            store: books::Store::store { concurrency: 4 },
        }
    };
    let mut diag = Diag::new();
    let expansion = pipeline::expansion(tokens, &mut diag);
    assert_eq!(diag.into_messages(), [""; 0]);
    assert_expansion("pipeline", expansion);
}

#[test]
fn a_job() {
    let block = quote! {
        impl Mailer {
            #[init]
            fn open() -> Self { Mailer }
            #[call(job)]
            fn deliver(&mut self, mail: Mail, tries: u32) -> Result<Receipt, MailError> { Err(MailError) }
        }
    };
    assert_expansion("job", server(quote!(), block));
}

#[test]
fn async_and_plain_handlers_with_context() {
    let block = quote! {
        impl Account {
            #[init]
            async fn open(cx: &mut Context<Self>) -> Result<Init<Self>, io::Error> { load(cx).await }
            #[call]
            async fn rating(&self, cx: &mut Context<Self>, branch: String) -> Rating { rate(branch).await }
            #[call]
            fn name(&self) -> String { self.name.clone() }
            #[terminate]
            fn close(&mut self, reason: ExitReason) { log(reason) }
        }
    };
    assert_expansion("async_and_plain", server(quote!(), block));
}

#[test]
fn replies_from_elsewhere() {
    let block = quote! {
        impl Tickets {
            #[init]
            fn open() -> Self { Tickets }
            #[call]
            pub fn take(&mut self, row: u32, reply: ReplyTo<Result<u32, SoldOut>>) { self.waiting.push((row, reply)) }
            #[call]
            async fn close(&mut self, cx: &mut Context<Self>, reply: ReplyTo<()>) { self.closed.push(reply) }
            #[call(concurrent)]
            async fn price(&self, row: u32) -> Result<u32, SoldOut> { ask(row).await }
        }
    };
    assert_expansion("later_and_concurrent", server(quote!(), block));
}

#[test]
fn messages_of_other_kinds() {
    let block = quote! {
        impl Account {
            #[init]
            fn open() -> Self { Account }
            #[info]
            fn ticked(&mut self, Tick(at): Tick) { self.at = at }
            #[cfg(feature = "warm")]
            #[continuation]
            fn warm_up(&mut self, warm: Warm) { self.warm = true }
        }
    };
    assert_expansion("info_and_continuation", server(quote!(), block));
}

#[test]
fn timers() {
    let block = quote! {
        impl Account {
            #[init]
            fn open() -> Self { Account }
            #[every(1h)]
            fn accrue(&mut self) { self.cents += 1 }
            #[cfg(unix)]
            #[every(PERIOD, missed = skip)]
            async fn report(&self, cx: &mut Context<Self>) { report(cx).await }
            #[idle(60s)]
            fn rest(&mut self) { self.cache.clear() }
        }
    };
    assert_expansion("timers", server(quote!(), block));
}

#[test]
fn subscriptions() {
    let block = quote! {
        impl Account {
            #[init]
            fn open() -> Self { Account }
            #[subscribe("rates.*", overflow = wait, buffer = 16)]
            fn rate_changed(&mut self, topic: Topic, rate: Rate) { self.rates.insert(topic, rate) }
            #[cfg(unix)]
            #[subscribe(ALARMS)]
            async fn alarmed(&mut self, cx: &mut Context<Self>, alarm: Alarm) { self.close(cx, alarm).await }
        }
    };
    assert_expansion("subscriptions", server(quote!(), block));
}

#[test]
fn generic_server() {
    let block = quote! {
        impl<T: Job, const N: usize> Pool<T, N> where T::Output: Send {
            #[init]
            fn open(job: T) -> Self { Pool(job) }
            #[call]
            pub fn swap(&mut self, other: Self) -> Option<Self> { None }
        }
    };
    assert_expansion("generic", server(quote!(crate = crate::noex), block));
}

#[test]
fn tree() {
    let mut diag = Diag::new();
    let expansion = supervisor::expansion(
        quote! {
            /// The bank.
            pub Bank(config: Config) {
                strategy: rest_for_one,
                restarts: 5 in 30s,
                ledger: Ledger(config.path.clone()),
                account: Account(config.opening) { restart: transient, shutdown: 5s },
                audit: Audit(ledger, account),
            }
        },
        &mut diag,
    );
    assert_eq!(diag.into_messages(), [""; 0]);
    assert_expansion("tree", expansion);
}

#[test]
fn tree_of_all_kinds() {
    let mut diag = Diag::new();
    let expansion = supervisor::expansion(
        quote! {
            pub Bank(config: Config) {
                strategy: one_for_one,
                backoff: 100ms..30s,
                books: supervisor books::Books(config.opening) { restart: transient, shutdown: 9s },
                audit: Audit(books),
                shards: partition Shard(partition, config.path) { by: u64, count: 4 },
                conns: dynamic Conn(config.host, port: u16) { max: 1000, restart: temporary },
                free: dynamic Conn,
            }
        },
        &mut diag,
    );
    assert_eq!(diag.into_messages(), [""; 0]);
    assert_expansion("tree_of_all_kinds", expansion);
}

#[test]
fn policies() {
    let block = quote! {
        impl Bank {
            #[init]
            fn open() -> Self { Bank }
            #[call]
            #[fallback(0)]
            #[retry(max_attempts = 3, jitter = full, when = BankError::is_transient)]
            #[circuit_breaker(failure_threshold = LIMIT, scope = type)]
            #[rate_limit(100 per 1min, key = user)]
            #[bulkhead(max_queue = 0)]
            #[timeout(1s)]
            pub fn rating(&mut self, user: u64) -> Result<u32, BankError> { Ok(1) }
            #[cast]
            #[rate_limit(5 per 1s)]
            pub fn note(&mut self, line: String) {}
        }
    };
    assert_expansion("policies", server(TokenStream::new(), block));
}

#[test]
fn generic_tree() {
    let mut diag = Diag::new();
    let expansion = supervisor::expansion(
        quote! {
            pub Bank<S: Store, T>(store: S) where T: Clone {
                strategy: one_for_one,
                ledger: Ledger<S>(store),
                branch: supervisor Branch<T>() { shutdown: 9s },
            }
        },
        &mut diag,
    );
    assert_eq!(diag.into_messages(), [""; 0]);
    assert_expansion("generic_tree", expansion);
}
