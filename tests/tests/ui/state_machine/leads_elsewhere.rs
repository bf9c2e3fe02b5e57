use noex::prelude::*;

pub struct Locked;
pub struct Closed;
pub struct Open;

#[state_machine]
pub struct Door {}

#[state_machine(states(Locked, Closed, Open), unhandled = drop)]
impl Door {
    #[init]
    fn install() -> (Self, Closed) {
        (Door {}, Closed)
    }

    // Returns another state than it declares.
    #[cast]
    #[on(Closed => Open)]
    pub fn push(&mut self) -> Locked {
        Locked
    }

    // Leads to a state that is none of the two.
    #[call]
    #[on(Open => Closed | Locked)]
    pub fn slam(&mut self) -> Next<DoorSlamTo, u8> {
        Next::to(Open).reply(1)
    }

    // Takes the data of a state that it is not in.
    #[cast]
    #[on(Locked)]
    pub fn knock(&mut self, open: &mut Open) {}
}

fn main() {}
