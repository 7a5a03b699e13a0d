//! What the layers above attach to a database and to a transaction, by its type: the kernel carries
//! it and knows nothing of it.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use crate::{Error, Result};

type Anything = dyn Any + Send + Sync;

/// One value, attached for as long as the database is open.
#[derive(Default)]
pub(crate) struct Extension(OnceLock<Arc<Anything>>);

impl Extension {
    pub(crate) fn attach<T: Any + Send + Sync>(&self, value: T) -> Result<()> {
        self.0.set(Arc::new(value)).map_err(|_| {
            Error::internal("this database has an extension: two applications cannot extend one handle")
        })
    }

    pub(crate) fn get<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        Arc::clone(self.0.get()?).downcast().ok()
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
