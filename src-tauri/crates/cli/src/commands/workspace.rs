//! `lockstep workspace …`.

use engine::{
    api::{Call, ConflictPolicy, NewWorkspace, Preview, PreviewPart, WorkspaceView},
    settings::Settings,
};
use serde_json::json;

use crate::{
    Context, args,
    failure::{Exit, Failure},
    out::table,
    session, text,
};

/// Carries one of the actions out.
pub async fn run(context: &Context, action: args::Workspace) -> Result<Exit, Failure> {
    match action {
        args::Workspace::Add(add) => return self::add(context, *add).await,
        args::Workspace::List => return list(context).await,
        args::Workspace::Remove { id } => {
            let _: Vec<String> = session::call(context, Call::WorkspaceRemove { id }).await?;
            context.out.note("removed; your files stay on this computer and on Dropbox");
        }
        args::Workspace::Pause { id, until } => {
            let () = session::call(context, Call::Pause { id, until }).await?;
            context.out.note("paused");
        }
        args::Workspace::Resume { id } => {
            let () = session::call(context, Call::Resume { id }).await?;
            context.out.note("resumed");
        }
        args::Workspace::Move { id, dir } => return relocate(context, id, dir).await,
        args::Workspace::Rebuild { id } => {
            let () = session::call(context, Call::WorkspaceRebuild { id }).await?;
            context.out.note("both sides are compared anew; nothing is deleted by that");
        }
    }
    Ok(Exit::Done)
}

async fn relocate(context: &Context, id: String, dir: std::path::PathBuf) -> Result<Exit, Failure> {
    let local = absolute(&dir)?;
    let moved: WorkspaceView = session::call(context, Call::WorkspaceRelocate { id, local }).await?;
    context.out.result(&moved, |moved| format!("{} ⇄ {}\n", moved.remote, text::plain(&moved.local)))?;
    Ok(Exit::Done)
}

/// The owner may have another working directory.
fn absolute(path: &std::path::Path) -> Result<std::path::PathBuf, Failure> {
    std::path::absolute(path)
        .map_err(|error| Failure::new(Exit::Usage, format!("{}: {error}", path.display())))
}

async fn add(context: &Context, add: args::AddWorkspace) -> Result<Exit, Failure> {
    let dry_run = add.dry_run;
    let new = new_workspace(context, add)?;
    if dry_run {
        let preview: Preview = session::call(context, Call::WorkspacePreview(new)).await?;
        context.out.result(&preview, describe)?;
    } else {
        let added: WorkspaceView = session::call(context, Call::WorkspaceAdd(new)).await?;
        context.out.result(&json!({ "id": added.id }), |_| added.id.clone())?;
        context.out.note(&format!("{} ⇄ {}; start with: lockstep run", added.remote, added.local));
    }
    Ok(Exit::Done)
}

fn new_workspace(context: &Context, add: args::AddWorkspace) -> Result<NewWorkspace, Failure> {
    let local = absolute(&add.local)?;
    let on_conflict = match add.on_conflict {
        Some(args::OnConflict::Ask) => ConflictPolicy::Ask,
        Some(args::OnConflict::KeepBoth) => ConflictPolicy::KeepBoth,
        None => Settings::load(&context.home.config_file())?.on_conflict,
    };
    Ok(NewWorkspace {
        account: add.account,
        remote: add.remote,
        local,
        name: add.name,
        on_conflict,
        excludes: add.exclude,
        start_paused: false,
    })
}

fn describe(preview: &Preview) -> String {
    let row = |what: &str, part: &PreviewPart| [what.into(), part.files.to_string(), text::bytes(part.bytes)];
    let rows = vec![
        row("to download", &preview.download),
        row("to upload", &preview.upload),
        row("already equal", &preview.identical),
        row("differ on both sides", &preview.conflicts),
        row("cannot be synced", &preview.cannot_sync),
    ];
    table(["first sync", "files", "size"], rows, "")
}

async fn list(context: &Context) -> Result<Exit, Failure> {
    let workspaces: Vec<WorkspaceView> = session::call(context, Call::Workspaces).await?;
    context.out.result(&workspaces, |workspaces| {
        let rows = workspaces.iter().map(row).collect();
        let headings = ["id", "name", "dropbox", "local", "state", "files", "size"];
        table(
            headings,
            rows,
            "no workspace yet; add one: lockstep workspace add --remote /Folder --local DIR",
        )
    })?;
    Ok(Exit::Done)
}

fn row(workspace: &WorkspaceView) -> [String; 7] {
    [
        workspace.id.clone(),
        workspace.name.clone(),
        workspace.remote.clone(),
        workspace.local.clone(),
        text::state(workspace.state).into(),
        workspace.files.to_string(),
        text::bytes(workspace.bytes),
    ]
}
