// row 26
struct Counter;

impl Counter {
    #[noex::init]
    fn init() -> Self {
        Counter
    }

    #[noex::call]
    fn get(&self) -> u64 {
        1
    }

    #[noex::cast]
    fn put(&mut self) {}

    #[noex::info]
    fn ticked(&mut self, _: u8) {}

    #[noex::continuation]
    fn warm_up(&mut self, _: u8) {}

    #[noex::terminate]
    fn close(&mut self) {}
}

#[noex::call]
struct NotAMethod;

fn main() {
    // No error of their own for those who use them.
    let mut counter = Counter::init();
    counter.put();
    counter.ticked(1);
    counter.warm_up(1);
    counter.close();
    let _: u64 = counter.get();
    let _ = NotAMethod;
}
