// a state that cannot be sent, with plain and with async handlers
use noex::prelude::*;

use std::rc::Rc;

#[genserver]
struct Plain {
    count: Rc<u8>,
}

#[genserver]
impl Plain {
    #[init]
    fn init() -> Self {
        Plain { count: Rc::new(1) }
    }

    #[call]
    fn get(&self) -> u8 {
        *self.count
    }
}

struct Parts {
    list: Vec<Rc<u64>>,
}

#[genserver]
struct Async(Parts);

#[genserver]
impl Async {
    #[init]
    async fn init() -> Result<Self, String> {
        Ok(Async(Parts { list: Vec::new() }))
    }

    #[call]
    async fn get(&self) -> usize {
        self.0.list.len()
    }

    #[cast]
    async fn put(&mut self, part: u64) {
        self.0.list.push(Rc::new(part));
    }

    #[terminate]
    async fn close(&mut self) {}
}

async fn user() {
    let plain = Plain::start().await.unwrap();
    let _: u8 = plain.get().await.unwrap();
    let parts = Async::start().await.unwrap();
    parts.put(1).await.unwrap();
    let _: usize = parts.get().await.unwrap();
}

fn main() {
    let _: Box<dyn Future<Output = ()> + Send> = Box::new(user());
}
