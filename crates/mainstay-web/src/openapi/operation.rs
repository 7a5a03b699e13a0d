use std::collections::BTreeMap;

use schemars::Schema;
use serde::Serialize;
use serde_json::Value;

use super::errors::DeclaredError;

/// What one method of one path does.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// Its name among all operations, such as `list_posts`.
    pub operation_id: String,
    /// One line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// More, in CommonMark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The groups that it is shown in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What its path, its query and its headers hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
    /// Its body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_body: Option<RequestBody>,
    /// Its answers by status, or by `default`.
    pub responses: BTreeMap<String, Answer>,
    /// What a caller must show: one of these. An empty requirement stands for nothing; `None` for whatever the
    /// document says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security: Option<Vec<Requirement>>,
    /// Whether it should not be used any more.
    #[serde(skip_serializing_if = "is_false")]
    pub deprecated: bool,
    /// Its errors by status and code. [`Document::finish`](super::Document::finish) makes answers of them.
    #[serde(rename = "x-errors", skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<DeclaredError>,
}

/// Names of security schemes, all of which are needed, with the scopes that they need.
pub type Requirement = BTreeMap<String, Vec<String>>;

/// A value in a path, a query or a header.
#[derive(Clone, Debug, Serialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where it stands.
    #[serde(rename = "in")]
    pub location: In,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it must be there; always in a path.
    #[serde(skip_serializing_if = "is_false")]
    pub required: bool,
    /// How a list or an object is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub style: Option<Style>,
    /// Whether each element stands by itself. The style's own when it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explode: Option<bool>,
    /// What it may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Schema>,
    /// What it may be, where it is a text of this media type.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub content: BTreeMap<String, Media>,
    /// One value that it could have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<Value>,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum In {
    Path,
    Query,
    Header,
}

/// How a parameter that is a list or an object is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Style {
    /// `a=1,2`, or `a=1&a=2` when it is exploded.
    Form,
    /// `a[b]=1&a[c]=2`.
    DeepObject,
}

/// What a request carries.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RequestBody {
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// By media type.
    pub content: BTreeMap<String, Media>,
    /// Whether it must be there.
    pub required: bool,
}

/// A body of one media type.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Media {
    /// What it may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Schema>,
    /// One that it could be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<Value>,
}

/// One answer, or where it is described.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Here.
    Here(Response),
    /// Among the document's components, as `#/components/responses/…`.
    There {
        /// Where.
        #[serde(rename = "$ref")]
        reference: String,
    },
}

/// What an answer holds.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Response {
    /// What it says.
    pub description: String,
    /// Its headers by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Header>,
    /// Its body by media type.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub content: BTreeMap<String, Media>,
    /// What can be done next, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub links: BTreeMap<String, Link>,
}

/// An operation that takes something out of an answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// The operation.
    pub operation_id: String,
    /// Its parameters, as runtime expressions such as `$response.body#/result/id`.
    pub parameters: BTreeMap<String, String>,
}

/// A header of an answer.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Header {
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it is always there.
    #[serde(skip_serializing_if = "is_false")]
    pub required: bool,
    /// What it may be.
    pub schema: Schema,
}

impl Operation {
    /// An operation of this name.
    pub fn new(operation_id: impl Into<String>) -> Self {
        Self { operation_id: operation_id.into(), ..Self::default() }
    }

    /// With this parameter.
    #[must_use]
    pub fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// With this answer.
    #[must_use]
    pub fn answers(mut self, status: u16, response: Response) -> Self {
        self.responses.insert(status.to_string(), Answer::Here(response));
        self
    }

    /// With these errors.
    #[must_use]
    pub fn fails(mut self, errors: impl IntoIterator<Item = DeclaredError>) -> Self {
        self.errors.extend(errors);
        self
    }
}

impl Parameter {
    /// A part of the path.
    pub fn path(name: impl Into<String>, schema: Schema) -> Self {
        Self { required: true, ..Self::at(In::Path, name, schema) }
    }

    /// A value of the query, which may be left out.
    pub fn query(name: impl Into<String>, schema: Schema) -> Self {
        Self::at(In::Query, name, schema)
    }

    /// A header, which may be left out.
    pub fn header(name: impl Into<String>, schema: Schema) -> Self {
        Self::at(In::Header, name, schema)
    }

    fn at(location: In, name: impl Into<String>, schema: Schema) -> Self {
        Self {
            name: name.into(),
            location,
            description: None,
            required: false,
            style: None,
            explode: None,
            schema: Some(schema),
            content: BTreeMap::new(),
            example: None,
        }
    }

    /// With what it is for.
    #[must_use]
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// With one value that it could have.
    #[must_use]
    pub fn example(mut self, example: impl Into<Value>) -> Self {
        self.example = Some(example.into());
        self
    }

    /// Of a list: its elements stand in one value, parted by commas.
    #[must_use]
    pub fn joined(self) -> Self {
        Self { style: Some(Style::Form), explode: Some(false), ..self }
    }

    /// Of an object: each member stands by itself, as `name[member]=value`.
    #[must_use]
    pub fn deep(self) -> Self {
        Self { style: Some(Style::DeepObject), explode: Some(true), ..self }
    }
}

impl RequestBody {
    /// A body of JSON that must be there.
    pub fn json(schema: Schema) -> Self {
        Self {
            content: BTreeMap::from([(JSON.to_owned(), Media::of(schema))]),
            required: true,
            ..Self::default()
        }
    }

    /// Also of this media type.
    #[must_use]
    pub fn or(mut self, media_type: impl Into<String>, media: Media) -> Self {
        self.content.insert(media_type.into(), media);
        self
    }
}

impl Media {
    /// What this schema describes.
    pub fn of(schema: Schema) -> Self {
        Self { schema: Some(schema), example: None }
    }
}

impl Response {
    /// An answer without a body.
    pub fn new(description: impl Into<String>) -> Self {
        Self { description: description.into(), ..Self::default() }
    }

    /// An answer in JSON.
    pub fn json(description: impl Into<String>, schema: Schema) -> Self {
        let content = BTreeMap::from([(JSON.to_owned(), Media::of(schema))]);
        Self { content, ..Self::new(description) }
    }

    /// With this header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, header: Header) -> Self {
        self.headers.insert(name.into(), header);
        self
    }
}

impl Header {
    /// A header, which may be missing.
    pub fn of(schema: Schema, description: impl Into<String>) -> Self {
        Self { description: Some(description.into()), required: false, schema }
    }
}

pub(super) const JSON: &str = "application/json";

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_false(it: &bool) -> bool {
    !*it
}
