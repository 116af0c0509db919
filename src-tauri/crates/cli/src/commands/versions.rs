//! `lockstep versions` and `lockstep restore`.

use std::path::{PathBuf, absolute};

use engine::api::{Call, FileVersion, Restored, SyncReport, VersionPlace, Versions, WorkspaceState};

use super::places::place;
use crate::{
    Context, args,
    failure::{Exit, Failure},
    out::table,
    session::{self, Session},
    text,
};

/// Lists the versions of a file.
pub async fn list(context: &Context, path: args::Place, limit: u32) -> Result<Exit, Failure> {
    let versions: Versions = session::call(context, Call::Versions { place: place(path)?, limit }).await?;
    if let Some(note) = &versions.note {
        context.out.note(&text::plain(note));
    }
    context.out.result(&versions, describe)?;
    Ok(Exit::Done)
}

fn describe(versions: &Versions) -> String {
    let rows = versions.versions.iter().map(row).collect();
    let mut shown = table(["since", "size", "where", "by", "version"], rows, "no version is known\n");
    if let Some(time) = &versions.deleted {
        shown += &format!("deleted on Dropbox {}\n", text::time(time));
    }
    if versions.has_more {
        shown += "Dropbox has older ones; show them with --limit N\n";
    } else if versions.versions.len() == 1 && versions.deleted.is_none() && versions.note.is_none() {
        shown += "only the present version exists\n";
    }
    shown
}

fn row(version: &FileVersion) -> [String; 5] {
    let place = match version.place {
        VersionPlace::Now if version.only_here => "now, not on Dropbox yet",
        VersionPlace::Now => "now",
        VersionPlace::Dropbox => "on Dropbox",
        VersionPlace::Kept if version.only_here => "kept on this computer, nowhere else",
        VersionPlace::Kept => "kept on this computer",
    };
    let id = version.rev.as_ref().or(version.kept.as_ref()).map_or("\u{2013}", String::as_str);
    [
        text::time(&version.time),
        text::bytes(version.size),
        place.to_owned(),
        version.who.clone().unwrap_or_default(),
        id.to_owned(),
    ]
}

/// Makes a version the newest, or writes a copy of it.
pub async fn restore(
    context: &Context,
    path: args::Place,
    version: String,
    to: Option<PathBuf>,
) -> Result<Exit, Failure> {
    let place = place(path)?;
    let is_copy = to.is_some();
    let unusable = |error: std::io::Error| Failure::new(Exit::Usage, format!("--to: {error}"));
    let to = to.map(absolute).transpose().map_err(unusable)?;
    session::with(context, async |session| {
        let restored: Restored = session.call(Call::RestoreVersion { place, version, to }).await?;
        let path = text::plain(&restored.path);
        if is_copy {
            context.out.result(&restored, |_| format!("written to {path}"))?;
            return Ok(Exit::Done);
        }
        let synced = arrive(session, &restored).await?;
        context.out.result(&restored, |restored| match (restored.unchanged, &restored.rev) {
            (true, _) => format!("{path} is at this version already"),
            (false, Some(_)) => format!("{path} is at this version again"),
            (false, None) => format!("it stands at {path} again"),
        })?;
        match &synced {
            Some(report) if !has_come(report.state) => {
                context.out.note(&format!(
                    "it comes to this computer by syncing ({} now)",
                    text::state(report.state)
                ));
            }
            None if restored.workspace.is_some() && !restored.unchanged => {
                context.out.note("it comes to this computer by syncing");
            }
            _ => {}
        }
        let needs_person = synced.is_some_and(|report| report.conflicts > 0);
        if needs_person {
            context.out.note("the file was changed here meanwhile; decide with: lockstep conflicts");
        }
        Ok(if needs_person { Exit::NeedsPerson } else { Exit::Done })
    })
    .await
}

fn has_come(state: WorkspaceState) -> bool {
    matches!(state, WorkspaceState::Idle | WorkspaceState::Guard)
}

/// Lets the workspace sync until nothing is left to do, where nobody else does.
async fn arrive(session: &Session, restored: &Restored) -> Result<Option<SyncReport>, Failure> {
    match (session, &restored.workspace) {
        (Session::Own(_), Some(id)) if !restored.unchanged => {
            let reports: Vec<SyncReport> = session.call(Call::Sync { id: Some(id.clone()) }).await?;
            Ok(reports.into_iter().next())
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(place: VersionPlace, id: &str) -> FileVersion {
        let (rev, kept) = match place {
            VersionPlace::Kept => (None, Some(id.to_owned())),
            _ => (Some(id.to_owned()), None),
        };
        let time = "soon".to_owned();
        FileVersion { place, rev, kept, time, kept_at: None, size: 3, who: None, only_here: false }
    }

    #[test]
    fn versions_say_where_they_are_and_how_they_are_called() {
        let known = |versions| Versions {
            workspace: None,
            path: "/a".into(),
            versions,
            has_more: false,
            deleted: None,
            note: None,
        };
        let tom = FileVersion { who: Some("Tom".into()), ..version(VersionPlace::Dropbox, "0a") };
        let here = FileVersion { only_here: true, ..version(VersionPlace::Kept, "w:7") };
        insta::assert_snapshot!(describe(&known(vec![version(VersionPlace::Now, "0b"), tom, here])), @r#"
        SINCE  SIZE  WHERE                                BY   VERSION
        soon   3 B   now                                       0b
        soon   3 B   on Dropbox                           Tom  0a
        soon   3 B   kept on this computer, nowhere else       w:7
        "#);
        let only = describe(&known(vec![version(VersionPlace::Now, "0b")]));
        assert!(only.ends_with("only the present version exists\n"), "{only}");
        assert_eq!(describe(&known(vec![])), "no version is known\n");
    }
}
