// options without a comma between them
#[noex::genserver(mailbox = 8 call_timeout = 5s, trap_exit)]
struct Counter;

fn main() {}
