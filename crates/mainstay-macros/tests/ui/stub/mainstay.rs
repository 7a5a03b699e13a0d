//! The names that models use, without what is behind them.

#![allow(dead_code, unused_imports)]

pub use mainstay_macros::{Model, main, scope, test};

pub type Result<T> = std::result::Result<T, String>;

pub mod model {
    pub enum Action {
        Read,
        Create,
        Update,
        Patch,
        Delete,
    }
}

pub mod prelude {
    use std::marker::PhantomData;

    pub use super::{Model, scope};

    pub struct Id<M>(PhantomData<M>);
    pub struct Ref<M>(PhantomData<M>);
    pub struct Json<T>(T);
    pub struct Timestamp;
    pub struct Caller;
    pub struct Access<M>(PhantomData<M>);

    pub trait Scope: Sized {
        const GRANTS: &'static [super::model::Action];

        fn can_delete(who: &Caller) -> Access<Self>;
    }
}
