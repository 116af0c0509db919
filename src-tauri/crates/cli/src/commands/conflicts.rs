//! `lockstep conflicts`: the list, three-way differences, decisions.

use diffy::{MergeOptions, create_patch};
use engine::api::{
    Call, Choice, ConflictContent, ConflictView, Resolved, Seen, SideContent, SyncReport, VersionView,
};
use serde::Serialize;
use serde_json::json;

use crate::{
    Context, args,
    failure::{Exit, Failure},
    out::table,
    session::{self, Session},
    text,
};

/// Lists conflicts.
pub async fn list(context: &Context) -> Result<Exit, Failure> {
    let conflicts: Vec<ConflictView> = session::call(context, Call::Conflicts).await?;
    context.out.result(&conflicts, |conflicts| {
        let rows = conflicts.iter().map(row).collect();
        table(["id", "workspace", "path", "this computer", "dropbox", "found"], rows, "no conflicts")
    })?;
    Ok(Exit::Done)
}

fn row(conflict: &ConflictView) -> [String; 6] {
    [
        conflict.id.clone(),
        conflict.workspace.clone(),
        conflict.path.clone(),
        version(conflict.local.as_ref()),
        version(conflict.remote.as_ref()),
        text::time(&conflict.detected_at),
    ]
}

fn version(version: Option<&VersionView>) -> String {
    let Some(version) = version else { return "–".into() };
    let mut shown = text::bytes(version.size);
    if let Some(modified) = &version.modified {
        shown += &format!(", {}", text::time(modified));
    }
    if let Some(who) = &version.who {
        shown += &format!(", {who}");
    }
    shown
}

/// Shows or resolves one conflict.
pub async fn run(context: &Context, action: args::Conflicts) -> Result<Exit, Failure> {
    match action {
        args::Conflicts::Show { id } => show(context, id).await,
        args::Conflicts::Resolve { id, keep, name, merged } => {
            let choice = choice(keep, name, merged)?;
            resolve(context, id, choice).await
        }
    }
}

/// Decides, and carries the decision out at once where nobody else would.
async fn resolve(context: &Context, id: String, choice: Choice) -> Result<Exit, Failure> {
    session::with(context, async |session| {
        let conflicts: Vec<ConflictView> = session.call(Call::Conflicts).await?;
        let seen = conflicts.into_iter().find(|conflict| conflict.id == id).map(seen).unwrap_or_default();
        let resolved: Resolved = session.call(Call::Resolve { id, choice, seen }).await?;
        sync_own(session, &resolved.undo).await?;
        let text = format!("resolved; to undo: lockstep activity undo {}", resolved.undo);
        context.out.result(&resolved, |_| text)?;
        Ok(Exit::Done)
    })
    .await
}

/// Lets the workspace of a decision run until nothing is left to do, where nobody else does.
pub async fn sync_own(session: &Session, decision: &str) -> Result<(), Failure> {
    if let (Session::Own(_), Some((workspace, _))) = (session, decision.rsplit_once(':')) {
        let _: Vec<SyncReport> = session.call(Call::Sync { id: Some(workspace.into()) }).await?;
    }
    Ok(())
}

/// What stands on both sides now: what changes from here on is not overwritten.
fn seen(conflict: ConflictView) -> Seen {
    Seen {
        local_hash: conflict.local.and_then(|version| version.content_hash),
        remote_rev: conflict.remote.and_then(|version| version.rev),
    }
}

fn choice(
    keep: Option<args::Keep>,
    name: Option<String>,
    merged: Option<std::path::PathBuf>,
) -> Result<Choice, Failure> {
    if name.is_some() && !matches!(keep, Some(args::Keep::Both)) {
        return Err(Failure::new(Exit::Usage, "--name goes with --keep both"));
    }
    match (keep, merged) {
        (Some(args::Keep::Local), _) => Ok(Choice::Local),
        (Some(args::Keep::Remote), _) => Ok(Choice::Remote),
        (Some(args::Keep::Both), _) => Ok(Choice::Both { name }),
        (None, Some(file)) => {
            // The owner may have another working directory.
            let found = std::fs::canonicalize(&file);
            let file =
                found.map_err(|error| Failure::new(Exit::Usage, format!("{}: {error}", file.display())))?;
            Ok(Choice::Merged { file })
        }
        (None, None) => unreachable!("clap requires one of them"),
    }
}

