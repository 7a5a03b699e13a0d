use std::fmt;
use std::panic::Location;

/// Where something stands in source code, as messages and listings name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file, as `file!()` gives it.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u32,
}

impl Place {
    /// This line of this file: `Place::at(file!(), line!())`.
    pub const fn at(file: &'static str, line: u32) -> Self {
        Self { file, line }
    }

    /// The place from which a function under `#[track_caller]` was called.
    #[track_caller]
    pub const fn caller() -> Self {
        let caller: &'static Location<'static> = Location::caller();
        Self { file: caller.file(), line: caller.line() }
    }
}

/// `src/models/post.rs:9`
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}:{}", self.file, self.line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn from_here() -> Place {
        Place::caller()
    }

    #[test]
    fn a_caller_is_placed_where_it_calls() {
        assert_eq!(from_here(), Place::at(file!(), line!()));
        assert!(from_here().to_string().ends_with(concat!("place.rs:", line!())));
    }
}
