//! `lockstep held`: deletions that wait for a person.

use engine::api::{Call, HeldView};

use crate::{
    Context, args,
    failure::{Exit, Failure},
    session, text,
};

/// Paths shown of each held deletion; JSON has them all.
const PATHS_SHOWN: usize = 20;

/// Lists held deletions with their paths.
pub async fn list(context: &Context) -> Result<Exit, Failure> {
    let held: Vec<HeldView> = session::call(context, Call::Held).await?;
    context.out.result(&held, |held| match held.is_empty() {
        true => "no deletions wait for you".to_owned(),
        false => held.iter().map(describe).collect(),
    })?;
    Ok(Exit::Done)
}

fn describe(held: &HeldView) -> String {
    let place = if held.deleted_on == "local" { "on this computer" } else { "on Dropbox" };
    let mut shown = format!(
        "{}: {} deleted {place}, found {} (workspace {})\n",
        held.id,
        text::count(held.count, "file or folder was", "files and folders were"),
        text::time(&held.detected_at),
        held.workspace
    );
    for path in held.paths.iter().take(PATHS_SHOWN) {
        shown += &format!("    {}\n", text::plain(path));
    }
    if held.paths.len() > PATHS_SHOWN {
        shown += &format!("    … and {} more\n", held.paths.len() - PATHS_SHOWN);
    }
    shown
        + &format!(
            "  bring them back: lockstep held restore {0}\n  delete them on the other side, too: lockstep held approve {0}\n",
            held.id
        )
}

/// Carries a decision out.
pub async fn decide(context: &Context, action: args::Held) -> Result<Exit, Failure> {
    let (call, done) = match action {
        args::Held::Approve { id } => (Call::HeldApprove { id }, "the deletions are carried out"),
        args::Held::Restore { id } => (Call::HeldRestore { id }, "the files are brought back"),
    };
    let () = session::call(context, call).await?;
    context.out.note(done);
    Ok(Exit::Done)
}
