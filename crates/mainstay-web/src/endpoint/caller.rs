use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
use mainstay_kernel::{Admits, Caller, Id, Principal};
use mainstay_model::Model;

use super::describe::{Describing, Documented};
use crate::error::ApiError;
use crate::site::Site;

/// A role by its type, for [`Auth`].
///
/// ```
/// struct Editor;
/// impl mainstay_web::endpoint::Role for Editor {
///     const NAME: &'static str = "editor";
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a role",
    note = "write `impl Role for {Self} {{ const NAME: &'static str = \"…\"; }}`"
)]
pub trait Role: Send + Sync + 'static {
    /// Its name, as it stands in the credential.
    const NAME: &'static str;
}

/// The person who asks, who has this role: 401 without a credential, 403 without the role.
pub struct Auth<R>(Principal, PhantomData<R>);

impl<R> Auth<R> {
    /// The person.
    pub fn into_inner(self) -> Principal {
        self.0
    }
}

impl<R> Deref for Auth<R> {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.0
    }
}

impl<R: Role> FromRequestParts<Site> for Auth<R> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, ApiError> {
        let caller = site.verified(parts).await?;
        Admits::Roles(&[R::NAME]).judge(&caller)?;
        person(caller).map(|it| Self(it, PhantomData))
    }
}

impl<R: Role> Documented for Auth<R> {
    fn document(of: &mut Describing<'_>) {
        of.described.signed_in = true;
        of.described.role = Some(R::NAME);
    }
}

impl FromRequestParts<Site> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, ApiError> {
        Ok(site.verified(parts).await?)
    }
}

impl FromRequestParts<Site> for Principal {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, ApiError> {
        person(site.verified(parts).await?)
    }
}

impl OptionalFromRequestParts<Site> for Principal {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Option<Self>, ApiError> {
        Ok(person(site.verified(parts).await?).ok())
    }
}

impl Documented for Principal {
    fn document(of: &mut Describing<'_>) {
        of.described.signed_in = true;
    }
}

fn person(caller: Caller) -> Result<Principal, ApiError> {
    match caller {
        Caller::User(principal) => Ok(*principal),
        Caller::Anonymous => Err(ApiError::unauthorized("sign in to do this")),
        Caller::Service(_) | Caller::System => {
            Err(ApiError::forbidden("this is for persons, not for services"))
        }
    }
}

/// The row of the person who asks; none for everybody else. What the user model's extractor calls.
///
/// # Errors
/// Unauthenticated, when there is a credential and it does not hold; unavailable, when the database is away.
pub async fn identified<M: Model>(parts: &mut Parts, site: &Site) -> Result<Option<M>, ApiError> {
    let Some(id) = site.verified(parts).await?.user_id() else { return Ok(None) };
    Ok(M::find(&site.db().reader(), Id::from_uuid(id)).await?)
}

/// As [`identified`], of an endpoint that is for persons.
///
/// # Errors
/// Unauthenticated without a credential; forbidden to services.
pub async fn identity<M: Model>(parts: &mut Parts, site: &Site) -> Result<M, ApiError> {
    let row = identified(parts, site).await?;
    match row {
        Some(row) => Ok(row),
        None => Err(person(site.verified(parts).await?).err().unwrap_or_else(|| {
            ApiError::unauthorized(
                "this person is not one of the application's users any more, sign in again",
            )
        })),
    }
}
