//! An account by hand: an enum of messages, a loop, a client; `noex.rs` is the same with macros.

use std::collections::HashMap;

use tokio::sync::{mpsc, oneshot};

use crate::Gone;

/// Why money does not move.
#[derive(Clone, Debug)]
pub enum Refused {
    /// There is not enough.
    Short { left: u64 },
    /// Nobody moves any.
    Frozen,
}

#[derive(Debug)]
pub struct Account {
    owner: String,
    balance: u64,
    is_frozen: bool,
    notes: HashMap<u64, String>,
}

impl Account {
    fn open(owner: String, balance: u64) -> Self {
        Account { owner, balance, is_frozen: false, notes: HashMap::new() }
    }

    fn balance(&self) -> u64 {
        self.balance
    }

    fn owner(&self) -> String {
        self.owner.clone()
    }

    fn deposit(&mut self, amount: u64) -> u64 {
        self.balance += amount;
        self.balance
    }

    fn withdraw(&mut self, amount: u64) -> Result<u64, Refused> {
        if self.is_frozen {
            return Err(Refused::Frozen);
        }
        self.balance = self.balance.checked_sub(amount).ok_or(Refused::Short { left: self.balance })?;
        Ok(self.balance)
    }

    fn note(&self, id: u64) -> Option<String> {
        self.notes.get(&id).cloned()
    }

    async fn audit(&mut self, limit: usize) -> Vec<(u64, String)> {
        tokio::task::yield_now().await;
        self.notes.iter().take(limit).map(|(id, text)| (*id, text.clone())).collect()
    }

    fn freeze(&mut self) {
        self.is_frozen = true;
    }

    fn thaw(&mut self) {
        self.is_frozen = false;
    }

    fn remember(&mut self, id: u64, text: String) {
        self.notes.insert(id, text);
    }

    fn forget(&mut self, id: u64) {
        self.notes.remove(&id);
    }
}

enum Message {
    Balance { reply: oneshot::Sender<u64> },
    Owner { reply: oneshot::Sender<String> },
    Deposit { amount: u64, reply: oneshot::Sender<u64> },
    Withdraw { amount: u64, reply: oneshot::Sender<Result<u64, Refused>> },
    Note { id: u64, reply: oneshot::Sender<Option<String>> },
    Audit { limit: usize, reply: oneshot::Sender<Vec<(u64, String)>> },
    Freeze,
    Thaw,
    Remember { id: u64, text: String },
    Forget { id: u64 },
}

async fn serve(mut account: Account, mut inbox: mpsc::Receiver<Message>) {
    while let Some(message) = inbox.recv().await {
        match message {
            Message::Balance { reply } => drop(reply.send(account.balance())),
            Message::Owner { reply } => drop(reply.send(account.owner())),
            Message::Deposit { amount, reply } => drop(reply.send(account.deposit(amount))),
            Message::Withdraw { amount, reply } => drop(reply.send(account.withdraw(amount))),
            Message::Note { id, reply } => drop(reply.send(account.note(id))),
            Message::Audit { limit, reply } => drop(reply.send(account.audit(limit).await)),
            Message::Freeze => account.freeze(),
            Message::Thaw => account.thaw(),
            Message::Remember { id, text } => account.remember(id, text),
            Message::Forget { id } => account.forget(id),
        }
    }
}

#[derive(Clone, Debug)]
pub struct AccountRef {
    inbox: mpsc::Sender<Message>,
}

impl AccountRef {
    pub fn start(owner: String, balance: u64) -> AccountRef {
        let (inbox, messages) = mpsc::channel(1_024);
        tokio::spawn(serve(Account::open(owner, balance), messages));
        AccountRef { inbox }
    }

    pub async fn balance(&self) -> Result<u64, Gone> {
        let (reply, answer) = oneshot::channel();
        self.inbox.send(Message::Balance { reply }).await.map_err(|_| Gone)?;
        answer.await.map_err(|_| Gone)
    }

    pub async fn owner(&self) -> Result<String, Gone> {
        let (reply, answer) = oneshot::channel();
        self.inbox.send(Message::Owner { reply }).await.map_err(|_| Gone)?;
        answer.await.map_err(|_| Gone)
    }

    pub async fn deposit(&self, amount: u64) -> Result<u64, Gone> {
        let (reply, answer) = oneshot::channel();
        self.inbox.send(Message::Deposit { amount, reply }).await.map_err(|_| Gone)?;
        answer.await.map_err(|_| Gone)
    }

    pub async fn withdraw(&self, amount: u64) -> Result<Result<u64, Refused>, Gone> {
        let (reply, answer) = oneshot::channel();
        self.inbox.send(Message::Withdraw { amount, reply }).await.map_err(|_| Gone)?;
        answer.await.map_err(|_| Gone)
    }

    pub async fn note(&self, id: u64) -> Result<Option<String>, Gone> {
        let (reply, answer) = oneshot::channel();
        self.inbox.send(Message::Note { id, reply }).await.map_err(|_| Gone)?;
        answer.await.map_err(|_| Gone)
    }

    pub async fn audit(&self, limit: usize) -> Result<Vec<(u64, String)>, Gone> {
        let (reply, answer) = oneshot::channel();
        self.inbox.send(Message::Audit { limit, reply }).await.map_err(|_| Gone)?;
        answer.await.map_err(|_| Gone)
    }

    pub async fn freeze(&self) -> Result<(), Gone> {
        self.inbox.send(Message::Freeze).await.map_err(|_| Gone)
    }

    pub async fn thaw(&self) -> Result<(), Gone> {
        self.inbox.send(Message::Thaw).await.map_err(|_| Gone)
    }

    pub async fn remember(&self, id: u64, text: String) -> Result<(), Gone> {
        self.inbox.send(Message::Remember { id, text }).await.map_err(|_| Gone)
    }

    pub async fn forget(&self, id: u64) -> Result<(), Gone> {
        self.inbox.send(Message::Forget { id }).await.map_err(|_| Gone)
    }
}
