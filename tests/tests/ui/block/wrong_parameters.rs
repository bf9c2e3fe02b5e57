// parameters of the block that are not those of its type
use noex::prelude::*;

#[genserver]
struct Pool<T>(Vec<T>);

#[genserver]
impl<T: Send + 'static> Pool {
    #[init]
    fn init() -> Self {
        Pool(Vec::new())
    }

    #[call]
    fn len(&self) -> usize {
        self.0.len()
    }
}

#[genserver]
struct Counter;

#[genserver]
impl<T: Send + 'static> Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[call]
    fn get(&self) -> u64 {
        1
    }
}

async fn user() {
    let counter = Counter::start().await.unwrap();
    let _: Result<u64, _> = counter.get().await;
}

fn main() {}
