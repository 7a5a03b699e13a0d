use mainstay::mount;
use mainstay::prelude::*;

use super::Made::Parts;
use super::parts::{self, Guest, Item, Mailer, Member, OldItem, Person, Review, Thing, shop};
use super::{Mistake, mistake};

/// What an application is made of.
pub(super) const MISTAKES: &[Mistake] = &[
    mistake(
        "one model mounted twice",
        Parts(|| shop().mount(Mount::new().model::<Item>())),
        "the model `item` ([place]) is mounted twice, at [place] and at [place]: take one of the two away",
        "take one of the two away",
    ),
    mistake(
        "two models of one table",
        Parts(|| shop().model::<Thing>()),
        "two models use the table `items`: `item` ([place]) and `thing` ([place]); give one of them another with `#[model(table = \"…\")]`",
        "give one of them another with `#[model(table = \"…\")]`",
    ),
    mistake(
        "two models of one path",
        Parts(|| shop().model::<OldItem>()),
        "the route `GET /v1/items` is mounted twice: by `item.list` ([place]) and by `old_item.list` ([place]); give one of the two another path",
        "give one of the two another path",
    ),
    mistake(
        "a reference to a model that is not mounted",
        Parts(|| App::new("shop").model::<Review>()),
        "the field `item` of the model `review` ([place]) references the table `items`, and no model of it is mounted: add that model with `App::model`",
        "add that model with `App::model`",
    ),
    mistake(
        "two models of users",
        Parts(|| App::new("shop").users::<Member>().users::<Guest>()),
        "two models are the application's users: `member` ([place]) and `guest` ([place]); add one of them with `model`",
        "add one of them with `model`",
    ),
    mistake(
        "a user model that no credential fills",
        Parts(|| App::new("shop").users::<Guest>()),
        "no claim fills the field `invitedBy` of the user model `guest`, and a new user must have one: make it an `Option`, or give it a default",
        "make it an `Option`, or give it a default",
    ),
    mistake(
        "a user model without issuer and subject",
        Parts(|| App::new("shop").users::<Person>()),
        "the user model `person` ([place]) has no field `issuer`, by which persons are known: add `pub issuer: String`",
        "add `pub issuer: String`",
    ),
    mistake(
        "a hook that is declared and never mounted",
        Parts(|| shop().mount(Mount::new().declared("src/discovered.rs", &[parts::FORGOTTEN]))),
        "the hook `told` (src/services/audit.rs:12) is declared and not mounted: move it to the folder of its kind, where discovery mounts it, or add it to the `App` in `main.rs`",
        "add it to the `App` in `main.rs`",
    ),
    mistake(
        "a hook of a model that is not mounted",
        Parts(|| App::new("shop").hook(parts::told)),
        "the hook `told` ([place]) is of the model `item` ([place]), which is not mounted: add it with `App::model`",
        "add it with `App::model`",
    ),
    mistake(
        "a hook mounted twice",
        Parts(|| shop().hook(parts::told).hook(parts::told)),
        "the hook `told` ([place]) is mounted twice: take one of the two away",
        "take one of the two away",
    ),
    mistake(
        "two hooks of one name",
        Parts(|| shop().hook(parts::told).hook(parts::elsewhere::told)),
        "two hooks are called `told`: the one after save of `item` ([place]) and the one before save of `item` ([place]); rename one of them",
        "rename one of them",
    ),
    mistake(
        "two routes of one path",
        Parts(|| shop().route(get("/items", parts::hello))),
        "the route `GET /v1/items` is mounted twice: by `it::mistakes::parts::hello` ([place]) and by `item.list` ([place]); give one of the two another path",
        "give one of the two another path",
    ),
    mistake(
        "two names for one parameter of a path",
        Parts(|| shop().route(get("/items/{item}", parts::hello))),
        "the routes `GET /v1/items/{id}` ([place]) and `GET /v1/items/{item}` ([place]) have one path and two names for its parameter: call it the same",
        "call it the same",
    ),
    mistake(
        "a route without its slash",
        Parts(|| shop().route(get("items/all", parts::hello))),
        "the route `items/all` ([place]) must begin with a slash: write `/items/all`",
        "write `/items/all`",
    ),
    mistake(
        "a prefix that is no path",
        Parts(|| App::new("shop").mount(mount("admin/", Mount::new()))),
        "the prefix `admin/` ([place]) is not a path of plain segments: write it like `/admin`, with a slash before each segment and none at the end",
        "write it like `/admin`",
    ),
    mistake(
        "an endpoint without a path",
        Parts(|| shop().endpoint(parts::somewhere)),
        "the endpoint `somewhere` ([place]) has no method and path: write `#[endpoint(get, \"/…\")]`, or move it to a file such as `src/endpoints/somewhere/get.rs`",
        "write `#[endpoint(get, \"/…\")]`",
    ),
    mistake(
        "an endpoint that replaces nothing",
        Parts(|| shop().endpoint(parts::sales)),
        "the endpoint `sales` ([place]) says `overrides`, and no route `GET /sales` is generated: take the word away, or see `routes` for those that are",
        "take the word away",
    ),
    mistake(
        "a value that nobody gave",
        Parts(|| shop().endpoint(parts::send)),
        "the endpoint `send` ([place]) asks for `State<Mailer>`, and nobody gave a `it::mistakes::parts::Mailer`: add `.state(…)` with one, or `.config::<Mailer>()` where it derives `Config`",
        "add `.state(…)` with one",
    ),
    mistake(
        "a value given twice",
        Parts(|| shop().state(Mailer).state(Mailer)),
        "a `it::mistakes::parts::Mailer` is given twice, at [place] and at [place]: keep one of the two, or wrap one in a type of its own",
        "keep one of the two",
    ),
    mistake(
        "migrations given twice",
        Parts(|| shop().migrations(parts::MIGRATIONS).mount(Mount::new().migrations(parts::MIGRATIONS))),
        "migrations are given twice, at [place] and at [place]: keep one of the two",
        "keep one of the two",
    ),
    mistake(
        "an operation that takes what no middleware can put in",
        Parts(|| shop().operation(parts::mine)),
        "the operation `mine` ([place]) takes an `Extension<Org>`, and no middleware is around it that could put a `it::mistakes::parts::Org` in: write `middleware = […]` in its attribute, or add one to its queue or to the application",
        "write `middleware = […]` in its attribute",
    ),
    mistake(
        "a queue described twice",
        Parts(|| shop().queue("mail", |it| it.concurrency(2)).queue("mail", |it| it.retry(Retry::NEVER))),
        "the queue `mail` is described twice, at [place] and at [place]: say all of it in one of the two",
        "say all of it in one of the two",
    ),
];
