// rows 58 and 59: of async handlers, of `#[init]` and of infos; those who use the server get no error of their own
use noex::prelude::*;

use std::rc::Rc;

#[genserver]
struct Counter;

#[genserver]
impl Counter {
    #[init]
    async fn init(start: Rc<u8>) -> Self {
        let _ = start;
        Counter
    }

    #[call]
    async fn put(&mut self, key: Rc<u16>, by: u8) {
        let _ = (key, by);
    }

    #[call]
    async fn get(&self) -> Rc<u32> {
        Rc::new(1)
    }

    #[info]
    async fn tick(&mut self, tick: Rc<u64>) {
        let _ = tick;
    }

    #[call]
    async fn sound(&self) -> u8 {
        1
    }
}

async fn user() {
    let counter = Counter::start(Rc::new(1)).await.unwrap();
    counter.put(Rc::new(1), 2).await.unwrap();
    let _: u8 = counter.sound().await.unwrap();
}

fn main() {
    let _: Box<dyn Future<Output = ()> + Send> = Box::new(async {
        user().await;
    });
}
