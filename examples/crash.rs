//! What a crash costs: the message in hand, and nothing else.
//!
//! ```text
//! cargo run --example crash
//! ```
//!
//! The idea: the caller whose message crashed the server is told so. The ones that waited behind it
//! are served by the server's next life, through the same reference, and do not notice.

use std::panic;

use noex::prelude::*;

/// Divides, and has not heard of zero.
#[derive(Debug)]
#[genserver]
pub struct Divider {
    served: u64,
}

#[genserver]
impl Divider {
    #[init]
    fn open() -> Self {
        Divider { served: 0 }
    }

    /// `a / b`, and how many divisions this life of the server has done.
    #[call]
    pub async fn divide(&mut self, a: i64, b: i64) -> (i64, u64) {
        // Lets the other callers queue up behind this message.
        tokio::task::yield_now().await;
        self.served += 1;
        (a / b, self.served)
    }
}

supervisor! {
    /// Starts the divider again whenever it crashes.
    pub Desk() {
        strategy: one_for_one,
        restarts: 3 in 5s,

        divider: Divider(),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The panic is expected here; one line about it is enough.
    panic::set_hook(Box::new(|panic| eprintln!("{panic}")));

    let desk = Desk::start().await?;
    let divider = desk.divider();
    println!("10 / 5: {:?}", divider.divide(10, 5).await?);

    let (first, second, third) =
        tokio::join!(divider.divide(1, 0), divider.divide(6, 3), divider.divide(8, 2));
    match first {
        Err(CallError::Crashed { .. }) => println!("1 / 0: crashed"),
        other => println!("1 / 0: {other:?}?"),
    }
    println!("6 / 3: {:?}", second?);
    println!("8 / 2: {:?}", third?);

    desk.stop().await?;
    Ok(())
}
