//! Linking an account: the fields, the three ways to sign in, and what became of it.
//!
//! [`check`] judges the fields and is pure; [`Desk`] carries one sign-in at a time; [`window`] is the window
//! that shows Dropbox's page. The protocol itself is the `dropbox-client` crate's.
//!
//! Rule: one sign-in at a time; whatever belongs to an earlier one is ignored, and no token leaves this
//! module but towards the engine.

mod attempt;
mod check;
mod desk;
mod error;
pub mod window;

use dropbox_client::Endpoints;

pub use self::{
    attempt::Signal,
    check::check,
    desk::{Desk, Stage},
};
use crate::{
    dto::{LinkDefaults, LinkRequest},
    settings::ShellSettings,
};

/// Where the browser comes back to unless another place is given; registered in the App Console as this.
pub const REDIRECT_URL: &str = "http://127.0.0.1:53170/callback";

/// Ports that the built-in key is registered with.
const BUILT_IN_PORTS: std::ops::RangeInclusive<u16> = 53170..=53172;

/// Returns the app key that this build carries, when it carries one.
pub fn built_in_key() -> Option<&'static str> {
    option_env!("LOCKSTEP_APP_KEY").filter(|key| !key.is_empty())
}

/// Returns what the link page begins with.
pub fn defaults(settings: &ShellSettings) -> LinkDefaults {
    let dropbox = Endpoints::default();
    let preset = settings.link.clone();
    // Whoever names an app of their own means that one.
    let built_in = built_in_key().filter(|_| preset.client_id.is_none());
    LinkDefaults {
        built_in_key: built_in.is_some(),
        client_id: preset.client_id.or_else(|| built_in.map(str::to_owned)).unwrap_or_default(),
        authorize_url: preset.authorize_url.unwrap_or(dropbox.authorize),
        token_url: preset.token_url.unwrap_or(dropbox.token),
        redirect_url: preset.redirect_url.unwrap_or_else(|| REDIRECT_URL.to_owned()),
        way: settings.sign_in_way,
    }
}

/// Returns where the service of a sign-in lives.
///
/// A test server on this computer answers everything at one origin, so naming its token address is enough.
fn endpoints(request: &LinkRequest) -> Endpoints {
    let mut endpoints = Endpoints {
        authorize: request.authorize_url.trim().to_owned(),
        token: request.token_url.trim().to_owned(),
        ..Endpoints::default()
    };
    let local = || {
        let token = url::Url::parse(request.token_url.trim()).ok()?;
        check::is_loopback(&token).then(|| token.origin().ascii_serialization())
    };
    let given = request.api_origin.clone().filter(|origin| !origin.trim().is_empty());
    if let Some(origin) = given.or_else(local) {
        endpoints.api = origin.clone();
        endpoints.content = origin.clone();
        endpoints.notify = origin;
    }
    endpoints
}

#[cfg(test)]
mod tests;
