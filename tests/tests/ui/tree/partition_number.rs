// a parameter and a child that are called like the number of a partition
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

supervisor! {
    Shop(partition: usize) {
        strategy: one_for_one,
        one: Shard(partition),
        shards: partition Shard(partition),
    }
}

supervisor! {
    Stall {
        strategy: one_for_one,
        partition: Shard(1),
        shards: partition Shard(partition),
        more: partition Shard(shards, later),
        later: Shard(1),
    }
}

fn main() {}
