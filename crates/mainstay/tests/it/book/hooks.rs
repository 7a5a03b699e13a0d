use mainstay_test::Db;

mod models {
    use mainstay::prelude::*;

    #[derive(Model, Clone, Debug)]
    pub struct Comment {
        pub id: Id<Comment>,
        #[model(write)]
        pub body: String,
    }

    #[scope]
    impl Scope for Comment {}
}

#[expect(clippy::module_inception, reason = "the page speaks of a module of this name")]
mod hooks {
    use mainstay::prelude::*;

    use super::models::Comment;

    /// A comment begins and ends with what it says.
    #[hook(before, save)]
    pub async fn trim_comment(cx: &mut HookCx<'_, Comment>) -> Result<()> {
        let body = cx.model().body.trim().to_owned();
        cx.set(Comment::BODY, body)
    }
}

mod calling {
    use mainstay::prelude::*;

    use super::hooks::trim_comment;
    use super::models::Comment;

    pub(super) async fn by_hand(tx: &mut Tx) -> Result<()> {
        let comment = Comment { id: Id::new(), body: " First! ".to_owned() };
        let mut cx = HookCx::new(tx, None, comment)?; // a create; Some(before): an update
        trim_comment(&mut cx).await?;
        assert_eq!(cx.model().body, "First!");
        Ok(())
    }

    pub(super) fn app() -> App {
        use super::hooks;
        App::new("blog").model::<Comment>().hook(hooks::trim_comment)
    }
}

#[mainstay::test]
async fn the_page_on_hooks_does_what_it_says(db: Db) {
    assert_eq!(calling::app().hooks_for::<models::Comment>().unwrap().len(), 1);
    db.write(async |tx| calling::by_hand(tx).await).await.unwrap();
}
