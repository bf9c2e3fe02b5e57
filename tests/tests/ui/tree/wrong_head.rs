// what stands before the braces
use noex::prelude::*;

#[genserver]
struct Cache;

#[genserver]
impl Cache {
    #[init]
    fn init(item: &'static str) -> Self {
        let _ = item;
        Cache
    }
}

noex::supervisor! {
    struct Shop {
        strategy: one_for_one,
    }
}

noex::supervisor! {
    {
        strategy: one_for_one,
    }
}

noex::supervisor! {
    Stall<'a>(item: &'a str) {
        strategy: one_for_one,
        cache: Cache(item),
    }
}

noex::supervisor! {
    Booth(item) {
        strategy: one_for_one,
    }
}

fn main() {}
