use noex::resilience::Resilience;

#[derive(Resilience)]
#[throttled]
enum BankError {
    #[throttled(after = 5s)]
    Busy,
    #[throttled(retry_after = 5)]
    Closed(u8),
}

fn main() {}
