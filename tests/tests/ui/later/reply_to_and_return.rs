// A deferred reply is sent, not returned.
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[call]
    fn get(&mut self, reply: ReplyTo<u64>) -> u64 {
        reply.send(1);
        1
    }
}

fn main() {}
