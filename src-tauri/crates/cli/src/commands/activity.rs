//! `lockstep activity`.

use engine::api::{ActivityView, Call, Event};
use futures::StreamExt;

use crate::{
    Context,
    failure::{Exit, Failure},
    session, text,
};

/// Prints what changed, newest first.
pub async fn list(context: &Context, limit: u32) -> Result<Exit, Failure> {
    let entries: Vec<ActivityView> = session::call(context, Call::Activity { limit }).await?;
    context.out.result(&entries, |entries| entries.iter().map(|entry| line(entry) + "\n").collect())?;
    Ok(Exit::Done)
}

/// Prints the latest, oldest of them first, then what happens.
pub async fn follow(context: &Context, limit: u32) -> Result<Exit, Failure> {
    session::with(context, async |session| {
        let mut events = session.events().await?;
        let entries: Vec<ActivityView> = session.call(Call::Activity { limit }).await?;
        for entry in entries.iter().rev() {
            context.out.result(entry, line)?;
        }
        while let Some(event) = events.next().await {
            if let Event::Activity(entry) = event {
                context.out.result(&entry, line)?;
            }
        }
        Ok(Exit::Done)
    })
    .await
}

/// Writes one entry in a line.
pub fn line(entry: &ActivityView) -> String {
    let size = if entry.bytes > 0 { format!(" ({})", text::bytes(entry.bytes)) } else { String::new() };
    let arrow = text::arrow(entry.direction);
    text::plain(&format!("{}  {arrow:1} {:<8} {}{size}", text::time(&entry.time), entry.verb, entry.path))
}
