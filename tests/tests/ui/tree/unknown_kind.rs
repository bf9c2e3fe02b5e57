// words before the type of a child that are no kinds
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
        conns: dynamc Conn { max: 5 },
        conn: worker Conn(),
        shards: partition Conn { by: u64 },
        books: supervisor Books,
        other: supervisor Books::start(),
    }
}

fn main() {}
