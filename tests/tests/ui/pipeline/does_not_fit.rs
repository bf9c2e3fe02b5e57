use noex::prelude::*;

#[genserver]
pub struct Parser {}

#[genserver]
impl Parser {
    #[init]
    fn init() -> Self {
        Parser {}
    }

    #[call(job)]
    pub fn parse(&mut self, text: String) -> Result<u32, String> {
        text.parse().map_err(|_| text)
    }
}

#[genserver]
pub struct Doubler {}

#[genserver]
impl Doubler {
    #[init]
    fn init() -> Self {
        Doubler {}
    }

    #[call(job)]
    pub fn double(&mut self, number: u64) -> u64 {
        number * 2
    }
}

pipeline! {
    pub Middle: String => u64 {
        parse: Parser::parse,
        double: Doubler::double,
    }
}

pipeline! {
    pub First: Vec<u8> => u32 {
        parse: Parser::parse,
    }
}

pipeline! {
    pub Last: u64 => String {
        double: Doubler::double,
    }
}

pipeline! {
    pub NoSuchHandler: u64 => u64 {
        double: Doubler::dubble,
    }
}

fn main() {}
