//! A crowd that passes tokens on by casts, on several threads, while members crash, are killed and come
//! back: each token is served or counted, and nobody is left with something to do.
#![allow(missing_docs)]

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};

use noex::{ChildOptions, Supervisor, prelude::*};

#[derive(Default)]
struct Shared {
    sent: AtomicU64,
    begun: AtomicU64,
    full: AtomicU64,
    gone: AtomicU64,
    members: OnceLock<Vec<noex::WeakRef<Member>>>,
    alive: AtomicUsize,
}

struct Count(Arc<Shared>);

impl Drop for Count {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

/// One handler at a time.
struct Alone(Arc<AtomicBool>);

impl Alone {
    fn new(busy: &Arc<AtomicBool>) -> Self {
        assert!(!busy.swap(true, Ordering::SeqCst), "two handlers at once");
        Alone(busy.clone())
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl Shared {
    fn send(&self, to: usize, token: u64) {
        let members = self.members.get().unwrap();
        let Some(member) = members[to % members.len()].upgrade() else { return };
        self.pass(&member, token);
    }

    fn pass(&self, member: &noex::ServerRef<Member>, token: u64) {
        let cast = match token % 3 {
            0 => MemberCast::Quick { token },
            1 => MemberCast::Slow { token },
            _ => MemberCast::Async { token },
        };
        self.sent.fetch_add(1, Ordering::SeqCst);
        match member.try_cast(cast) {
            Ok(()) => {}
            Err(error) => {
                self.sent.fetch_sub(1, Ordering::SeqCst);
                let count = match error.why {
                    noex::NotSent::MailboxFull { .. } => &self.full,
                    _ => &self.gone,
                };
                count.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
}

#[genserver(mailbox = 64)]
struct Member {
    shared: Arc<Shared>,
    busy: Arc<AtomicBool>,
    _count: Count,
}

fn mix(token: u64) -> u64 {
    let mut it = token.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    it ^= it >> 29;
    it = it.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    it ^ it >> 32
}

#[genserver]
impl Member {
    #[init]
    fn init(shared: Arc<Shared>) -> Self {
        shared.alive.fetch_add(1, Ordering::SeqCst);
        let count = Count(shared.clone());
        Member { shared, busy: Arc::default(), _count: count }
    }

    #[cast]
    fn quick(&mut self, token: u64) {
        let _alone = Alone::new(&self.busy);
        self.shared.begun.fetch_add(1, Ordering::SeqCst);
        self.on(token);
    }

    #[cast]
    async fn r#async(&mut self, token: u64) {
        let _alone = Alone::new(&self.busy);
        self.shared.begun.fetch_add(1, Ordering::SeqCst);
        self.on(token);
    }

    #[cast]
    async fn slow(&mut self, token: u64) {
        let _alone = Alone::new(&self.busy);
        self.shared.begun.fetch_add(1, Ordering::SeqCst);
        if token.is_multiple_of(7) {
            tokio::task::yield_now().await;
        }
        self.on(token);
        if token.is_multiple_of(5) {
            tokio::task::yield_now().await;
        }
    }

    #[call]
    fn ping(&self) {}
}

impl Member {
    fn other(&self, token: u64) -> Option<MemberRef> {
        let members = self.shared.members.get().unwrap();
        members[(token >> 24) as usize % members.len()].upgrade()
    }

    /// The low 16 bits say how often a token is to be passed on.
    fn on(&self, token: u64) {
        let left = token & 0xFFFF;
        if left == 0 {
            return;
        }
        let next = mix(token);
        self.shared.send((next >> 20) as usize, next & !0xFFFF | (left - 1));
        if next.is_multiple_of(5003) {
            std::panic::resume_unwind(Box::new("as it happens"));
        }
        if next % 4999 == 1
            && let Some(other) = self.other(next)
        {
            other.kill();
        }
        if next % 4993 == 2
            && let Some(other) = self.other(next)
        {
            other.exit(ExitReason::other("go"));
        }
    }
}

fn tokens(shared: &Arc<Shared>) -> Vec<tokio::task::JoinHandle<()>> {
    (0..4)
        .map(|sender: u64| {
            let shared = shared.clone();
            tokio::spawn(async move {
                for number in 0..60 {
                    shared.send(number as usize, mix(sender << 32 | number) & !0xFFFF | 400);
                    if number % 16 == 0 {
                        tokio::task::yield_now().await;
                    }
                }
            })
        })
        .collect()
}

async fn settle(shared: &Shared, system: &System) {
    for _ in 0..4_000 {
        let before = shared.sent.load(Ordering::SeqCst);
        if shared.begun.load(Ordering::SeqCst) + system.dead_letters() == before {
            tokio::time::sleep(Duration::from_millis(2)).await;
            if shared.sent.load(Ordering::SeqCst) == before {
                return;
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!(
        "sent {}, begun {}, dead {}, full {}, gone {}",
        shared.sent.load(Ordering::SeqCst),
        shared.begun.load(Ordering::SeqCst),
        system.dead_letters(),
        shared.full.load(Ordering::SeqCst),
        shared.gone.load(Ordering::SeqCst)
    );
}

fn runtime(workers: usize) -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build().unwrap()
}

fn supervised(workers: usize) {
    let shared = Arc::<Shared>::default();
    runtime(workers).block_on(async {
        let system = System::new();
        let mut builder = Supervisor::builder("crowd");
        builder.restarts(u32::MAX, Duration::from_secs(60));
        let members: Vec<MemberRef> = (0..12)
            .map(|at| {
                let shared = shared.clone();
                builder.child::<Member>(ChildOptions::new(format!("{at}")), move || (shared.clone(),))
            })
            .collect();
        let _ = shared.members.set(members.iter().map(|it| it.downgrade()).collect());
        let supervisor = builder.start().system(&system).await.unwrap();
        for sender in tokens(&shared) {
            sender.await.unwrap();
        }
        settle(&shared, &system).await;
        assert_eq!(system.dead_letters(), 0, "the queue survives");
        assert_eq!(shared.gone.load(Ordering::SeqCst), 0);
        for member in &members {
            assert_eq!(member.snapshot().queue, 0);
        }
        supervisor.stop().await.unwrap();
        for _ in 0..1000 {
            if shared.alive.load(Ordering::SeqCst) == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    assert_eq!(shared.alive.load(Ordering::SeqCst), 0, "no state is left");
}

fn alone(workers: usize) {
    let shared = Arc::<Shared>::default();
    let weak = runtime(workers).block_on(async {
        let system = System::new();
        let mut members = Vec::new();
        for _ in 0..12 {
            members.push(Member::start(shared.clone()).system(&system).await.unwrap());
        }
        let _ = shared.members.set(members.iter().map(|it| it.downgrade()).collect());
        for sender in tokens(&shared) {
            sender.await.unwrap();
        }
        settle(&shared, &system).await;
        let weak: Vec<_> = members.iter().map(|it| it.downgrade()).collect();
        drop(members);
        for _ in 0..1000 {
            if shared.alive.load(Ordering::SeqCst) == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        weak
    });
    assert_eq!(shared.alive.load(Ordering::SeqCst), 0, "no state is left");
    assert!(weak.iter().all(|it| it.upgrade().is_none()), "no slot is left");
}

#[test]
fn those_who_come_back_serve_every_token() {
    for workers in [1, 2, 4] {
        supervised(workers);
    }
}

#[test]
fn those_who_do_not_count_every_token() {
    for workers in [1, 2, 4] {
        alone(workers);
    }
}

/// The runtime goes away in the middle of it, in whatever state everybody is.
#[test]
fn a_runtime_that_goes_away_leaves_no_state() {
    for round in 0..40 {
        let shared = Arc::<Shared>::default();
        let runtime = runtime(1 + round % 3);
        let members = runtime.block_on(async {
            let mut members = Vec::new();
            for _ in 0..12 {
                members.push(Member::start(shared.clone()).await.unwrap());
            }
            let _ = shared.members.set(members.iter().map(|it| it.downgrade()).collect());
            drop(tokens(&shared));
            tokio::time::sleep(Duration::from_micros(37 * round as u64)).await;
            members
        });
        drop(runtime);
        drop(members);
        assert_eq!(shared.alive.load(Ordering::SeqCst), 0, "round {round}");
    }
}

/// Members that wake each other for ever.
#[genserver]
struct Ring {
    next: Option<noex::WeakRef<Ring>>,
    rounds: Arc<AtomicU64>,
}

#[genserver]
impl Ring {
    #[init]
    fn init(rounds: Arc<AtomicU64>) -> Self {
        Ring { next: None, rounds }
    }

    #[call]
    fn meet(&mut self, next: noex::WeakRef<Ring>) {
        self.next = Some(next);
    }

    #[cast]
    async fn hop(&mut self) {
        self.pass(RingCast::Hop {});
    }

    #[cast]
    fn jump(&mut self) {
        self.pass(RingCast::Jump {});
    }

    #[cast]
    async fn hop_by_await(&mut self) {
        self.rounds.fetch_add(1, Ordering::SeqCst);
        let next = self.next.as_ref().and_then(noex::WeakRef::upgrade);
        if let Some(next) = next {
            next.hop_by_await().await.unwrap();
        }
    }
}

impl Ring {
    /// Without an await: nothing but the engine's own budget ends it.
    fn pass(&self, cast: RingCast) {
        self.rounds.fetch_add(1, Ordering::SeqCst);
        if let Some(next) = self.next.as_ref().and_then(noex::WeakRef::upgrade) {
            next.try_cast(cast).unwrap();
        }
    }
}

#[tokio::test]
async fn a_ring_lets_other_tasks_run() {
    for size in [1, 2, 7] {
        for cast in [|| RingCast::Hop {}, || RingCast::Jump {}, || RingCast::HopByAwait {}] {
            let rounds = Arc::<AtomicU64>::default();
            let mut ring = Vec::new();
            for _ in 0..size {
                ring.push(Ring::start(rounds.clone()).await.unwrap());
            }
            for at in 0..size {
                ring[at].meet(ring[(at + 1) % size].downgrade()).await.unwrap();
            }
            ring[0].try_cast(cast()).unwrap();
            // A task among others: the one of the test itself has its turn less often.
            let counted = rounds.clone();
            let other = tokio::spawn(async move {
                let mut most = 0;
                for _ in 0..100 {
                    let before = counted.load(Ordering::SeqCst);
                    let mut waited = false;
                    // Woken by itself, as the runner is; `yield_now` would wait for the driver's turn.
                    std::future::poll_fn(|cx| {
                        if std::mem::replace(&mut waited, true) {
                            return Poll::Ready(());
                        }
                        cx.waker().wake_by_ref();
                        Poll::Pending
                    })
                    .await;
                    most = most.max(counted.load(Ordering::SeqCst) - before);
                }
                most
            });
            let most = other.await.unwrap();
            assert!((1..=130).contains(&most), "{most} at a time, in a ring of {size}");
            for member in ring {
                member.kill();
            }
        }
    }
}
