//! A crowd: thousands of servers, random calls, casts, time-outs, crashes, kills, links, timers and restarts
//! from several threads. Every call ends in a reply or an error with a reason; what was sent is served, was
//! given back, or is a counted dead letter; nothing of it is left when all is over.
//!
//! `NOEX_SOAK_SECONDS=600 cargo test -p noex-tests --test crowd` runs it for longer.
#![allow(missing_docs)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use noex::{ChildOptions, Strategy, Supervisor, prelude::*};
use tokio::{runtime::Handle, task::yield_now};

const CROWD: u64 = 2_000;
const SENDERS: usize = 8;
const ROUNDS: u64 = 4_000;

/// Something that must not be left over: each state and each message holds one.
type Token = Arc<Counts>;

#[derive(Default)]
struct Counts {
    /// Casts that a handler began.
    served: AtomicU64,
    /// Handlers that met another one inside; a panic would be one crash among many.
    met: AtomicU64,
}

impl Counts {
    fn serve(&self) {
        self.served.fetch_add(1, Ordering::SeqCst);
    }
}

/// What a timer brings; only its drop counts.
struct Nudge(#[expect(dead_code, reason = "held to be counted")] Token);

#[genserver(mailbox = 8)]
struct Member {
    token: Token,
    inside: bool,
    peer: Option<MemberRef>,
}

#[genserver]
impl Member {
    #[init]
    fn init(token: Token) -> Self {
        Member { token, inside: false, peer: None }
    }

    fn alone(&mut self) {
        if std::mem::replace(&mut self.inside, true) {
            self.token.met.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[call]
    fn quick(&mut self, number: u64) -> u64 {
        self.alone();
        self.inside = false;
        number
    }

    #[call]
    async fn slow(&mut self, number: u64) -> u64 {
        self.alone();
        for _ in 0..number % 3 {
            yield_now().await;
        }
        self.inside = false;
        number
    }

    /// Asks the peer, which may ask its own, which may be this one: that is an error, not a hang.
    #[call]
    async fn ask_on(&mut self, hops: u64) -> u64 {
        match (hops, self.peer.clone()) {
            (1.., Some(peer)) => Box::pin(peer.ask_on(hops - 1)).await.unwrap_or(hops),
            _ => hops,
        }
    }

    #[call]
    fn meet(&mut self, cx: &mut Context<Self>, peer: MemberRef) {
        // Whoever has ended cannot be linked to; it will be back.
        let _ = cx.link(&peer);
        self.peer = Some(peer);
    }

    #[call]
    fn part(&mut self, cx: &mut Context<Self>) {
        if let Some(peer) = self.peer.take() {
            cx.unlink(&peer);
        }
    }

    #[cast]
    fn put(&mut self, token: Token) {
        self.alone();
        token.serve();
        self.inside = false;
    }

    #[cast]
    async fn put_slowly(&mut self, token: Token) {
        self.alone();
        token.serve();
        yield_now().await;
        self.inside = false;
    }

    #[info]
    fn nudge(&mut self, nudge: Nudge) {
        self.alone();
        drop(nudge);
        self.inside = false;
    }

    #[cast]
    fn wind_up(&mut self, cx: &mut Context<Self>, token: Token) {
        token.serve();
        cx.send_after(Duration::from_micros(200), Nudge(token));
    }

    #[call]
    fn crash(&mut self) {
        std::panic::resume_unwind(Box::new("as asked"));
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

#[derive(Default, Debug)]
struct Tally {
    called: u64,
    ended: u64,
    /// Casts that a mailbox took.
    cast: u64,
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.called += other.called;
        self.ended += other.ended;
        self.cast += other.cast;
    }

    fn end(&mut self, outcome: Result<u64, CallError>) {
        self.called += 1;
        match outcome {
            Ok(_)
            | Err(CallError::Crashed { .. } | CallError::Timeout { .. } | CallError::MailboxFull { .. }) => {
                self.ended += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
}

/// Random work on the supervised crowd.
async fn disturb(members: &[MemberRef], token: &Token, seed: u64, rounds: u64) -> Tally {
    let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ (seed + 1));
    let mut tally = Tally::default();
    for number in 1..=rounds {
        // A busy few and a quiet many.
        let among = if random.below(2) == 0 { 16 } else { members.len() as u64 };
        let member = &members[random.below(among) as usize];
        let outcome = match random.below(100) {
            0..30 => member.quick(number).await,
            30..45 => member.slow(number).await,
            45..50 => member.slow(number).timeout(Duration::from_micros(1)).await,
            50..54 => member.ask_on(random.below(6)).await,
            54..57 => {
                let peer = members[random.below(among) as usize].clone();
                member.meet(peer).await.map(|()| 0)
            }
            57..60 => member.part().await.map(|()| 0),
            60..61 => member.crash().await.map(|()| 0),
            61..62 => {
                member.kill();
                continue;
            }
            62..63 => {
                member.exit(ExitReason::other("by lot"));
                continue;
            }
            63..75 => {
                member.put(token.clone()).await.expect("supervised servers stay open");
                tally.cast += 1;
                continue;
            }
            75..83 => {
                member.put_slowly(token.clone()).await.expect("supervised servers stay open");
                tally.cast += 1;
                continue;
            }
            83..90 => {
                member.wind_up(token.clone()).await.expect("supervised servers stay open");
                tally.cast += 1;
                continue;
            }
            _ => {
                tally.cast += u64::from(member.try_cast(MemberCast::Put { token: token.clone() }).is_ok());
                continue;
            }
        };
        tally.end(outcome);
    }
    tally
}

/// Servers without a supervisor, which come and go with messages in their mailboxes.
async fn come_and_go(system: &System, token: &Token, seed: u64, rounds: u64) -> u64 {
    let mut random = Random(0xD1B5_4A32_D192_ED03 ^ (seed + 1));
    let mut cast = 0;
    for _ in 0..rounds {
        let member = Member::start(token.clone()).system(system).await.expect("it starts");
        for _ in 0..random.below(6) {
            let sent = match random.below(2) {
                0 => member.try_cast(MemberCast::Put { token: token.clone() }),
                _ => member.try_cast(MemberCast::PutSlowly { token: token.clone() }),
            };
            cast += u64::from(sent.is_ok());
        }
        match random.below(4) {
            0 => drop(member),
            1 => drop(member.kill()),
            2 => member.stop().await.expect("it runs"),
            _ => drop(member.exit(ExitReason::other("by lot"))),
        }
    }
    cast
}

async fn round(seed: u64) {
    let (system, apart) = (System::new(), System::new());
    let (token, stray) = (Token::default(), Token::default());
    let mut builder = Supervisor::builder("crowd");
    builder.strategy(Strategy::OneForOne).restarts(u32::MAX, Duration::from_secs(60));
    let mut members = Vec::new();
    for at in 0..CROWD {
        let token = token.clone();
        let options = ChildOptions::new(format!("member {at}"));
        members.push(builder.child::<Member>(options, move || (token.clone(),)));
    }
    let supervisor = builder.start().system(&system).await.expect("it starts");

    let senders: Vec<_> = (0..SENDERS as u64)
        .map(|sender| {
            let (members, token, stray, apart) =
                (members.clone(), token.clone(), stray.clone(), apart.clone());
            let seed = seed * SENDERS as u64 + sender;
            tokio::spawn(async move {
                let (tally, cast) = tokio::join!(
                    disturb(&members, &token, seed, ROUNDS),
                    come_and_go(&apart, &stray, seed, ROUNDS / 8)
                );
                (tally, cast)
            })
        })
        .collect();
    let (mut all, mut cast) = (Tally::default(), 0);
    for sender in senders {
        let (tally, more) = sender.await.expect("a sender panics with a reason of its own");
        all.add(&tally);
        cast += more;
    }
    assert_eq!(all.called, all.ended);

    // What was cast before is served before this call is answered.
    for member in &members {
        while member.quick(0).await.is_err() {}
    }
    assert_eq!(token.served.load(Ordering::SeqCst), all.cast, "{all:?}");

    supervisor.stop().await.expect("it runs");
    assert!(members.iter().all(|member| !member.is_alive()));
    drop((members, supervisor));

    // Timers may be about to let go of their message, servers of their last one.
    while Arc::strong_count(&token) > 1 || Arc::strong_count(&stray) > 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!((token.met.load(Ordering::SeqCst), stray.met.load(Ordering::SeqCst)), (0, 0), "one at a time");
    assert_eq!(cast, stray.served.load(Ordering::SeqCst) + apart.dead_letters(), "nothing ends unseen");
}

#[test]
fn nothing_is_lost_and_nothing_is_left() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let seconds = std::env::var("NOEX_SOAK_SECONDS").ok().and_then(|it| it.parse().ok()).unwrap_or(0);
    let end = Instant::now() + Duration::from_secs(seconds);
    runtime.block_on(async {
        for seed in 0.. {
            round(seed).await;
            // The tasks that served it end when the last server of its systems is gone; the door that was
            // used last on a thread stays with that thread.
            while Handle::current().metrics().num_alive_tasks() > 4 * 64 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            if seed >= 5 && Instant::now() >= end {
                break;
            }
        }
    });
}
