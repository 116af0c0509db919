//! Writes metadata as JSON, with `.tag` where the declared type is `Metadata` and without elsewhere.

use serde_json::{Map, Value, json};

use crate::clock::format_secs;
use crate::state::entry::{Entry, EntryKind};
use crate::state::node::{Shared, Special, Version};

/// Writes an entry as `Metadata`: with its tag, which comes first.
pub(crate) fn tagged(entry: &Entry) -> Value {
    let tag = match entry.kind {
        EntryKind::File { .. } => "file",
        EntryKind::Folder { .. } => "folder",
        EntryKind::Deleted => "deleted",
    };
    let mut fields = Map::new();
    fields.insert(".tag".into(), tag.into());
    fields.extend(fields_of(entry));
    Value::Object(fields)
}

/// Writes an entry as its concrete type.
pub(crate) fn bare(entry: &Entry) -> Value {
    Value::Object(fields_of(entry))
}

fn fields_of(entry: &Entry) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("name".into(), entry.name.clone().into());
    fields.insert("path_lower".into(), entry.path_lower.clone().into());
    fields.insert("path_display".into(), entry.path_display.clone().into());
    match &entry.kind {
        EntryKind::File { id, version, inside } => {
            fields.insert("id".into(), id.clone().into());
            add_version(&mut fields, version);
            if let Some(inside) = inside {
                let info = json!({"read_only": inside.read_only, "parent_shared_folder_id": inside.id});
                fields.insert("sharing_info".into(), info);
            }
        }
        EntryKind::Folder { id, shared, inside } => {
            fields.insert("id".into(), id.clone().into());
            add_sharing(&mut fields, shared.as_ref(), inside.as_ref());
        }
        EntryKind::Deleted => {}
    }
    fields
}

fn add_version(fields: &mut Map<String, Value>, version: &Version) {
    fields.insert("client_modified".into(), format_secs(version.client_modified).into());
    fields.insert("server_modified".into(), format_secs(version.server_modified).into());
    fields.insert("rev".into(), version.rev.clone().into());
    fields.insert("size".into(), version.size.into());
    fields.insert("is_downloadable".into(), version.is_downloadable().into());
    match &version.special {
        Some(Special::CloudDocument(extension)) => {
            fields.insert("export_info".into(), json!({"export_as": extension}));
        }
        Some(Special::Symlink(target)) => {
            fields.insert("symlink_info".into(), json!({"target": target}));
            fields.insert("content_hash".into(), version.hash.clone().into());
        }
        Some(Special::Restricted) | None => {
            fields.insert("content_hash".into(), version.hash.clone().into());
        }
    }
}

fn add_sharing(fields: &mut Map<String, Value>, shared: Option<&Shared>, inside: Option<&Shared>) {
    let Some(nearest) = shared.or(inside) else { return };
    let read_only = shared.is_some_and(|s| s.read_only) || inside.is_some_and(|s| s.read_only);
    let mut info = json!({"read_only": read_only, "traverse_only": false, "no_access": false});
    match shared {
        Some(shared) => {
            info["shared_folder_id"] = shared.id.clone().into();
            fields.insert("shared_folder_id".into(), shared.id.clone().into());
        }
        None => info["parent_shared_folder_id"] = nearest.id.clone().into(),
    }
    fields.insert("sharing_info".into(), info);
}
