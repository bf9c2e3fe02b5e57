// a parameter that cannot be sent
use noex::prelude::*;

#[genserver]
struct Ledger<S>(S);

#[genserver]
impl<S: Send + 'static> Ledger<S> {
    #[init]
    fn init(store: S) -> Self {
        Ledger(store)
    }
}

supervisor! {
    Shop<S>(store: S)
    where
        S: Clone + Sync,
    {
        strategy: one_for_one,
        ledger: Ledger<S>(store),
    }
}

fn main() {}
