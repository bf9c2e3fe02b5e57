// a strategy for children that are not restarted together, or for one
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
    Books {
        strategy: one_for_all,
        conn: Conn(),
    }
}

supervisor! {
    Shop {
        strategy: one_for_one,
        conns: dynamic Conn { strategy: one_for_all },
        shards: partition Conn() { strategy: rest_for_one },
        books: supervisor Books() { strategy: one_for_all },
        conn: Conn() { strategy: one_for_all },
    }
}

fn main() {}
