use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::branches::{Branch, Type, Typed, branches};
use super::change::{Change, Effect, In, Need, Unknown};

/// How deep shapes are compared: one that holds itself has no end.
const DEEPEST: usize = 40;

/// What became of a shape. Each of the two is a document of its own, within which its references are.
pub(super) fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let mut comparison = Comparison { documents: [before, after], within: Vec::new(), found: Vec::new() };
    comparison.schemas("", before, after);
    comparison.found
}

struct Comparison<'d> {
    documents: [&'d Value; 2],
    /// The pairs of definitions that are being compared.
    within: Vec<[Option<String>; 2]>,
    found: Vec<Change>,
}

/// Whether an object is one of several alternatives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Struct,
    Enum,
}

/// The alternatives of one side, by what they are.
#[derive(Default)]
struct Side {
    is_any: bool,
    values: Vec<Value>,
    types: Vec<Typed>,
    objects: Vec<Typed>,
}

impl Side {
    fn of(document: &Value, schema: &Value) -> Self {
        let mut side = Self::default();
        for branch in branches(document, schema) {
            match branch {
                Branch::Any => side.is_any = true,
                Branch::Value(value) => side.values.push(value),
                Branch::Typed(it) if it.of == Type::Object => side.objects.push(it),
                Branch::Typed(it) => side.types.push(it),
            }
        }
        side
    }

    fn types(&self) -> impl Iterator<Item = &Typed> {
        self.types.iter().chain(&self.objects)
    }

    /// The types that its values have.
    fn kinds(&self) -> impl Iterator<Item = Type> {
        self.types().map(|it| it.of).chain(self.values.iter().map(Type::of))
    }

    fn is_enum(&self) -> bool {
        self.objects.len() > 1 || !self.values.is_empty()
    }

    /// Whether it takes every value of this type, as far as that says.
    fn takes_in(&self, ty: Type) -> bool {
        self.types().any(|it| it.of.takes_in(ty))
    }

    /// In what it differs from one that takes every value of this type: in its values, where it has some of them.
    fn of_values(&self, ty: Type) -> In {
        if self.values.iter().any(|it| ty.takes_in(Type::of(it))) { In::Values } else { In::Types }
    }

    /// What it is, where it is one thing.
    fn told(&self) -> Option<String> {
        let mut told: Vec<_> = self.types().map(|it| it.of.told().to_owned()).collect();
        told.extend(self.values.iter().map(|it| format!("`{it}`")));
        told.dedup();
        (!told.is_empty()).then(|| told.join(" or "))
    }
}

