//! The request-response pattern: whose limit counts, and what is counted.
#![allow(missing_docs)]

use std::{future::pending, time::Duration};

use noex::{
    patterns::{Request, RequestError, RequestResponse, Response},
    prelude::*,
};
use tokio::time::{Instant, sleep};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Sleeps for as long as the request says.
fn sleeper() -> RequestResponse<u64, u64, &'static str> {
    RequestResponse::new("sleeper", async |request: Request<u64>| {
        sleep(ms(request.data)).await;
        match request.metadata.get("outcome") {
            Some("failure") => Err("as asked"),
            Some("refusal") => Ok(Response::ok(request.data).status(503)),
            Some("panic") => panic!("as asked"),
            _ => Ok(Response::ok(request.data)),
        }
    })
}

#[tokio::test(start_paused = true)]
async fn the_limit_is_the_requests_or_else_the_patterns() {
    let service = sleeper().timeout(ms(50));
    let start = Instant::now();
    let late = |after| Err(RequestError::TimedOut { pattern: "sleeper".into(), after: ms(after) });
    assert_eq!(service.execute(Request::new(100)).await, late(50));
    assert_eq!(service.execute(Request::new(100).timeout(ms(20))).await, late(20));
    assert_eq!(service.execute(Request::new(100).timeout(ms(100))).await, Ok(Response::ok(100)));
    let patient = service.clone().timeout(None);
    assert_eq!(patient.execute(Request::new(3_600_000)).await, Ok(Response::ok(3_600_000)));
    assert_eq!(Instant::now() - start, ms(50 + 20 + 100 + 3_600_000));
    assert_eq!(service.stats().timed_out, 2);
    assert_eq!(
        service.execute(Request::new(100)).await.unwrap_err().to_string(),
        "`sleeper` did not respond within 50ms"
    );
}

#[tokio::test(start_paused = true)]
async fn each_request_counts_once() {
    let service = sleeper();
    let ask = |outcome: &'static str| service.execute(Request::new(10).with("outcome", outcome));
    ask("success").await.unwrap();
    assert!(!ask("refusal").await.unwrap().is_success());
    assert_eq!(ask("failure").await.unwrap_err().into_failed(), Ok("as asked"));
    let panics = service.clone();
    tokio::spawn(async move { panics.execute(Request::new(10).with("outcome", "panic")).await })
        .await
        .unwrap_err();
    tokio::time::timeout(ms(5), ask("success")).await.unwrap_err();
    {
        let mut under_way = std::pin::pin!(ask("success"));
        assert!(
            std::future::poll_fn(|cx| std::task::Poll::Ready(under_way.as_mut().poll(cx))).await.is_pending()
        );
        let stats = service.stats();
        assert_eq!((stats.requests, stats.active), (6, 1));
    }
    let stats = service.stats();
    assert_eq!((stats.requests, stats.active), (6, 0));
    assert_eq!((stats.succeeded, stats.refused, stats.failed), (1, 1, 2));
    assert_eq!((stats.cancelled, stats.timed_out), (2, 0));
    assert_eq!(stats.busy, ms(30));
}

/// A server's handler that asks is not left waiting: its caller's time is the request's as well.
#[tokio::test(start_paused = true)]
async fn the_callers_deadline_travels() {
    #[genserver]
    struct Front {
        told: Option<String>,
    }

    #[genserver]
    impl Front {
        #[init]
        fn init() -> Self {
            Front { told: None }
        }

        #[call]
        async fn ask(&mut self) {
            let hangs = async |_: Request<()>| pending::<Result<Response<()>, String>>().await;
            let service = RequestResponse::new("never", hangs);
            let error = service.execute(Request::new(()).timeout(ms(500))).await.unwrap_err();
            self.told = Some(error.to_string());
        }

        #[call]
        fn told(&self) -> Option<String> {
            self.told.clone()
        }
    }

    let front = Front::start().await.unwrap();
    let start = Instant::now();
    front.ask().timeout(ms(100)).await.unwrap_err();
    assert_eq!(front.told().await.unwrap().as_deref(), Some("`never` did not respond within 100ms"));
    assert_eq!(Instant::now() - start, ms(100));
}
