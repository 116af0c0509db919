//! `lockstep files ls`: what is in a folder, and where each thing stands.

use engine::api::{Call, EntryStatus, EntryView, Listing};

use super::places::place;
use crate::{
    Context, args,
    failure::{Exit, Failure},
    out::table,
    session, text,
};

/// Lists a folder, or one file.
pub async fn list(context: &Context, path: args::Place) -> Result<Exit, Failure> {
    let listing: Listing = session::call(context, Call::FilesAt { place: place(path)? }).await?;
    if let Some(note) = &listing.note {
        context.out.note(note);
    }
    context.out.result(&listing.files, |files| {
        let rows = files.iter().map(row).collect();
        table(["name", "status", "size", "changed"], rows, "this folder is empty")
    })?;
    Ok(Exit::Done)
}

fn row(entry: &EntryView) -> [String; 4] {
    let name = if entry.is_folder { format!("{}/", entry.name) } else { entry.name.clone() };
    let size = if entry.is_folder { String::new() } else { text::bytes(entry.size) };
    let changed = entry.modified.as_deref().map(text::time).unwrap_or_default();
    [name, status(entry), size, changed]
}

fn status(entry: &EntryView) -> String {
    let word = match entry.status {
        EntryStatus::Synced => "synced",
        EntryStatus::NotHere => "not here",
        EntryStatus::Waiting => "waiting",
        EntryStatus::Syncing => "syncing",
        EntryStatus::Conflict => "conflict",
        EntryStatus::CannotSync => "cannot sync",
    };
    match &entry.issue {
        Some(code) => format!("{word} ({})", text::words(code)),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_sync_says_why() {
        let entry = EntryView {
            name: "pipe".into(),
            path: "pipe".into(),
            is_folder: false,
            status: EntryStatus::CannotSync,
            size: 0,
            modified: None,
            issue: Some("special_file".into()),
        };
        assert_eq!(row(&entry), ["pipe", "cannot sync (special file)", "0 B", ""]);
        let folder = EntryView { is_folder: true, status: EntryStatus::Synced, issue: None, ..entry };
        assert_eq!(row(&folder), ["pipe/", "synced", "", ""]);
    }
}
