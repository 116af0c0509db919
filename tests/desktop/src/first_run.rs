//! What a person does in the first minute: the link page, and the service's own page.

use fake_dropbox::Account;
use stories::World;

use crate::browser::Browser;

/// Fills the link page in for this service and asks to sign in the given way.
pub async fn fill_link_page(browser: &Browser, world: &World) {
    let url = world.fake().url();
    let app = fake_dropbox::App::default();
    browser.turn_to("window=wizard").await;
    browser.press("Link Dropbox").await;
    browser.fill("Client ID", &app.key).await;
    browser.fill("Authorize URL", &format!("{url}/oauth2/authorize")).await;
    browser.fill("Token URL", &format!("{url}/oauth2/token")).await;
    browser.fill("Redirect URL", &app.redirect_urls[0]).await;
    browser.press("Sign in").await;
    browser.press("I trust 127.0.0.1").await;
}

/// Signs in on the service's own page.
pub async fn sign_in(browser: &Browser, decision: &str) {
    let account = Account::default();
    browser.turn_to("/oauth2/authorize").await;
    browser.fill("Email", &account.email).await;
    browser.fill("Password", &account.password).await;
    browser.press_until("Sign in", decision).await;
    browser.press(decision).await;
    browser.turn_to("window=wizard").await;
}
