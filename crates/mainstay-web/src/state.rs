//! What the application gave its handlers: values by their type.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use mainstay_kernel::{Error, Place, Result};

use crate::error::ApiError;
use crate::site::Site;

/// Values of an application, one of each type. Cheap to clone.
#[derive(Clone, Default)]
pub struct States(Arc<HashMap<TypeId, Given>>);

#[derive(Clone)]
struct Given {
    name: &'static str,
    value: Arc<dyn Any + Send + Sync>,
    place: Place,
}

impl States {
    /// Adds a value that was given at this place.
    ///
    /// # Errors
    /// Where a value of this type was given before; that one stays.
    pub fn insert<T: Clone + Send + Sync + 'static>(
        &mut self,
        value: T,
        place: Place,
    ) -> std::result::Result<(), Place> {
        if let Some(before) = self.0.get(&TypeId::of::<T>()) {
            return Err(before.place);
        }
        let given = Given { name: type_name::<T>(), value: Arc::new(value), place };
        Arc::make_mut(&mut self.0).insert(TypeId::of::<T>(), given);
        Ok(())
    }

    /// Adds those of `others` whose types are not here yet.
    #[must_use]
    pub fn or(mut self, others: &Self) -> Self {
        for (id, given) in others.0.iter() {
            Arc::make_mut(&mut self.0).entry(*id).or_insert_with(|| given.clone());
        }
        self
    }

    /// The value of this type.
    pub fn get<T: Clone + 'static>(&self) -> Option<T> {
        self.0.get(&TypeId::of::<T>())?.value.downcast_ref::<T>().cloned()
    }

    /// Whether there is a value of the type with this name, as [`type_name`] writes it.
    pub fn has(&self, name: &str) -> bool {
        self.0.values().any(|it| it.name == name)
    }

    /// Whether there is a value of this type.
    pub fn holds<T: 'static>(&self) -> bool {
        self.0.contains_key(&TypeId::of::<T>())
    }
}

/// Their types alone: what they hold may be secret.
impl fmt::Debug for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.values().map(|it| it.name)).finish()
    }
}

/// What the application gave by `App::state` or `App::config`, and the [`Site`] and its database: an
/// extractor for handlers.
///
/// ```
/// use mainstay_web::State;
///
/// #[derive(Clone)]
/// struct Greeting(&'static str);
///
/// async fn hello(State(greeting): State<Greeting>) -> &'static str {
///     greeting.0
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State<T>(pub T);

impl<T> Deref for State<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone + Send + Sync + 'static> FromRequestParts<Site> for State<T> {
    type Rejection = ApiError;

    async fn from_request_parts(_: &mut Parts, site: &Site) -> std::result::Result<Self, ApiError> {
        Ok(Self(site.state()?))
    }
}

impl Site {
    /// The value of this type that the application was given, or the site itself, or its database.
    ///
    /// # Errors
    /// Internal, naming the type, when nobody gave one.
    pub fn state<T: Clone + 'static>(&self) -> Result<T> {
        let own: [&dyn Any; 2] = [self, self.db()];
        let own = || own.into_iter().find_map(|it| it.downcast_ref::<T>()).cloned();
        self.states().get().or_else(own).ok_or_else(|| nobody_gave(type_name::<T>()))
    }

    /// Whether [`Site::state`] would find a value of the type with this name.
    pub fn has_state(&self, name: &str) -> bool {
        let own = [type_name::<Self>(), type_name::<mainstay_kernel::Db>()];
        own.contains(&name) || self.states().has(name)
    }
}

fn nobody_gave(name: &str) -> Error {
    let short = name.rsplit("::").next().unwrap_or(name);
    Error::internal(format!(
        "nobody gave the application a `{name}`, which a handler asks for by `State<{short}>`: add `.state(…)` with \
         one to the application, or `.config::<{short}>()` where it derives `Config`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_of_each_type_is_kept_and_the_first_one_stays() {
        let (first, second) = (Place::at("a.rs", 1), Place::at("b.rs", 2));
        let mut states = States::default();
        assert_eq!(states.insert(1_u32, first), Ok(()));
        assert_eq!(states.insert(2_u32, second), Err(first));
        assert_eq!(states.insert("text", second), Ok(()));
        assert_eq!(
            (states.get::<u32>(), states.get::<&str>(), states.get::<u64>()),
            (Some(1), Some("text"), None)
        );
        let mut others = States::default();
        assert_eq!(others.insert(3_u32, first).and(others.insert(4_u64, first)), Ok(()));
        let all = states.or(&others);
        assert_eq!((all.get::<u32>(), all.get::<u64>()), (Some(1), Some(4)));
        assert!(all.has("u64") && !all.has("u8") && all.holds::<u64>());
    }
}
