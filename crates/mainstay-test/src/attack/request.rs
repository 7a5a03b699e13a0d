//! Every request that might tell the worlds apart: for each model, field, parameter and value.

use http::Method;
use mainstay::kernel::{Db, Value};
use mainstay::model::{Action, Schema, Writer};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::dice::Dice;
use super::world::{Pair, is_chosen};
use super::{counts_statements, value};
use crate::{Actor, Answer};

/// An id that no row has.
const NOBODY: Uuid = Uuid::from_u128(0x0171_0000_0000_7000_8000_0000_0000_0000);

const OPERATORS: [&str; 14] = [
    "eq", "ne", "lt", "lte", "gt", "gte", "in", "nin", "between", "null", "like", "ilike", "prefix",
    "contains",
];

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<Json>,
}

/// What was asked and all that was answered, with ids that were made on the way by their order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seen {
    ask: String,
    answer: String,
    statements: Option<u64>,
}

impl Ask {
    fn new(method: Method, path: String) -> Self {
        Self { method, path, headers: Vec::new(), body: None }
    }

    fn get(path: String) -> Self {
        Self::new(Method::GET, path)
    }

    fn with(mut self, body: Json) -> Self {
        self.body = Some(body);
        self
    }

    fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Asks, and goes on through the pages of a list that has more of them.
    pub(super) async fn put_to(&self, actor: &Actor, db: &Db) -> Vec<Seen> {
        const PAGES: usize = 4;
        let mut seen = Vec::new();
        let mut path = self.path.clone();
        for _ in 0..PAGES {
            let before = db.statements();
            let answer = self.send(actor, &path).await;
            let statements = counts_statements(db.dialect()).then(|| db.statements() - before);
            assert!(answer.status.as_u16() < 500, "{} {path} {self:?}: {}", self.method, answer.body);
            let told = told(&answer);
            seen.push(Seen { ask: format!("{path} {self:?}"), answer: told, statements });
            let next = answer.result()["next"].as_str().filter(|_| self.path.contains("limit="));
            let Some(next) = next else { break };
            path = format!("{}&cursor={next}", self.path);
        }
        seen
    }

    async fn send(&self, actor: &Actor, path: &str) -> Answer {
        let actor = self.headers.iter().fold(actor.clone(), |actor, (name, value)| actor.header(name, value));
        actor
            .send(self.method.clone(), path, self.body.as_ref().map(Json::to_string).unwrap_or_default())
            .await
    }
}

/// An answer as text: its status, its headers and its body.
fn told(answer: &Answer) -> String {
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "traceparent"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or_default()))
        .collect();
    headers.sort_unstable();
    let body = String::from_utf8_lossy(&answer.bytes);
    numbered(&format!("{}\n{}\n\n{body}", answer.status, headers.join("\n")))
}

