use mainstay_kernel::{DeclaredError, Error, ErrorSet, Result, conforms};
use schemars::JsonSchema;
use serde::Serialize;

/// What a function under `#[mutation]` or `#[query]` can give: a `Result` with errors that are declared.
#[diagnostic::on_unimplemented(
    message = "an operation cannot give a `{Self}`",
    label = "no outcome",
    note = "give a `Result<T>` with `#[data]` on `T`, or a `Result<T, E>` with `#[derive(ErrorSet)]` on `E`"
)]
pub trait Outcome {
    /// What it gives.
    type Output;

    /// The errors that it declares.
    const DECLARED: &'static [DeclaredError];

    /// As JSON.
    ///
    /// # Errors
    /// The function's own; those of [`output`].
    fn written(self) -> Result<String>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema + 'static, E: ErrorSet> Outcome for std::result::Result<T, E> {
    type Output = T;

    const DECLARED: &'static [DeclaredError] = E::DECLARED;

    fn written(self) -> Result<String> {
        self.map_err(ErrorSet::into_error).and_then(|it| output(&it))
    }
}

/// An operation's output as JSON. In debug builds it is compared with its schema.
///
/// ```
/// assert_eq!(mainstay_queue::operation::output(&Some(1)).unwrap(), "1");
/// ```
///
/// # Errors
/// Internal, when it cannot be written, or is not what its schema says.
pub fn output<T: Serialize + JsonSchema + 'static>(given: &T) -> Result<String> {
    let unfit = |error| Error::internal("the operation gave what cannot be written as JSON").caused_by(error);
    if cfg!(debug_assertions) {
        let json = serde_json::to_value(given).map_err(unfit)?;
        conforms::<T>(&json).map_err(|deviation| {
            Error::internal(format!(
                "the operation gave a `{}` that is not what its schema says: {deviation}",
                T::schema_name()
            ))
        })?;
    }
    serde_json::to_string(given).map_err(unfit)
}
