//! No input makes a macro panic: random tokens, and right inputs with something wrong in them.

use crate::{genserver, inert, state_machine, supervisor};
use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::quote;

const ROUNDS: usize = 1500;

const WORDS: [&str; 90] = [
    "retry",
    "circuit_breaker",
    "rate_limit",
    "bulkhead",
    "fallback",
    "per",
    "max_attempts",
    "when",
    "cost",
    "window",
    "scope",
    "on",
    "event",
    "enter",
    "exit",
    "drop",
    "postpone",
    "states",
    "unhandled",
    "Next",
    "Actions",
    "supervisor",
    "partition",
    "dynamic",
    "pool",
    "by",
    "count",
    "max",
    "backoff",
    "permanent",
    "brutal_kill",
    "auto_shutdown",
    "message",
    "actor",
    "into",
    "new",
    "impl",
    "struct",
    "enum",
    "fn",
    "async",
    "const",
    "unsafe",
    "extern",
    "pub",
    "crate",
    "self",
    "Self",
    "mut",
    "for",
    "where",
    "dyn",
    "default",
    "static",
    "type",
    "in",
    "init",
    "call",
    "cast",
    "info",
    "every",
    "idle",
    "subscribe",
    "overflow",
    "buffer",
    "missed",
    "continuation",
    "terminate",
    "cfg_attr",
    "cfg",
    "doc",
    "noex",
    "timeout",
    "mailbox",
    "name",
    "infinity",
    "unbounded",
    "strategy",
    "restarts",
    "one_for_one",
    "restart",
    "shutdown",
    "transient",
    "Context",
    "Result",
    "Counter",
    "u8",
    "key",
    "str",
    "_",
];

/// xorshift64*: the same rounds on each machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(mixed).expect("31 bits") % sides
    }

    fn token(&mut self, depth: usize) -> TokenTree {
        match self.roll(if depth == 0 { 8 } else { 10 }) {
            0..4 => Ident::new(WORDS[self.roll(WORDS.len())], Span::call_site()).into(),
            4..6 => {
                let character = b"#!:;,.=<>&*-+'?@|$"[self.roll(17)];
                let spacing = if self.roll(2) == 0 { Spacing::Joint } else { Spacing::Alone };
                Punct::new(character.into(), spacing).into()
            }
            6 => Literal::u64_unsuffixed(self.roll(3) as u64).into(),
            7 => match self.roll(4) {
                0 => Literal::string("a.{key}").into(),
                1 => Literal::character('x').into(),
                2 => Literal::f64_suffixed(1.5).into(),
                _ => "5s".parse::<Literal>().expect("a literal").into(),
            },
            _ => {
                let delimiters =
                    [Delimiter::Brace, Delimiter::Bracket, Delimiter::Parenthesis, Delimiter::None];
                Group::new(delimiters[self.roll(4)], self.stream(depth - 1)).into()
            }
        }
    }

    fn stream(&mut self, depth: usize) -> TokenStream {
        let length = self.roll(12);
        (0..length).map(|_| self.token(depth)).collect()
    }

    /// The tokens with a few dropped, doubled, swapped for others or joined by others.
    fn mutate(&mut self, tokens: TokenStream, rate: usize) -> TokenStream {
        let mut output = TokenStream::new();
        for token in tokens {
            if let TokenTree::Group(group) = token {
                let inside = self.mutate(group.stream(), rate);
                output.extend([TokenTree::Group(Group::new(group.delimiter(), inside))]);
                continue;
            }
            match self.roll(rate) {
                0 => {}
                1 => output.extend([token.clone(), token]),
                2 => output.extend([self.token(2)]),
                3 => output.extend([token, self.token(2)]),
                _ => output.extend([token]),
            }
        }
        output
    }
}

fn block() -> TokenStream {
    quote! {
        #[cfg(x)] impl<T: Job, const N: usize> Pool<T, N> where T: Send {
            #[init] async fn open(cx: &mut Context<Self>, cents: i64) -> Result<Self, E> { x }
            /// Docs.
            #[call(timeout = 2s)] pub fn withdraw(&mut self, amount: Vec<T>) -> Result<i64, Overdrawn> { x }
            #[call] #[must_use = "x"] async fn get(&self, key: &str) -> io::Result<Self> { x }
            #[call] #[fallback(with = f)] #[timeout(2s)] #[retry(max_attempts = 3, jitter = full, when = a::b)]
            #[circuit_breaker(window = 10s, failure_rate = 0.5, key = a.b, scope = type)]
            #[rate_limit(100 per 1min, key = a, cost = 2, algorithm = token_bucket, burst = 5)]
            #[bulkhead(max_concurrent = N)] #[timeout]
            fn ask(&self, a: A) -> Result<u8, E> { x }
            #[cast] #[cfg_attr(x, deprecated)] fn put(&mut self, (a, b): (u8, u8)) {}
            #[info] fn ticked(&mut self, _: Tick) {}
            #[continuation] fn warm(&mut self, warm: Warm) {}
            #[terminate] fn close(&mut self, reason: &ExitReason) {}
            fn helper(self) -> impl Copy { x }
            const N: usize = 1;
            make! { x }
        }
    }
}

