use noex::resilience::Resilience;
use std::time::Duration;

#[derive(Resilience)]
enum BankError {
    #[throttled(retry_after = paus)]
    Busy { pause: Duration },
    #[throttled(retry_after = pause)]
    Closed,
}

fn main() {}
