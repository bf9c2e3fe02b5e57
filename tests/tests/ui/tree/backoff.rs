// pauses that are none
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
    First { strategy: one_for_one, backoff: 100ms, conn: Conn() }
}

supervisor! {
    Second { strategy: one_for_one, backoff: 30s..100ms, conn: Conn() }
}

supervisor! {
    Third { strategy: one_for_one, backoff: 0s..1s, conn: Conn() }
}

supervisor! {
    Fourth { strategy: one_for_one, backoff: 100..1s, conn: Conn() }
}

supervisor! {
    Fifth { strategy: one_for_one, backoff: 1s.., conn: Conn(), conns: dynamic Conn { backoff: x } }
}

fn main() {}
