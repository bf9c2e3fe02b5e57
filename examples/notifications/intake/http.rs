//! Lines in the body of an HTTP POST; the reply says what became of each.

use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{Offer, Offering};

/// One line of the reply.
#[derive(Serialize)]
struct Told {
    line: usize,
    outcome: &'static str,
    reason: String,
    detail: String,
}

/// Takes posts at `address` until `stop` is there, and then ends when the last one has its reply. Gives where it listens.
///
/// # Errors
/// The address cannot be used.
pub(crate) async fn listen(
    address: SocketAddr,
    offering: Offering,
    stop: oneshot::Receiver<()>,
) -> io::Result<(SocketAddr, JoinHandle<io::Result<()>>)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let service = Router::new().route("/", post(take)).with_state(offering);
    let stopped = async move { stop.await.unwrap_or_default() };
    let server = axum::serve(listener, service).with_graceful_shutdown(stopped);
    Ok((address, tokio::spawn(server.into_future())))
}

/// Offers each line and waits for the end of those that are taken. One whose sender goes away is delivered all the same.
async fn take(State(offering): State<Offering>, body: Bytes) -> impl IntoResponse {
    let text = String::from_utf8_lossy(&body);
    let mut waiting = Vec::new();
    for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        let (answer, end) = oneshot::channel();
        let source = format!("post:{line}");
        let offer = Offer { source, text: text.trim().to_owned(), answer: Some(answer) };
        // One that is not taken is told of below: its answer is dropped.
        let _ = offering.send(offer).await;
        waiting.push((line, end));
    }
    let mut is_any_taken = waiting.is_empty();
    let mut told = Vec::new();
    for (line, end) in waiting {
        let told_of = match end.await {
            Ok(end) => {
                is_any_taken = true;
                Told {
                    line,
                    outcome: end.outcome.as_str(),
                    reason: end.reason.to_owned(),
                    detail: end.detail,
                }
            }
            Err(_) => Told {
                line,
                outcome: "not taken",
                reason: "stopping".to_owned(),
                detail: "send it again".to_owned(),
            },
        };
        told.extend(serde_json::to_vec(&told_of).unwrap_or_default());
        told.push(b'\n');
    }
    let status = if is_any_taken { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [("content-type", "application/x-ndjson")], told)
}
