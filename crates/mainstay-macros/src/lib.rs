//! Thin macros: they emit const data and calls of the framework's documented functions, so that
//! everything an attribute does can also be written by hand and found with go-to-definition.
//!
//! Applications use them through the facade, as `mainstay::Model`, `mainstay::scope`,
//! `mainstay::main` and `mainstay::test`.

mod admits;
mod config;
mod data;
mod endpoint;
mod error_set;
mod facade;
mod from_row;
mod function;
mod handle;
mod hook;
mod items;
mod main_fn;
mod middleware;
mod migrations;
mod model;
mod model_enum;
mod nearest;
mod operation;
mod place;
mod rate;
mod report;
mod retrying;
mod scope;
mod span;
mod task;
mod test_fn;
mod versioning;

use proc_macro::TokenStream;

/// Reads rows of raw SQL into a struct: each field from the column of its name, or of the one that
/// `#[row(column = "…")]` names. Other columns are left alone. `#[row(crate = "path")]` on the struct says where
/// the facade is; default `::mainstay`.
///
/// ```ignore
/// #[derive(FromRow)]
/// struct Stats {
///     posts: i64,
///     #[row(column = "latest")]
///     last_at: Option<Timestamp>,
/// }
/// ```
#[proc_macro_derive(FromRow, attributes(row))]
pub fn from_row(input: TokenStream) -> TokenStream {
    from_row::expand(input.into()).unwrap_or_else(report::compile_errors).into()
}

/// Reads a struct from variables at start, beside the framework's: `App::config::<Settings>()` checks them
/// all at once, and gives the struct to handlers as `State<Settings>`. It has to be `Clone`.
///
/// ```ignore
/// #[derive(Config, Clone)]
/// struct Settings {
///     /// The key of the payment provider.
///     stripe_key: Secret<String>,
///     #[config(default = 10)]
///     page: u32,
///     support: Option<String>,
/// }
/// ```
///
/// A field is the variable of its name in upper snake case (`STRIPE_KEY`), which has to be set unless it
/// has a default or is an `Option` or a `Vec`. Its documentation is what `config` prints.
///
/// | `#[config(…)]` | meaning |
/// |---|---|
/// | `prefix = "SHOP_"` | on the struct: what the names begin with. Any other variable that begins so is a fault |
/// | `crate = "path"` | on the struct: where the facade is; default `::mainstay` |
/// | `name = "STRIPE_API_KEY"` | on a field: the whole name of its variable |
/// | `default = 10` | on a field: the value where it is not set, as the variable would be written: `10`, `true`, `"10s"` |
#[proc_macro_derive(Config, attributes(config))]
pub fn config(input: TokenStream) -> TokenStream {
    config::expand(input.into()).unwrap_or_else(report::compile_errors).into()
}

