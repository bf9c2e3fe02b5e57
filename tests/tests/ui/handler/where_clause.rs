// bounds of a handler
use noex::prelude::*;

#[genserver]
struct Pool<T>(Vec<T>);

#[genserver]
impl<T: Send + 'static> Pool<T> {
    #[init]
    fn init() -> Self {
        Pool(Vec::new())
    }

    #[call]
    fn first(&self) -> Option<T>
    where
        T: Clone,
    {
        self.0.first().cloned()
    }
}

async fn user(pool: PoolRef<u8>) {
    let _: Option<u8> = pool.first().await.unwrap();
}

fn main() {}
