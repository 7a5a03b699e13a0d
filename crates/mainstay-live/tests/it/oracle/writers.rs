use mainstay::kernel::StoreUrl;
use mainstay::prelude::*;
use mainstay_test::TestApp;
use uuid::Uuid;

use super::world::{NewNote, NewPerson, NewRoom, Person, Room};
use crate::dice::Dice;

/// Those who write: one through the framework, and, where the store lets others in, some whose transactions are open at the
/// same time.
pub(crate) struct Writers<'a> {
    app: &'a TestApp,
    pub(crate) people: Vec<Uuid>,
    others: Vec<Other>,
}

/// Somebody with a connection of its own.
struct Other {
    connection: tokio_postgres::Client,
    is_open: bool,
}

impl<'a> Writers<'a> {
    /// With a world to begin with.
    pub(crate) async fn new(app: &'a TestApp, dice: &mut Dice) -> Self {
        let seed = dice.roll(1 << 30);
        let people = write_tx!(app.db(), |tx| { furnish(tx, seed).await }).await.expect("a world");
        let mut others = Vec::new();
        if let StoreUrl::Postgres(url) = app.url() {
            for _ in 0..3 {
                let (connection, running) =
                    tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("a connection");
                app.db().owned().spawn("a stranger's connection", async move { running.await.ok() });
                connection.batch_execute("SET lock_timeout = '30ms'").await.expect("a setting");
                others.push(Other { connection, is_open: false });
            }
        }
        Self { app, people, others }
    }

    /// Somebody does something.
    pub(crate) async fn step(&mut self, dice: &mut Dice) {
        if self.others.is_empty() || dice.roll(4) == 0 {
            self.end().await;
            return self.transact(dice).await;
        }
        let at = dice.below(self.others.len());
        let sql = change(dice, &self.people);
        self.others[at].step(dice, &sql).await;
    }

    /// All transactions of others are over.
    pub(crate) async fn end(&mut self) {
        for other in &mut self.others {
            other.close("COMMIT").await;
        }
    }

    /// A transaction of the framework's, which may be rolled back.
    async fn transact(&self, dice: &mut Dice) {
        let changes: Vec<String> = (0..dice.roll(4)).map(|_| change(dice, &self.people)).collect();
        let (adds, fails, seed) = (dice.roll(2) == 0, dice.roll(5) == 0, dice.roll(1 << 30));
        let _ = write_tx!(self.app.db(), |tx| {
            for sql in &changes {
                let _ = tx.sql(sql).execute().await?;
            }
            if adds {
                let _ = furnish(tx, seed).await?;
            }
            if fails { Err(Error::internal("as told")) } else { Ok(()) }
        })
        .await;
    }
}

impl Other {
    async fn step(&mut self, dice: &mut Dice, sql: &str) {
        match (self.is_open, dice.roll(4)) {
            (false, 0) => drop(self.connection.batch_execute(sql).await),
            (false, _) => {
                self.connection.batch_execute("BEGIN").await.expect("a transaction");
                self.is_open = true;
                self.run(sql).await;
            }
            (true, 0) => self.close("COMMIT").await,
            (true, 1) => self.close("ROLLBACK").await,
            (true, _) => self.run(sql).await,
        }
    }

    /// Whoever waits for another for too long gives up.
    async fn run(&mut self, sql: &str) {
        if self.connection.batch_execute(sql).await.is_err() {
            self.close("ROLLBACK").await;
        }
    }

    async fn close(&mut self, how: &str) {
        if std::mem::take(&mut self.is_open) {
            self.connection.batch_execute(how).await.expect("an end");
        }
    }
}

/// More people, rooms and notes; the people.
async fn furnish(tx: &mut Tx, seed: u64) -> Result<Vec<Uuid>> {
    let mut dice = Dice::new(seed);
    let mut people = Vec::new();
    for name in ["ann", "bob"] {
        people.push(NewPerson { name: name.to_owned() }.insert(tx).await?.id);
    }
    for _ in 0..1 + dice.roll(3) {
        let owner = dice.pick(&people).map(Ref::<Person>::from);
        let rank = dice.pick(&[1, 2, 3]);
        let room = NewRoom { open: dice.roll(2) == 0, owner, rank }.insert(tx).await?;
        for _ in 0..dice.roll(8) {
            note(tx, &mut dice, &room).await?;
        }
    }
    Ok(people.into_iter().map(|it| it.uuid()).collect())
}

async fn note(tx: &mut Tx, dice: &mut Dice, room: &Room) -> Result<()> {
    let new = NewNote {
        room: room.id.into(),
        text: dice.one(&["", "a", "bb", "ä", "ba"]).to_owned(),
        score: dice.pick(&[0, 1, 2, 3, 4, 5]),
        mark: dice.roll(2) == 0,
        hint: dice.pick(&["x", "y"]).map(str::to_owned),
        secret: 1,
    };
    new.insert(tx).await.map(drop)
}

/// A change in SQL that both stores know.
fn change(dice: &mut Dice, people: &[Uuid]) -> String {
    let score = dice.pick(&[0, 1, 2, 3, 4, 5]).map_or("NULL".to_owned(), |it| it.to_string());
    let which = match dice.roll(4) {
        0 => "mark".to_owned(),
        1 => format!("score < {}", dice.roll(6)),
        _ => "id = (SELECT max(id) FROM notes)".to_owned(),
    };
    let which = if dice.roll(2) == 0 {
        // One that is not the last.
        format!("id IN (SELECT id FROM notes ORDER BY text, id LIMIT 1 OFFSET {})", dice.roll(9))
    } else {
        which.replace("max(id)", "id").replace("FROM notes)", "FROM notes ORDER BY id DESC LIMIT 1)")
    };
    let room = format!("id IN (SELECT id FROM rooms ORDER BY rank, id LIMIT 1 OFFSET {})", dice.roll(4));
    let owner = dice.pick(people).map_or("NULL".to_owned(), |it| format!("'{it}'"));
    match dice.roll(12) {
        0 | 1 => format!("UPDATE notes SET score = {score} WHERE {which}"),
        2 => format!("UPDATE notes SET mark = NOT mark WHERE {which}"),
        3 => format!("UPDATE notes SET text = text || 'a', hint = NULL WHERE {which}"),
        4 => format!(
            "UPDATE notes SET room_id = (SELECT id FROM rooms WHERE {room}) WHERE {which} AND EXISTS (SELECT 1 FROM rooms WHERE {room})"
        ),
        5 => format!("DELETE FROM notes WHERE {which}"),
        6 | 7 => format!("UPDATE rooms SET open = NOT open WHERE {room}"),
        8 => format!("UPDATE rooms SET owner_id = {owner} WHERE {room}"),
        9 => format!("UPDATE rooms SET rank = {score} WHERE {room}"),
        10 => format!("DELETE FROM rooms WHERE {room}"),
        _ => "UPDATE people SET name = name || 'x' WHERE name LIKE 'a%'".to_owned(),
    }
}
