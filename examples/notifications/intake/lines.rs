//! Lines of a file or of standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::thread;

use tokio::sync::oneshot;

use super::{Offer, Offering};
use crate::cli::Input;

/// Begins to read `input`; the outcome comes when there is nothing more, or nobody wants it.
///
/// It reads on a thread of its own: it may block for as long as it likes (a terminal, a slow pipe), and does not keep the
/// program from ending.
///
/// # Errors
/// The file cannot be opened.
pub(crate) fn read(input: &Input, offering: Offering) -> io::Result<oneshot::Receiver<io::Result<()>>> {
    let source: Box<dyn BufRead + Send> = match input {
        Input::File(path) => Box::new(BufReader::new(File::open(path)?)),
        Input::Stdin => Box::new(BufReader::new(io::stdin())),
    };
    let name = match input {
        Input::File(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        Input::Stdin => "standard input".to_owned(),
    };
    let (done, outcome) = oneshot::channel();
    thread::Builder::new().name("lines".to_owned()).spawn(move || {
        let _ = done.send(offer_each(source, &name, &offering));
    })?;
    Ok(outcome)
}

fn offer_each(source: impl BufRead, name: &str, offering: &Offering) -> io::Result<()> {
    // What is not text is no reason to stop: such a line is refused as any that is no JSON.
    for (number, line) in (1_u64..).zip(source.split(b'\n')) {
        let text = String::from_utf8_lossy(&line?).trim().to_owned();
        if text.is_empty() {
            continue;
        }
        let offer = Offer { source: format!("{name}:{number}"), text, answer: None };
        if offering.blocking_send(offer).is_err() {
            break;
        }
    }
    Ok(())
}
