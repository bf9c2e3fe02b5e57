// The message comes first, then its reply address; one of them, and only where somebody waits.
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
    fn first(&mut self, reply: ReplyTo<u64>, by: u64) {
        reply.send(by)
    }

    #[call]
    fn twice(&mut self, one: ReplyTo<u64>, other: ReplyTo<u64>) {
        one.send(1);
        other.send(2)
    }

    #[cast]
    fn nobody(&mut self, reply: ReplyTo<u64>) {
        reply.send(1)
    }
}

fn main() {}
