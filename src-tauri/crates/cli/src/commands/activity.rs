//! `lockstep activity`.

use engine::api::{ActivityView, Call, Event, UndoOutcome, Undone};
use futures::StreamExt;

use crate::{
    Context,
    commands::conflicts::sync_own,
    failure::{Exit, Failure},
    session::{self, Session},
    text,
};

/// What is said when the undo went on after it was answered.
const AFTER_SYNC: &str = "undone; what is open now: lockstep conflicts";

/// Entries searched for a batch: all that a workspace keeps.
const ALL: u32 = 10_000;

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

/// Undoes one batch.
pub async fn undo(context: &Context, batch: String) -> Result<Exit, Failure> {
    session::with(context, async |session| {
        let id = if batch.contains(':') {
            batch
        } else {
            let entries: Vec<ActivityView> = session.call(Call::Activity { limit: ALL }).await?;
            whole_id(&entries, &batch)?
        };
        let undone: Undone = session.call(Call::ConflictUndo { id: id.clone() }).await?;
        sync_own(session, &id).await?;
        let has_run = undone.outcome == UndoOutcome::Waiting && matches!(session, Session::Own(_));
        let text = if has_run { AFTER_SYNC } else { undone.message.as_str() };
        context.out.result(&undone, |_| text.to_owned())?;
        Ok(Exit::Done)
    })
    .await
}

/// Finds the workspace that a batch belongs to.
fn whole_id(entries: &[ActivityView], batch: &str) -> Result<String, Failure> {
    let number: i64 =
        batch.parse().map_err(|_| Failure::new(Exit::Usage, format!("{batch:?} is no number of a batch")))?;
    let own = entries.iter().filter(|entry| entry.batch == number);
    let mut workspaces: Vec<&str> = own.map(|entry| entry.workspace.as_str()).collect();
    workspaces.sort_unstable();
    workspaces.dedup();
    match workspaces[..] {
        [workspace] => Ok(format!("{workspace}:{number}")),
        [] => Err(Failure::new(
            Exit::Error,
            format!("there is no batch {number}; see: lockstep activity --json"),
        )),
        _ => {
            let ids: Vec<String> =
                workspaces.iter().map(|workspace| format!("{workspace}:{number}")).collect();
            Err(Failure::new(
                Exit::Usage,
                format!("several workspaces have this batch; give one of: {}", ids.join(", ")),
            ))
        }
    }
}

/// Writes one entry in a line.
pub fn line(entry: &ActivityView) -> String {
    let size = if entry.bytes > 0 { format!(" ({})", text::bytes(entry.bytes)) } else { String::new() };
    let arrow = text::arrow(entry.direction);
    text::plain(&format!("{}  {arrow:1} {:<8} {}{size}", text::time(&entry.time), entry.verb, entry.path))
}
