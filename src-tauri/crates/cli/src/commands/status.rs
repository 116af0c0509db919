//! `lockstep status`.

use engine::api::{Call, Event, StatusView, TransferView, WorkspaceStatus};
use futures::StreamExt;

use crate::{
    Context,
    failure::{Exit, Failure},
    out::table,
    progress::summary,
    session, text,
};

/// Prints the status once.
pub async fn show(context: &Context) -> Result<Exit, Failure> {
    let status: StatusView = session::call(context, Call::Status).await?;
    context.out.result(&status, describe)?;
    Ok(Exit::Done)
}

/// Prints the status, then everything that happens, until stopped.
pub async fn watch(context: &Context) -> Result<Exit, Failure> {
    session::with(context, async |session| {
        // Events first: what happens between the two is shown twice rather than never.
        let mut events = session.events().await?;
        let status: StatusView = session.call(Call::Status).await?;
        print(context, &Event::Status(status))?;
        while let Some(event) = events.next().await {
            print(context, &event)?;
        }
        Ok(Exit::Done)
    })
    .await
}

fn print(context: &Context, event: &Event) -> Result<(), Failure> {
    context.out.result(event, |event| match event {
        Event::Status(status) => summary(status),
        Event::Activity(activity) => super::activity::line(activity),
        Event::Changed { .. } => String::new(),
    })
}

fn describe(status: &StatusView) -> String {
    let workspaces = status.workspaces.iter().map(row).collect();
    let headings =
        ["workspace", "state", "to upload", "to download", "folders watched", "last in step", "needs you"];
    let none = "no workspace yet; add one: lockstep workspace add --remote /Folder --local DIR";
    let transfers = status.transfers.iter().map(transfer).collect();
    let transfers = table(["", "path", "done", "speed"], transfers, "");
    format!("{}\n\n{}\n{transfers}", summary(status), table(headings, workspaces, none))
}

fn row(workspace: &WorkspaceStatus) -> [String; 7] {
    let watching = &workspace.watching;
    [
        workspace.id.clone(),
        text::state(workspace.state).into(),
        workspace.pending.uploads.to_string(),
        workspace.pending.downloads.to_string(),
        format!("{}{}", watching.folders, if watching.complete { "" } else { " (not all)" }),
        workspace.last_synced.as_deref().map_or("never".into(), text::time),
        needs(workspace),
    ]
}

fn needs(workspace: &WorkspaceStatus) -> String {
    let parts = [
        (workspace.conflicts, "conflict", "conflicts"),
        (workspace.issues, "issue", "issues"),
        (workspace.held_deletions, "held deletion", "held deletions"),
    ];
    let parts: Vec<_> = parts
        .into_iter()
        .filter(|p| p.0 > 0)
        .map(|(number, one, many)| text::count(number, one, many))
        .collect();
    if parts.is_empty() { "–".to_owned() } else { parts.join(", ") }
}

fn transfer(transfer: &TransferView) -> [String; 4] {
    [
        text::arrow(Some(transfer.direction)).into(),
        transfer.path.clone(),
        format!("{} of {}", text::bytes(transfer.bytes_done), text::bytes(transfer.bytes_total)),
        format!("{}/s", text::bytes(transfer.rate)),
    ]
}
