#[path = "stub/mainstay.rs"]
mod mainstay;

use mainstay::ErrorSet;

struct Error;

#[derive(ErrorSet)]
struct NoEnum;

#[derive(ErrorSet)]
enum WithoutTheOthers {
    #[error(status = 409, "taken")]
    Taken,
}

#[derive(ErrorSet)]
enum Wrong {
    Undeclared,
    #[error(status = 200, "fine")]
    Success,
    #[error(code = "taken", "taken")]
    WithoutStatus,
    #[error(status = 409)]
    WithoutMessage,
    #[error(status = 409, code = "EmailTaken", "taken")]
    InCamelCase,
    #[error(status = 409, "taken by {0}")]
    Nameless(String),
    #[error(statsu = 409, "taken")]
    Misspelt,
    #[error(other)]
    Other,
}

#[derive(ErrorSet)]
enum Twice {
    #[error(status = 409, code = "taken", "taken")]
    One,
    #[error(status = 410, code = "taken", "taken")]
    Another,
    #[error(other)]
    Other(Error),
}

fn main() {}
