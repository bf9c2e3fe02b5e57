// row 60
use noex::prelude::*;

#[genserver]
struct Pool<T>(Vec<T>);

#[genserver]
impl<T: Send> Pool<T> {
    #[init]
    fn init() -> Self {
        Pool(Vec::new())
    }

    #[call]
    fn put(&mut self, item: T) {
        self.0.push(item);
    }
}

fn main() {}
