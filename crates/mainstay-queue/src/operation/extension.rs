use mainstay_kernel::{Error, Result};

use super::{Asked, FromAsked};

/// A value that a middleware put in, as an argument of an operation or an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extension<T>(pub T);

impl<T: Clone + Send + Sync + 'static> FromAsked for Extension<T> {
    fn from_asked(asked: &Asked) -> Result<Self> {
        asked.value::<T>().cloned().map(Self).ok_or_else(|| {
            let name = std::any::type_name::<T>();
            Error::internal(format!(
                "no middleware put a `{name}` into the context of `{}`: call `cx.insert(…)` in one that is around it",
                asked.path()
            ))
        })
    }
}
