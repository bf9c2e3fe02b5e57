// row 88
use noex::prelude::*;

#[genserver]
struct Cache;

#[genserver]
impl Cache {
    #[init]
    fn init(size: usize) -> Self {
        let _ = size;
        Cache
    }
}

#[genserver]
struct Api;

#[genserver]
impl Api {
    #[init]
    fn init(cache: CacheRef) -> Self {
        let _ = cache;
        Api
    }
}

noex::supervisor! {
    Shop {
        strategy: one_for_one,
        cache: Cache(),
    }
}

fn main() {}
