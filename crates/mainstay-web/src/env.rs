use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use mainstay_kernel::{Error, Result, nearest};

/// The variables that the process was started with, and those of the project's files behind them: for
/// what is looked up once and is not worth a field of the application's configuration. Cheap to clone.
///
/// ```
/// use mainstay_web::Env;
///
/// let env = Env::new([("STRIPE_KEY", "sk_test"), ("EMPTY", "")]);
/// assert_eq!(env.require("STRIPE_KEY").unwrap(), "sk_test");
/// assert_eq!(env.get("EMPTY"), None);
/// let missing = env.require("STRIPE_KY").unwrap_err().to_string();
/// assert!(missing.contains("did you mean `STRIPE_KEY`?"));
/// ```
#[derive(Clone, Default)]
pub struct Env(Arc<BTreeMap<String, String>>);

impl Env {
    /// These variables.
    pub fn new<N: Into<String>, V: Into<String>>(variables: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(Arc::new(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect()))
    }

    /// The variable; `None` when it is not set, or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|it| !it.is_empty())
    }

    /// The variable.
    ///
    /// # Errors
    /// Internal, when it is not set or empty: naming it, the nearest one that is set, and where to set it.
    pub fn require(&self, name: &str) -> Result<&str> {
        self.get(name).ok_or_else(|| {
            let set = self.0.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name.as_str());
            Error::internal(match nearest(name, set) {
                Some(near) => format!("the variable {name} is not set, did you mean `{near}`?"),
                None => format!(
                    "the variable {name} is not set: write `{name}=…` in the process environment or in `.env.local`"
                ),
            })
        })
    }
}

/// How many there are: each may be a secret.
impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Env({} variables)", self.0.len())
    }
}
