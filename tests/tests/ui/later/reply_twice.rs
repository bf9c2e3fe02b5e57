// A reply address is used up by the reply; the reply has the type that the handler says.
use noex::prelude::*;
use std::rc::Rc;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[call]
    fn get(&mut self, reply: ReplyTo<u64>) {
        reply.send(1);
        reply.send(2);
    }

    #[call]
    fn name(&mut self, reply: ReplyTo<String>) {
        reply.send("counter");
    }
}

#[genserver]
struct Cell;

#[genserver]
impl Cell {
    #[init]
    fn init() -> Self {
        Cell
    }

    #[call]
    fn share(&mut self, _reply: ReplyTo<Rc<u64>>) {}
}

fn main() {}
