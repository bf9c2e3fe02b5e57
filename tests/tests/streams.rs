//! Streams attached to servers.
#![allow(missing_docs)]

mod support;

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context as Cx, Poll},
    time::Duration,
};

use noex::{Attached, StreamEnded, prelude::*};
use support::Log;
use tokio::{sync::mpsc, task::yield_now, time::sleep};

const MS: Duration = Duration::from_millis(1);

/// What a channel receives.
struct Received(mpsc::UnboundedReceiver<u32>);

impl futures_core::Stream for Received {
    type Item = u32;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Cx<'_>) -> Poll<Option<u32>> {
        self.0.poll_recv(cx)
    }
}

/// Counts up without end, and is seen to.
struct Endless(Arc<AtomicUsize>);

impl futures_core::Stream for Endless {
    type Item = u32;

    fn poll_next(self: Pin<&mut Self>, _: &mut Cx<'_>) -> Poll<Option<u32>> {
        Poll::Ready(Some(self.0.fetch_add(1, Ordering::SeqCst) as u32))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.store(usize::MAX, Ordering::SeqCst);
    }
}

struct Broken;

impl futures_core::Stream for Broken {
    type Item = u32;

    fn poll_next(self: Pin<&mut Self>, _: &mut Cx<'_>) -> Poll<Option<u32>> {
        panic!("as asked");
    }
}

#[genserver(mailbox = 8)]
struct Sink {
    log: Log,
    pause: Duration,
}

#[genserver]
impl Sink {
    #[init]
    fn init(log: Log, pause: Duration) -> Self {
        Sink { log, pause }
    }

    #[call]
    fn receive(&mut self, cx: &mut Context<Self>, from: mpsc::UnboundedReceiver<u32>) -> Attached {
        cx.attach(Received(from))
    }

    #[call]
    fn count(&mut self, cx: &mut Context<Self>, seen: Arc<AtomicUsize>) -> Attached {
        cx.attach(Endless(seen))
    }

    #[call]
    fn break_down(&mut self, cx: &mut Context<Self>) -> Attached {
        cx.attach(Broken)
    }

    #[cast]
    async fn wait(&mut self, pause: Duration) {
        sleep(pause).await;
    }

    #[info]
    async fn item(&mut self, item: u32) {
        sleep(self.pause).await;
        self.log.note(item.to_string());
    }

    #[info]
    fn ended(&mut self, ended: StreamEnded) {
        let reason = match ended.reason {
            ExitReason::Panic(panic) => panic.message.to_string(),
            other => other.to_string(),
        };
        self.log.note(format!("{:?} {reason}", ended.id));
    }
}

async fn sink(pause: Duration) -> (SinkRef, Log) {
    let log = Log::default();
    (Sink::start(log.clone(), pause).await.unwrap(), log)
}

#[tokio::test(start_paused = true)]
async fn items_in_order_then_the_end() {
    let (sink, log) = sink(Duration::ZERO).await;
    let (send, receive) = mpsc::unbounded_channel();
    let attached = sink.receive(receive).await.unwrap();
    for item in 0..50 {
        send.send(item).unwrap();
    }
    sleep(MS).await;
    drop(send);
    sleep(MS).await;
    let mut expected: Vec<_> = (0..50).map(|item| item.to_string()).collect();
    expected.push(format!("{:?} normal", attached.id()));
    assert_eq!(log.read(), expected);
    assert!(!attached.detach(), "it has ended");
}

#[tokio::test(start_paused = true)]
async fn a_stream_waits_for_room() {
    let (sink, _) = sink(MS).await;
    let seen = Arc::new(AtomicUsize::new(0));
    sink.wait(100 * MS).await.unwrap();
    yield_now().await;
    let (attached, ()) = tokio::join!(sink.count(seen.clone()), sleep(150 * MS));
    let ahead = seen.load(Ordering::SeqCst) - 50;
    assert!((8..=12).contains(&ahead), "{ahead}: the mailbox, and what is in hands");
    assert!(attached.unwrap().detach());
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_never_far_ahead() {
    #[genserver(mailbox = unbounded)]
    struct Slow {}

    #[genserver]
    impl Slow {
        #[init]
        fn init(cx: &mut Context<Self>, seen: Arc<AtomicUsize>) -> Self {
            cx.attach(Endless(seen));
            Slow {}
        }

        #[info]
        async fn item(&mut self, _item: u32) {
            sleep(Duration::from_secs(1)).await;
        }
    }

    let seen = Arc::new(AtomicUsize::new(0));
    let slow = Slow::start(seen.clone()).await.unwrap();
    sleep(500 * MS).await;
    assert_eq!(seen.load(Ordering::SeqCst), 33, "32 that wait, and the one in hand");
    slow.kill();
    slow.ended().await;
    sleep(MS).await;
    assert_eq!(seen.load(Ordering::SeqCst), usize::MAX, "dropped with its server");
}

#[tokio::test(start_paused = true)]
async fn detached_nothing_more_is_handled() {
    let (sink, log) = sink(Duration::ZERO).await;
    let seen = Arc::new(AtomicUsize::new(0));
    let (send, receive) = mpsc::unbounded_channel();
    let attached = sink.receive(receive).await.unwrap();
    sink.wait(10 * MS).await.unwrap();
    yield_now().await;
    for item in 0..4 {
        send.send(item).unwrap();
    }
    sleep(5 * MS).await;
    assert!(attached.detach());
    assert!(!attached.detach());
    sleep(10 * MS).await;
    assert_eq!(log.read(), [""; 0], "also what was in the mailbox");
    assert!(send.is_closed(), "the stream is dropped");

    let attached = sink.count(seen.clone()).await.unwrap();
    attached.detach();
    sleep(MS).await;
    assert_eq!(seen.load(Ordering::SeqCst), usize::MAX);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_panics_tells_its_end() {
    let (sink, log) = sink(Duration::ZERO).await;
    let attached = sink.break_down().await.unwrap();
    sleep(MS).await;
    assert_eq!(log.read(), [format!("{:?} as asked", attached.id())]);
    assert!(sink.is_alive());
}

supervisor! {
    Tree(log: Log) {
        strategy: one_for_one,
        sink: Sink(log.clone(), Duration::ZERO),
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_belongs_to_one_life() {
    let system = System::new();
    let log = Log::default();
    let tree = Tree::start(log.clone()).system(&system).await.unwrap();
    let (send, receive) = mpsc::unbounded_channel();
    tree.sink().receive(receive).await.unwrap();
    tree.sink().wait(10 * MS).await.unwrap();
    yield_now().await;
    for item in 0..20 {
        send.send(item).unwrap();
    }
    sleep(MS).await;
    tree.sink().kill();
    sleep(100 * MS).await;
    assert!(tree.sink().is_alive());
    assert!(send.is_closed());
    assert_eq!(log.read(), [""; 0]);
    assert_eq!(system.dead_letters(), 9, "eight that were queued, one that waited for room");
    tree.stop().await.unwrap();
}
