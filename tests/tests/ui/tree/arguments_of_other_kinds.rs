// wrong arguments of partitions and of dynamic children, and keys of another type
use noex::prelude::*;

#[genserver]
struct Shard;

#[genserver]
impl Shard {
    #[init]
    fn init(number: usize) -> Self {
        let _ = number;
        Shard
    }
}

#[genserver]
struct Conn;

#[genserver]
impl Conn {
    #[init]
    fn init(host: String, port: u16) -> Self {
        let _ = host;
        let _ = port;
        Conn
    }
}

struct NotClone;

#[genserver]
struct Strict;

#[genserver]
impl Strict {
    #[init]
    fn init(value: NotClone) -> Self {
        let _ = value;
        Strict
    }
}

supervisor! {
    Shop {
        strategy: one_for_one,
        shards: partition Shard("1") { by: u64 },
        more: partition Shard() { by: f64 },
        conns: dynamic Conn("home", port: u16),
        text: dynamic String,
        texts: partition String(partition),
        strict: dynamic Strict,
        some: dynamic Conn { max: "5".len() as u8 },
    }
}

async fn user() {
    let shop = Shop::start().await.unwrap();
    let _ = shop.shards().get(&5u32);
    let _ = shop.conns().start_child("80").await;
}

fn main() {}
