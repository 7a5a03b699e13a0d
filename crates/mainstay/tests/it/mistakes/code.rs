use super::Made::Code;
use super::{Mistake, mistake};

const ENDPOINTS: Mistakes = "crates/mainstay/tests/ui/endpoints.stderr";
const FIELDS: Mistakes = "crates/mainstay/tests/ui/fields.stderr";
const MODELS: Mistakes = "crates/mainstay/tests/ui/models.stderr";
const PARTS: Mistakes = "crates/mainstay/tests/ui/parts.stderr";
const SCOPES: Mistakes = "crates/mainstay/tests/ui/scopes.stderr";

/// A file of what the compiler says.
type Mistakes = &'static str;

/// One of those that the macros' own tests keep.
macro_rules! of_macros {
    ($name:literal) => {
        Code(concat!("crates/mainstay-macros/tests/ui/", $name, ".stderr"))
    };
}

/// What is written in Rust. Each is the first line of an error, which points at what the author wrote.
pub(super) const MISTAKES: &[Mistake] = &[
    mistake(
        "a misspelt attribute of a model",
        of_macros!("attributes"),
        "unknown attribute `tabel`, did you mean `table`?",
        "did you mean `table`?",
    ),
    mistake(
        "a misspelt attribute of a field",
        of_macros!("attributes"),
        "unknown attribute `wirte`, did you mean `write`?",
        "did you mean `write`?",
    ),
    mistake(
        "an `Option` that is required",
        of_macros!("attributes"),
        "an `Option` may be missing: drop `required` or the `Option`",
        "drop `required` or the `Option`",
    ),
    mistake(
        "a misspelt rule of a field",
        of_macros!("rules"),
        "unknown rule `lenght`, did you mean `length`?",
        "did you mean `length`?",
    ),
    mistake(
        "a rule without its limits",
        of_macros!("rules"),
        "`length` needs `min = …`, `max = …` or `equal = …`",
        "`min = …`",
    ),
    mistake(
        "a model without an id",
        of_macros!("parts"),
        "a model has an id: add `pub id: Id<NoId>`",
        "add `pub id: Id<NoId>`",
    ),
    mistake(
        "an id of another type",
        of_macros!("parts"),
        "`id` is the framework's: its type must be `Id<Self>`",
        "its type must be `Id<Self>`",
    ),
    mistake(
        "a field of the name `type`",
        of_macros!("names"),
        "every row carries its model's name as `type`: give this field another one with `#[model(rename = \"…\")]`",
        "`#[model(rename = \"…\")]`",
    ),
    mistake(
        "models called `total` in lists",
        of_macros!("names"),
        "a list answer has a `total` already: give the model another plural with `#[model(plural = \"…\")]`",
        "`#[model(plural = \"…\")]`",
    ),
    mistake(
        "a table of the framework's",
        of_macros!("names"),
        "tables named `mainstay_…` are the framework's: choose another name",
        "choose another name",
    ),
    mistake(
        "a misspelt field in an index",
        of_macros!("names"),
        "unknown field `tilte`, did you mean `title`?",
        "did you mean `title`?",
    ),
    mistake(
        "a reference that must not be missing, set to null",
        of_macros!("references"),
        "`set_null` needs a reference that may be missing: `Option<Ref<…>>`",
        "`Option<Ref<…>>`",
    ),
    mistake(
        "a model that is an enum",
        of_macros!("shape"),
        "a model is a struct with named fields",
        "struct with named fields",
    ),
    mistake(
        "a misspelt method of a scope",
        of_macros!("scope"),
        "unknown scope method `can_reed`, did you mean `can_read`?",
        "did you mean `can_read`?",
    ),
    mistake(
        "a misspelt event of a hook",
        of_macros!("hook"),
        "unknown word `svae`, did you mean `save`?",
        "did you mean `save`?",
    ),
    mistake(
        "a hook without its context",
        of_macros!("hook"),
        "a hook takes one argument: `cx: &mut HookCx<'_, Post>`",
        "`cx: &mut HookCx<'_, Post>`",
    ),
    mistake(
        "a hook that spawns without what was written",
        of_macros!("hook"),
        "a hook that spawns takes what was written: `async fn mirror(cx: &TaskCx, written: Written<Post>)`",
        "`async fn mirror(cx: &TaskCx, written: Written<Post>)`",
    ),
    mistake(
        "an endpoint's path without a method",
        of_macros!("endpoint"),
        "a path wants its method: `#[endpoint(get, \"/hello\")]`",
        "`#[endpoint(get, \"/hello\")]`",
    ),
    mistake(
        "a parameter written `:id`",
        of_macros!("endpoint"),
        "a parameter is written `{id}`, not `:id`",
        "`{id}`",
    ),
    mistake(
        "an endpoint that does not wait",
        of_macros!("endpoint"),
        "expected `async fn at_once`",
        "`async fn at_once`",
    ),
    mistake(
        "an endpoint that takes `Tx` by value",
        of_macros!("endpoint"),
        "`Tx` is borrowed: write `&mut Tx`",
        "write `&mut Tx`",
    ),
    mistake(
        "an endpoint that writes by `&Tx`",
        of_macros!("endpoint"),
        "`&Tx` cannot write: write `&mut Tx`, or `&Reader` to read",
        "write `&mut Tx`",
    ),
    mistake(
        "an endpoint that reads its body twice",
        of_macros!("endpoint"),
        "the body was read as `Json` already: take it once",
        "take it once",
    ),
    mistake(
        "a streamed body beside `&mut Tx`",
        of_macros!("endpoint"),
        "a `Body` comes while it is read, and with `&mut Tx` the endpoint may run again: take `Json<T>`, `Bytes` or `String`",
        "take `Json<T>`, `Bytes` or `String`",
    ),
    mistake(
        "a middleware of another shape",
        of_macros!("endpoint"),
        "a middleware around routes is `async fn name(cx: &mut RequestCx, next: Next<'_>) -> Result<Response>`, and one around operations is `async fn name(cx: &mut Cx<'_>) -> Result<Reply>`",
        "async fn name(cx: &mut RequestCx, next: Next<'_>)",
    ),
    mistake(
        "an error's status that is none",
        of_macros!("error_set"),
        "an error's status is from 400 to 599",
        "from 400 to 599",
    ),
    mistake(
        "errors that do not take in the framework's",
        of_macros!("error_set"),
        "one variant takes in what the framework refuses, for `?`: `#[error(other)] Other(Error)`; there is none",
        "`#[error(other)] Other(Error)`",
    ),
    mistake(
        "a `main` that does not wait",
        of_macros!("entry"),
        "expected `async fn main`",
        "`async fn main`",
    ),
    mistake(
        "an argument that no request gives",
        Code(ENDPOINTS),
        "an endpoint cannot be given a `Plain`",
        "it can take `&mut Tx` or `&Reader`",
    ),
    mistake(
        "a body without `#[data]`",
        Code(ENDPOINTS),
        "an endpoint cannot be given a `mainstay::prelude::Json<Plain>`",
        "with `#[data]` on `T`",
    ),
    mistake(
        "an error that is no `ErrorSet`",
        Code(ENDPOINTS),
        "an endpoint cannot give a `std::result::Result<mainstay::prelude::Json<u8>, Undeclared>`",
        "has `#[derive(ErrorSet)]`",
    ),
    mistake(
        "a role that is none",
        Code(ENDPOINTS),
        "an endpoint cannot be given a `mainstay::prelude::Auth<Plain>`",
        "`Auth<Role>`",
    ),
    mistake("a struct that is no model", Code(MODELS), "`Plain` has no scope", "`#[derive(Model)]`"),
    mistake(
        "a reference to what is no model",
        Code(MODELS),
        "`Plain` is not a model",
        "add `#[derive(Model)]` to it",
    ),
    mistake(
        "a model without a scope",
        Code(MODELS),
        "`Unscoped` has no scope",
        "write `#[scope] impl Scope for Unscoped",
    ),
    mistake(
        "a scope without its attribute",
        Code(SCOPES),
        "the scope of `Post` lacks its attribute",
        "write `#[scope]` over `impl Scope for Post`",
    ),
    mistake(
        "a field that the model does not have, in a scope",
        Code(MODELS),
        "no associated item named `TITEL` found for struct `Post` in the current scope",
        "there is an associated constant `TITLE` with a similar name",
    ),
    mistake(
        "a text compared with a number",
        Code(MODELS),
        "a column of `std::string::String` cannot be compared with `{integer}`",
        "a text is written in quotes",
    ),
    mistake(
        "a scope that answers yes or no",
        Code(MODELS),
        "mismatched types",
        "expected `Access<Post>`, found `bool`",
    ),
    mistake(
        "an endpoint without `#[endpoint]`",
        Code(PARTS),
        "`fn() -> impl Future<Output = ()> {plain}` is not an endpoint",
        "write `#[endpoint(get, \"/…\")]` over the function",
    ),
    mistake(
        "a hook without `#[hook]`",
        Code(PARTS),
        "`fn() -> impl Future<Output = ()> {plain}` is not a hook",
        "write `#[hook(after, save)]` over the function",
    ),
    mistake(
        "a middleware without `#[middleware]`",
        Code(PARTS),
        "`fn() -> impl Future<Output = ()> {plain}` is not a middleware",
        "write `#[middleware]` over the function",
    ),
    mistake(
        "a configuration without its derive",
        Code(PARTS),
        "`Settings` is no configuration of an application",
        "write `#[derive(Config, Clone)]` on the struct",
    ),
    mistake(
        "a request hook without `#[request_hook]`",
        Code(PARTS),
        "`fn() -> impl Future<Output = ()> {plain}` is not a request hook",
        "write `#[request_hook(before_handler)]` over the function",
    ),
    mistake(
        "a field of a type of one's own",
        Code(FIELDS),
        "a field of a model cannot be a `Look`",
        "kept as `Json<T>`",
    ),
];
