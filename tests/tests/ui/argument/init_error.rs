// why `#[init]` fails is shown and sent
use noex::prelude::*;

use std::rc::Rc;

#[derive(Debug)]
struct Silent;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Result<Self, Silent> {
        Ok(Counter)
    }
}

#[genserver]
struct Other;

#[genserver]
impl Other {
    #[init]
    async fn init() -> Result<Self, Rc<u8>> {
        Ok(Other)
    }
}

async fn user() {
    let _ = Counter::start().await;
    let _ = Other::start().await;
}

fn main() {}