fn state() -> (TokenStream, TokenStream) {
    (
        quote!(
            name = "x",
            mailbox = 64,
            call_timeout = 2s,
            overflow = fail,
            on_restart = keep,
            trap_exit,
            crate = ::a
        ),
        quote!(
            #[derive(Debug)]
            pub struct Counter<T: Copy = u8>(T)
            where
                T: Send;
        ),
    )
}

fn shop() -> TokenStream {
    quote! {
        /// The shop.
        pub Shop<'a, T: Job, const N: usize>(config: Config, size: usize) where T: Copy {
            strategy: one_for_one,
            restarts: 5 in 30s,
            backoff: 100ms..1.5s,
            cache: a::Cache<u8>(config.size, "{size}"),
            api: Api(cache, || Job { cache }) { restart: transient, shutdown: brutal_kill },
            books: supervisor crate::Books<T>(config) { shutdown: 5s, significant: true },
            shards: partition Shard(partition, "{partition}") { by: Vec<u8>, count: N, backoff: 1s..2s },
            conns: dynamic Conn(|a, b: u8| a, host: String, port: Map<u8, u8>) { max: 1000, restarts: 1 in 1s },
        }
    }
}

fn door() -> (TokenStream, TokenStream) {
    (
        quote!(states(Locked, a::Closed, Open: drop), unhandled = postpone, crate = ::a),
        quote! {
            impl Door {
                #[init(Locked | Closed)] async fn new(cx: &mut Context<Machine<Self>>) -> Result<(Self, DoorNewTo), E> { x }
                #[call(timeout = 2s)] #[on(Locked => Closed | Open)] #[drop(Open)]
                pub fn unlock(&mut self, locked: &mut Locked, code: u8) -> Next<DoorUnlockTo, bool> { x }
                #[call(unlock)] #[on(_ => Open)] fn again(&mut self, code: u8) -> (Open, bool) { x }
                #[cast] #[on(Closed => Open)] #[postpone(Locked)] fn push(&mut self, closed: Closed) -> Open { x }
                #[call] fn later(&mut self, actions: &mut Actions<Self>, state: &mut DoorState, reply: ReplyTo<u8>) {}
                #[info] fn ticked(&mut self, tick: Tick) {}
                #[event] fn slam(&mut self, hard: bool) {}
                #[enter(Open)] fn opened(&mut self, open: &mut Open, from: At<Self>) {}
                #[exit(Open | Closed)] fn left(&mut self, to: At<Self>) {}
                #[terminate] fn close(&mut self, state: &mut DoorState, reason: &ExitReason) {}
                fn helper(self) {}
            }
        },
    )
}

#[test]
fn mutated_machines() {
    let mut dice = Dice(0x646F_6F72);
    let (options, item) = door();
    for round in 0..ROUNDS {
        let rate = 10 + round % 120;
        let _ = state_machine::state_machine(options.clone(), dice.mutate(item.clone(), rate)).to_string();
        let _ = state_machine::state_machine(dice.mutate(options.clone(), rate), item.clone()).to_string();
    }
}

/// The expansions do not panic, and neither does printing them.
fn survive(options: TokenStream, item: TokenStream) {
    let _ = genserver::genserver(options, item).to_string();
}

#[test]
fn random_tokens() {
    let mut dice = Dice(0x6E6F_6578);
    for _ in 0..ROUNDS {
        let (options, item) = (dice.stream(2), dice.stream(4));
        survive(options, item.clone());
        let _ = supervisor::supervisor(item.clone());
        let _ = inert::outside("call", item);
        let items = dice.stream(4);
        survive(quote!(), quote!(impl Counter { #items }));
        let _ = supervisor::supervisor(quote!(Shop { #items }));
    }
}

#[test]
fn mutated_servers() {
    let mut dice = Dice(0x7365_7276);
    let (options, item) = state();
    for round in 0..ROUNDS {
        let rate = 10 + round % 120;
        survive(TokenStream::new(), dice.mutate(block(), rate));
        survive(dice.mutate(options.clone(), rate), dice.mutate(item.clone(), rate));
    }
}

#[test]
fn mutated_trees() {
    let mut dice = Dice(0x7472_6565);
    for round in 0..ROUNDS {
        let _ = supervisor::supervisor(dice.mutate(shop(), 10 + round % 120)).to_string();
    }
}

#[test]
fn truncated_servers() {
    let tokens: Vec<TokenTree> = block().into_iter().collect();
    for length in 0..tokens.len() {
        survive(TokenStream::new(), tokens[..length].iter().cloned().collect());
    }
}
