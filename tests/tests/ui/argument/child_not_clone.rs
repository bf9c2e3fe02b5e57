// a child starts more than once, so its arguments are cloned
use noex::prelude::*;

struct Ticket;

#[genserver]
struct Counter(Ticket);

#[genserver]
impl Counter {
    #[init]
    fn init(ticket: Ticket) -> Self {
        Counter(ticket)
    }
}

fn main() {
    let _ = Counter::child(Ticket);
}
