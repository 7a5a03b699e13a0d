//! What applications use everywhere: `use mainstay::prelude::*;`.

pub use crate::command::CommandCx;
pub use crate::config::Secret;
pub use crate::route::{delete, get, head, options, patch, post, put};
pub use crate::{App, Error, Mount, Result, write_tx};
pub use axum::http::HeaderMap as Headers;
pub use axum::response::{IntoResponse, Response};
pub use mainstay_kernel::{
    Caller, Date, Db, ErrorSet as _, Flaws, Id, Principal, Reader, Timestamp, Tx, Validate as _,
    work::{TaskId, TaskState},
};
pub use mainstay_macros::{
    Config, ErrorSet, FromRow, Model, ModelEnum, Validate, cron, data, endpoint, hook, middleware, mutation,
    query, request_hook, scope, worker,
};
pub use mainstay_model::{
    Access, Column, Decimal, Field as _, Filter, Hook as _, HookCx, Insert as _, Json, Model as _,
    ModelEnum as _, OrDeny as _, Overflow, Ref, Scope, Upsert as _, Written, all, deny, rows, set,
};
pub use mainstay_queue::operation::{Cx, Extension, Reply};
pub use mainstay_queue::{Asked, Retry, Scheduler as _, TaskCx, WorkError, hours, mins, secs};
pub use mainstay_web::endpoint::{
    Auth, Client, Created, Method, Next, Path, Query, RequestCx, Role, TraceId,
};
pub use mainstay_web::{ApiError, Env, RequestId, State, respond};
pub use schemars::JsonSchema;
pub use serde::{Deserialize, Serialize};
pub use serde_json::{Value, json};
