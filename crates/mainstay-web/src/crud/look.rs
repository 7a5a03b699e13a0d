use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::request::Parts;
use mainstay_model::{get as one, list as many, parse_list};

use super::{Mounted, answer, input, version};
use crate::error::ApiError;

/// `GET /v1/posts`
pub(super) async fn list(State(at): State<Mounted>, request: Request) -> Result<Response, ApiError> {
    let (Parts { headers, uri, .. }, _) = request.into_parts();
    let caller = at.site.caller(&headers).await?;
    let query = input::pairs(uri.query().unwrap_or_default())?;
    let query = parse_list(at.model, at.site.models(), &caller, &query)?;
    let page = many::list(&at.site.db().replica(), at.model, &caller, &query, at.site.totals()).await?;
    Ok(answer::page(at.model.schema, page))
}

/// `GET /v1/posts/:id`
pub(super) async fn get(
    State(at): State<Mounted>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let (Parts { headers, uri, .. }, _) = request.into_parts();
    let caller = at.site.caller(&headers).await?;
    let id = input::id(&id)?;
    let query = input::pairs(uri.query().unwrap_or_default())?;
    let query = one::parse_get(at.model, at.site.models(), &caller, &query)?;
    let row = one::get(&at.site.db().replica(), at.model, &caller, id, &query).await?;
    if !query.is_expanded() && version::is_known(&headers, row.version) {
        return Ok(answer::not_modified(row.version));
    }
    Ok(answer::row(row))
}
