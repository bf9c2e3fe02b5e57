// row 84
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
        api: Api(cache),
        cache: Cache(64),
    }
}

fn user(shop: Shop) {
    // No error of their own for those who use the tree.
    let _ = shop.api();
    let _ = shop.cache();
}

fn main() {}
