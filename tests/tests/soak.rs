//! Thousands of random messages, crashes and kills over a supervised crowd, on several threads: every call
//! ends, every cast is served or counted, order per sender holds.
#![allow(missing_docs)]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use noex::{ChildOptions, Strategy, Supervisor, prelude::*};

/// What all members see.
#[derive(Default)]
struct Seen {
    casts: AtomicU64,
    crashes: AtomicU64,
    /// What a handler found wrong; a panic would be one crash among many.
    wrong: Mutex<Vec<String>>,
}

impl Seen {
    fn wrong(&self, what: String) {
        self.wrong.lock().unwrap().push(what);
    }
}

#[genserver(mailbox = 16)]
struct Member {
    seen: Arc<Seen>,
    busy: Arc<AtomicBool>,
    last: Vec<u64>,
}

#[genserver]
impl Member {
    #[init]
    fn init(seen: Arc<Seen>, busy: Arc<AtomicBool>) -> Self {
        // The life before may have been cut short in a handler.
        busy.store(false, Ordering::SeqCst);
        Member { seen, busy, last: vec![0; 8] }
    }

    #[call]
    fn quick(&mut self, sender: usize, number: u64) -> u64 {
        let _alone = Alone::new(&self.busy, &self.seen);
        in_order(&mut self.last, sender, number, &self.seen);
        number
    }

    #[call]
    async fn slow(&mut self, sender: usize, number: u64) -> u64 {
        let _alone = Alone::new(&self.busy, &self.seen);
        in_order(&mut self.last, sender, number, &self.seen);
        for _ in 0..number % 3 {
            tokio::task::yield_now().await;
        }
        number
    }

    #[cast]
    fn put(&mut self, sender: usize, number: u64) {
        let _alone = Alone::new(&self.busy, &self.seen);
        in_order(&mut self.last, sender, number, &self.seen);
        self.seen.casts.fetch_add(1, Ordering::SeqCst);
    }

    #[cast]
    async fn put_slowly(&mut self, sender: usize, number: u64) {
        let _alone = Alone::new(&self.busy, &self.seen);
        in_order(&mut self.last, sender, number, &self.seen);
        self.seen.casts.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
    }

    #[call]
    fn crash(&mut self) {
        self.seen.crashes.fetch_add(1, Ordering::SeqCst);
        std::panic::resume_unwind(Box::new("as asked"));
    }
}

/// One handler at a time.
struct Alone<'a>(&'a AtomicBool);

impl<'a> Alone<'a> {
    fn new(busy: &'a AtomicBool, seen: &Seen) -> Self {
        if busy.swap(true, Ordering::SeqCst) {
            seen.wrong("two handlers at once".into());
        }
        Alone(busy)
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

fn in_order(last: &mut [u64], sender: usize, number: u64, seen: &Seen) {
    if number <= last[sender] {
        seen.wrong(format!("sender {sender}: {number} came after {}", last[sender]));
    }
    last[sender] = number;
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
    answered: u64,
    crashed: u64,
    timed_out: u64,
    cast: u64,
}

async fn send(members: &[MemberRef], sender: usize, rounds: u64) -> Tally {
    let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ (sender as u64 + 1));
    let mut tally = Tally::default();
    for number in 1..=rounds {
        let member = &members[random.below(members.len() as u64) as usize];
        let outcome = match random.below(100) {
            0..35 => member.quick(sender, number).await,
            35..55 => member.slow(sender, number).await,
            55..58 => member.slow(sender, number).timeout(Duration::from_micros(1)).await,
            58..60 => member.crash().await.map(|()| 0),
            60..61 => {
                member.kill();
                Ok(number)
            }
            61..85 => {
                member.put(sender, number).await.expect("supervised servers stay open");
                tally.cast += 1;
                continue;
            }
            _ => {
                member.put_slowly(sender, number).await.expect("supervised servers stay open");
                tally.cast += 1;
                continue;
            }
        };
        match outcome {
            Ok(_) => tally.answered += 1,
            Err(CallError::Crashed { .. }) => tally.crashed += 1,
            Err(CallError::Timeout { .. }) => tally.timed_out += 1,
            Err(other) => panic!("{other}"),
        }
    }
    tally
}

fn soak(workers: usize) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build().unwrap();
    runtime.block_on(async {
        let system = System::new();
        let mut builder = Supervisor::builder("crowd");
        builder.strategy(Strategy::OneForOne).restarts(u32::MAX, Duration::from_secs(60));
        let seen = Arc::<Seen>::default();
        let mut members = Vec::new();
        for at in 0..12 {
            let (seen, busy) = (seen.clone(), Arc::<AtomicBool>::default());
            let member = builder.child::<Member>(ChildOptions::new(format!("member {at}")), move || {
                (seen.clone(), busy.clone())
            });
            members.push(member);
        }
        let supervisor = builder.start().system(&system).await.unwrap();
        let senders: Vec<_> = (0..8)
            .map(|sender| {
                let members = members.clone();
                tokio::spawn(async move { send(&members, sender, 2_500).await })
            })
            .collect();
        let mut all = Tally::default();
        for sender in senders {
            let tally = sender.await.unwrap();
            all.answered += tally.answered;
            all.crashed += tally.crashed;
            all.timed_out += tally.timed_out;
            all.cast += tally.cast;
        }
        assert_eq!(all.answered + all.crashed + all.timed_out + all.cast, 20_000);
        // What was cast last is served before a later call is answered.
        for member in &members {
            while member.quick(7, u64::MAX).await.is_err() {}
        }
        assert!(all.crashed >= seen.crashes.load(Ordering::SeqCst));
        assert_eq!(seen.casts.load(Ordering::SeqCst), all.cast, "{all:?}");
        assert_eq!(*seen.wrong.lock().unwrap(), Vec::<String>::new());
        supervisor.stop().await.unwrap();
        assert!(members.iter().all(|member| !member.is_alive()));
    });
}

#[test]
fn two_workers() {
    soak(2);
}

#[test]
fn four_workers() {
    soak(4);
}

#[test]
fn one_worker() {
    soak(1);
}
