// a monitor whose message has no `#[info]` handler
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
    fn watch(&mut self, cx: &mut Context<Self>, other: CounterRef) {
        cx.monitor(&other);
    }
}

fn main() {}
