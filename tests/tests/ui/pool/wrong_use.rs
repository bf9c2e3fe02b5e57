use noex::{Pool, prelude::*};

pub struct Once(u32);

#[genserver]
pub struct Worker {}

#[genserver]
impl Worker {
    #[init]
    fn init(_tools: u8) -> Self {
        Worker {}
    }

    #[call(job)]
    pub fn work(&mut self, once: Once) -> u32 {
        once.0
    }
}

async fn uses(pool: Pool<Worker>) {
    let _ = pool.run(7).await;
    let _ = pool.submit("seven").now();
}

fn main() {
    let _ = Pool::<Worker>::of("workers", || (1,)).retries(2);
    let _ = Pool::<Worker>::of("workers", || ());
    let _ = uses;
}
