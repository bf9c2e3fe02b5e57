use noex::prelude::*;

pub struct Plain;

pub struct Silent;

#[genserver]
pub struct Asked {}

#[genserver]
impl Asked {
    #[init]
    fn init() -> Self {
        Asked {}
    }

    #[call]
    pub fn ask(&mut self, number: u64) -> u64 {
        number
    }
}

#[genserver]
pub struct Quiet {}

#[genserver]
impl Quiet {
    #[init]
    fn init() -> Self {
        Quiet {}
    }

    #[call(job)]
    pub fn keep(&mut self, number: u64) -> Result<u64, Silent> {
        if number == 0 { Err(Silent) } else { Ok(number) }
    }
}

pipeline! {
    pub WithoutJob: u64 => u64 {
        ask: Asked::ask,
    }
}

pipeline! {
    pub WithoutWords: u64 => u64 {
        keep: Quiet::keep,
    }
}

pipeline! {
    pub WithoutServer: u64 => u64 {
        plain: Plain::work,
    }
}

fn main() {}
