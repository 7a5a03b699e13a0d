use std::collections::BTreeMap;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Map, Value};

use super::errors;
use super::operation::{Operation, Requirement, Response};

/// An OpenAPI 3.1 document.
#[derive(Clone, Debug, Serialize)]
pub struct Document {
    /// The version of OpenAPI.
    pub openapi: &'static str,
    /// What it describes.
    pub info: Info,
    /// The groups of operations, in the order in which they are shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Operations by path and, in lower case, method.
    pub paths: BTreeMap<String, BTreeMap<String, Operation>>,
    /// What operations refer to.
    pub components: Components,
    /// What callers must show where an operation says nothing else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub security: Vec<Requirement>,
}

/// Whose API it is.
#[derive(Clone, Debug, Serialize)]
pub struct Info {
    /// Its name.
    pub title: String,
    /// The application's version.
    pub version: String,
    /// What it is for, in CommonMark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A group of operations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tag {
    /// Its name.
    pub name: String,
    /// What it holds, in CommonMark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What operations refer to.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Components {
    /// Types by name.
    pub schemas: Map<String, Value>,
    /// Answers by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub responses: BTreeMap<String, Response>,
    /// Ways to show who calls, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub security_schemes: BTreeMap<String, SecurityScheme>,
}

/// A way to show who calls.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum SecurityScheme {
    /// In `Authorization`.
    #[serde(rename_all = "camelCase")]
    Http {
        /// Such as `bearer`.
        scheme: &'static str,
        /// What stands after it, such as `JWT`.
        #[serde(skip_serializing_if = "Option::is_none")]
        bearer_format: Option<&'static str>,
        /// What it is.
        description: String,
    },
    /// In a header of its own.
    ApiKey {
        /// The header.
        name: &'static str,
        /// `header`.
        #[serde(rename = "in")]
        location: &'static str,
        /// What it is.
        description: String,
    },
}

/// What describes the types of one document: JSON Schema 2020-12, with definitions in the document's components.
pub fn generator() -> SchemaGenerator {
    let under_components = |settings: &mut SchemaSettings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    };
    let mut generator = SchemaSettings::draft2020_12().with(under_components).into_generator();
    errors::define(&mut generator);
    generator
}

impl Document {
    /// A document without operations.
    pub fn new(info: Info) -> Self {
        Self {
            openapi: "3.1.0",
            info,
            tags: Vec::new(),
            paths: BTreeMap::new(),
            components: Components::default(),
            security: Vec::new(),
        }
    }

    /// Adds an operation at a path, in place of one that is there. The method is written as HTTP does, the path's
    /// parameters as `{name}`.
    pub fn add(&mut self, method: &str, path: impl Into<String>, mut operation: Operation) {
        errors::answer(&mut operation, &mut self.components.responses);
        self.paths.entry(path.into()).or_default().insert(method.to_ascii_lowercase(), operation);
    }

    /// Adds a group, unless it is there.
    pub fn tag(&mut self, name: impl Into<String>, description: Option<String>) {
        let tag = Tag { name: name.into(), description };
        if !self.tags.iter().any(|it| it.name == tag.name) {
            self.tags.push(tag);
        }
    }

    /// The document with the types that its operations refer to.
    #[must_use]
    pub fn finish(mut self, mut generator: SchemaGenerator) -> Self {
        self.components.schemas = generator.take_definitions(true);
        self
    }

    /// The document as JSON.
    ///
    /// # Errors
    /// Never, in practice: its parts are all text.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self).map(|it| it + "\n")
    }
}
