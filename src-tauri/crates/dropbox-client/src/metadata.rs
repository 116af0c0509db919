//! Dropbox's metadata in the words of `sync-core`.
//!
//! One parser for entries with and without `.tag` (`dropbox-api.md` 4.1). An entry that cannot be
//! understood is an error of that entry, never of the page around it.

use dropbox_sdk::types::files::{FileMetadata, FolderMetadata};
use serde::{Deserialize, de::IgnoredAny};
use sync_core::{ContentHash, Name, RemoteEntry, RemoteFile, RemoteFolder};

use crate::error::ClientError;

/// What tells the kinds apart, and all there is of a deleted entry.
#[derive(Deserialize)]
struct Probe {
    #[serde(rename = ".tag")]
    tag: Option<String>,
    rev: Option<IgnoredAny>,
    path_lower: Option<String>,
}

/// Reads metadata of any kind.
pub(crate) fn read_entry(json: &str) -> Result<RemoteEntry, ClientError> {
    let probe: Probe = serde_json::from_str(json).map_err(|_| odd("it is no object"))?;
    match (probe.tag.as_deref(), probe.rev) {
        (Some("file"), _) | (None, Some(_)) => read_file(json).map(RemoteEntry::File),
        (Some("folder"), _) | (None, None) => read_folder(json).map(RemoteEntry::Folder),
        (Some("deleted"), _) => Ok(RemoteEntry::Deleted { path_lower: path(probe.path_lower)? }),
        (Some(_), _) => Err(odd("its kind is unknown")),
    }
}

/// Reads metadata that must be of a file.
pub(crate) fn read_file(json: &str) -> Result<RemoteFile, ClientError> {
    let meta: FileMetadata = serde_json::from_str(json).map_err(|_| odd("it is no file"))?;
    let content_hash = match meta.content_hash.as_deref().map(ContentHash::from_hex) {
        Some(hash) => Some(hash.map_err(|_| odd("its content hash is no hash"))?),
        None => None,
    };
    let server_modified_secs = seconds(&meta.server_modified).ok_or_else(|| odd("its time is no time"))?;
    Ok(RemoteFile {
        id: id(meta.id)?,
        path_lower: path(meta.path_lower)?,
        name: name(&meta.name)?,
        rev: Some(meta.rev).filter(|rev| !rev.is_empty()).ok_or_else(|| odd("its rev is empty"))?,
        size: meta.size,
        content_hash,
        // Only a claim of whoever uploaded it; years beyond the calendar have been seen.
        client_modified_secs: seconds(&meta.client_modified).unwrap_or(server_modified_secs),
        server_modified_secs,
        is_downloadable: meta.is_downloadable,
        symlink_target: meta.symlink_info.map(|link| link.target),
        read_only: meta.sharing_info.as_ref().is_some_and(|sharing| sharing.read_only),
        modified_by: meta.sharing_info.and_then(|sharing| sharing.modified_by),
    })
}

/// Reads metadata that must be of a folder.
#[expect(deprecated, reason = "the service still sends the old field, sometimes alone")]
pub(crate) fn read_folder(json: &str) -> Result<RemoteFolder, ClientError> {
    let meta: FolderMetadata = serde_json::from_str(json).map_err(|_| odd("it is no folder"))?;
    let sharing = meta.sharing_info.as_ref();
    Ok(RemoteFolder {
        id: id(meta.id)?,
        path_lower: path(meta.path_lower)?,
        name: name(&meta.name)?,
        read_only: sharing.is_some_and(|s| s.read_only || s.no_access || s.traverse_only),
        shared_folder_id: sharing.and_then(|s| s.shared_folder_id.clone()).or(meta.shared_folder_id),
    })
}

fn odd(what: &str) -> ClientError {
    ClientError::bad_reply(format!("metadata: {what}"))
}

fn id(id: String) -> Result<String, ClientError> {
    Some(id).filter(|id| id.starts_with("id:") && id.len() > 3).ok_or_else(|| odd("its id is no id"))
}

fn is_name(step: &str) -> bool {
    Name::new(step).is_ok()
}

/// Takes only full paths: what is not mounted has none, and can have no place in a tree. Each step is a name: a
/// folder may be known by the path of what lies in it alone.
fn path(path: Option<String>) -> Result<String, ClientError> {
    let is_one = |path: &String| path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_name));
    path.filter(is_one).ok_or_else(|| odd("it has no path"))
}

