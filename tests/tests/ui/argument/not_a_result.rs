// a type called `Result<..>` that is not the one of std
use noex::prelude::*;

mod mine {
    pub struct Result<T>(pub T);
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
    fn get(&self) -> mine::Result<u8> {
        mine::Result(1)
    }
}

fn main() {}
