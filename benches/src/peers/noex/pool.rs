//! A pool of supervised workers.

use noex::{Pool, prelude::*};

use super::Noex;
use crate::peer::{Pools, repeat};
use crate::work::Total;

#[genserver]
pub(crate) struct Adder {
    total: Total,
}

#[genserver]
impl Adder {
    #[init]
    fn open() -> Self {
        Adder { total: Total::default() }
    }

    #[call(job)]
    pub(crate) fn add(&mut self, by: i64) -> i64 {
        self.total.add(by)
    }
}

#[genserver]
pub(crate) struct Yielder {
    total: Total,
}

#[genserver]
impl Yielder {
    #[init]
    fn open() -> Self {
        Yielder { total: Total::default() }
    }

    #[call(job)]
    async fn add(&mut self, by: i64) -> i64 {
        self.total.add_yielding(by).await
    }
}

impl Pools for Noex {
    type Pool = (Pool<Adder>, Pool<Yielder>);

    async fn pool(workers: usize) -> Self::Pool {
        let adders = Pool::of("adders", || ()).size(workers).start().await;
        let yielders = Pool::of("yielders", || ()).size(workers).start().await;
        (adders.expect("the pool starts"), yielders.expect("the pool starts"))
    }

    async fn run_many((pool, _): &Self::Pool, times: u64) {
        repeat!(times, pool.run(1).await.expect("no job fails"));
    }

    async fn run_many_yielding((_, pool): &Self::Pool, times: u64) {
        repeat!(times, pool.run(1).await.expect("no job fails"));
    }
}
