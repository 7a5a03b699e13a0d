use mainstay_test::{Db, TestApp};

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

    mod search {
        use super::*;

        pub(super) async fn put(_: Id<Comment>, _: &str, _: TaskId) -> Result<()> {
            Ok(())
        }
    }

    /// Whoever searches finds what a comment says by now.
    #[hook(spawn, save, queue = "search", retry = 5, ordered)]
    pub async fn mirror_comment(cx: &TaskCx, written: Written<Comment>) -> Result<()> {
        search::put(written.id(), &written.model()?.body, cx.id()).await
    }
}

mod spawning {
    use mainstay::prelude::*;

    use super::hooks;
    use super::models::Comment;

    pub(super) fn app() -> App {
        App::new("blog").model::<Comment>().hook(hooks::mirror_comment)
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

#[mainstay::test(app = spawning::app)]
async fn the_hook_of_the_page_on_hooks_leaves_its_task(app: TestApp) {
    use mainstay::prelude::*;

    let made =
        write_tx!(app.db(), |tx| { models::NewComment { body: "First!".to_owned() }.insert(tx).await });
    let made = made.await.unwrap();
    let left = app.tasks().expect_one(hooks::mirror_comment).await;
    assert_eq!(left.input.id(), made.id);
    assert_eq!(app.tasks().run().await, 1);
    app.tasks().expect_none().await;
}
