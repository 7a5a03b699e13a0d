#[path = "stub/mainstay.rs"]
mod mainstay;

use mainstay::Config;

#[derive(Config)]
#[config(prefx = "SHOP_", crate = "crate::mainstay")]
struct Misspelt {
    name: String,
}

#[derive(Config)]
#[config(prefix = "shop-", crate = "crate::mainstay")]
struct InSmallLetters {
    #[config(name = "theName")]
    name: String,
    #[config(default = 1 + 1)]
    sum: u32,
}

#[derive(Config)]
#[config(crate = "crate::mainstay")]
struct OfAnything<T> {
    it: T,
}

#[derive(Config)]
#[config(crate = "crate::mainstay")]
enum Either {
    One,
    Other,
}

fn main() {}
