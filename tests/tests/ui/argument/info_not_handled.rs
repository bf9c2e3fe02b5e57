// a message that no handler takes: it is named, and so are those that are taken
use noex::prelude::*;

struct Tick;

#[genserver]
struct Deaf;

#[genserver]
impl Deaf {
    #[init]
    fn init() -> Self {
        Deaf
    }
}

#[genserver]
struct Clock;

#[genserver]
impl Clock {
    #[init]
    fn init() -> Self {
        Clock
    }

    #[info]
    fn ticked(&mut self, tick: Tick) {
        let _ = tick;
    }
}

async fn user(deaf: DeafRef, clock: ClockRef) {
    deaf.send(Tick).await.unwrap();
    clock.send(Tick).await.unwrap();
    clock.send("tick").await.unwrap();
}

fn main() {}
