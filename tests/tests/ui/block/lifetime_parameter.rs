// a server outlives whoever starts it
use noex::prelude::*;

#[genserver]
struct Borrower<'a>(&'a str);

#[genserver]
impl<'a> Borrower<'a> {
    #[init]
    fn init(text: &'static str) -> Self {
        Borrower(text)
    }

    #[call]
    fn len(&self) -> usize {
        self.0.len()
    }
}

async fn user(borrower: BorrowerRef) {
    // No error of their own for those who use it.
    let _ = borrower.len().await;
}

fn main() {}
