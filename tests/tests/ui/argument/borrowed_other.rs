// row 50
use noex::prelude::*;

struct Config;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }

    #[call]
    fn put(&mut self, config: &Config) {
        let _ = config;
    }

    #[cast]
    fn nested(&mut self, config: Option<&Config>) {
        let _ = config;
    }

    #[info]
    fn seen(&mut self, config: &Config) {
        let _ = config;
    }
}

fn main() {}
