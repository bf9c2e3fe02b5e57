//! A gateway by HTTP.

use std::io;
use std::net::Ipv4Addr;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use reqwest::Url;
use tokio::net::TcpListener;

use super::Sink;

/// What a gateway does not want, wherever it stands in the request.
const UNWANTED: &[u8] = b"+999";

/// Starts a gateway on a port of this machine, for as long as the program runs.
///
/// # Errors
/// There is no port.
pub(crate) async fn gateway(sink: Sink) -> io::Result<Url> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}/", listener.local_addr()?);
    let service = Router::new().route("/", post(take)).with_state(sink);
    tokio::spawn(axum::serve(listener, service).into_future());
    url.parse().map_err(io::Error::other)
}

async fn take(State(sink): State<Sink>, headers: HeaderMap, body: Bytes) -> (StatusCode, &'static str) {
    tokio::time::sleep(sink.pause()).await;
    if sink.fails() {
        return (StatusCode::SERVICE_UNAVAILABLE, "not now");
    }
    let Some(id) = headers.get("idempotency-key").and_then(|id| id.to_str().ok()) else {
        return (StatusCode::BAD_REQUEST, "no idempotency-key");
    };
    if body.windows(UNWANTED.len()).any(|part| part == UNWANTED) {
        return (StatusCode::UNPROCESSABLE_ENTITY, "no such number");
    }
    sink.take(id);
    (StatusCode::ACCEPTED, "accepted")
}
