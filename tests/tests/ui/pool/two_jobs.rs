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

    #[call(job, concurrent)]
    pub async fn fax(&self, pages: u32) -> u32 {
        pages
    }
}

fn main() {}
