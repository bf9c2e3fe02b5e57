use noex::prelude::*;

pipeline! {
    pub Wrong: u64 => u64 {
        ordre: any,
        timed: yes,
        timed: true,
        keep: Quiet::keep { concurrency: 0, limit: 4 },
        keep: Quiet::keep,
        store: Store
        last: Quiet::keep { concurrency: many },
    }
}

pipeline! {
    pub Nothing: u64 => u64 {}
}

pipeline! {
    pub Headless { keep: Quiet::keep }
}

pipeline! {
    pub Endless: u64 { keep: Quiet::keep }
}

fn main() {}
