use mainstay::prelude::*;

use crate::models::Comment;

/// A comment begins and ends with what it says.
#[hook(before, save)]
pub async fn trim_comment(cx: &mut HookCx<'_, Comment>) -> Result<()> {
    let trimmed = cx.model().body.trim();
    if trimmed != cx.model().body {
        cx.set(Comment::BODY, trimmed.to_owned())?;
    }
    Ok(())
}
