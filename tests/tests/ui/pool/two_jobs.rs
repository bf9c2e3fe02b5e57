use noex::prelude::*;

#[genserver]
pub struct Mailer {}

#[genserver]
impl Mailer {
    #[init]
    fn init() -> Self {
        Mailer {}
    }

    #[call(job)]
    pub fn deliver(&mut self, to: String) -> usize {
        to.len()
    }

    #[call(job)]
    pub fn print(&mut self, pages: u32) -> u32 {
        pages
    }
}

fn main() {}