async fn show(context: &Context, id: String) -> Result<Exit, Failure> {
    let (conflict, content) = session::with(context, async |session| {
        let all: Vec<ConflictView> = session.call(Call::Conflicts).await?;
        let found = all.into_iter().find(|conflict| conflict.id == id);
        let conflict = found.ok_or_else(|| {
            Failure::new(Exit::Error, format!("there is no conflict {id}; list them: lockstep conflicts"))
        })?;
        let content: ConflictContent = session.call(Call::ConflictContent { id }).await?;
        Ok((conflict, content))
    })
    .await?;
    let texts = Texts::of(&content);
    let document = json!({ "conflict": conflict, "texts": texts });
    context.out.result(&document, |_| describe(&conflict, &texts))?;
    Ok(Exit::Done)
}

/// The versions that are text.
#[derive(Serialize)]
struct Texts<'a> {
    base: Option<&'a str>,
    local: Option<&'a str>,
    remote: Option<&'a str>,
}

impl<'a> Texts<'a> {
    fn of(content: &'a ConflictContent) -> Texts<'a> {
        Texts {
            base: content.base.as_ref().and_then(SideContent::text),
            local: content.local.text(),
            remote: content.remote.text(),
        }
    }
}

fn describe(conflict: &ConflictView, texts: &Texts<'_>) -> String {
    let head = format!(
        "{}\n  this computer  {}\n  Dropbox        {}\n  both started   {}\n",
        text::plain(&conflict.path),
        version(conflict.local.as_ref()),
        version(conflict.remote.as_ref()),
        version(conflict.base.as_ref()),
    );
    let body = match (texts.base, texts.local, texts.remote) {
        (Some(base), Some(local), Some(remote)) => three_way(base, local, remote),
        (None, Some(local), Some(remote)) => two_way("this computer", local, "Dropbox", remote),
        _ => "the versions are not all text, so no differences are shown\n".to_owned(),
    };
    format!(
        "{head}\n{body}\nresolve with: lockstep conflicts resolve {} --keep local|remote|both",
        conflict.id
    )
}

fn three_way(base: &str, local: &str, remote: &str) -> String {
    let outcome = match MergeOptions::new().merge(base, local, remote) {
        Ok(_) => "the changes do not overlap: they can be merged without a decision",
        Err(_) => "the changes overlap",
    };
    let mine = two_way("both started", base, "this computer", local);
    format!("{mine}\n{}\n{outcome}\n", two_way("both started", base, "Dropbox", remote))
}

fn two_way(old_name: &str, old: &str, new_name: &str, new: &str) -> String {
    let patch = create_patch(old, new).to_string();
    let hunks = patch.split_once("@@").map_or(String::new(), |(_, rest)| format!("@@{rest}"));
    let safe: String = hunks.lines().map(|line| text::plain(&line.replace('\t', "    ")) + "\n").collect();
    format!("--- {old_name}\n+++ {new_name}\n{safe}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_edits_are_shown_against_what_both_started_from() {
        let shown = three_way("one\ntwo\nthree\n", "ONE\ntwo\nthree\n", "one\ntwo\nTHREE\n");
        insta::assert_snapshot!(shown, @r#"
        --- both started
        +++ this computer
        @@ -1,3 +1,3 @@
        -one
        +ONE
         two
         three

        --- both started
        +++ Dropbox
        @@ -1,3 +1,3 @@
         one
         two
        -three
        +THREE

        the changes do not overlap: they can be merged without a decision
        "#);
    }

    #[test]
    fn overlapping_edits_are_called_so_and_control_characters_do_not_reach_the_terminal() {
        let shown = three_way("one\n", "\u{1b}[2Jmine\n", "theirs\n");
        assert!(shown.contains("the changes overlap"), "{shown}");
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
    }
}
