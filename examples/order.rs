//! An order as a state machine: each state has what only it needs, and hands it on.
//!
//! ```text
//! cargo run --example order
//! ```
//!
//! The idea: a handler takes the state it is for and returns the next one, so that what is paid for moves along
//! without being cloned, and an order that is not being paid has no customer who waits.

use std::time::Duration;

use noex::prelude::*;

/// Being filled.
#[derive(Debug, Default)]
pub struct Open {
    items: Vec<String>,
}

/// Waits for the bank; so does the customer.
#[derive(Debug)]
pub struct Paying {
    items: Vec<String>,
    customer: ReplyTo<Result<usize, String>>,
}

/// On its way.
#[derive(Debug)]
pub struct Shipped {
    items: Vec<String>,
}

/// What all states share.
#[derive(Debug)]
#[state_machine]
pub struct Order {
    patience: Duration,
    refusals: u32,
}

#[state_machine(states(Open, Paying, Shipped), unhandled = drop)]
impl Order {
    #[init]
    fn begin(patience: Duration) -> (Self, Open) {
        (Order { patience, refusals: 0 }, Open::default())
    }

    /// Adds an item and says how many there are. While it is being paid, the item waits.
    #[call]
    #[on(Open)]
    #[postpone(Paying)]
    pub fn add(&mut self, open: &mut Open, item: String) -> usize {
        open.items.push(item);
        open.items.len()
    }

    /// Pays; answered when the bank has spoken, in another state.
    #[call]
    #[on(Open => Paying)]
    pub fn pay(&mut self, open: Open, reply: ReplyTo<Result<usize, String>>) -> Paying {
        Paying { items: open.items, customer: reply }
    }

    #[enter(Paying)]
    fn paying(&mut self, actions: &mut Actions<Self>) {
        actions.state_timeout().set(self.patience, OrderEvent::Expire);
    }

    /// The bank has spoken.
    #[cast]
    #[on(Paying => Shipped | Open)]
    pub fn charged(&mut self, paying: Paying, is_paid: bool) -> OrderChargedTo {
        let Paying { items, customer } = paying;
        if is_paid {
            customer.send(Ok(items.len()));
            Shipped { items }.into()
        } else {
            self.refusals += 1;
            customer.send(Err("refused".into()));
            Open { items }.into()
        }
    }

    /// The bank has not spoken.
    #[event]
    #[on(Paying => Open)]
    fn expire(&mut self, paying: Paying) -> Open {
        paying.customer.send(Err("no answer".into()));
        Open { items: paying.items }
    }

    /// What was shipped, as soon as it is.
    #[call]
    #[on(Shipped)]
    #[postpone(Open | Paying)]
    pub fn track(&self, shipped: &Shipped) -> String {
        shipped.items.join(", ")
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    print!("{}", Order::diagram());
    let order = Order::start(Duration::from_millis(50)).await?;
    let tracked = tokio::spawn(order.track().request());
    order.add("a lamp".into()).await?;

    // The bank says no, and then nothing.
    let (paid, charged) = tokio::join!(order.pay(), order.charged(false));
    charged?;
    println!("{}", paid.unwrap_err());
    let (paid, count) = tokio::join!(order.pay(), order.add("a chair".into()));
    println!("{}", paid.unwrap_err());
    println!("items: {}", count?);

    let (paid, charged) = tokio::join!(order.pay(), order.charged(true));
    charged?;
    println!("paid: {}", paid?);
    println!("shipped: {}", tracked.await??);

    // Too late: said to be dropped in this state.
    println!("{}", order.add("a desk".into()).await.unwrap_err());
    println!("refusals: {}", order.inspect(|order| order.data().refusals).await?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A handler is a method like any other.
    #[test]
    fn a_refused_order_is_open_again() {
        let mut order = Order { patience: Duration::ZERO, refusals: 0 };
        let (customer, mut answer) = ReplyTo::pair();
        let paying = order.pay(Open { items: vec!["a lamp".into()] }, customer);
        let next = order.charged(paying, false);
        assert!(matches!(next, OrderChargedTo::Open(open) if open.items == ["a lamp"]));
        assert_eq!(answer.try_take(), Some(Ok(Err("refused".into()))));
    }
}
