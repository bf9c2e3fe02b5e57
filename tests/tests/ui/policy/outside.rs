// a policy outside of a `#[genserver]` block
struct Bank;

impl Bank {
    #[noex::retry(max_attempts = 3)]
    fn save(&mut self) -> Result<u32, String> {
        Err("no".into())
    }
}

fn main() {}
