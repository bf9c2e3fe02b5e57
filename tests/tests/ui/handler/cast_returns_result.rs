// row 34
use noex::prelude::*;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[cast]
    fn reset(&mut self) -> Result<(), String> {
        Ok(())
    }

    #[terminate]
    async fn close(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {}
