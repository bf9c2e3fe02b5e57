// significant on a permanent child; significant where the tree never ends by itself; words that are none
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

noex::supervisor! {
    Always {
        strategy: one_for_one,
        auto_shutdown: any_significant,
        first: Cache() { significant: true },
        second: Cache() { restart: permanent, significant: true },
        third: Cache() { restart: transient, significant: yes },
    }
}

noex::supervisor! {
    Never {
        strategy: one_for_one,
        cache: Cache() { restart: transient, significant: true },
    }
}

noex::supervisor! {
    Unknown {
        strategy: one_for_one,
        auto_shutdown: any_signifcant,
        cache: Cache() { ready_within: 0s },
    }
}

fn main() {}
