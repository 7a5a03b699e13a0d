use crate::{Caller, Error, ErrorKind, Result};

/// Whom an endpoint or an operation admits.
///
/// ```
/// use mainstay_kernel::{Admits, Caller};
/// assert!(Admits::Everyone.judge(&Caller::Anonymous).is_ok());
/// let refusal = Admits::Roles(&["admin"]).judge(&Caller::Service("mail".to_owned())).unwrap_err();
/// assert_eq!(refusal.to_string(), "this needs the role `admin`");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admits {
    /// Everybody, also without a credential.
    Everyone,
    /// Whoever has signed in, and services.
    SignedIn,
    /// Persons with one of these roles.
    Roles(&'static [&'static str]),
}

impl Admits {
    /// Whether `caller` is one of them.
    ///
    /// # Errors
    /// Unauthenticated for the anonymous, forbidden for others.
    pub fn judge(self, caller: &Caller) -> Result<()> {
        match (self, caller) {
            (Self::Everyone, _) => Ok(()),
            (_, Caller::Anonymous) => {
                Err(Error::new(ErrorKind::Unauthenticated("sign in to do this".to_owned())))
            }
            (Self::SignedIn, _) | (Self::Roles(_), Caller::System) => Ok(()),
            (Self::Roles(roles), _) if roles.iter().any(|role| caller.has_role(role)) => Ok(()),
            (Self::Roles(roles), _) => Err(Error::new(ErrorKind::Forbidden(format!(
                "this needs the role `{}`",
                roles.join("` or `")
            )))),
        }
    }
}
