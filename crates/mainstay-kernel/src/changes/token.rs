use std::fmt;
use std::str::FromStr;

use crate::store::changes as store;
use crate::{Error, ErrorKind, Reader, Result, Row};

/// The longest token that is read. Each transaction that was open takes up to twenty letters of it.
const LONGEST: usize = 64 * 1024;

/// How far the changes of a database have been read: what a client gives back to go on from there, on any node.
///
/// Its text is of one word without spaces, and opaque.
///
/// On PostgreSQL it is a snapshot: which transactions had ended. A number would not do, for those that begin later may
/// end sooner. On SQLite one transaction writes at a time, so it is the number of the last change.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Token {
    /// Tells this database, and this life of it, from all others.
    mark: String,
    reach: Reach,
}

/// What has been read.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Reach {
    /// Of all transactions below `next` but those that were open.
    Ended { next: u64, open: Vec<u64> },
    /// Up to this change.
    Counted(i64),
}

/// Which commit a change is of: [`Token::saw`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp(pub(crate) i64);

impl Token {
    /// How far a reader sees: now, or for the reader of a [snapshot](crate::Db::snapshot) as far as all that it reads.
    ///
    /// # Errors
    /// Internal, for the reader of a transaction, which sees what nobody else does; unavailable, when the database is
    /// away.
    pub async fn of(reader: &Reader) -> Result<Self> {
        if reader.open().is_some() {
            return Err(Error::internal("a transaction has no token: what it sees may never be committed"));
        }
        let row = reader.point(&store::now(reader.dialect())).await?;
        row.as_ref().map_or_else(|| Err(Error::internal("the database has no identity")), Self::read)
    }

    /// Whether what was committed then had been committed when this token was made.
    pub fn saw(&self, stamp: Stamp) -> bool {
        match &self.reach {
            Reach::Ended { next, open } => {
                u64::try_from(stamp.0).is_ok_and(|it| it < *next && open.binary_search(&it).is_err())
            }
            Reach::Counted(last) => stamp.0 <= *last,
        }
    }

    /// Of a row that begins with how far the reader saw, and the mark of the database.
    pub(crate) fn read(row: &Row) -> Result<Self> {
        let (reach, mark): (String, String) = (row.at(0)?, row.at(1)?);
        let reach = Reach::parse(&reach);
        let reach = reach.ok_or_else(|| Error::internal("the database's own snapshot cannot be read"))?;
        Ok(Self { mark, reach })
    }

    pub(crate) fn mark(&self) -> &str {
        &self.mark
    }

    pub(crate) fn reach(&self) -> &Reach {
        &self.reach
    }
}

impl Reach {
    /// `xmin:xmax:xip,xip`, as PostgreSQL writes a snapshot, or a number.
    fn parse(text: &str) -> Option<Self> {
        let Some((first, rest)) = text.split_once(':') else {
            return number(text).and_then(|it| i64::try_from(it).ok()).map(Self::Counted);
        };
        let (next, open) = rest.split_once(':')?;
        let (first, next) = (number(first)?, number(next)?);
        let open: Vec<_> = match open {
            "" => Vec::new(),
            open => open.split(',').map(number).collect::<Option<_>>()?,
        };
        let ascends = open.is_sorted_by(|one, other| one < other);
        let fits = first <= next && open.iter().all(|it| (first..next).contains(it));
        (ascends && fits && i64::try_from(next).is_ok()).then_some(Self::Ended { next, open })
    }
}

/// Without a sign or anything else that Rust's own reading would take.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|it| it.is_ascii_digit()).then(|| text.parse().ok())?
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Counted(last) => write!(f, "{last}"),
            Self::Ended { next, open } => {
                write!(f, "{}:{next}:", open.first().unwrap_or(next))?;
                open.iter().enumerate().try_for_each(|(at, it)| match at {
                    0 => write!(f, "{it}"),
                    _ => write!(f, ",{it}"),
                })
            }
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.mark, self.reach)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({self})")
    }
}

impl FromStr for Token {
    type Err = Error;

    /// # Errors
    /// Bad request, when the text is no token.
    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split_once('.').filter(|_| text.len() <= LONGEST);
        let is_mark =
            |it: &str| it.len() <= 64 && it.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-');
        let token = parts
            .filter(|(mark, _)| is_mark(mark))
            .and_then(|(mark, reach)| Some(Self { mark: mark.to_owned(), reach: Reach::parse(reach)? }));
        token.ok_or_else(|| {
            let message = "this is no token: give back the text that came with the last message, or none";
            Error::new(ErrorKind::BadRequest("bad_token", message.to_owned()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(reach: &str) -> Result<Token> {
        format!("0123abcd-1.{reach}").parse()
    }

    #[test]
    fn a_token_is_read_back_from_its_text() {
        for reach in ["0", "17", "5:5:", "5:9:5,7", "3:18446744073709551615:"] {
            match token(reach) {
                Ok(read) => assert_eq!(read.to_string(), format!("0123abcd-1.{reach}")),
                Err(_) => assert!(reach.contains("18446744073709551615"), "{reach}"),
            }
        }
        // Nothing below the first open one is told apart.
        assert_eq!(token("3:9:5,7").unwrap(), token("5:9:5,7").unwrap());
    }

    #[test]
    fn what_is_no_token_is_a_bad_request() {
        let wrong = [
            "",
            "-1",
            "+1",
            "1 ",
            "9:5:",
            "5:9:7,5",
            "5:9:5,5",
            "5:9:9",
            "5:9:4",
            "5:9",
            "5:9:,",
            "::",
            "1:2:3:4",
            "9223372036854775808",
        ];
        for reach in wrong {
            assert!(
                matches!(token(reach).unwrap_err().kind(), ErrorKind::BadRequest("bad_token", _)),
                "{reach}"
            );
        }
        for text in
            ["17", "a'b.17", &format!("{}.17", "a".repeat(65)), &format!("a.5:9:{}", "5".repeat(LONGEST))]
        {
            assert!(text.parse::<Token>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_token_saw_what_had_ended_and_not_what_was_open() {
        let open = token("5:9:5,7").unwrap();
        let seen: Vec<_> = (3..11).filter(|it| open.saw(Stamp(*it))).collect();
        assert_eq!(seen, [3, 4, 6, 8]);
        let counted = token("5").unwrap();
        assert_eq!([4, 5, 6].map(|it| counted.saw(Stamp(it))), [true, true, false]);
    }
}