impl Comparison<'_> {
    fn found(&mut self, path: &str, what: impl Into<String>, effect: Effect) {
        self.found.push(Change { path: path.to_owned(), what: what.into(), effect });
    }

    fn schemas(&mut self, path: &str, before: &Value, after: &Value) {
        let (before, after) = (Side::of(self.documents[0], before), Side::of(self.documents[1], after));
        match (before.is_any, after.is_any) {
            (true, true) => return,
            (true, false) => {
                return self.found(path, "was anything, and is not any more", Effect::Narrower(In::Types));
            }
            (false, true) => return self.found(path, "can be anything now", Effect::Wider(In::Types)),
            (false, false) => {}
        }
        if self.is_something_else(path, &before, &after) {
            return;
        }
        self.values(path, &before, &after);
        self.types(path, &before, &after);
        let kind = if before.is_enum() || after.is_enum() { Kind::Enum } else { Kind::Struct };
        self.objects(path, kind, before.objects, after.objects);
    }

    /// Whether nothing of before is there any more: that is one change, and not two.
    fn is_something_else(&mut self, path: &str, before: &Side, after: &Side) -> bool {
        let related = |it: Type, other: Type| it.takes_in(other) || other.takes_in(it);
        let (Some(was), Some(is)) = (before.told(), after.told()) else { return false };
        if before.kinds().any(|it| after.kinds().any(|other| related(it, other))) {
            return false;
        }
        self.found(path, format!("was {was}, and is {is}"), Effect::Other);
        true
    }

    fn values(&mut self, path: &str, before: &Side, after: &Side) {
        for value in before.values.iter().filter(|it| !after.values.contains(it)) {
            if !after.takes_in(Type::of(value)) {
                self.found(path, format!("`{value}` is gone"), Effect::Narrower(In::Values));
            }
        }
        for value in after.values.iter().filter(|it| !before.values.contains(it)) {
            if !before.takes_in(Type::of(value)) {
                self.found(path, format!("`{value}` is new"), Effect::Wider(In::Values));
            }
        }
    }

    /// Each type has its counterpart: the same one, or for a number an integer.
    fn types(&mut self, path: &str, before: &Side, after: &Side) {
        let mut left: Vec<&Typed> = after.types.iter().collect();
        let mut unmatched = Vec::new();
        for was in &before.types {
            match left.iter().position(|it| it.of == was.of).map(|at| left.remove(at)) {
                Some(is) => self.typed(path, was, is),
                None => unmatched.push(was),
            }
        }
        for was in unmatched {
            let related = |it: &&Typed| it.of.takes_in(was.of) || was.of.takes_in(it.of);
            match left.iter().position(related).map(|at| left.remove(at)) {
                Some(is) => {
                    let wider = is.of.takes_in(was.of);
                    let effect = if wider { Effect::Wider(In::Types) } else { Effect::Narrower(In::Types) };
                    self.found(path, format!("was {}, and is {}", was.of.told(), is.of.told()), effect);
                    self.typed(path, was, is);
                }
                None => {
                    let within = after.of_values(was.of);
                    self.found(path, format!("{} is gone", was.of.told()), Effect::Narrower(within));
                }
            }
        }
        for is in left {
            let within = before.of_values(is.of);
            self.found(path, format!("can be {} now", is.of.told()), Effect::Wider(within));
        }
    }

    /// Both are of one type.
    fn typed(&mut self, path: &str, was: &Typed, is: &Typed) {
        if self.within.len() >= DEEPEST || self.is_within(was, is) {
            return;
        }
        self.within.push([was.origin.clone(), is.origin.clone()]);
        match (was.of, is.of) {
            (Type::Object, _) => self.fields(path, &was.keywords, &is.keywords),
            (Type::Array, _) => self.items(path, &was.keywords, &is.keywords),
            (Type::Null | Type::Boolean | Type::Integer | Type::Number | Type::String, _) => {}
        }
        super::bounds::compare(was, is, |what, effect| self.found(path, what, effect));
        self.within.pop();
    }

    fn is_within(&self, was: &Typed, is: &Typed) -> bool {
        let is_of = |[one, other]: &[Option<String>; 2]| {
            one.is_some() && other.is_some() && *one == was.origin && *other == is.origin
        };
        self.within.iter().any(is_of)
    }

    /// Variants are told apart by their tags.
    fn objects(&mut self, path: &str, kind: Kind, before: Vec<Typed>, after: Vec<Typed>) {
        let is_one = before.len() == 1 && after.len() == 1;
        let mut left: Vec<_> = after.into_iter().map(|it| (tag(kind, &it), it)).collect();
        for was in before {
            let wanted = tag(kind, &was);
            let is_alike =
                |it: &Option<String>| *it == wanted || (is_one && (it.is_none() || wanted.is_none()));
            let found = left.iter().position(|(it, _)| is_alike(it)).map(|at| left.remove(at));
            match (found, &wanted) {
                (Some((_, is)), Some(tag)) if !is_one => self.typed(&format!("{path}({tag})"), &was, &is),
                (Some((_, is)), _) => self.typed(path, &was, &is),
                (None, Some(tag)) => {
                    self.found(path, format!("the variant `{tag}` is gone"), Effect::Narrower(In::Values));
                }
                (None, None) => self.found(path, "an object is gone", Effect::Narrower(In::Types)),
            }
        }
        for (tag, _) in left {
            match tag {
                Some(tag) => {
                    self.found(path, format!("the variant `{tag}` is new"), Effect::Wider(In::Values))
                }
                None => self.found(path, "can be an object now", Effect::Wider(In::Types)),
            }
        }
    }

    fn fields(&mut self, path: &str, was: &Map<String, Value>, is: &Map<String, Value>) {
        let (old, new) = (Fields(was), Fields(is));
        let names: BTreeSet<_> = old.names().chain(new.names()).collect();
        for name in names {
            let place = format!("{path}.{name}");
            match (old.field(name), new.field(name)) {
                (Some(was), Some(is)) => {
                    self.need(&place, old.need(name), new.need(name));
                    self.schemas(&place, was, is);
                }
                (Some(_), None) => {
                    let effect = Effect::FieldRemoved { need: old.need(name), now: new.unknown() };
                    self.found(&place, "is gone", effect);
                }
                (None, Some(_)) => {
                    let need = new.need(name);
                    let what = if need == Need::Required { "is new, and required" } else { "is new" };
                    self.found(&place, what, Effect::FieldAdded { need, before: old.unknown() });
                }
                (None, None) => {}
            }
        }
        match (old.unknown(), new.unknown()) {
            (Unknown::LetPass, Unknown::LetPass) => {
                self.schemas(&format!("{path}.*"), old.others(), new.others());
            }
            (Unknown::Refused, Unknown::Refused) => {}
            (Unknown::LetPass, Unknown::Refused) => {
                self.found(path, "refuses fields that it does not know now", Effect::Closed);
            }
            (Unknown::Refused, Unknown::LetPass) => {
                self.found(path, "lets fields pass that it does not know now", Effect::Opened);
            }
        }
    }

    fn need(&mut self, path: &str, was: Need, is: Need) {
        match (was, is) {
            (Need::Optional, Need::Required) => self.found(path, "is required now", Effect::NowRequired),
            (Need::Required, Need::Optional) => self.found(path, "is optional now", Effect::NowOptional),
            (Need::Required, Need::Required) | (Need::Optional, Need::Optional) => {}
        }
    }

    fn items(&mut self, path: &str, was: &Map<String, Value>, is: &Map<String, Value>) {
        let first = |of: &Map<String, Value>| match of.get("prefixItems") {
            Some(Value::Array(all)) => all.clone(),
            _ => Vec::new(),
        };
        let rest = |of: &Map<String, Value>| of.get("items").cloned().unwrap_or(Value::Bool(true));
        let (old, new) = (first(was), first(is));
        for at in 0..old.len().max(new.len()) {
            let [one, other] =
                [(&old, was), (&new, is)].map(|(it, of)| it.get(at).cloned().unwrap_or_else(|| rest(of)));
            self.schemas(&format!("{path}[{at}]"), &one, &other);
        }
        self.schemas(&format!("{path}[]"), &rest(was), &rest(is));
    }
}

