use axum::extract::{Path, State};
use axum::response::Response;
use http::Method;
use mainstay_kernel::{Caller, Request};
use mainstay_model::door::{Door, Written};
use mainstay_model::{create as creating, delete as deleting, patch as patching, update as updating};

use super::input::Sent;
use super::{Mounted, answer, input, version};
use crate::error::ApiError;
use crate::repeat;

/// `POST /v1/posts`
pub(super) async fn create(
    State(at): State<Mounted>,
    Sent { headers, body }: Sent,
) -> Result<Response, ApiError> {
    let caller = at.site.caller(&headers).await?;
    let request = repeat::request(&at.site, &headers, &caller, &Method::POST, &at.path, &body)?;
    let input = input::object(&headers, &body)?;
    let site = at.site.clone();
    let outcome = site.owned("create", async move {
        let render = |row: Written| answer::created(&at.path, row);
        creating::create(&door(&at, &caller, request.as_ref(), &body, &render), input).await
    });
    Ok(answer::outcome(outcome.await?))
}

/// `PUT /v1/posts/:id`
pub(super) async fn update(
    State(at): State<Mounted>,
    Path(id): Path<String>,
    Sent { headers, body }: Sent,
) -> Result<Response, ApiError> {
    let caller = at.site.caller(&headers).await?;
    let request = repeat::request(&at.site, &headers, &caller, &Method::PUT, &at.row(&id), &body)?;
    let (id, versions) = (input::id(&id)?, version::wanted(&headers)?);
    let input = input::object(&headers, &body)?;
    let site = at.site.clone();
    let outcome = site.owned("update", async move {
        updating::update(&door(&at, &caller, request.as_ref(), &body, &answer::stored), id, versions, input)
            .await
    });
    Ok(answer::outcome(outcome.await?))
}

/// `PATCH /v1/posts/:id`
pub(super) async fn patch(
    State(at): State<Mounted>,
    Path(id): Path<String>,
    Sent { headers, body }: Sent,
) -> Result<Response, ApiError> {
    let caller = at.site.caller(&headers).await?;
    let request = repeat::request(&at.site, &headers, &caller, &Method::PATCH, &at.row(&id), &body)?;
    let (id, versions) = (input::id(&id)?, version::wanted(&headers)?);
    let patch = input::patch(&headers, &body)?;
    let site = at.site.clone();
    let outcome = site.owned("patch", async move {
        patching::patch(&door(&at, &caller, request.as_ref(), &body, &answer::stored), id, versions, patch)
            .await
    });
    Ok(answer::outcome(outcome.await?))
}

/// `DELETE /v1/posts/:id`
pub(super) async fn delete(
    State(at): State<Mounted>,
    Path(id): Path<String>,
    Sent { headers, body }: Sent,
) -> Result<Response, ApiError> {
    let caller = at.site.caller(&headers).await?;
    let request = repeat::request(&at.site, &headers, &caller, &Method::DELETE, &at.row(&id), &body)?;
    let (id, versions) = (input::id(&id)?, version::wanted(&headers)?);
    let site = at.site.clone();
    let outcome = site.owned("delete", async move {
        deleting::delete(&door(&at, &caller, request.as_ref(), &body, &answer::stored), id, versions).await
    });
    Ok(answer::outcome(outcome.await?))
}

impl Mounted {
    fn row(&self, id: &str) -> String {
        format!("{}/{id}", self.path)
    }
}

fn door<'a>(
    at: &'a Mounted,
    who: &'a Caller,
    request: Option<&'a Request>,
    sent: &'a [u8],
    render: &'a (dyn Fn(Written) -> mainstay_kernel::Answer + Send + Sync),
) -> Door<'a> {
    let keep = &repeat::kept_error;
    Door { db: at.site.db(), model: at.model, models: at.site.models(), who, request, sent, render, keep }
}
