// a context by value, and that of another server
use noex::prelude::*;

#[genserver]
struct Other;

#[genserver]
impl Other {
    #[init]
    fn init() -> Self {
        Other
    }
}

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[call]
    fn by_value(&self, cx: Context<Self>) -> u64 {
        let _ = cx;
        1
    }

    #[call]
    async fn of_another(&self, cx: &mut Context<Other>) -> u64 {
        let _ = cx;
        1
    }

    #[call]
    fn of_itself(&self, cx: &mut Context<Counter>) -> u64 {
        let _ = cx;
        1
    }
}

async fn user(counter: CounterRef) {
    let _: u64 = counter.of_itself().await.unwrap();
}

fn main() {}
