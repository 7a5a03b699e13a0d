#[path = "stub/mainstay.rs"]
mod mainstay;

use mainstay::hook;
use mainstay::prelude::*;

struct Post;

#[hook(after, svae, crate = "crate::mainstay")]
async fn misspelt(cx: &mut HookCx<'_, Post>) -> Result<(), String> {
    Ok(())
}

#[hook(save)]
async fn on_no_side(cx: &mut HookCx<'_, Post>) -> Result<(), String> {
    Ok(())
}

#[hook(before, create, update, priority = "high")]
async fn of_two_events(cx: &mut HookCx<'_, Post>) -> Result<(), String> {
    Ok(())
}

#[hook(before, save, crate = "crate::mainstay")]
fn at_once(cx: &mut HookCx<'_, Post>) -> Result<(), String> {
    Ok(())
}

#[hook(before, save, crate = "crate::mainstay")]
async fn of_a_row(post: &Post) -> Result<(), String> {
    Ok(())
}

#[hook(before, save, crate = "crate::mainstay")]
async fn of_more(cx: &mut HookCx<'_, Post>, tx: &mut Tx) -> Result<(), String> {
    Ok(())
}

#[hook(before, save, crate = "crate::mainstay")]
async fn that_answers_otherwise(cx: &mut HookCx<'_, Post>) -> bool {
    true
}

#[hook(spawn, svae)]
async fn spawned_by_what_is_misspelt(written: Written<Post>) {}

#[hook(spawn, save, create, retrie = 5)]
async fn spawned_by_two(written: Written<Post>) {}

#[hook(spawn, save)]
async fn spawned_with_a_context(cx: &mut HookCx<'_, Post>) {}

#[hook(spawn, save, queue = "mail")]
async fn spawned_with_a_row(cx: &TaskCx, post: Post) {}

#[hook(spawn, save)]
async fn spawned_with_nothing(cx: &TaskCx) {}

#[hook(spawn, save, batch = 10)]
async fn spawned_together_with_one(written: Written<Post>) {}

#[hook(spawn, save, priority = "high", ordered = true)]
async fn spawned_with_a_word_for_a_number(written: Written<Post>) {}

fn main() {}
