//! Where the feed comes from, and the thread that reads it.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

use tokio::sync::{Mutex, mpsc, watch};

use crate::feed::{FeedError, Item, RawFeature, read_feed};

/// Features read ahead of the parse stage. When it is full the reading waits, and with it, through
/// the pipe, whoever writes to our standard input.
const READ_AHEAD: usize = 64;

/// A file or standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    File(PathBuf),
    Stdin,
}

/// A path need not be text, so this is not from a `str`.
impl From<OsString> for Input {
    fn from(argument: OsString) -> Input {
        if argument == "-" { Input::Stdin } else { Input::File(PathBuf::from(argument)) }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Input::File(path) => write!(f, "{}", path.display()),
            Input::Stdin => f.write_str("standard input"),
        }
    }
}

/// A feed that is being read.
///
/// It lives outside the parse stage, which holds a clone. Were that stage to crash, its next life
/// goes on with the next feature and does not begin again: what must survive a crash must not be
/// in the state that the crash throws away.
#[derive(Debug, Clone)]
pub(crate) struct Feed {
    features: Arc<Mutex<mpsc::Receiver<Result<RawFeature, FeedError>>>>,
    counts: Arc<Counts>,
    stopped: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Counts {
    announced: AtomicU64,
    taken: AtomicU64,
}

impl Feed {
    /// Opens `input` and begins to read it.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub(crate) fn open(input: &Input) -> io::Result<Feed> {
        match input {
            Input::File(path) => Feed::read(File::open(path)?),
            Input::Stdin => Feed::read(io::stdin()),
        }
    }

    /// Reads `source` on a thread of its own: it may block for as long as it likes (a terminal, a
    /// slow pipe), and it does not keep the program from ending.
    pub(crate) fn read(source: impl Read + Send + 'static) -> io::Result<Feed> {
        let (sender, features) = mpsc::channel(READ_AHEAD);
        let counts = Arc::new(Counts::default());
        let told = counts.clone();
        thread::Builder::new().name("feed".to_owned()).spawn(move || {
            let read = read_feed(source, &mut |item| match item {
                Item::Announced(count) => {
                    told.announced.store(count, Relaxed);
                    ControlFlow::Continue(())
                }
                Item::Feature(feature) => match sender.blocking_send(Ok(feature)) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()), // nobody is left to take it
                },
            });
            if let Err(error) = read {
                let _ = sender.blocking_send(Err(error)); // as above
            }
        })?;
        Ok(Feed { features: Arc::new(Mutex::new(features)), counts, stopped: watch::Sender::new(false) })
    }

    /// The next feature; `None` after the last one, after an error, and when stopped.
    pub(crate) async fn next(&self) -> Option<Result<RawFeature, FeedError>> {
        let mut stopped = self.stopped.subscribe();
        let mut features = self.features.lock().await;
        let next = tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => None,
            next = features.recv() => next,
        };
        if matches!(next, Some(Ok(_))) {
            self.counts.taken.fetch_add(1, Relaxed);
        }
        next
    }

    /// Hands out nothing more, even where `next` waits already.
    pub(crate) fn stop(&self) {
        self.stopped.send_replace(true);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }

    /// Features handed out so far.
    pub(crate) fn taken(&self) -> u64 {
        self.counts.taken.load(Relaxed)
    }

    /// How many features the feed says it has; 0 when it does not say, or has not yet.
    pub(crate) fn announced(&self) -> u64 {
        self.counts.announced.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn features_come_in_order_then_the_error_then_the_end() {
        let text: &[u8] = b"{\"metadata\":{\"count\":3},\"features\":[{\"id\":\"a\"},{\"id\":\"b\"},{\"id";
        let feed = Feed::read(text).unwrap();
        for id in ["a", "b"] {
            let feature = feed.next().await.unwrap().unwrap();
            assert_eq!(feature.text, format!("{{\"id\":\"{id}\"}}"));
        }
        assert!(matches!(feed.next().await, Some(Err(FeedError::Truncated { .. }))));
        assert!(feed.next().await.is_none());
        assert_eq!((feed.taken(), feed.announced()), (2, 3));
    }

    #[tokio::test]
    async fn a_second_holder_goes_on_where_the_first_one_stopped() {
        let feed = Feed::read(&b"{\"features\":[1,2]}"[..]).unwrap();
        let first = feed.clone();
        assert_eq!(first.next().await.unwrap().unwrap().text, "1");
        drop(first);
        assert_eq!(feed.next().await.unwrap().unwrap().text, "2");
    }

    #[tokio::test]
    async fn a_feed_that_is_waited_for_can_be_stopped() {
        let (silent, _writer) = io::pipe().unwrap();
        let feed = Feed::read(silent).unwrap();
        let (next, ()) = tokio::join!(feed.next(), async { feed.stop() });
        assert_eq!(next, None);
        assert!(feed.is_stopped());
    }

    #[test]
    fn a_dash_is_standard_input() {
        assert_eq!(Input::from(OsString::from("-")), Input::Stdin);
        assert_eq!(Input::from(OsString::from("a.json")), Input::File("a.json".into()));
    }
}
