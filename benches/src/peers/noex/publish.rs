//! noex's bus: subscribers with `#[subscribe]`, that are waited for, or have room for all there is.

use noex::event_bus::Topic;
use noex::prelude::*;

use super::{Noex, NoexTryCast};
use crate::peer::Publishes;
use crate::work::Total;

const TOPIC: Topic = Topic::from_static("rates.eur");

#[genserver(call_timeout = infinity)]
pub(crate) struct Waited {
    total: Total,
}

#[genserver]
impl Waited {
    #[init]
    fn open() -> Self {
        Waited { total: Total::default() }
    }

    #[subscribe("rates.*", overflow = wait)]
    fn put(&mut self, by: i64) {
        self.total.add(by);
    }

    #[call]
    pub(crate) fn sum(&mut self) -> i64 {
        self.total.add(0)
    }
}

#[genserver(call_timeout = infinity)]
pub(crate) struct Roomy {
    total: Total,
}

#[genserver]
impl Roomy {
    #[init]
    fn open() -> Self {
        Roomy { total: Total::default() }
    }

    #[subscribe("rates.*", buffer = 10_000_000)]
    fn put(&mut self, by: i64) {
        self.total.add(by);
    }

    #[call]
    pub(crate) fn sum(&mut self) -> i64 {
        self.total.add(0)
    }
}

impl Publishes for Noex {
    type Bus = (System, Vec<WaitedRef>);

    async fn open(subscribers: u64) -> Self::Bus {
        let (system, mut servers) = (System::new(), Vec::new());
        for _ in 0..subscribers {
            servers.push(Waited::start().system(&system).await.expect("the server starts"));
        }
        (system, servers)
    }

    async fn publish((system, _): &Self::Bus, by: i64) {
        system.bus().publish(TOPIC, by).await.expect("a topic");
    }

    async fn sums((_, servers): &Self::Bus) -> Vec<i64> {
        let mut sums = Vec::new();
        for server in servers {
            sums.push(server.sum().await.expect("the server runs"));
        }
        sums
    }
}

impl Publishes for NoexTryCast {
    type Bus = (System, Vec<RoomyRef>);

    async fn open(subscribers: u64) -> Self::Bus {
        let (system, mut servers) = (System::new(), Vec::new());
        for _ in 0..subscribers {
            servers.push(Roomy::start().system(&system).await.expect("the server starts"));
        }
        (system, servers)
    }

    async fn publish((system, _): &Self::Bus, by: i64) {
        system.bus().try_publish(TOPIC, by).expect("a topic");
    }

    async fn sums((_, servers): &Self::Bus) -> Vec<i64> {
        let mut sums = Vec::new();
        for server in servers {
            sums.push(server.sum().await.expect("the server runs"));
        }
        sums
    }
}
