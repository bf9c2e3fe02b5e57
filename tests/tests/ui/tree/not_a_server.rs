// row 90
noex::supervisor! {
    Shop {
        strategy: one_for_one,
        cache: String("x"),
    }
}

fn main() {}
