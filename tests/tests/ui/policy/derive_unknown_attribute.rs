use noex::resilience::Resilience;

#[derive(Resilience)]
enum BankError {
    #[permament]
    Closed,
}

fn main() {}
