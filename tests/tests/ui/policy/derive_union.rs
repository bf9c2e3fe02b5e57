use noex::resilience::Resilience;

#[derive(Resilience)]
union BankError {
    code: u8,
}

fn main() {}
