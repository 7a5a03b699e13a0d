#[path = "stub/mainstay.rs"]
mod mainstay;

const MISSING: () = mainstay::migrations!("nowhere");
const ODD: () = mainstay::migrations!(nowhere);

fn main() {}
