//! The pages on workers, crons and operations.

use mainstay_test::TestApp;

mod orders {
    use mainstay::prelude::*;

    #[derive(Model, Clone, Debug)]
    pub struct Order {
        pub id: Id<Order>,
        #[model(unique)]
        pub number: String,
        pub paid: bool,
        pub due_at: Timestamp,
    }

    #[scope]
    impl Scope for Order {}

    pub mod mail {
        use super::*;
        use mainstay::kernel::work::TaskId;

        pub async fn thank(_to: &str, _key: TaskId) -> Result<()> {
            Ok(())
        }
    }
}

mod workers {
    use mainstay::prelude::*;

    use super::orders::{Order, mail};

    /// Says thanks for an order.
    #[worker(queue = "mail", retry = 5, timeout = "60s")]
    pub async fn send_thanks(cx: &TaskCx, to: String) -> Result<()> {
        mail::thank(&to, cx.id()).await
    }

    /// What the bank tells us.
    #[data]
    pub struct Payment {
        /// Of which order.
        pub order: Id<Order>,
        /// How much, in cents.
        pub amount: i64,
    }

    #[worker]
    pub async fn apply_payment(tx: &mut Tx, payment: Payment) -> Result<(), WorkError> {
        if payment.amount <= 0 {
            return Err(WorkError::permanent("nothing was paid"));
        }
        let Some(order) = Order::find(tx, payment.order).await? else {
            return Err(WorkError::snooze(mins(1))); // the order may be on its way
        };
        let order = order.update(tx, |it| it.paid = true).await?;
        tx.enqueue(send_thanks, order.number).after(secs(30)).key(order.id).await?;
        Ok(())
    }
}

mod scheduling {
    use mainstay::prelude::*;

    use super::workers::send_thanks;

    pub async fn leave(tx: &mut Tx) -> Result<()> {
        let task = tx
            .enqueue(send_thanks, "ann".to_owned())
            .after(secs(30)) // or `at(time)`
            .key("ann") // one of this key at a time, in the order of their commits
            .unique(hours(1)) // unless there was one of this key within the hour
            .metadata("source", "shop")
            .await?;
        tx.cancel(task).await.map(drop)
    }
}

mod publishing {
    use mainstay::prelude::*;

    /// Counts, however many orders are paid at the same time.
    #[worker(subscribe = "orders.*.paid", batch = 100)]
    pub async fn count_paid(tasks: &[TaskCx], numbers: Vec<String>) {
        tracing::info!(tasks = tasks.len(), ?numbers, "paid");
    }

    pub async fn tell(tx: &mut Tx, number: &str) -> Result<()> {
        tx.publish("orders.web.paid", number).await?;
        Ok(())
    }
}

mod reporting {
    use mainstay::prelude::*;

    /// Adds up what was sold; the sum is kept for a day.
    #[worker(keep = "1d")]
    pub async fn add_up(cx: &TaskCx, prices: Vec<u64>) -> Result<u64> {
        let mut sum = 0;
        for (at, price) in prices.iter().enumerate() {
            sum += price;
            cx.progress(at * 100 / prices.len());
        }
        Ok(sum)
    }

    pub async fn tell(db: &Db, task: TaskId) -> Result<String> {
        let Some(report) = db.report(task).await? else { return Ok("there is no such task".to_owned()) };
        Ok(match (report.state, report.value::<u64>()?, report.progress::<u64>()?) {
            (TaskState::Done, Some(sum), _) => format!("it is {sum}"),
            (state, _, Some(percent)) => format!("{}, {percent} %", state.name()),
            (state, _, None) => state.name().to_owned(),
        })
    }
}

mod crons {
    use mainstay::prelude::*;

    use super::orders::Order;

    /// Orders that nobody paid go at night.
    #[cron("0 3 * * *", timezone = "Europe/Berlin", timeout = "120s")]
    pub async fn drop_unpaid(tx: &mut Tx) -> Result<()> {
        let now = tx.now();
        Order::filter(Order::PAID.eq(false).and(Order::DUE_AT.lt(now))).delete_all(tx).await.map(drop)
    }
}

mod operations {
    use mainstay::prelude::*;

    use super::orders::Order;

    /// What an order is made of.
    #[data]
    pub struct NewOrderInput {
        /// Its number.
        #[garde(length(min = 1, max = 20))]
        pub number: String,
    }

    /// What keeps an order from being placed.
    #[derive(ErrorSet, Debug)]
    pub enum PlaceError {
        /// It is there.
        #[error(status = 409, code = "number_taken", "there is an order {number}")]
        NumberTaken {
            /// The number.
            number: String,
        },
        /// What the framework refuses.
        #[error(other)]
        Other(Error),
    }

    use super::orders::NewOrder;

    /// Places an order.
    #[mutation(path = "orders.place", auth, retry(max = 10, backoff = "linear", base = "1s"))]
    pub async fn place_order(tx: &mut Tx, input: NewOrderInput) -> Result<Id<Order>, PlaceError> {
        let NewOrderInput { number } = input;
        if Order::filter(Order::NUMBER.eq(&number)).exists(tx).await? {
            return Err(PlaceError::NumberTaken { number });
        }
        let due_at = tx.now().plus(hours(24 * 14));
        Ok(NewOrder { number, paid: false, due_at }.insert(tx).await?.id)
    }

