use serde_json::{Map, Value};
use uuid::Uuid;

/// Who asks for something.
#[derive(Clone, Debug, Default)]
pub enum Caller {
    /// Nobody gave a credential.
    #[default]
    Anonymous,
    /// A person, known by a verified credential.
    User(Box<Principal>),
    /// Another service, known by one of the configured tokens.
    Service(String),
    /// The framework itself: crons, migrations, the command line.
    System,
}

/// A verified person. Identity is (`issuer`, `subject`), never the e-mail.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Principal {
    /// Key of this person's row in the application's user model; nil where it has none.
    pub id: Uuid,
    /// Who vouches for the subject (`iss`); empty for this application's own tokens.
    pub issuer: String,
    /// The person within the issuer (`sub`).
    pub subject: String,
    /// `email`
    pub email: Option<String>,
    /// `name`
    pub name: Option<String>,
    /// `roles`
    pub roles: Vec<String>,
    /// `scopes` (or the space-separated `scope` of RFC 8693)
    pub scopes: Vec<String>,
    /// Every claim of the credential.
    pub claims: Map<String, Value>,
}

impl Caller {
    /// The person who asks, if one does.
    pub fn user(&self) -> Option<&Principal> {
        match self {
            Self::User(principal) => Some(principal),
            Self::Anonymous | Self::Service(_) | Self::System => None,
        }
    }

    /// Key of the person's row. Missing for everybody else, and a missing operand makes no
    /// predicate true.
    pub fn user_id(&self) -> Option<Uuid> {
        self.user().map(|principal| principal.id)
    }

    /// Whether the person has this role.
    pub fn has_role(&self, role: &str) -> bool {
        self.user().is_some_and(|principal| principal.roles.iter().any(|it| it == role))
    }

    /// Whether no credential was given.
    pub fn is_anonymous(&self) -> bool {
        matches!(self, Self::Anonymous)
    }

    /// The caller in one word, for logs and request ids: `user:<id>`, `service:<name>`.
    pub fn label(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::User(principal) if principal.id.is_nil() => principal.named(),
            Self::User(principal) => format!("user:{}", principal.id),
            Self::Service(name) => format!("service:{name}"),
            Self::System => "system".to_owned(),
        }
    }

    /// The caller in one word as the credential names it, whether or not the person's row is known.
    pub fn credential(&self) -> String {
        match self {
            Self::User(principal) if !principal.subject.is_empty() => principal.named(),
            Self::User(_) | Self::Anonymous | Self::Service(_) | Self::System => self.label(),
        }
    }
}

impl Principal {
    fn named(&self) -> String {
        format!("subject:{}:{}:{}", self.issuer.len(), self.issuer, self.subject)
    }
}
