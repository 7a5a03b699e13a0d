//! The shop as it is before the upgrade. `after.rs` beside it is the next version.

mod parcel;

use mainstay::prelude::*;
use parcel::{NewParcel, Parcel};

/// What somebody ordered.
#[derive(Model, Clone, Debug)]
pub struct Order {
    /// Its key.
    pub id: Id<Order>,
    /// What is wanted.
    pub item: String,
}

/// Operations alone read and write orders.
#[scope]
impl Scope for Order {}

/// What is wanted.
#[data]
pub struct Wish {
    /// One of what the shop has.
    #[garde(length(min = 1, max = 100))]
    pub item: String,
}

/// An order that was placed.
#[data]
pub struct Placed {
    /// Its key.
    pub id: Id<Order>,
}

/// Places an order.
#[mutation(queue = "orders", path = "orders.place")]
pub async fn place(tx: &mut Tx, wish: Wish) -> Result<Placed> {
    let order = NewOrder { item: wish.item }.insert(tx).await?;
    tx.enqueue(pack, order.id).await?;
    Ok(Placed { id: order.id })
}

/// Packs what was ordered.
#[worker(queue = "packing")]
pub async fn pack(tx: &mut Tx, order: Id<Order>) -> Result<()> {
    NewParcel { order: order.into() }.insert(tx).await.map(drop)
}

#[mainstay::main]
async fn main() -> mainstay::Result<()> {
    App::new("shop").model::<Order>().model::<Parcel>().operation(place).worker(pack).run().await
}
