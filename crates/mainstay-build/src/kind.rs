/// What an item of the application is, by the attribute over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `#[derive(Model)]`
    Model(Rows),
    /// `#[hook(…)]`
    Hook,
    /// `#[request_hook(…)]`
    RequestHook,
    /// `#[middleware]`
    Middleware,
    /// `#[endpoint]`
    Endpoint(Address),
    /// `#[mutation(…)]`
    Mutation,
    /// `#[query(…)]`
    Query,
    /// `#[worker]`
    Worker,
    /// `#[cron(…)]`
    Cron,
}

/// Whose rows a model has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// `#[model(identity)]`: the application's users.
    Users,
    /// Anything else.
    Plain,
}

/// What says an endpoint's method and path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// Its file.
    File,
    /// Its attribute.
    Attribute,
}

impl Kind {
    /// The word for it in messages.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Model(_) => "model",
            Self::Hook => "hook",
            Self::RequestHook => "request hook",
            Self::Middleware => "middleware",
            Self::Endpoint(_) => "endpoint",
            Self::Mutation => "mutation",
            Self::Query => "query",
            Self::Worker => "worker",
            Self::Cron => "cron",
        }
    }

    /// What an attribute over a function makes it.
    pub(crate) fn of_attribute(name: &str) -> Option<Self> {
        match name {
            "hook" => Some(Self::Hook),
            "request_hook" => Some(Self::RequestHook),
            "middleware" => Some(Self::Middleware),
            "endpoint" => Some(Self::Endpoint(Address::File)),
            "mutation" => Some(Self::Mutation),
            "query" => Some(Self::Query),
            "worker" => Some(Self::Worker),
            "cron" => Some(Self::Cron),
            _ => None,
        }
    }
}

/// A folder of the source folder whose files become modules. A folder for another kind of thing is
/// another row.
pub(crate) struct Place {
    /// Its name.
    pub(crate) folder: &'static str,
    /// What it holds, as its module's documentation says.
    pub(crate) about: &'static str,
    /// How its items are named from outside.
    pub(crate) names: Names,
}

/// How the items of a folder are named from outside.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    /// `models::Post`: the folder's module has what its files have.
    Flat,
    /// `services::mail::send`
    ByFile,
}

const fn place(folder: &'static str, about: &'static str, names: Names) -> Place {
    Place { folder, about, names }
}

/// The folders, in the order in which they are written.
pub(crate) const PLACES: [Place; 10] = [
    place("models", "What is kept.", Names::Flat),
    place("hooks", "What runs when a row is written.", Names::ByFile),
    place("middleware", "What stands around every endpoint.", Names::ByFile),
    place("endpoints", "Routes beside those of the models.", Names::ByFile),
    place("mutations", "Operations that write.", Names::ByFile),
    place("queries", "Operations that read.", Names::ByFile),
    place("workers", "What runs the tasks that others leave behind.", Names::ByFile),
    place("crons", "What runs when its time has come.", Names::ByFile),
    place("commands", "What the command line can do beside serving.", Names::ByFile),
    place("services", "Plain functions that the others call.", Names::ByFile),
];
