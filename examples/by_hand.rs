//! A server without macros.
//!
//! ```text
//! cargo run --example by_hand
//! ```
//!
//! The idea: there is no magic. `#[genserver]` writes two trait impls and three enums, and here they
//! are written by hand: what is asked ([`Ask`]), what is answered ([`Answer`]), what is told
//! ([`Tell`]), and the function that handles each. The reference is the plain
//! [`ServerRef<Counter>`](noex::ServerRef).

use std::convert::Infallible;

use noex::prelude::*;

/// Counts.
#[derive(Debug)]
pub struct Counter {
    count: u64,
}

/// Calls: each has an answer.
#[derive(Debug)]
pub enum Ask {
    /// Adds and answers the sum.
    Add(u64),
    /// Answers the sum.
    Get,
}

/// The answer to either call.
#[derive(Debug, PartialEq)]
pub struct Answer(pub u64);

/// Casts: nobody waits for them.
#[derive(Debug)]
pub enum Tell {
    /// Begins again at zero.
    Reset,
}

// Names for what is observed: `variant` is the index into `VARIANTS`.
impl Message for Ask {
    const VARIANTS: &'static [&'static str] = &["add", "get"];

    fn variant(&self) -> usize {
        match self {
            Ask::Add(_) => 0,
            Ask::Get => 1,
        }
    }
}

// One message needs no names.
impl Message for Tell {}

// The configuration; what is not said is the default.
impl ServerConfig for Counter {
    const NAME: Option<&'static str> = Some("counter");
}

impl GenServer for Counter {
    type Args = (u64,);
    type InitError = Infallible;
    type Call = Ask;
    type Reply = Answer;
    type Cast = Tell;
    type Info = Never;
    type Continue = Never;
    type Ref = ServerRef<Counter>;

    async fn init((count,): (u64,), _cx: &mut Context<Self>) -> Result<Init<Self>, Infallible> {
        Ok(Init::ready(Counter { count }))
    }

    // `_now` because nothing here awaits: a caller who finds the server idle runs this at once.
    fn call_now(&mut self, call: Ask, _cx: &mut Context<Self>) -> Now<Answer, Ask> {
        match call {
            Ask::Add(by) => self.count += by,
            Ask::Get => {}
        }
        Now::Done(Answer(self.count))
    }

    fn cast_now(&mut self, cast: Tell, _cx: &mut Context<Self>) -> Now<(), Tell> {
        match cast {
            Tell::Reset => self.count = 0,
        }
        Now::Done(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let counter = Start::<Counter>::new((40,)).await?;

    let Answer(sum) = counter.call(Ask::Add(2)).await?;
    println!("40 and 2 is {sum}");

    counter.cast(Tell::Reset).await?;
    let Answer(sum) = counter.call(Ask::Get).await?;
    println!("after a reset: {sum}");

    counter.stop().await?;
    Ok(())
}
