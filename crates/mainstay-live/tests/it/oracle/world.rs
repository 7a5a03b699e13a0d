use mainstay::prelude::*;

/// Somebody.
#[derive(Model, Clone, Debug)]
#[model(live, plural = "people")]
pub(crate) struct Person {
    pub(crate) id: Id<Person>,
    pub(crate) name: String,
}

#[scope]
impl Scope for Person {
    fn can_read(_: &Caller) -> Access<Person> {
        all()
    }
}

/// Where notes are.
#[derive(Model, Clone, Debug)]
#[model(live)]
pub(crate) struct Room {
    pub(crate) id: Id<Room>,
    pub(crate) open: bool,
    #[model(references)]
    pub(crate) owner: Option<Ref<Person>>,
    pub(crate) rank: Option<i64>,
}

#[scope]
impl Scope for Room {
    fn can_read(who: &Caller) -> Access<Room> {
        rows(Room::OPEN.eq(true).or(Room::OWNER.eq(who.user_id())))
    }
}

/// What is followed most.
#[derive(Model, Clone, Debug)]
#[model(live)]
pub(crate) struct Note {
    pub(crate) id: Id<Note>,
    #[model(references, on_delete = cascade)]
    pub(crate) room: Ref<Room>,
    pub(crate) text: String,
    pub(crate) score: Option<i64>,
    pub(crate) mark: bool,
    #[model(read(role = "editor"))]
    pub(crate) hint: Option<String>,
    #[model(private)]
    pub(crate) secret: i64,
    #[model(version)]
    pub(crate) version: i64,
}

#[scope]
impl Scope for Note {
    fn can_read(who: &Caller) -> Access<Note> {
        rows(Note::MARK.eq(true).or(Note::ROOM.readable_by(who)))
    }
}

pub(crate) fn app() -> App {
    App::new("oracle").model::<Person>().model::<Room>().model::<Note>()
}