/// Makes a struct a model: its `Model` implementation, a column token for each field
/// (`Post::TITLE`) and the struct that a new row is made of (`NewPost`).
///
/// ```ignore
/// #[derive(Model, Clone, Debug)]
/// #[model(live, unique(user, title))]
/// pub struct Post {
///     pub id: Id<Post>,
///     #[model(references, on_delete = cascade)]
///     pub user: Ref<User>,
///     #[garde(length(min = 1, max = 200))]
///     #[model(write)]
///     pub title: String,
///     #[model(write(update), read(role = "editor"))]
///     pub notes: Option<String>,
///     #[model(version)]
///     pub version: i64,
///     pub created_at: Timestamp,
///     pub updated_at: Timestamp,
/// }
/// ```
///
/// # On the struct
/// | `#[model(…)]` | meaning |
/// |---|---|
/// | `live` | row triggers record its changes |
/// | `history` | accepted; nothing yet |
/// | `identity` | the application's user model: `issuer: String` and `subject: String` are there, unique together, and no client can write them |
/// | `name = "blog_post"` | the name in answers; default: the struct's, in snake case |
/// | `plural = "blog-posts"` | the route segment; default: the English plural in kebab case. The key of a list is the same in camel case |
/// | `table = "blog_posts"` | default: the plural in snake case |
/// | `unique(a, b)`, `index(a, b)` | an index over these fields; repeatable |
/// | `crate = "path"` | where the facade is; default `::mainstay` |
///
/// # On a field
/// | `#[model(…)]` | meaning |
/// |---|---|
/// | `write`, `write(create)`, `write(update)` | clients may set it: always, or in that action only |
/// | `write(role = "editor")`, `write(create, update(role = "admin"))` | only callers with that role may |
/// | `read(role = "editor")`, `private` | only callers with that role see it; no client does |
/// | `index`, `unique` | an index over this column. A reference has one anyway |
/// | `references`, `on_delete = cascade \| set_null \| restrict \| no_action` | what becomes of the row when the one it refers to goes. The type `Ref<…>` makes it a reference |
/// | `version` | the row's version, an `i64` |
/// | `overflow` | an `Overflow`, which takes in the properties that are not declared |
/// | `default`, `default = expr` | the value when a create gives none: `Default::default()`, or this |
/// | `required` | a create must give a value |
/// | `column = "…"`, `rename = "…"` | the column's name; the name clients know it by |
///
/// `id`, `created_at` and `updated_at` are the framework's by their names. A model that does not
/// declare its version or its times has them nevertheless, in hidden columns.
///
/// A field has a default without saying so when it is a number, a truth value, JSON or another type
/// that is not text, bytes, a UUID, a time or a reference; and, unless clients may set it on create,
/// when it is text or bytes.
///
/// # Validation
/// `#[garde(…)]` takes garde's own rules: `length`, `range`, `email`, `pattern`, `ascii`,
/// `alphanumeric`, `contains`, `prefix`, `suffix`, `ip`, `ipv4`, `ipv6`, `custom`, `inner`, `skip`.
/// One thing differs: `length` without a mode counts the characters of a text, not its bytes; write
/// `length(bytes, …)` for those.
#[proc_macro_derive(Model, attributes(model, garde))]
pub fn model(input: TokenStream) -> TokenStream {
    model::expand(input.into()).unwrap_or_else(report::compile_errors).into()
}

/// Makes an enum without data the type of a model's field: a type of PostgreSQL's, a CHECK on SQLite.
///
/// Its variants are known by their names in snake case to the stores, to clients and in JSON, for
/// which this writes `Serialize` and `Deserialize`. They compare and sort in the order of their
/// declaration.
///
/// ```ignore
/// #[derive(ModelEnum, Clone, Copy, Debug, Default, PartialEq)]
/// pub enum PostStatus {
///     #[default]
///     Draft,
///     InReview,
///     Published,
/// }
/// ```
///
/// | `#[model(…)]` | meaning |
/// |---|---|
/// | `name = "post_status"` | on the enum: the name of PostgreSQL's type; default: the enum's in snake case |
/// | `rename = "reviewed"` | on a variant: its name |
/// | `crate = "path"` | on the enum: where the facade is; default `::mainstay` |
#[proc_macro_derive(ModelEnum, attributes(model))]
pub fn model_enum(input: TokenStream) -> TokenStream {
    model_enum::expand(input.into()).unwrap_or_else(report::compile_errors).into()
}

/// Notes which methods an implementation of `Scope` has, so that only those actions get routes.
///
/// `can_update` grants patches too, since `can_patch` calls it unless written. `#[scope(crate = "path")]`
/// says where the facade is, as for models.
///
/// ```ignore
/// #[scope]
/// impl Scope for Post {
///     fn can_read(who: &Caller) -> Access<Post> {
///         rows(Post::PUBLISHED.eq(true).or(Post::USER.eq(who.user_id())))
///     }
/// }
/// ```
#[proc_macro_attribute]
pub fn scope(options: TokenStream, item: TokenStream) -> TokenStream {
    scope::expand(options.into(), item.into()).unwrap_or_else(report::compile_errors).into()
}

