use noex::{Pool, prelude::*};

#[genserver]
pub struct Mailer {}

#[genserver]
impl Mailer {
    #[init]
    fn init() -> Self {
        Mailer {}
    }

    #[call]
    pub fn deliver(&mut self, to: String) -> usize {
        to.len()
    }
}

fn main() {
    let _ = Pool::<Mailer>::of("mail", || ());
}