/// The text with each id that was made on the way replaced by a number.
fn numbered(text: &str) -> String {
    const LENGTH: usize = 36;
    let mut new: Vec<Uuid> = Vec::new();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let id = rest.get(..LENGTH).and_then(|it| Uuid::try_parse(it).ok()).filter(|it| !is_chosen(*it));
        match id {
            Some(id) => {
                let at = new.iter().position(|it| *it == id).unwrap_or_else(|| {
                    new.push(id);
                    new.len() - 1
                });
                out.push_str(&format!("<new {at}>"));
                rest = &rest[LENGTH..];
            }
            None => {
                out.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    out
}

/// All of them: what only reads comes first.
pub(super) fn all(pair: &Pair) -> Vec<Ask> {
    let models = || (0..pair.one.models.len()).map(|it| Target::new(pair, it));
    let mut asks: Vec<Ask> = models().flat_map(|it| it.reads()).collect();
    asks.extend(models().flat_map(|it| it.writes()));
    asks.extend(models().flat_map(|it| it.look_back()));
    asks
}

/// One model under attack.
struct Target<'a> {
    pair: &'a Pair,
    model: usize,
    schema: &'static Schema,
    many: String,
    dice: Dice,
}

impl<'a> Target<'a> {
    fn new(pair: &'a Pair, model: usize) -> Self {
        let schema = pair.one.models[model].schema;
        Self { pair, model, schema, many: format!("/v1/{}", schema.plural), dice: Dice::new(model as u64) }
    }

    fn columns(&self) -> impl Iterator<Item = (usize, &'static str)> + use<> {
        self.schema.columns.iter().enumerate().map(|(column, it)| (column, it.field))
    }

    fn ids(&self) -> Vec<Uuid> {
        let mut ids = self.pair.ids(self.model);
        ids.push(NOBODY);
        ids
    }

    /// A quarter of them, the one that no row has among them.
    fn some_ids(&self) -> Vec<Uuid> {
        self.ids().into_iter().rev().step_by(4).collect()
    }

    fn values(&self, column: usize) -> Vec<Value> {
        self.pair.values(self.model, column)
    }

    fn list(&self, query: &str) -> Ask {
        Ask::get(format!("{}?{query}", self.many))
    }

    fn steps(&self, steps: &Json) -> Ask {
        self.list(&format!("__query={}", escaped(&steps.to_string())))
    }

    fn reads(mut self) -> Vec<Ask> {
        let mut asks: Vec<Ask> = [
            "",
            "count=exact",
            "count=only",
            "count=none",
            "limit=2",
            "limit=1&page=2",
            "nonsense=1",
            "search=amber",
        ]
        .iter()
        .map(|query| self.list(query))
        .collect();
        for (column, field) in self.columns() {
            asks.extend(self.orders(column, field));
            asks.extend(self.conditions(column, field));
        }
        for _ in 0..60 {
            asks.push(self.mixture());
        }
        for id in self.ids() {
            asks.extend(self.gets(id));
        }
        for id in self.some_ids() {
            asks.extend(self.gets_of_fields(id));
        }
        asks
    }

    fn orders(&self, column: usize, field: &str) -> Vec<Ask> {
        let mut asks: Vec<Ask> = [
            format!("sort={field}"),
            format!("sort=-{field}&limit=2"),
            format!("sort={field},id&limit=3&direction=desc"),
            format!("select={field}"),
            format!("select=id&sort={field}"),
            format!("expand={field}"),
            format!("expand={field}.{field}"),
        ]
        .iter()
        .map(|query| self.list(query))
        .collect();
        asks.push(self.steps(&json!([{ "method": "orderBy", "args": [field, "desc"] }])));
        asks.push(self.steps(&json!([{ "method": "select", "args": [field] }])));
        for value in self.values(column) {
            let place = json!([format!("{field},id"), [value::sent(&value), NOBODY.to_string()]]).to_string();
            asks.push(self.list(&format!("sort={field}&cursor={}", base64url(&place))));
        }
        asks
    }

    fn conditions(&self, column: usize, field: &str) -> Vec<Ask> {
        let mut asks = Vec::new();
        for value in self.values(column) {
            let asked = value::asked(&value);
            let sent = value::sent(&value);
            for operator in OPERATORS {
                let operand = match operator {
                    "null" => (!value.is_null()).to_string(),
                    "between" | "in" | "nin" => format!("{asked},{asked}"),
                    _ => asked.clone(),
                };
                let operand = escaped(&operand);
                asks.push(self.list(&format!("where[{field}][{operator}]={operand}&count=exact")));
            }
            asks.push(self.list(&format!("where[{field}.0]={}", escaped(&asked))));
            for steps in [
                json!([{ "method": "where", "args": [field, sent] }]),
                json!([{ "method": "where", "args": ["id", NOBODY.to_string()] }, { "method": "orWhere", "args": [field, sent] }]),
                json!([{ "method": "whereNot", "args": [field, "!=", sent] }]),
                json!([{ "method": "whereIn", "args": [field, [sent]] }]),
                json!([{ "method": "whereBetween", "args": [field, [sent, sent]] }]),
                json!([{ "method": "where", "args": [{ "__nested": [
                    { "method": "whereNull", "args": [field] },
                    { "method": "orWhere", "args": [field, ">=", sent] },
                ] }] }]),
            ] {
                asks.push(self.steps(&steps));
            }
        }
        asks
    }

    /// Some parameters together.
    fn mixture(&mut self) -> Ask {
        let fields: Vec<(usize, &'static str)> = self.columns().collect();
        let mut parts = Vec::new();
        let pick = |dice: &mut Dice| dice.one(&fields).unwrap_or((0, "id"));
        for kind in ["sort", "select", "expand"] {
            if self.dice.one_in(3) {
                let (_, one) = pick(&mut self.dice);
                let (_, other) = pick(&mut self.dice);
                parts.push(format!("{kind}={one},{other}"));
            }
        }
        for _ in 0..2 {
            let (column, field) = pick(&mut self.dice);
            let operator = self.dice.one(&OPERATORS).unwrap_or("eq");
            if let Some(value) = self.dice.one(&self.pair.values(self.model, column)) {
                parts.push(format!("where[{field}][{operator}]={}", escaped(&value::asked(&value))));
            }
        }
        if self.dice.one_in(2) {
            parts.push(format!("limit={}", 1 + self.dice.below(3)));
        }
        self.list(&parts.join("&"))
    }

    fn gets(&self, id: Uuid) -> Vec<Ask> {
        let one = format!("{}/{id}", self.many);
        let mut asks = vec![Ask::get(one.clone()), Ask::new(Method::HEAD, one.clone())];
        for tag in ["\"1\"", "\"5\"", "*"] {
            asks.push(Ask::get(one.clone()).header("if-none-match", tag));
        }
        asks
    }

    fn gets_of_fields(&self, id: Uuid) -> Vec<Ask> {
        let one = format!("{}/{id}", self.many);
        let of = |what| {
            self.columns().map(|(_, field)| Ask::get(format!("{one}?{what}={field}"))).collect::<Vec<_>>()
        };
        [of("select"), of("expand")].concat()
    }

    fn writes(mut self) -> Vec<Ask> {
        let mut asks = self.creates();
        for id in self.some_ids() {
            asks.extend(self.changes(id));
        }
        let one = |id: Uuid| format!("{}/{id}", self.many);
        for id in self.ids() {
            asks.push(Ask::new(Method::DELETE, one(id)).header("if-match", "\"5\""));
        }
        // Every other row, so that there is something to look back at.
        for id in self.ids().into_iter().step_by(2) {
            asks.push(Ask::new(Method::DELETE, one(id)).header("idempotency-key", format!("gone {id}")));
            asks.push(Ask::new(Method::DELETE, one(id)).header("idempotency-key", format!("gone {id}")));
        }
        asks
    }

    /// A body that a create takes, as far as it is for a client to say.
    fn body(&self) -> Map<String, Json> {
        let writable =
            self.columns().filter(|(column, _)| self.schema.columns[*column].write.create != Writer::Nobody);
        let filled = writable.filter_map(|(column, field)| {
            let value = self.values(column).into_iter().find(|it| !it.is_null())?;
            Some((field.to_owned(), value::sent(&value)))
        });
        filled.collect()
    }

    fn creates(&mut self) -> Vec<Ask> {
        let post = |body: Json| Ask::new(Method::POST, self.many.clone()).with(body);
        let mut asks = vec![post(json!({})), post(Json::Object(self.body()))];
        for (column, field) in self.columns() {
            let mut values: Vec<Json> = self.values(column).iter().map(value::sent).collect();
            values.push(json!(NOBODY.to_string()));
            for (number, value) in values.into_iter().enumerate() {
                let mut body = self.body();
                body.insert(field.to_owned(), value);
                let key = format!("create {} {field} {number}", self.many);
                asks.push(post(Json::Object(body.clone())));
                asks.push(post(Json::Object(body)).header("idempotency-key", key));
            }
        }
        asks
    }

    fn changes(&mut self, id: Uuid) -> Vec<Ask> {
        const MERGE: &str = "application/merge-patch+json";
        let one = format!("{}/{id}", self.many);
        let put = || Ask::new(Method::PUT, one.clone());
        let patch = || Ask::new(Method::PATCH, one.clone());
        let mut asks = vec![put().with(json!({})), put().with(json!({})).header("if-match", "\"5\"")];
        let first =
            self.columns().find(|(column, _)| self.schema.columns[*column].write.update != Writer::Nobody);
        for (column, field) in self.columns() {
            let pointer = format!("/{field}");
            let onto = format!("/{}", first.map_or("id", |(_, field)| field));
            for value in self.values(column) {
                let value = value::sent(&value);
                let body = json!({ field: value });
                let tag = if self.dice.one_in(2) { "\"1\"" } else { "\"5\"" };
                asks.push(put().with(body.clone()));
                asks.push(put().with(body.clone()).header("if-match", tag));
                asks.push(patch().with(body).header("content-type", MERGE));
                for operation in ["test", "replace", "add"] {
                    asks.push(patch().with(json!([{ "op": operation, "path": pointer, "value": value }])));
                }
            }
            asks.push(patch().with(json!([{ "op": "copy", "from": pointer, "path": onto }])));
            asks.push(patch().with(json!([{ "op": "move", "from": pointer, "path": onto }])));
            asks.push(patch().with(json!([{ "op": "remove", "path": pointer }])));
        }
        asks
    }

    fn look_back(self) -> Vec<Ask> {
        let mut asks = vec![self.list("limit=100&count=exact&sort=createdAt,id")];
        asks.extend(self.ids().into_iter().map(|id| Ask::get(format!("{}/{id}", self.many))));
        if self.pair.one.models[self.model].has(Action::Read) {
            asks.push(self.list("count=only"));
        }
        asks
    }
}

/// As it may stand in a query.
fn escaped(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~,:".contains(byte);
    text.bytes()
        .map(|it| if plain(&it) { char::from(it).to_string() } else { format!("%{it:02X}") })
        .collect()
}

fn base64url(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}
