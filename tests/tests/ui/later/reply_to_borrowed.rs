// The address of a reply is the handler's own, to answer with or to keep.
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
    fn get(&mut self, _reply: &ReplyTo<u64>) {}

    #[call]
    fn take(&mut self, _reply: &mut ReplyTo<u64>) {}
}

fn main() {}
