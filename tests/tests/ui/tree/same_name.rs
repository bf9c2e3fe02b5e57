// two children with one static name; partitions of a server with one
use noex::prelude::*;

#[genserver(name = "cache")]
struct Cache;

#[genserver]
impl Cache {
    #[init]
    fn init() -> Self {
        Cache
    }
}

#[genserver(name = "api")]
struct Api;

#[genserver]
impl Api {
    #[init]
    fn init() -> Self {
        Api
    }
}

#[genserver]
struct Plain;

#[genserver]
impl Plain {
    #[init]
    fn init() -> Self {
        Plain
    }
}

supervisor! {
    Books {
        strategy: one_for_one,
        plain: Plain(),
        api: Api(),
    }
}

supervisor! {
    Shop {
        strategy: one_for_one,
        cache: Cache(),
        plain: Plain(),
        plain_again: Plain(),
        cache_again: Cache(),
        books: supervisor Books(),
        api: Api(),
        shards: partition Api() { count: 2 },
        conns: dynamic Api,
    }
}

fn main() {}
