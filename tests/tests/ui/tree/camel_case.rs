// a word of a tree in the case of a type
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

    #[call]
    fn get(&self) -> u64 {
        1
    }
}

supervisor! {
    Shop {
        strategy: OneForOne,
        cache: Cache(64) { restart: Transient },
    }
}

async fn user() {
    let shop = Shop::start().await.unwrap();
    let _: u64 = shop.cache().get().await.unwrap();
}

fn main() {}