    /// An order, or none.
    #[query(path = "orders.get.$order_id", cache = "10s")]
    pub async fn get_order(reader: &Reader, order_id: Id<Order>) -> Result<Option<Order>> {
        Order::find(reader, order_id).await
    }
}

mod around {
    use mainstay::prelude::*;

    use super::orders::Order;

    /// Which shop a call is for.
    #[derive(Clone, Serialize)]
    pub struct Shop(pub String);

    #[middleware]
    pub async fn with_shop(cx: &mut Cx<'_>) -> Result<Reply> {
        let shop = cx.asked().header_value("x-shop").unwrap_or("main").to_owned();
        if shop.is_empty() {
            return Err(Error::http(400, "shop_missing", "say for which shop: send `x-shop`"));
        }
        cx.insert(Shop(shop));
        let reply = cx.next().await;
        if reply.is_err() {
            tracing::info!(path = cx.operation().path, "refused");
        }
        reply
    }

    /// How many orders wait for their money.
    #[query(
        path = "orders.unpaid",
        auth,
        middleware = [with_shop],
        cache(time = "1m", shared),
        rate_limit = "100/60s"
    )]
    pub async fn count_unpaid(reader: &Reader, Extension(Shop(name)): Extension<Shop>) -> Result<String> {
        let count = Order::filter(Order::PAID.eq(false)).count(reader).await?;
        Ok(format!("{name}: {count}"))
    }

    pub fn described(app: App) -> App {
        app.queue("mail", |queue| {
            queue.concurrency(4).rate(100, secs(1)).retry(Retry::fixed(5)).middleware(with_shop)
        })
    }
}

mod app {
    use mainstay::prelude::*;

    use super::around::{count_unpaid, described};
    use super::crons::drop_unpaid;
    use super::operations::{get_order, place_order};
    use super::orders::Order;
    use super::publishing::count_paid;
    use super::reporting::add_up;
    use super::workers::{apply_payment, send_thanks};

    pub fn app() -> App {
        described(App::new("shop"))
            .model::<Order>()
            .operation(place_order)
            .operation(get_order)
            .worker(apply_payment)
            .worker(send_thanks)
            .worker(count_paid)
            .worker(add_up)
            .cron(drop_unpaid)
            .operation(count_unpaid)
    }
}

use app::app;

#[mainstay::test(app = app)]
async fn the_pages_on_operations_and_workers_do_what_they_say(app: TestApp) {
    use mainstay::prelude::*;
    use mainstay::queue::operation::Client;
    use operations::{NewOrderInput, place_order};
    use workers::{Payment, apply_payment, send_thanks};

    let ann = app.user("ann").await;
    let placed = ann.post("/v1/ops/orders.place", json!({ "number": "A1" })).await.expect_status(200);
    let _ = ann.post("/v1/ops/orders.place", json!({ "number": "A1" })).await.expect_status(409);
    let path = format!("/v1/ops/orders.get.{}", placed.body.as_str().unwrap());
    assert_eq!(ann.get(&path).await.expect_status(200).body["number"], "A1");

    let unpaid = ann.header("x-shop", "east").get("/v1/ops/orders.unpaid").await.expect_status(200);
    assert_eq!((&unpaid.body, unpaid.header("ratelimit-remaining")), (&json!("east: 1"), "99"));

    let client = Client::new(app.db());
    let order = client.call(place_order, NewOrderInput { number: "A2".to_owned() }).request_id("r1").await;
    let order = order.unwrap();

    write_tx!(app.db(), |tx| { tx.enqueue(apply_payment, Payment { order, amount: 1200 }).await.map(drop) })
        .await
        .unwrap();
    app.tasks().run().await; // the payment
    let thanks = app.tasks().expect_one(send_thanks).await;
    assert_eq!((thanks.input.as_str(), thanks.waits(app.now())), ("A2", secs(30)));

    app.advance(secs(30));
    assert_eq!(app.tasks().run().await, 1);
    write_tx!(app.db(), |tx| { scheduling::leave(tx).await }).await.unwrap();
    write_tx!(app.db(), |tx| { publishing::tell(tx, "A2").await }).await.unwrap();
    assert_eq!(app.tasks().expect_one(publishing::count_paid).await.input, "A2");
    assert_eq!(app.tasks().run().await, 1);
    app.tasks().expect_none().await;

    let sum = write_tx!(app.db(), |tx| { tx.enqueue(reporting::add_up, vec![1, 2]).await }).await.unwrap();
    assert_eq!(reporting::tell(app.db(), sum).await.unwrap(), "ready");
    assert_eq!(app.tasks().run().await, 1);
    assert_eq!(reporting::tell(app.db(), sum).await.unwrap(), "it is 3");
}

#[mainstay::test(app = app)]
async fn the_page_on_crons_does_what_it_says(app: TestApp) {
    use mainstay::prelude::*;
    use operations::{NewOrderInput, place_order};

    write_tx!(app.db(), |tx| {
        let input = NewOrderInput { number: "A1".to_owned() };
        place_order(tx, input).await.map(drop).map_err(mainstay::kernel::ErrorSet::into_error)
    })
    .await
    .unwrap();
    app.advance(hours(24 * 15));
    app.tasks().run().await;
    let reader = app.db().reader();
    assert!(!orders::Order::filter(orders::Order::PAID.eq(false)).exists(&reader).await.unwrap());
}
