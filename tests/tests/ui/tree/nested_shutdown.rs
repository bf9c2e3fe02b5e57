// a tree with less time to shut down than a child of it
use noex::prelude::*;

#[genserver]
struct Cache;

#[genserver]
impl Cache {
    #[init]
    fn init() -> Self {
        Cache
    }
}

supervisor! {
    Books {
        strategy: one_for_one,
        first: Cache(),
        second: Cache() { shutdown: 10s },
    }
}

supervisor! {
    Deep {
        strategy: one_for_one,
        books: supervisor Books(),
    }
}

supervisor! {
    Shop {
        strategy: one_for_one,
        enough: supervisor Books() { shutdown: 10s },
        killed: supervisor Books() { shutdown: brutal_kill },
        books: supervisor Books() { shutdown: 9s, restart: transient },
        deep: supervisor Deep() { shutdown: 1h },
    }
}

fn main() {}
