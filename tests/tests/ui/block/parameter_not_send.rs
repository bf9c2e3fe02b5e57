// a type parameter that is not `Send + 'static`
use noex::prelude::*;

#[genserver]
struct Pool<T>(Vec<T>);

#[genserver]
impl<T> Pool<T> {
    #[init]
    fn init() -> Self {
        Pool(Vec::new())
    }

    #[call]
    fn put(&mut self, item: T) {
        self.0.push(item);
    }

    #[call]
    async fn take(&mut self) -> Option<T> {
        self.0.pop()
    }
}

#[genserver]
struct Sizes<T>(Vec<T>);

#[genserver]
impl<T: 'static> Sizes<T> {
    #[init]
    fn init() -> Self {
        Sizes(Vec::new())
    }

    #[call]
    async fn len(&mut self) -> usize {
        self.0.len()
    }
}

async fn user() {
    let pool = Pool::<u8>::start().await.unwrap();
    pool.put(1).await.unwrap();
    let _: Option<u8> = pool.take().await.unwrap();
}

fn main() {}
