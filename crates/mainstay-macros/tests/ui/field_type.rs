use mainstay::prelude::*;

struct Colour;

#[derive(Model)]
struct Car {
    id: Id<Car>,
    colour: Colour,
    #[model(default = "many")]
    doors: i64,
}

fn main() {}
