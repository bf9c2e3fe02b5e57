// row 80
noex::supervisor! {
    Shop {
        strategy: one_for_one,
    }
}

fn main() {}
