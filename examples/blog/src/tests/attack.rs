//! Nobody learns of what is hidden, nor changes it.

use mainstay_test::{Attacker, TestApp, attack};

#[mainstay::test]
async fn nothing_hidden_shows_to_the_anonymous(app: TestApp) {
    attack(&app, Attacker::Anonymous).await;
}

#[mainstay::test]
async fn nothing_hidden_shows_to_another_user(app: TestApp) {
    attack(&app, Attacker::User(&[])).await;
}

#[mainstay::test]
async fn nothing_hidden_shows_to_an_editor(app: TestApp) {
    attack(&app, Attacker::User(&["editor"])).await;
}

#[mainstay::test]
async fn nothing_hidden_shows_to_a_service(app: TestApp) {
    attack(&app, Attacker::Service).await;
}