/// What tells a variant from the others: the value of its tag, or its only field.
fn tag(kind: Kind, object: &Typed) -> Option<String> {
    let fields = Fields(&object.keywords);
    let constant = |name: &str| {
        let value = fields.field(name)?.get("const")?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    let tags: Vec<_> = fields.names().filter_map(constant).collect();
    if !tags.is_empty() {
        return Some(tags.join(", "));
    }
    let mut names = fields.names().filter(|_| kind == Kind::Enum);
    match (names.next(), names.next()) {
        (Some(only), None) if fields.need(only) == Need::Required => Some(only.to_owned()),
        _ => None,
    }
}

/// What an object's keywords say of its fields.
struct Fields<'k>(&'k Map<String, Value>);

impl<'k> Fields<'k> {
    fn names(&self) -> impl Iterator<Item = &'k str> + use<'k> {
        let known = self.0.get("properties").and_then(Value::as_object);
        known.into_iter().flat_map(|it| it.keys().map(String::as_str))
    }

    fn field(&self, name: &str) -> Option<&'k Value> {
        self.0.get("properties")?.get(name)
    }

    fn need(&self, name: &str) -> Need {
        let required = self.0.get("required").and_then(Value::as_array);
        if required.is_some_and(|all| all.iter().any(|it| it == name)) {
            Need::Required
        } else {
            Need::Optional
        }
    }

    /// What the fields are that are not named.
    fn others(&self) -> &'k Value {
        let said = self.0.get("additionalProperties").or_else(|| self.0.get("unevaluatedProperties"));
        said.unwrap_or(&Value::Bool(true))
    }

    fn unknown(&self) -> Unknown {
        if *self.others() == Value::Bool(false) { Unknown::Refused } else { Unknown::LetPass }
    }
}