/// Makes an `async fn` a hook: it runs when a row of its model is written, in the transaction that
/// writes it, or as a task that this transaction leaves behind. What it becomes is a unit struct of the
/// same name, which `App::hook` takes, and which can still be called.
///
/// ```ignore
/// #[hook(after, save, priority = 200)]
/// async fn index_post(cx: &mut HookCx<'_, Post>) -> Result<()> {
///     NewEntry { post: cx.model().id.into() }.insert(cx).await.map(drop)
/// }
///
/// #[hook(spawn, save, queue = "search", retry = 5, ordered)]
/// async fn mirror(cx: &TaskCx, written: Written<Post>) -> Result<()> {
///     search::put(written.id(), written.model()?, cx.id()).await      // after the commit; may run more than once
/// }
/// ```
///
/// | in `#[hook(…)]` | meaning |
/// |---|---|
/// | `before`, `after` | on which side of the statement |
/// | `spawn` | in a task, once the transaction is committed, and only then |
/// | `save` | a create, an update or a patch |
/// | `create`, `patch`, `remove` | a create; a patch; a delete |
/// | `update` | an update or a patch |
/// | `priority = 100` | lower runs first; 100 unless told |
/// | `ordered` | with `spawn`: the tasks of one row run one after the other, in the order of the commits |
/// | `name`, `queue`, `retry`, `backoff`, `base`, `timeout`, `concurrency`, `batch` | with `spawn`: as for `#[worker]` |
/// | `crate = "path"` | where the facade is; default `::mainstay` |
#[proc_macro_attribute]
pub fn hook(options: TokenStream, item: TokenStream) -> TokenStream {
    hook::expand(options.into(), item.into()).unwrap_or_else(report::compile_errors).into()
}

/// Makes an `async fn` an endpoint: it answers a method and a path, and its arguments say what it needs. What
/// it becomes is a unit struct of the same name, which `App::endpoint` takes, and which can still be called.
///
/// ```ignore
/// /// Publishes a post.
/// #[endpoint(post, "/posts/{id}/publish", auth)]
/// async fn publish(tx: &mut Tx, user: User, Path(id): Path<Id<Post>>) -> Result<Json<Post>, PublishError> {
///     let post = Post::find(tx, id).await?.filter(|it| it.user == user.id.into()).ok_or(PublishError::NoPost)?;
///     Ok(Json(post.update(tx, |it| it.published = true).await?))
/// }
/// ```
///
/// # Arguments, in any order
/// | argument | is |
/// |---|---|
/// | `&mut Tx` | the transaction: commits with the answer, rolls back on an error. The endpoint may run again |
/// | `&Reader` | what is committed; for `GET`, from the replica |
/// | `User`, `Option<User>` | the row of who asks (the `#[model(identity)]`): 401 without, or none |
/// | `Principal`, `Auth<Role>`, `Caller` | the person who asks; one with the role; anybody |
/// | `Path<T>`, `Query<T>`, `Json<T>` | the request's parts, where `T` has `#[data]` |
/// | `Headers`, `Client`, `RequestId`, `TraceId`, `Extension<T>` | what else came with the request |
/// | any extractor of axum's | as it says |
///
/// # In `#[endpoint(…)]`
/// | word | meaning |
/// |---|---|
/// | `get, "/hello"` | method and path below the mount's prefix; without them they come from the file |
/// | `auth`, `auth(role = "editor")` | only for who signed in; only for persons with one of these roles |
/// | `rate_limit = "100/60s"` | how often one caller may call it: 429 `rate_limited` beyond |
/// | `middleware = [logger]` | what runs around it, the first outermost |
/// | `replay = never` | its answers hold secrets and are not kept: a repeat is 409 `already_done` |
/// | `overrides` | it replaces the generated route of this method and path |
/// | `validate_output` | what it gives is checked against its schema in release builds too |
/// | `summary = "…"`, `description = "…"`, `tags = ["…"]` | for its description; else from its documentation |
/// | `crate = "path"` | where the facade is; default `::mainstay` |
#[proc_macro_attribute]
pub fn endpoint(options: TokenStream, item: TokenStream) -> TokenStream {
    endpoint::expand(options.into(), item.into()).unwrap_or_else(report::compile_errors).into()
}

