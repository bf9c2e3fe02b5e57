// row 91, whose closure clones what it captures: the parameter has to be `Clone`
use noex::prelude::*;

struct Size(usize);

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
    Shop(size: Size) {
        strategy: one_for_one,
        cache: Cache(size.0),
    }
}

fn main() {}
