// row 45
use noex::prelude::*;

macro_rules! handlers {
    ($($name:ident)*) => { $(fn $name(&self) {})* };
}

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    handlers! {
        put get
    }
}

fn main() {}