/// Makes an `async fn` a middleware. With a `RequestCx` it runs around what answers a request, and outside of its
/// transaction; with a `Cx` around an operation, within the transaction of a mutation and the snapshot of a query.
///
/// ```ignore
/// #[middleware]
/// async fn logged(cx: &mut RequestCx, next: Next<'_>) -> Result<Response> {
///     cx.insert(Began::now());            // Extension<Began> in the endpoint
///     Ok(next.run(cx).await)
/// }
///
/// #[middleware]
/// async fn with_org(cx: &mut Cx<'_>) -> Result<Reply> {
///     let org = Org::of(cx).await?;
///     cx.insert(org);                     // Extension<Org> in the operation
///     cx.next().await                     // and what is to be done after it, also on an error
/// }
/// ```
#[proc_macro_attribute]
pub fn middleware(options: TokenStream, item: TokenStream) -> TokenStream {
    middleware::around(options.into(), item.into()).unwrap_or_else(report::compile_errors).into()
}

/// Makes an `async fn` a request hook: it runs for every request that a route of the application answers,
/// `before_auth`, `before_handler` or `after_handler`. An error of its is the answer.
///
/// ```ignore
/// #[request_hook(after_handler)]
/// async fn no_index(cx: &mut RequestCx, response: &mut Response) -> Result<()> {
///     response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
///     Ok(())
/// }
/// ```
#[proc_macro_attribute]
pub fn request_hook(options: TokenStream, item: TokenStream) -> TokenStream {
    middleware::hook(options.into(), item.into()).unwrap_or_else(report::compile_errors).into()
}

/// Makes an `async fn` a worker: it runs the tasks of its name, which transactions leave behind. What it becomes is a
/// unit struct of the same name, which `App::worker` and `tx.enqueue` take, and which can still be called.
///
/// ```ignore
/// #[worker(queue = "mail", retry = 5)]
/// async fn send_welcome(cx: &TaskCx, user: Id<User>) -> Result<()> {
///     mail::welcome(user, cx.id()).await       // may run more than once
/// }
///
/// #[worker]
/// async fn apply_payment(tx: &mut Tx, payment: Payment) -> Result<(), WorkError> {
///     let payment = payment.checked().map_err(WorkError::permanent)?;
///     payment.book(tx).await                   // once, for the task ends with the transaction
/// }
/// ```
///
/// It takes, in any order, `&mut Tx`, `&TaskCx` and one input, and gives nothing or a `Result` whose error becomes a
/// `WorkError`; with `keep`, a `Result` of a value. With `&mut Tx` its effect in the database happens exactly once. Within the function its own name means
/// the function: to leave another task for itself it writes `tx.enqueue(self::send_welcome, …)`.
///
/// | in `#[worker(…)]` | meaning |
/// |---|---|
/// | `name = "send-welcome"` | its tasks' name; else the function's in kebab case |
/// | `queue = "mail"` | where they wait; else `default` |
/// | `retry = 5` | how often a task that failed is tried again; 3 unless told |
/// | `backoff = "exponential"` | how waits grow: `"linear"`, `"fixed"`, or the name of a `fn(u32) -> Duration` |
/// | `base = "5s"` | the first wait |
/// | `timeout = "60s"` | how long an attempt may take; 15 minutes unless told |
/// | `concurrency = 4` | how many of its tasks one process runs at the same time |
/// | `keep = "1h"` | what it gives is kept so long for whoever asks by the task's id: `db.report(task)` |
/// | `version = 2` | the version of its input; 1 unless told. A task of a later one waits for a process that knows it |
/// | `upgrade = upgrade_welcome` | what brings inputs of earlier versions up: `fn(from: u32, input: Value) -> Result<Value>` |
/// | `crate = "path"` | where the facade is; default `::mainstay` |
#[proc_macro_attribute]
pub fn worker(options: TokenStream, item: TokenStream) -> TokenStream {
    task::worker(options.into(), item.into()).unwrap_or_else(report::compile_errors).into()
}

