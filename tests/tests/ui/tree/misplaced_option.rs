// options of other kinds of children, and values that mean nothing
use noex::prelude::*;

#[genserver]
struct Conn;

#[genserver]
impl Conn {
    #[init]
    fn init() -> Self {
        Conn
    }
}

supervisor! {
    Shop {
        strategy: one_for_one,
        conn: Conn() { max: 5 },
        some: dynamic Conn { significant: true, by: u64 },
        many: dynamic Conn { max: 0, restrt: transient },
        more: dynamic Conn { max: "5" },
        shards: partition Conn() { by: key, count: 0 },
        others: partition Conn() { by: 5, count: -1 },
        few: partition Conn() { count: 5s },
    }
}

fn main() {}
