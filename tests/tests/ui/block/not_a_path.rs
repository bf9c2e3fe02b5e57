// row 23
use noex::prelude::*;

#[genserver]
impl (u8, u16) {
    #[init]
    fn init() -> Self {
        (0, 0)
    }
}

fn main() {}
