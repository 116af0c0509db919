//! `lockstep select`: what of Dropbox is kept on this computer.

use engine::api::{Call, SelectionState, SelectionView};

use crate::{
    Context, args,
    failure::{Exit, Failure},
    out::table,
    session::{self, Session},
    text,
};

/// Carries one of the actions out.
pub async fn run(context: &Context, action: args::Select) -> Result<Exit, Failure> {
    match action {
        args::Select::Show { id, paths } => {
            let views: Vec<SelectionView> =
                session::call(context, Call::Selection { workspace: id, paths }).await?;
            context.out.result(&views, |views| show(views))?;
        }
        args::Select::Include { id, paths } => choose(context, id, true, paths, false).await?,
        args::Select::Exclude { id, paths, keep_unsynced } => {
            choose(context, id, false, paths, keep_unsynced).await?;
        }
    }
    Ok(Exit::Done)
}

async fn choose(
    context: &Context,
    workspace: String,
    keep: bool,
    paths: Vec<String>,
    keep_unsynced: bool,
) -> Result<(), Failure> {
    let (views, waits) = session::with(context, async |session| {
        let call = Call::Select { workspace, keep, paths, keep_unsynced };
        let views: Vec<SelectionView> = session.call(call).await?;
        Ok((views, matches!(session, Session::Own(_))))
    })
    .await?;
    context.out.result(&views, |views| show(views))?;
    let what = match keep {
        true => "downloaded",
        false if keep_unsynced => {
            "moved to the kept files (lockstep kept), but for what Dropbox does not have"
        }
        false => "moved to the kept files (lockstep kept), after what Dropbox does not have was uploaded",
    };
    let when = if waits { "at the next sync" } else { "now" };
    context.out.note(&format!("what you named is {what}, {when}; nothing is deleted at Dropbox"));
    Ok(())
}

fn show(views: &[SelectionView]) -> String {
    let rows = views.iter().map(|view| [view.path.clone(), state(view)]).collect();
    table(["path", "state"], rows, "everything is kept on this computer")
}

fn state(view: &SelectionView) -> String {
    match (view.state, view.waiting) {
        (SelectionState::Here, _) => "kept here".into(),
        (SelectionState::Partly, _) => "kept here in part".into(),
        (SelectionState::Leaving, 0) => "about to leave".into(),
        (SelectionState::Leaving, waiting) => {
            format!("leaves after {}", text::count(waiting, "upload", "uploads"))
        }
        (SelectionState::NotHere, _) => "only at Dropbox".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(path: &str, state: SelectionState, waiting: u64) -> SelectionView {
        SelectionView { workspace: "w".into(), path: path.into(), state, waiting, is_at_dropbox: true }
    }

    #[test]
    fn each_state_has_words() {
        let views = [
            view("/a", SelectionState::Here, 0),
            view("/b", SelectionState::Partly, 0),
            view("/c", SelectionState::Leaving, 0),
            view("/d", SelectionState::Leaving, 1),
            view("/e", SelectionState::NotHere, 0),
        ];
        insta::assert_snapshot!(show(&views), @r"
        PATH  STATE
        /a    kept here
        /b    kept here in part
        /c    about to leave
        /d    leaves after 1 upload
        /e    only at Dropbox
        ");
        assert_eq!(show(&[]), "everything is kept on this computer");
    }
}
