//! An account that nobody can overdraw, a ledger that knows why, and a supervisor for both.
//!
//! ```text
//! cargo run --example bank
//! ```
//!
//! The idea: a server is a struct with methods, and a tree says in one place which servers there
//! are and who knows whom. `Account` is given the reference of its earlier sibling `ledger`; the
//! caller is given `bank.account()`, and each call is one `?`.

use noex::prelude::*;

/// Not enough money.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("{wanted} cents were wanted and {left} are left")]
pub struct Overdrawn {
    /// What was to be taken out.
    pub wanted: i64,
    /// What there is.
    pub left: i64,
}

/// Remembers every movement.
#[derive(Debug)]
#[genserver]
pub struct Ledger {
    lines: Vec<String>,
}

#[genserver]
impl Ledger {
    #[init]
    fn open() -> Self {
        Ledger { lines: Vec::new() }
    }

    /// Writes a line; nobody waits for it.
    #[cast]
    pub fn note(&mut self, line: String) {
        self.lines.push(line);
    }

    /// All lines so far.
    #[call]
    pub fn lines(&self) -> Vec<String> {
        self.lines.clone()
    }
}

/// An account that nobody can overdraw.
#[derive(Debug)]
#[genserver(name = "account", mailbox = 1_000, call_timeout = 2s)]
pub struct Account {
    cents: i64,
    ledger: LedgerRef,
}

#[genserver]
impl Account {
    #[init]
    fn open(cents: i64, ledger: LedgerRef) -> Self {
        Account { cents, ledger }
    }

    /// Takes `amount` cents out and returns what is left.
    #[call]
    pub async fn withdraw(&mut self, amount: i64) -> Result<i64, Overdrawn> {
        if amount > self.cents {
            return Err(Overdrawn { wanted: amount, left: self.cents });
        }
        self.cents -= amount;
        // Were the ledger gone for good, the money would still be out: the customer has it.
        let _ = self.ledger.note(format!("out {amount}")).await;
        Ok(self.cents)
    }

    /// Puts `amount` cents in.
    #[cast]
    pub async fn deposit(&mut self, amount: i64) {
        self.cents += amount;
        let _ = self.ledger.note(format!("in {amount}")).await;
    }

    /// What is in the account, in cents.
    #[call]
    pub fn balance(&self) -> i64 {
        self.cents
    }
}

supervisor! {
    /// The bank: the ledger first, since the account writes into it.
    pub Bank(opening: i64) {
        strategy: rest_for_one,
        restarts: 5 in 30s,

        ledger:  Ledger(),
        account: Account(opening, ledger) { restart: transient, shutdown: 5s },
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bank = Bank::start(1_000).await?;

    bank.account().deposit(500).await?;
    println!("500 in, {} there", bank.account().balance().await?);

    let left = bank.account().withdraw(1_200).await?;
    println!("1200 out, {left} left");

    // A refusal is an answer. The account lives on.
    match bank.account().withdraw(1_200).await {
        Err(CallError::Handler(overdrawn)) => println!("refused: {overdrawn}"),
        other => println!("that should have been refused: {other:?}"),
    }

    // Whoever has no reference finds the account by its name.
    if let Some(account) = Account::whereis("account") {
        println!("found by name, {} there", account.balance().await?);
    }

    for line in bank.ledger().lines().await? {
        println!("ledger: {line}");
    }
    bank.stop().await?;
    Ok(())
}
