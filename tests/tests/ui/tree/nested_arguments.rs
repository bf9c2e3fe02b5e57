// the parameters of a nested tree: one of another type, none, too many
use noex::prelude::*;

#[genserver]
struct Cache;

#[genserver]
impl Cache {
    #[init]
    fn init(size: u64) -> Self {
        let _ = size;
        Cache
    }
}

supervisor! {
    Books(size: u64) {
        strategy: one_for_one,
        cache: Cache(size),
    }
}

supervisor! {
    Shop {
        strategy: one_for_one,
        first: supervisor Books("64"),
        second: supervisor Books(),
        third: supervisor Books(64, 65),
    }
}

fn main() {}
