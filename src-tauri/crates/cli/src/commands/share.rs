//! `lockstep share` and `lockstep open`: links, and pages on dropbox.com.

use engine::api::{Call, ShareView, WebPage};
use serde_json::json;

use super::places::place;
use crate::{
    Context, args, browser,
    failure::{Exit, Failure},
    session, text,
};

/// Prints the link; makes one when there is none.
pub async fn share(context: &Context, path: args::Place) -> Result<Exit, Failure> {
    let link: ShareView = session::call(context, Call::Share { place: place(path)? }).await?;
    context.out.result(&link, |link| text::plain(&link.url))?;
    let end = link.expires.as_deref().map(|time| format!(" until {}", text::time(time))).unwrap_or_default();
    context
        .out
        .note(&format!("{}{end}; to end the link: lockstep share --remove PATH", audience(&link.audience)));
    Ok(Exit::Done)
}

fn audience(audience: &str) -> &'static str {
    match audience {
        "anyone" => "anyone with this link can view it",
        "password" => "whoever has this link and its password can view it",
        "team" => "members of your team with this link can view it",
        "members" => "only people who have access anyway can view it",
        _ => "Dropbox does not say who can view it with this link",
    }
}

/// Ends the link.
pub async fn unshare(context: &Context, path: args::Place) -> Result<Exit, Failure> {
    let removed: bool = session::call(context, Call::Unshare { place: place(path)? }).await?;
    context.out.result(&json!({ "removed": removed }), |_| match removed {
        true => "the link is gone; nobody can use it any more".to_owned(),
        false => "there was no link".to_owned(),
    })?;
    Ok(Exit::Done)
}

/// Opens the page, or prints its address for a program.
pub async fn open(context: &Context, path: args::Place) -> Result<Exit, Failure> {
    let page: WebPage = session::call(context, Call::WebPage { place: place(path)? }).await?;
    if context.out.json {
        context.out.document(&page)?;
        return Ok(Exit::Done);
    }
    context.out.text(&text::plain(&page.url))?;
    browser::open(&page.url).map_err(|error| {
        Failure::new(
            Exit::Error,
            format!("no browser could be opened ({error}); open the address above yourself"),
        )
    })?;
    Ok(Exit::Done)
}
