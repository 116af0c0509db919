//! `lockstep kept`: files that were replaced or removed, and are kept for a while.

use engine::{
    api::{Call, KeptRemoved, KeptView},
    clock::Clock,
};
use jiff::Timestamp;

use crate::{
    Context, args,
    failure::{Exit, Failure},
    session, text,
};

/// Lists what is kept, newest first.
pub async fn list(context: &Context) -> Result<Exit, Failure> {
    let kept: Vec<KeptView> = session::call(context, Call::Kept { workspace: None }).await?;
    context.out.result(&kept, |kept| match kept.is_empty() {
        true => "nothing was replaced or removed lately".to_owned(),
        false => kept.iter().map(describe).collect(),
    })?;
    Ok(Exit::Done)
}

fn describe(kept: &KeptView) -> String {
    let only = if kept.on_dropbox { "" } else { ", nowhere else" };
    let files = text::count(kept.files, "file", "files");
    text::plain(&format!(
        "{}  {}  {} ({files}, {}{only})",
        kept.id,
        text::time(&kept.kept_at),
        kept.path,
        text::bytes(kept.bytes)
    )) + "\n"
}

/// Puts back or removes.
pub async fn act(context: &Context, action: args::Kept) -> Result<Exit, Failure> {
    session::with(context, async |session| {
        match action {
            args::Kept::Restore { ids } => {
                let mut paths = Vec::new();
                for id in ids {
                    paths.push(session.call::<String>(Call::KeptRestore { id }).await?);
                }
                context.out.result(&paths, |paths| {
                    paths.iter().map(|path| text::plain(&format!("stands at {path} again")) + "\n").collect()
                })?;
            }
            args::Kept::Remove { ids, older_than } => {
                let ids = match older_than {
                    None => ids,
                    Some(days) => {
                        let kept: Vec<KeptView> = session.call(Call::Kept { workspace: None }).await?;
                        older(&kept, Clock::system().now().unix_secs, days)
                    }
                };
                let removed: KeptRemoved = session.call(Call::KeptRemove { ids }).await?;
                context.out.result(&removed, describe_removed)?;
            }
        }
        Ok(Exit::Done)
    })
    .await
}

/// Returns the ids of what was replaced or removed so many days before now, or earlier.
fn older(kept: &[KeptView], now_secs: i64, days: u16) -> Vec<String> {
    const DAY_SECS: i64 = 24 * 3600;
    let limit = now_secs - i64::from(days) * DAY_SECS;
    let is_older =
        |view: &&KeptView| view.kept_at.parse::<Timestamp>().is_ok_and(|at| at.as_second() <= limit);
    kept.iter().filter(is_older).map(|view| view.id.clone()).collect()
}

fn describe_removed(removed: &KeptRemoved) -> String {
    let files = text::count(removed.files, "file was", "files were");
    let mut shown = format!("{files} removed for good ({})", text::bytes(removed.bytes));
    if removed.changed > 0 {
        let stay = text::count(removed.changed, "file stays", "files stay");
        shown += &format!("; {stay}: written to after being replaced");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_back_from_now() {
        let view = |id: &str, kept_at: &str| KeptView {
            id: id.into(),
            workspace: "w".into(),
            path: id.into(),
            kept_at: kept_at.into(),
            files: 1,
            bytes: 1,
            on_dropbox: true,
        };
        let kept = [view("new", "2026-11-29T12:00:00Z"), view("week", "2026-11-22T12:00:00Z")];
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().expect("a time");
        assert_eq!(older(&kept, now.as_second(), 0), ["new", "week"]);
        assert_eq!(older(&kept, now.as_second(), 7), ["week"]);
        assert!(older(&kept, now.as_second(), 8).is_empty());
    }
}
