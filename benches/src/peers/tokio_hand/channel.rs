//! The two mailboxes: tokio's unbounded channel and its bounded one with room for 64.

use tokio::sync::mpsc;

const CAPACITY: usize = 64;

/// A kind of channel.
pub(crate) trait Channel: Send + Sync + 'static {
    const PEER: &'static str;
    type Sender<T: Send + 'static>: Clone + Send + Sync + 'static;
    type Receiver<T: Send + 'static>: Send + 'static;

    fn open<T: Send + 'static>() -> (Self::Sender<T>, Self::Receiver<T>);

    fn send<T: Send + 'static>(
        sender: &Self::Sender<T>,
        message: T,
    ) -> impl Future<Output = Result<(), mpsc::error::SendError<T>>> + Send;

    fn receive<T: Send + 'static>(receiver: &mut Self::Receiver<T>)
    -> impl Future<Output = Option<T>> + Send;
}

/// `mpsc::unbounded_channel`.
pub(crate) struct Unbounded;

impl Channel for Unbounded {
    const PEER: &'static str = "tokio_unbounded";
    type Sender<T: Send + 'static> = mpsc::UnboundedSender<T>;
    type Receiver<T: Send + 'static> = mpsc::UnboundedReceiver<T>;

    fn open<T: Send + 'static>() -> (Self::Sender<T>, Self::Receiver<T>) {
        mpsc::unbounded_channel()
    }

    async fn send<T: Send + 'static>(
        sender: &Self::Sender<T>,
        message: T,
    ) -> Result<(), mpsc::error::SendError<T>> {
        sender.send(message)
    }

    async fn receive<T: Send + 'static>(receiver: &mut Self::Receiver<T>) -> Option<T> {
        receiver.recv().await
    }
}

/// `mpsc::channel`.
pub(crate) struct Bounded;

impl Channel for Bounded {
    const PEER: &'static str = "tokio_bounded";
    type Sender<T: Send + 'static> = mpsc::Sender<T>;
    type Receiver<T: Send + 'static> = mpsc::Receiver<T>;

    fn open<T: Send + 'static>() -> (Self::Sender<T>, Self::Receiver<T>) {
        mpsc::channel(CAPACITY)
    }

    async fn send<T: Send + 'static>(
        sender: &Self::Sender<T>,
        message: T,
    ) -> Result<(), mpsc::error::SendError<T>> {
        sender.send(message).await
    }

    async fn receive<T: Send + 'static>(receiver: &mut Self::Receiver<T>) -> Option<T> {
        receiver.recv().await
    }
}
