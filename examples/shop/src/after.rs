//! The shop as the upgrade makes it: orders have a number of pieces, and invoices are written.
//!
//! It runs beside `before.rs`, on the same database: a column and a table are added; two inputs have another version,
//! with what brings the one before up; there is a worker that the version before does not know.

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
    /// How many of it. The version before inserts orders without.
    #[model(default = 1)]
    pub pieces: i64,
}

/// Operations alone read and write orders.
#[scope]
impl Scope for Order {}

/// What an order costs.
#[derive(Model, Clone, Debug)]
pub struct Invoice {
    /// Its key.
    pub id: Id<Invoice>,
    /// What it is of.
    #[model(references)]
    pub order: Ref<Order>,
}

/// Operations alone read and write invoices.
#[scope]
impl Scope for Invoice {}

/// What is wanted. Version 1 was without `pieces`.
#[data]
pub struct Wish {
    /// One of what the shop has.
    #[garde(length(min = 1, max = 100))]
    pub item: String,
    /// How many of it.
    #[garde(range(min = 1, max = 100))]
    pub pieces: i64,
}

fn upgrade_wish(from: u32, mut input: Value) -> Result<Value> {
    match from {
        1 => {
            input["pieces"] = json!(1);
            Ok(input)
        }
        _ => Err(Error::internal("there is no such version")),
    }
}

/// An order that was placed.
#[data]
pub struct Placed {
    /// Its key.
    pub id: Id<Order>,
    /// How many pieces.
    pub pieces: i64,
}

/// Places an order.
#[mutation(queue = "orders", path = "orders.place", version = 2, upgrade = upgrade_wish)]
pub async fn place(tx: &mut Tx, wish: Wish) -> Result<Placed> {
    let Wish { item, pieces } = wish;
    let order = NewOrder { item, pieces }.insert(tx).await?;
    tx.enqueue(pack, Packing { order: order.id, pieces }).await?;
    tx.enqueue(invoice, order.id).await?;
    Ok(Placed { id: order.id, pieces })
}

/// What is packed. Version 1 was the order alone.
#[data]
pub struct Packing {
    /// What it is of.
    pub order: Id<Order>,
    /// How many pieces.
    pub pieces: i64,
}

fn upgrade_packing(from: u32, input: Value) -> Result<Value> {
    match from {
        1 => Ok(json!({ "order": input, "pieces": 1 })),
        _ => Err(Error::internal("there is no such version")),
    }
}

/// Packs what was ordered.
#[worker(queue = "packing", version = 2, upgrade = upgrade_packing)]
pub async fn pack(tx: &mut Tx, packing: Packing) -> Result<()> {
    NewParcel { order: packing.order.into() }.insert(tx).await.map(drop)
}

/// Writes the invoice.
#[worker(queue = "packing")]
pub async fn invoice(tx: &mut Tx, order: Id<Order>) -> Result<()> {
    NewInvoice { order: order.into() }.insert(tx).await.map(drop)
}

#[mainstay::main]
async fn main() -> mainstay::Result<()> {
    App::new("shop")
        .model::<Order>()
        .model::<Parcel>()
        .model::<Invoice>()
        .operation(place)
        .worker(pack)
        .worker(invoice)
        .run()
        .await
}