/// Makes an `async fn` a cron: a worker that nobody has to enqueue. In a fleet each time runs once.
///
/// ```ignore
/// #[cron("0 3 * * *", timezone = "Europe/Berlin", timeout = "120s")]
/// async fn clean_up(tx: &mut Tx) -> Result<()> {
///     Session::filter(Session::ENDS_AT.lt(tx.now())).delete(tx).await.map(drop)
/// }
/// ```
///
/// | in `#[cron(…)]` | meaning |
/// |---|---|
/// | `"0 3 * * *"` | when: five fields, `@daily` and its like, `@reboot`, or `rate(10 minutes)` |
/// | `timezone = "Europe/Berlin"` | where the fields are read; UTC unless told |
/// | `overlap = skip`, `queue`, `allow` | when it is due while the run before goes on |
/// | `missed = once`, `all`, `skip` | what becomes of the times that passed while no process ran |
/// | `retry = 0` | how often a run that failed is tried again; never unless told |
/// | `name`, `timeout`, `backoff`, `base`, `crate` | as for `#[worker]` |
#[proc_macro_attribute]
pub fn cron(options: TokenStream, item: TokenStream) -> TokenStream {
    task::cron(options.into(), item.into()).unwrap_or_else(report::compile_errors).into()
}

/// Makes an `async fn` an operation that writes: it is called by its path over HTTP, from within and by tasks, and
/// runs in one transaction with its answer. What it becomes is a unit struct of the same name, which `App::operation`,
/// `client.call` and `tx.enqueue` take, and which can still be called.
///
/// ```ignore
/// /// Makes a user.
/// #[mutation(path = "users.create", auth(role = "admin"))]
/// async fn create_user(tx: &mut Tx, input: NewUser) -> Result<UserCreated, CreateUserError> {
///     Ok(UserCreated { id: User::named(tx, input.name).await?.id })
/// }
/// ```
///
/// # Arguments, in any order
/// | argument | is |
/// |---|---|
/// | `&mut Tx` | the transaction |
/// | `user_id: Id<User>` | the parameter of the path of this name: `$user_id` or `$userId` |
/// | `Caller`, `Principal`, `Option<Principal>` | who asks: anybody, a person, a person if it is one |
/// | `Extension<T>` | the `T` that a middleware put in |
/// | `&Asked` | the call: headers, which attempt it is |
/// | one more, by value | the input; without it there is none |
///
/// # In `#[mutation(…)]` and `#[query(…)]`
/// | word | meaning |
/// |---|---|
/// | `path = "users.update.$user_id"` | its name: words, and parameters with `$`, with dots between them |
/// | `queue = "jobs"` | the queue that reaches it, and in which its tasks wait |
/// | `auth`, `auth(role = "editor")` | only for who signed in; only for persons with one of these roles |
/// | `retry = 5`, `retry(max = 10, backoff = "linear", base = "5s")` | when a task of it that failed is tried again |
/// | `cache = "10s"` | of a query: how long its answer is given again to the same caller |
/// | `cache(time = "10s", shared)` | the same, to all callers |
/// | `rate_limit = "100/60s"` | how often one caller may call it; tasks of it are not counted |
/// | `version = 2`, `upgrade = upgrade_user` | as for `#[worker]`; a caller says by `Input-Version` in which version it writes |
/// | `middleware = [with_org]` | what runs around it in its transaction, the first outermost |
/// | `metadata(permission = "orders.write")` | what its middleware can read of it |
/// | `summary = "…"`, `description = "…"`, `tags = ["…"]` | for its description; else from its documentation |
/// | `crate = "path"` | where the facade is; default `::mainstay` |
#[proc_macro_attribute]
pub fn mutation(options: TokenStream, item: TokenStream) -> TokenStream {
    let expanded = operation::expand(operation::Kind::Mutation, options.into(), item.into());
    expanded.unwrap_or_else(report::compile_errors).into()
}

