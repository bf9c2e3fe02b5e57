//! A registry of one type of server takes no other.
#![allow(missing_docs)]

use noex::{prelude::*, registry::{AlreadyRegistered, Registry}};

#[genserver]
struct Session {}

#[genserver]
impl Session {
    #[init]
    fn init() -> Self {
        Session {}
    }
}

#[genserver]
struct Lamp {}

#[genserver]
impl Lamp {
    #[init]
    fn init(cx: &mut Context<Self>, sessions: Registry<u32, (), Session>) -> Result<Self, AlreadyRegistered> {
        cx.register(&sessions, 7, ())?;
        Ok(Lamp {})
    }
}

fn main() {
    let sessions: Registry<String, (), Session> = Registry::unique("sessions");
    let _ = sessions.whereis(&7_u32);
}
