use noex::prelude::*;

pub struct Only;

#[state_machine]
pub enum Door {
    Only,
}

#[state_machine]
pub struct Gate {}

#[state_machine]
impl Gate {
    #[init]
    fn install() -> (Self, Only) {
        (Gate {}, Only)
    }
}

// Without the half on the struct.
pub struct Fence {}

#[state_machine(states(Only), unhandeld = drop)]
impl Fence {
    #[init]
    fn install() -> (Self, Only) {
        (Fence {}, Only)
    }

    #[call]
    async fn wait(&mut self) {}
}

fn main() {}
