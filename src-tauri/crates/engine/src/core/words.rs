//! What people read about things that do not sync. The words are those of the user interface.

use local_fs::Usable;

/// A link on this computer.
pub(crate) const LINK: &str = "Links aren't uploaded.";
/// A link at Dropbox.
pub(crate) const FOREIGN_LINK: &str = "A link that another computer uploaded; it isn't created here.";
/// A document without a file.
pub(crate) const ONLINE_ONLY: &str = "Exists only at dropbox.com (Paper, Google Docs).";
/// A folder or file that may not be read.
pub(crate) const NO_PERMISSION: &str = "No permission to read.";
/// A file that the local file system cannot hold.
pub(crate) const TOO_LARGE_HERE: &str =
    "The file is larger than this disk's format, or a limit of this system, allows. It stays at Dropbox.";
/// Two names that Dropbox takes for one.
pub(crate) const CASE_CLASH: &str =
    "Another name here differs only in capitals or accents. Dropbox treats them as one name.";

/// Something here in the place of what is at Dropbox and not kept here.
pub(crate) const EXCLUDED_CLASH: &str = "Something of this name is at Dropbox and isn't kept here, so this stays here and isn't uploaded. Rename it to have it uploaded, or keep Dropbox's here, too.";

/// Says what a refusal of Dropbox comes to, where its own words would not help.
pub(crate) fn refused(code: &str) -> Option<&'static str> {
    Some(match code {
        "read_only" => "You may only view this shared folder; your change stays here.",
        "restricted" => "Dropbox doesn't deliver this file.",
        "too_large" => "The file is larger than Dropbox takes. It stays here.",
        "online_only" => ONLINE_ONLY,
        "in_use" => "Open in another program. Lockstep tries again.",
        "no_permission" => NO_PERMISSION,
        _ => return None,
    })
}

/// Says why an object on disk cannot be synced under its name: the code of the issue, and the words.
pub(crate) fn unusable(usable: &Usable) -> Option<(&'static str, String)> {
    Some(match usable {
        Usable::Yes => return None,
        Usable::NotText => (
            "name_not_allowed",
            "The name is not valid text, so Dropbox cannot store it. Rename the file.".to_owned(),
        ),
        Usable::RefusedByDropbox(reason) => {
            ("name_not_allowed", format!("This name can't exist on Dropbox: {reason}. Rename the file."))
        }
        Usable::Symlink => ("symlink", LINK.to_owned()),
        Usable::Special => ("special_file", "Pipes, sockets and devices aren't uploaded.".to_owned()),
        Usable::OtherDevice => (
            "other_device",
            "Another disk is mounted here. Lockstep leaves it alone; add it as a workspace of its own."
                .to_owned(),
        ),
    })
}
