// A concurrent handler is a future that owns all it needs.
use noex::prelude::*;

#[genserver]
#[derive(Clone)]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[call(concurrent)]
    fn at_once(&self) -> u64 {
        1
    }

    #[call(concurrent)]
    async fn change(&mut self) -> u64 {
        1
    }

    #[call(concurrent)]
    async fn look_around(&self, cx: &mut Context<Self>) -> Pid {
        cx.pid()
    }

    #[call(concurrent)]
    async fn later(&self, reply: ReplyTo<u64>) {
        reply.send(1)
    }

    #[call(concurrent = yes)]
    async fn sure(&self) {}
}

fn main() {}
