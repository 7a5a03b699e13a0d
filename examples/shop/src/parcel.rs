use mainstay::prelude::*;

use crate::Order;

/// What was packed: the same before and after.
#[derive(Model, Clone, Debug)]
pub struct Parcel {
    /// Its key.
    pub id: Id<Parcel>,
    /// What it is of.
    #[model(references)]
    pub order: Ref<Order>,
}

/// Operations alone read and write parcels.
#[scope]
impl Scope for Parcel {}
