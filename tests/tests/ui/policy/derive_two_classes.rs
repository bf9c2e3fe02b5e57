use noex::resilience::Resilience;

#[derive(Resilience)]
enum BankError {
    #[transient]
    #[permanent]
    Closed,
    #[ignored(always)]
    NoSuchAccount,
    Busy {
        #[throttled]
        pause: u64,
    },
}

fn main() {
    // The type knows how it counts all the same.
    let _ = noex::resilience::Classify::class(&BankError::Closed);
}
