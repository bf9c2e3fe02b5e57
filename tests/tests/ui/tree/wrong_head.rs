// what stands before the braces
noex::supervisor! {
    struct Shop {
        strategy: one_for_one,
    }
}

noex::supervisor! {
    {
        strategy: one_for_one,
    }
}

noex::supervisor! {
    Stall<T>(item: T) {
        strategy: one_for_one,
    }
}

noex::supervisor! {
    Booth(item) {
        strategy: one_for_one,
    }
}

fn main() {}
