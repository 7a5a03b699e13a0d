//! The names that models use, without what is behind them.

#![allow(dead_code, unused_imports)]

pub use mainstay_macros::{
    Config, ErrorSet, Model, cron, data, endpoint, hook, main, middleware, migrations, mutation, query, request_hook, scope,
    test, worker,
};

pub type Result<T> = std::result::Result<T, String>;

pub trait Hooked {
    const WORKER: Option<queue::WorkerEntry>;
}

pub mod queue {
    pub struct WorkerEntry;
}

pub mod model {
    pub trait Granted: Sized {
        const GRANTS: &'static [Action];
    }

    pub enum Action {
        Read,
        Create,
        Update,
        Patch,
        Delete,
    }

    pub mod hook {
        use std::marker::PhantomData;
        use std::pin::Pin;

        pub use super::super::Result;

        pub type Boxed<'t, T> = Pin<Box<dyn Future<Output = T> + Send + 't>>;

        pub struct HookCx<'t, M>(PhantomData<(&'t (), M)>);

        pub enum When {
            Before,
            After,
            Spawn,
        }

        pub enum Event {
            Save,
            Create,
            Update,
            Patch,
            Remove,
        }

        pub struct HookPoint {
            pub when: When,
            pub event: Event,
            pub priority: i32,
            pub name: &'static str,
            pub place: Place,
        }

        pub struct Place;

        impl Place {
            pub const fn at(_: &'static str, _: u32) -> Self {
                Self
            }
        }

        pub trait Hook {
            type Model;
            const POINT: HookPoint;
            fn run<'a>(cx: &'a mut HookCx<'_, Self::Model>) -> Boxed<'a, Result<()>>;
        }
    }
}

pub mod prelude {
    use std::marker::PhantomData;

    pub use super::model::hook::HookCx;
    pub use super::{Model, scope};

    pub struct Id<M>(PhantomData<M>);
    pub struct Ref<M>(PhantomData<M>);
    pub struct Json<T>(T);
    pub struct Timestamp;
    pub struct Overflow;
    pub struct Caller;
    pub struct Tx;
    pub struct Access<M>(PhantomData<M>);

    pub trait Scope: super::model::Granted {
        fn can_delete(who: &Caller) -> Access<Self>;
    }
}
