// a nested child that is no tree, and a tree that is nested like a server
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
        cache: Cache(),
    }
}

supervisor! {
    Shop {
        strategy: one_for_one,
        cache: supervisor Cache(),
        text: supervisor String("x"),
        books: Books(),
    }
}

fn main() {}
