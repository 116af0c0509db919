//! `lockstep sync`: until nothing is left to do.

use engine::api::{Call, PlannedStep, SyncReport, WorkspaceState};

use crate::{
    Context,
    failure::{Exit, Failure},
    out::table,
    progress::Bars,
    session, text,
};

/// Syncs and reports; the exit code tells whether something needs a person.
pub async fn run(context: &Context, id: Option<String>) -> Result<Exit, Failure> {
    let reports = session::with(context, async |session| {
        let drawing = tokio::spawn(Bars::new(context.out).follow(session.events().await?));
        let reports = session.call::<Vec<SyncReport>>(Call::Sync { id }).await;
        drawing.abort();
        let _ = drawing.await;
        reports
    })
    .await?;
    context.out.result(&reports, |reports| {
        let rows = reports.iter().map(row).collect();
        let headings =
            ["workspace", "state", "uploaded", "downloaded", "conflicts", "issues", "held deletions"];
        table(
            headings,
            rows,
            "no workspace yet; add one: lockstep workspace add --remote /Folder --local DIR",
        )
    })?;
    Ok(reports.iter().map(exit).max_by_key(|exit| severity(*exit)).unwrap_or(Exit::Done))
}

fn row(report: &SyncReport) -> [String; 7] {
    [
        report.workspace.clone(),
        text::state(report.state).into(),
        report.uploaded.to_string(),
        report.downloaded.to_string(),
        report.conflicts.to_string(),
        report.issues.to_string(),
        report.held_deletions.to_string(),
    ]
}

fn exit(report: &SyncReport) -> Exit {
    let waiting = report.conflicts + report.issues + report.held_deletions > 0;
    match report.state {
        WorkspaceState::Offline | WorkspaceState::Error => Exit::Error,
        WorkspaceState::NeedsSignIn => Exit::NotLinked,
        WorkspaceState::FolderMissing
        | WorkspaceState::Guard
        | WorkspaceState::DiskFull
        | WorkspaceState::DiskReadOnly
        | WorkspaceState::QuotaFull => Exit::NeedsPerson,
        _ if waiting => Exit::NeedsPerson,
        _ => Exit::Done,
    }
}

/// Orders by how little was achieved: an error outranks what merely waits for a person.
fn severity(exit: Exit) -> u8 {
    match exit {
        Exit::Done => 0,
        Exit::NeedsPerson => 1,
        Exit::NotLinked => 2,
        _ => 3,
    }
}

/// Prints what would be done.
pub async fn plan(context: &Context, id: Option<String>) -> Result<Exit, Failure> {
    let steps: Vec<PlannedStep> = session::call(context, Call::Plan { id }).await?;
    for step in &steps {
        context.out.result(step, line)?;
    }
    if steps.is_empty() {
        context.out.note("nothing to do");
    }
    Ok(Exit::Done)
}

fn line(step: &PlannedStep) -> String {
    let to = step.to.as_ref().map(|to| format!(" → {to}")).unwrap_or_default();
    let size = if step.bytes > 0 { format!(" ({})", text::bytes(step.bytes)) } else { String::new() };
    text::plain(&format!("{:<14} {}{to}{size}", text::words(&step.operation), step.path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(state: WorkspaceState, issues: u64) -> SyncReport {
        SyncReport {
            workspace: "w".into(),
            state,
            uploaded: 0,
            downloaded: 0,
            conflicts: 0,
            issues,
            held_deletions: 0,
        }
    }

    #[test]
    fn the_exit_code_tells_errors_from_what_waits_for_a_person() {
        assert_eq!(exit(&report(WorkspaceState::Idle, 0)), Exit::Done);
        assert_eq!(exit(&report(WorkspaceState::Idle, 1)), Exit::NeedsPerson);
        assert_eq!(exit(&report(WorkspaceState::Guard, 0)), Exit::NeedsPerson);
        assert_eq!(exit(&report(WorkspaceState::NeedsSignIn, 0)), Exit::NotLinked);
        assert_eq!(exit(&report(WorkspaceState::Offline, 2)), Exit::Error);
    }

    #[test]
    fn a_planned_move_shows_both_places() {
        let step = PlannedStep {
            workspace: "w".into(),
            operation: "move_local".into(),
            path: "a.txt".into(),
            to: Some("b/a.txt".into()),
            bytes: 0,
        };
        assert_eq!(line(&step), "move local     a.txt → b/a.txt");
    }
}
