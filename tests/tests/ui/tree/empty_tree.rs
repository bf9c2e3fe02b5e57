// row 80
use noex::prelude::*;

noex::supervisor! {
    Shop {
        strategy: one_for_one,
    }
}

fn main() {}
