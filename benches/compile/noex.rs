//! An account as noex's macros have it; `by_hand.rs` is the same by hand.

use std::collections::HashMap;

use noex::prelude::*;

/// Why money does not move.
#[derive(Clone, Debug)]
pub enum Refused {
    /// There is not enough.
    Short { left: u64 },
    /// Nobody moves any.
    Frozen,
}

#[derive(Debug)]
#[genserver]
pub struct Account {
    owner: String,
    balance: u64,
    is_frozen: bool,
    notes: HashMap<u64, String>,
}

#[genserver]
impl Account {
    #[init]
    fn open(owner: String, balance: u64) -> Self {
        Account { owner, balance, is_frozen: false, notes: HashMap::new() }
    }

    #[call]
    pub fn balance(&self) -> u64 {
        self.balance
    }

    #[call]
    pub fn owner(&self) -> String {
        self.owner.clone()
    }

    #[call]
    pub fn deposit(&mut self, amount: u64) -> u64 {
        self.balance += amount;
        self.balance
    }

    #[call]
    pub fn withdraw(&mut self, amount: u64) -> Result<u64, Refused> {
        if self.is_frozen {
            return Err(Refused::Frozen);
        }
        self.balance = self.balance.checked_sub(amount).ok_or(Refused::Short { left: self.balance })?;
        Ok(self.balance)
    }

    #[call]
    pub fn note(&self, id: u64) -> Option<String> {
        self.notes.get(&id).cloned()
    }

    #[call]
    pub async fn audit(&mut self, limit: usize) -> Vec<(u64, String)> {
        tokio::task::yield_now().await;
        self.notes.iter().take(limit).map(|(id, text)| (*id, text.clone())).collect()
    }

    #[cast]
    pub fn freeze(&mut self) {
        self.is_frozen = true;
    }

    #[cast]
    pub fn thaw(&mut self) {
        self.is_frozen = false;
    }

    #[cast]
    pub fn remember(&mut self, id: u64, text: String) {
        self.notes.insert(id, text);
    }

    #[cast]
    pub fn forget(&mut self, id: u64) {
        self.notes.remove(&id);
    }
}
