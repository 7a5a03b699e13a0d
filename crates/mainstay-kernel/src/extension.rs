//! What the layers above attach to a database and to a transaction, by its type: the kernel carries
//! it and knows nothing of it.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use crate::{Error, Result};

type Anything = dyn Any + Send + Sync;

/// Values that are attached for as long as the database is open, one of each type. Reading them takes no lock: each
/// transaction asks.
#[derive(Default)]
pub(crate) struct Extension(OnceLock<Box<Attached>>);

struct Attached {
    value: Arc<Anything>,
    rest: Extension,
}

impl Extension {
    pub(crate) fn attach<T: Any + Send + Sync>(&self, value: T) -> Result<()> {
        let mut attached = Box::new(Attached { value: Arc::new(value), rest: Self::default() });
        let mut end = self;
        while let Err(back) = end.0.set(attached) {
            attached = back;
            let Some(next) = end.0.get() else { continue };
            if next.value.is::<T>() {
                return Err(Error::internal(
                    "this database has an extension of this type: two applications cannot extend one handle",
                ));
            }
            end = &next.rest;
        }
        Ok(())
    }

    pub(crate) fn get<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        let attached = self.0.get()?;
        Arc::clone(&attached.value).downcast().ok().or_else(|| attached.rest.get())
    }
}

/// Values of one transaction, one of each type.
#[derive(Default)]
pub(crate) struct Locals(Vec<Box<Anything>>);

impl Locals {
    pub(crate) fn of<T: Any + Default + Send + Sync>(&mut self) -> &mut T {
        let at = self.0.iter().position(|it| it.is::<T>()).unwrap_or_else(|| {
            self.0.push(Box::<T>::default());
            self.0.len() - 1
        });
        self.0[at].downcast_mut().expect("it was found by its type")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_of_each_type_is_attached() {
        let extension = Extension::default();
        assert!(extension.get::<u8>().is_none());
        extension.attach(1_u8).unwrap();
        extension.attach("text").unwrap();
        assert!(extension.attach(2_u8).is_err());
        assert_eq!((*extension.get::<u8>().unwrap(), *extension.get::<&str>().unwrap()), (1, "text"));
        assert!(extension.get::<u16>().is_none());
    }
}
