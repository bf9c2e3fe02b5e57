// messages that come by themselves and that no handler takes: each is named
use noex::{prelude::*, StreamEnded};
use std::{
    pin::Pin,
    task::{Context as Cx, Poll},
    time::Duration,
};

#[derive(Clone)]
struct Tick;
struct Warm;
struct Item;

struct Items;

impl futures_core::Stream for Items {
    type Item = Item;

    fn poll_next(self: Pin<&mut Self>, _: &mut Cx<'_>) -> Poll<Option<Item>> {
        Poll::Ready(None)
    }
}

#[genserver]
struct Deaf;

#[genserver]
impl Deaf {
    #[init]
    fn init() -> Init<Self> {
        Init::then(Deaf, Warm)
    }

    #[call]
    fn begin(&mut self, cx: &mut Context<Self>) {
        let second = Duration::from_secs(1);
        cx.send_after(second, Tick);
        cx.send_every(second, Tick);
        cx.idle_timeout(second, Tick);
        cx.me().send_after(second, Tick);
        cx.then(Warm);
        cx.attach(Items);
    }

    #[info]
    fn ended(&mut self, _: StreamEnded) {}
}

fn main() {}