/// Makes an `async fn` an operation that reads: as [`macro@mutation`], but it takes `&Reader` in place of `&mut Tx`.
///
/// ```ignore
/// /// A user.
/// #[query(path = "users.get.$user_id", cache = "10s")]
/// async fn get_user(reader: &Reader, user_id: Id<User>) -> Result<Option<User>> {
///     User::find(reader, user_id).await
/// }
/// ```
#[proc_macro_attribute]
pub fn query(options: TokenStream, item: TokenStream) -> TokenStream {
    let expanded = operation::expand(operation::Kind::Query, options.into(), item.into());
    expanded.unwrap_or_else(report::compile_errors).into()
}

/// Declares the errors of an endpoint: each variant is a status, a code, a message and its data, all of which
/// are part of the API's description. One variant takes in the framework's own errors, so that `?` works.
///
/// ```ignore
/// #[derive(ErrorSet)]
/// enum PublishError {
///     #[error(status = 409, code = "already_published", "this post is published")]
///     AlreadyPublished,
///     #[error(status = 423, "locked for {seconds} s", retry_after = seconds)]
///     Locked { seconds: u32 },
///     #[error(other)]
///     Other(Error),
/// }
/// ```
#[proc_macro_derive(ErrorSet, attributes(error))]
pub fn error_set(input: TokenStream) -> TokenStream {
    error_set::expand(input.into()).unwrap_or_else(report::compile_errors).into()
}

/// Makes a type something that goes over the wire: it is read and written as JSON with names in camel case,
/// unknown fields are refused, its shape is part of the API's description, and its `#[garde(…)]` rules are
/// checked when it comes in.
///
/// ```ignore
/// #[data]
/// struct NewSession {
///     #[garde(length(min = 1, max = 80))]
///     title: String,
///     starts_at: Timestamp,
/// }
/// ```
///
/// It writes `Serialize`, `Deserialize`, `JsonSchema` and `Validate`; attributes of serde's are yours to add.
/// `#[data(open)]` lets fields pass that nobody knows.
#[proc_macro_attribute]
pub fn data(options: TokenStream, item: TokenStream) -> TokenStream {
    data::expand(options.into(), item.into()).unwrap_or_else(report::compile_errors).into()
}

/// Looks into a type's fields: their `#[garde(…)]` rules, and what their own types find. `#[data]` adds it.
#[proc_macro_derive(Validate, attributes(garde, serde, validate_data))]
pub fn validate(input: TokenStream) -> TokenStream {
    data::validate(input.into()).unwrap_or_else(report::compile_errors).into()
}

/// Runs an `async fn main` on the framework's runtime; an error is printed and the exit code is 1.
///
/// ```ignore
/// #[mainstay::main]
/// async fn main() -> mainstay::Result<()> {
///     App::new("blog").run().await
/// }
/// ```
#[proc_macro_attribute]
pub fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    main_fn::expand(options.into(), item.into()).unwrap_or_else(report::compile_errors).into()
}

/// The migrations of the folder `migrations` beside `Cargo.toml`, or of the one named, as data that the
/// program carries: `App::migrations` takes it.
///
/// Cargo builds again when one of the files changes. For a folder that is added, `build.rs` has to say
/// `println!("cargo::rerun-if-changed=migrations")`; `migrate check` tells of one that was missed.
///
/// ```ignore
/// App::new("blog").migrations(mainstay::migrations!())
/// ```
#[proc_macro]
pub fn migrations(input: TokenStream) -> TokenStream {
    migrations::expand(input.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Runs an `async fn` as one test per store, each with a schema or a file of its own.
///
/// The function takes the application (`app: TestApp`), only a database (`db: Db`), or nothing. The
/// application is what `crate::app` returns, or the function named in `app = …`. `#[mainstay::test(sqlite)]` and
/// `(postgres)` run it on that store alone.
///
/// ```ignore
/// #[mainstay::test(app = blog::app)]
/// async fn a_post_is_published(app: TestApp) {
///     app.user("ann").await.post("/v1/posts", json!({"title": "hi"})).await.expect_status(201);
/// }
/// ```
#[proc_macro_attribute]
pub fn test(options: TokenStream, item: TokenStream) -> TokenStream {
    test_fn::expand(options.into(), item.into()).unwrap_or_else(report::compile_errors).into()
}
