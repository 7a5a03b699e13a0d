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

fn main() {}
