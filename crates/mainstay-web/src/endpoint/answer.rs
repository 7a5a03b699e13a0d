use std::any::TypeId;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use mainstay_kernel::{Error, ErrorSet, Result, conforms};
use mainstay_model::Json;
use serde::Serialize;

use super::describe::{Describing, Payload};
use super::{Checked, Output};

/// What an endpoint can give: a response of axum's, [`Json`], [`Created`], and a `Result` of one of them with
/// errors that are declared.
#[diagnostic::on_unimplemented(
    message = "an endpoint cannot give a `{Self}`",
    label = "no answer",
    note = "give `Json<T>` with `#[data]` on `T`, `Created<T>`, `()`, or a response of axum's, or a `Result` of one of them \
            whose error is `mainstay::Error` or has `#[derive(ErrorSet)]`"
)]
pub trait Answer<K>: Sized {
    /// As a response.
    ///
    /// # Errors
    /// The endpoint's own; internal, when what it gave is not what its schema says.
    fn into_answer(self, checked: Checked) -> Result<Response>;

    /// Adds what it answers.
    fn document(of: &mut Describing<'_>);
}

/// Of what is a response already.
pub struct AsResponse;
/// Of data, put into the envelope.
pub struct AsData;
/// Of what may fail.
pub struct Fallible<K>(K);

/// Makes the endpoint's answer a response; the macro calls this.
///
/// # Errors
/// As [`Answer::into_answer`].
pub fn answer<T: Answer<K>, K>(given: T, checked: Checked) -> Result<Response> {
    given.into_answer(checked)
}

/// Nothing to say is 204.
impl<T: IntoResponse + 'static> Answer<AsResponse> for T {
    fn into_answer(self, _: Checked) -> Result<Response> {
        let mut response = self.into_response();
        if TypeId::of::<T>() == TypeId::of::<()>() {
            *response.status_mut() = StatusCode::NO_CONTENT;
        }
        Ok(response)
    }

    fn document(of: &mut Describing<'_>) {
        of.described.status = if TypeId::of::<T>() == TypeId::of::<()>() { 204 } else { 200 };
    }
}

impl<T: Output> Answer<AsData> for Json<T> {
    fn into_answer(self, checked: Checked) -> Result<Response> {
        enveloped(StatusCode::OK, &self.0, checked)
    }

    fn document(of: &mut Describing<'_>) {
        of.described.status = 200;
        of.described.answer = Some(payload::<T>(of));
    }
}

/// 201 with `Location`: something was made, and is there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created<T> {
    /// Where it is: a path such as `/v1/rooms/1`.
    pub location: String,
    /// What it is.
    pub body: T,
}

impl<T: Output> Answer<AsData> for Created<T> {
    fn into_answer(self, checked: Checked) -> Result<Response> {
        let location = HeaderValue::try_from(&self.location).map_err(|error| {
            Error::internal(format!("`{:?}` is no location", self.location)).caused_by(error)
        })?;
        let mut response = enveloped(StatusCode::CREATED, &self.body, checked)?;
        response.headers_mut().insert(LOCATION, location);
        Ok(response)
    }

    fn document(of: &mut Describing<'_>) {
        of.described.status = 201;
        of.described.located = true;
        of.described.answer = Some(payload::<T>(of));
    }
}

impl<T: Answer<K>, E: ErrorSet, K> Answer<Fallible<K>> for Result<T, E> {
    fn into_answer(self, checked: Checked) -> Result<Response> {
        match self {
            Ok(given) => given.into_answer(checked),
            Err(error) => Err(error.into_error()),
        }
    }

    fn document(of: &mut Describing<'_>) {
        T::document(of);
        of.described.errors = E::DECLARED;
    }
}

fn payload<T: Output>(of: &mut Describing<'_>) -> Payload {
    Payload { media: "application/json", schema: of.schemas.subschema_for::<T>() }
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    result: &'a T,
    success: bool,
}

fn enveloped<T: Output>(status: StatusCode, given: &T, checked: Checked) -> Result<Response> {
    let unfit = |error| Error::internal("the endpoint gave what cannot be written as JSON").caused_by(error);
    if checked.is_due() {
        let json = serde_json::to_value(given).map_err(unfit)?;
        conforms::<T>(&json).map_err(|deviation| {
            Error::internal(format!(
                "the endpoint gave a `{}` that is not what its schema says: {deviation}",
                T::schema_name()
            ))
        })?;
    }
    let body = serde_json::to_vec(&Envelope { result: given, success: true }).map_err(unfit)?;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}
