use std::collections::BTreeMap;
use std::time::Duration;

use mainstay_kernel::{Caller, Error, Principal, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::version::FIRST;

/// What travels with a task beside its input.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Meta {
    /// For whom it runs.
    #[serde(skip_serializing_if = "Who::is_system")]
    who: Who,
    /// What it is part of: a W3C trace context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) traceparent: Option<String>,
    /// Under which subject it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    /// Values of an operation's path.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) params: BTreeMap<String, String>,
    /// In which version its input is written: the database frees a task that was set aside by it.
    #[serde(skip_serializing_if = "is_first")]
    pub(crate) version: u32,
    /// What the author gave along.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) metadata: Map<String, Value>,
    /// How long to wait before another try, in milliseconds, in place of the worker's backoff.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_ms: Option<u64>,
}

/// A [`Caller`], as it is written down.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Who {
    Anonymous,
    User(Box<Person>),
    Service(String),
    #[default]
    System,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Person {
    id: mainstay_kernel::Id<Principal>,
    issuer: String,
    subject: String,
    email: Option<String>,
    name: Option<String>,
    roles: Vec<String>,
    scopes: Vec<String>,
    claims: Map<String, Value>,
}

impl Default for Meta {
    fn default() -> Self {
        Self {
            who: Who::default(),
            traceparent: None,
            subject: None,
            params: BTreeMap::new(),
            version: FIRST,
            metadata: Map::new(),
            retry_ms: None,
        }
    }
}

fn is_first(version: &u32) -> bool {
    *version == FIRST
}

impl Meta {
    /// What travels with a task that this caller left behind.
    pub(crate) fn of(caller: &Caller) -> Self {
        Self { who: Who::of(caller), ..Self::default() }
    }

    /// For whom the task runs.
    pub(crate) fn caller(&self) -> Caller {
        match &self.who {
            Who::Anonymous => Caller::Anonymous,
            Who::Service(name) => Caller::Service(name.clone()),
            Who::System => Caller::System,
            Who::User(person) => Caller::User(Box::new(person.principal())),
        }
    }

    pub(crate) fn delay_retry(&mut self, wait: Duration) {
        self.retry_ms = Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
    }

    /// How long to wait before another try, where the task says so.
    pub(crate) fn retry_delay(&self) -> Option<Duration> {
        self.retry_ms.map(Duration::from_millis)
    }

    pub(crate) fn write(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|error| Error::internal("what travels with a task cannot be written").caused_by(error))
    }

    pub(crate) fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text)
            .map_err(|error| Error::internal("what travelled with a task cannot be read").caused_by(error))
    }
}

impl Who {
    fn is_system(&self) -> bool {
        matches!(self, Self::System)
    }

    fn of(caller: &Caller) -> Self {
        match caller {
            Caller::Anonymous => Self::Anonymous,
            Caller::User(principal) => Self::User(Box::new(Person::of(principal))),
            Caller::Service(name) => Self::Service(name.clone()),
            Caller::System => Self::System,
        }
    }
}

impl Person {
    fn of(principal: &Principal) -> Self {
        let Principal { id, issuer, subject, email, name, roles, scopes, claims } = principal.clone();
        Self { id: mainstay_kernel::Id::from_uuid(id), issuer, subject, email, name, roles, scopes, claims }
    }

    fn principal(&self) -> Principal {
        let Self { id, issuer, subject, email, name, roles, scopes, claims } = self.clone();
        Principal { id: id.uuid(), issuer, subject, email, name, roles, scopes, claims }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_caller_comes_back_as_who_it_was() {
        let person = Principal {
            id: uuid::Uuid::from_u128(7),
            subject: "ann".to_owned(),
            roles: vec!["editor".to_owned()],
            ..Default::default()
        };
        for caller in [
            Caller::Anonymous,
            Caller::System,
            Caller::Service("mail".to_owned()),
            Caller::User(Box::new(person)),
        ] {
            let back = Meta::read(&Meta::of(&caller).write().unwrap()).unwrap().caller();
            assert_eq!((back.label(), back.has_role("editor")), (caller.label(), caller.has_role("editor")));
        }
        assert_eq!(Meta::of(&Caller::System).write().unwrap(), "{}");
    }

    #[test]
    fn the_version_of_an_input_is_written_where_it_is_not_the_first() {
        let third = Meta { version: 3, ..Meta::default() };
        assert_eq!(third.write().unwrap(), "{\"version\":3}");
        assert_eq!(Meta::read("{\"version\":3}").unwrap().version, 3);
        assert_eq!(Meta::read("{}").unwrap().version, 1);
    }
}
