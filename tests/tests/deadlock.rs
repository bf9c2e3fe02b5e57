//! Calls that can never be answered are told so at once; calls that can are left alone.
#![allow(missing_docs)]

use std::time::Duration;

use noex::{WeakRef, prelude::*};

/// Asks a peer from within a handler.
#[genserver(call_timeout = infinity)]
struct Asker {
    peer: Option<WeakRef<Asker>>,
}

#[genserver]
impl Asker {
    #[init]
    fn init() -> Self {
        Asker { peer: None }
    }

    #[call]
    fn meet(&mut self, peer: WeakRef<Asker>) {
        self.peer = Some(peer);
    }

    #[call]
    fn value(&self) -> u32 {
        7
    }

    #[call]
    async fn ask(&mut self) -> Result<u32, String> {
        Box::pin(self.peer().ask()).await.map_err(|error| error.to_string())
    }

    #[call]
    async fn ask_value(&mut self, pause: Duration) -> Result<u32, String> {
        tokio::time::sleep(pause).await;
        self.peer().value().await.map_err(|error| error.to_string())
    }

    #[call]
    async fn ask_but_not_for_long(&mut self) -> &'static str {
        let peer = self.peer();
        tokio::select! {
            answer = peer.ask_value(Duration::from_millis(1)) => if answer.is_ok() { "answered" } else { "refused" },
            () = tokio::time::sleep(Duration::from_millis(10)) => "gave up",
        }
    }

    #[call]
    async fn stop_myself(&mut self, cx: &mut Context<Self>) -> bool {
        cx.me().stop().await.is_ok()
    }

    #[call]
    async fn ask_in_a_task(&mut self) -> Result<u32, String> {
        let peer = self.peer();
        let asked = tokio::spawn(async move { peer.value().timeout(Duration::from_millis(5)).await });
        match asked.await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Asker {
    fn peer(&self) -> AskerRef {
        self.peer.as_ref().and_then(WeakRef::upgrade).expect("they have met")
    }
}

async fn ring(size: usize) -> Vec<AskerRef> {
    let mut ring = Vec::new();
    for _ in 0..size {
        ring.push(Asker::start().await.unwrap());
    }
    for at in 0..size {
        ring[at].meet(ring[(at + 1) % size].downgrade()).await.unwrap();
    }
    ring
}

#[tokio::test]
async fn a_server_that_calls_itself_is_told() {
    // CALL-12
    let one = ring(1).await.remove(0);
    let told = one.ask().await.unwrap_err();
    assert!(told.to_string().contains("can never reply"), "{told}");
    assert!(told.to_string().contains(".ask waits for Asker"), "{told}");
    assert_eq!(one.value().await.unwrap(), 7, "the server goes on");
}

#[tokio::test]
async fn a_circle_of_any_length_is_told() {
    for size in 2..6 {
        let servers = ring(size).await;
        let told = servers[0].ask().await.unwrap_err().to_string();
        assert!(told.contains("can never reply"), "{told}");
        assert_eq!(told.matches(" waits for ").count(), size, "{told}");
        assert_eq!(servers[0].value().await.unwrap(), 7);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_ask_each_other_at_once_are_told() {
    for _ in 0..200 {
        let servers = ring(2).await;
        let (first, second) = (servers[0].clone(), servers[1].clone());
        let first = tokio::spawn(async move { first.ask().await });
        let second = tokio::spawn(async move { second.ask().await });
        assert!(first.await.unwrap().is_err() && second.await.unwrap().is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_can_end_another_way_is_no_deadlock() {
    let servers = ring(2).await;
    let (first, second) =
        tokio::join!(servers[0].ask_but_not_for_long(), servers[1].ask_value(Duration::from_millis(2)));
    assert_eq!(second.unwrap(), 7, "it waited for the one that gave up, and was answered");
    assert_eq!(first.unwrap(), "gave up");
}

#[tokio::test(start_paused = true)]
async fn a_spawned_task_is_no_wait_of_the_server() {
    let one = ring(1).await.remove(0);
    let told = one.ask_in_a_task().await.unwrap_err().to_string();
    assert!(told.contains("did not reply within 5ms"), "a time-out, not a false alarm: {told}");
}

#[tokio::test(start_paused = true)]
async fn calls_one_after_the_other_are_no_deadlock() {
    let servers = ring(2).await;
    for pause in [Duration::ZERO, Duration::from_millis(1)] {
        assert_eq!(servers[0].ask_value(pause).await.unwrap(), 7);
        assert_eq!(servers[1].ask_value(pause).await.unwrap(), 7);
    }
}

#[tokio::test]
async fn a_server_that_stops_itself_does_not_wait_for_its_own_end() {
    let one = ring(1).await.remove(0);
    assert!(one.stop_myself().await.unwrap());
    assert_eq!(one.ended().await, ExitReason::Normal);
}
