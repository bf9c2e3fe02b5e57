use noex::resilience::Resilience;

#[derive(Resilience)]
enum BankError {
    #[throttled(retry_after = seconds)]
    Busy { seconds: u64 },
}

fn main() {}
