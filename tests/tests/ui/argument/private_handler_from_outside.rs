// row 65
mod bank {
    use noex::prelude::*;

    #[genserver]
    pub struct Counter;

    #[genserver]
    impl Counter {
        #[init]
        fn init() -> Self {
            Counter
        }

        #[call]
        fn get(&self) -> u64 {
            1
        }
    }
}

fn user(counter: bank::CounterRef) {
    let _ = counter.get();
}

fn main() {}
