// row 25
use noex::prelude::*;

#[genserver]
struct Lonely;

fn needs_a_server<S: GenServer>() {}

fn main() {
    needs_a_server::<Lonely>();
}
