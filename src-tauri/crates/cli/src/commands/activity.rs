//! `lockstep activity`.

use engine::api::{ActivityView, Call, Event, RefusedUndo, UndoOutcome, UndoView, Undone};
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

/// Undoes one batch. What was not undone is listed with its reason.
pub async fn undo(context: &Context, batch: String) -> Result<Exit, Failure> {
    session::with(context, async |session| {
        let id = if batch.contains(':') {
            batch
        } else {
            let entries: Vec<ActivityView> = session.call(Call::Activity { limit: ALL }).await?;
            whole_id(&entries, &batch)?
        };
        let mut undone: Undone = session.call(Call::Undo { id: id.clone(), entry: None }).await?;
        sync_own(session, &id).await?;
        if undone.outcome == UndoOutcome::Waiting && matches!(session, Session::Own(_)) {
            let entries: Vec<ActivityView> = session.call(Call::Activity { limit: ALL }).await?;
            undone = after_sync(&entries, &id).unwrap_or(Undone { message: AFTER_SYNC.into(), ..undone });
        }
        context.out.result(&undone, shown)?;
        Ok(match undone.outcome {
            UndoOutcome::Refused => Exit::Error,
            UndoOutcome::Partly => Exit::NeedsPerson,
            _ => Exit::Done,
        })
    })
    .await
}

/// What became of a batch that waited; nothing for a decision about a conflict.
fn after_sync(entries: &[ActivityView], id: &str) -> Option<Undone> {
    let is_its = |entry: &&ActivityView| format!("{}:{}", entry.workspace, entry.batch) == id;
    let states: Vec<_> =
        entries.iter().filter(is_its).filter_map(|entry| Some((&entry.path, entry.undo.as_ref()?))).collect();
    let done = states.iter().filter(|(_, state)| **state == UndoView::Done).count();
    let waiting = states.iter().any(|(_, state)| **state == UndoView::Waiting);
    let refused: Vec<RefusedUndo> = states
        .iter()
        .filter_map(|(path, state)| match state {
            UndoView::Refused { why, reason } => {
                Some(RefusedUndo { path: (*path).clone(), why: *why, reason: reason.clone() })
            }
            _ => None,
        })
        .collect();
    if states.is_empty() || waiting {
        return None;
    }
    Some(Undone::of_entries(done, refused))
}

fn shown(undone: &Undone) -> String {
    let refused = undone.refused.iter().map(|refused| format!("{}: {}", refused.path, refused.reason));
    let lines: Vec<String> = std::iter::once(undone.message.clone()).chain(refused).collect();
    lines.iter().map(|line| text::plain(line)).collect::<Vec<_>>().join("\n")
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
