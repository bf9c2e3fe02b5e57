// row 86
use noex::prelude::*;

#[genserver]
struct A;

#[genserver]
impl A {
    #[init]
    fn init(b: BRef) -> Self {
        let _ = b;
        A
    }
}

#[genserver]
struct B;

#[genserver]
impl B {
    #[init]
    fn init(a: ARef) -> Self {
        let _ = a;
        B
    }
}

noex::supervisor! {
    Shop {
        strategy: one_for_one,
        a: A(b),
        b: B(a),
    }
}

fn main() {}
