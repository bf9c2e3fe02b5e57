//! Gateways to try it with: a relay for e-mail and two gateways by HTTP, on ports of this machine, that fail now and then.
//!
//! They stand for the world, so they are no part of the tree.

mod http;
mod mood;
mod smtp;

pub(crate) use mood::{Mood, Sink};

pub(crate) use http::gateway;
pub(crate) use smtp::relay;
