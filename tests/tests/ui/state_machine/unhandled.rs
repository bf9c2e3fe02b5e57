use noex::prelude::*;

pub struct Closed;
pub struct Open;

#[state_machine]
pub struct Door {}

#[state_machine(states(Closed, Open))]
impl Door {
    #[init]
    fn install() -> (Self, Closed) {
        (Door {}, Closed)
    }

    #[cast]
    #[on(Closed => Open)]
    pub fn push(&mut self) -> Open {
        Open
    }

    #[cast]
    #[on(Opne)]
    pub fn pull(&mut self) {}
}

fn main() {}