fn name(name: &str) -> Result<Name, ClientError> {
    Name::new(name).map_err(|_| odd("its name is no name"))
}

fn seconds(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
}

/// Writes a time as Dropbox wants it: UTC, whole seconds, a year of four digits.
pub(crate) fn timestamp(secs: i64) -> String {
    const YEAR_1: i64 = -62_135_596_800;
    const YEAR_9999_END: i64 = 253_402_207_200;
    let secs = secs.clamp(YEAR_1, YEAR_9999_END);
    let time = jiff::Timestamp::from_second(secs).expect("BUG: clamped to the calendar");
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::*;

    pub(crate) fn file_json() -> Value {
        json!({
            ".tag": "file", "name": "Prime.txt", "path_lower": "/math/prime.txt", "path_display": "/Math/Prime.txt",
            "id": "id:a4ayc_80_OEAAAAAAAAAXw", "client_modified": "2015-05-12T15:50:38Z",
            "server_modified": "2015-05-12T15:50:39Z", "rev": "015c0aa619d60c5", "size": 7212,
            "is_downloadable": true, "content_hash": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        })
    }

    fn without(key: &str) -> Value {
        let mut json = file_json();
        json.as_object_mut().expect("object").remove(key);
        json
    }

    #[test]
    fn a_file_is_read_with_and_without_its_tag() {
        let tagged = read_entry(&file_json().to_string()).expect("valid");
        assert_eq!(read_entry(&without(".tag").to_string()).expect("valid"), tagged);
        let RemoteEntry::File(file) = tagged else { panic!("a file") };
        assert_eq!((file.client_modified_secs, file.server_modified_secs), (1_431_445_838, 1_431_445_839));
        assert_eq!(file.name.as_str(), Some("Prime.txt"));
    }

    #[test]
    fn unknown_fields_are_ignored_and_unknown_kinds_are_errors() {
        let mut json = file_json();
        json["news_from_2030"] = json!({ "a": [1] });
        assert!(read_entry(&json.to_string()).is_ok());
        json[".tag"] = "hologram".into();
        assert!(read_entry(&json.to_string()).is_err());
    }

    #[test]
    fn incomplete_or_absurd_metadata_is_refused() {
        for key in ["name", "path_lower", "id", "rev", "size", "server_modified"] {
            assert!(read_file(&without(key).to_string()).is_err(), "without {key}");
        }
        let absurd = [
            ("name", json!("a/b")),
            ("name", json!("..")),
            ("path_lower", json!("math/prime.txt")),
            ("path_lower", json!(null)),
            ("path_lower", json!("/math/../../etc")),
            ("path_lower", json!("/math//prime.txt")),
            ("path_lower", json!("/")),
            ("id", json!("a4ayc")),
            ("rev", json!("")),
            ("size", json!(-1)),
            ("size", json!("7212")),
            ("content_hash", json!("abc")),
        ];
        for (key, value) in absurd {
            let mut json = file_json();
            json[key] = value.clone();
            assert!(read_file(&json.to_string()).is_err(), "{key} = {value}");
        }
    }

    #[test]
    fn sharing_decides_what_is_read_only() {
        let mut json = file_json();
        json["sharing_info"] =
            json!({ "read_only": true, "parent_shared_folder_id": "84528192421", "modified_by": "dbid:AA" });
        let file = read_file(&json.to_string()).expect("valid");
        assert!(file.read_only);
        assert_eq!(file.modified_by.as_deref(), Some("dbid:AA"));
        let folder = json!({
            ".tag": "folder", "name": "S", "path_lower": "/s", "id": "id:S",
            "sharing_info": { "read_only": false, "shared_folder_id": "12", "no_access": true },
        });
        let folder = read_folder(&folder.to_string()).expect("valid");
        assert!(folder.read_only, "what cannot be looked into cannot be written to");
        assert_eq!(folder.shared_folder_id.as_deref(), Some("12"));
    }

    #[test]
    fn times_are_written_as_dropbox_wants_them() {
        assert_eq!(timestamp(1_431_445_838), "2015-05-12T15:50:38Z");
        assert_eq!(timestamp(0), "1970-01-01T00:00:00Z");
        assert_eq!(timestamp(i64::MIN), "0001-01-01T00:00:00Z");
        assert!(timestamp(i64::MAX).starts_with("9999-12-3"));
    }
}
