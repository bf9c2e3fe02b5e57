// a block for a type that there is not
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl Countr {
    #[init]
    fn init() -> Self {
        Countr
    }

    #[call]
    fn get(&self) -> u64 {
        1
    }

    #[cast]
    async fn put(&mut self, to: u64) {
        let _ = to;
    }
}

fn main() {}
