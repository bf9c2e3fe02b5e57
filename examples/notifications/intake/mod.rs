//! Where notifications come in: a file, standard input, HTTP.

mod http;
mod lines;

use tokio::sync::{mpsc, oneshot};

pub(crate) use http::listen;
pub(crate) use lines::read;

use crate::end::End;

/// Lines that may wait to be taken. When it is full the reading waits, and with it whoever writes to us.
const WAITING: usize = 64;

/// A line that is there to be taken. It counts as submitted when it is.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) source: String,
    pub(crate) text: String,
    /// For whoever wants to know the end. Dropped without one, the line was not taken, or is not on record.
    pub(crate) answer: Option<oneshot::Sender<End>>,
}

pub(crate) type Offers = mpsc::Receiver<Offer>;
pub(crate) type Offering = mpsc::Sender<Offer>;

pub(crate) fn offers() -> (Offering, Offers) {
    mpsc::channel(WAITING)
}
