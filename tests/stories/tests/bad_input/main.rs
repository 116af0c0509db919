//! What people, disks and networks do that no design asked for: each has a code, words and a next step,
//! the rest goes on, and nothing is lost.

mod folders;
mod full;
mod names;
mod odd_files;
mod sign_in;

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt, fs::symlink, net::UnixListener},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use engine::api::{
    AccountView, Call, CallError, Code, ConflictPolicy, IssueView, NewWorkspace, SyncReport, WorkspaceState,
    WorkspaceView,
};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::Value;
use stories::{Device, DeviceOptions, Program, SmallDisk, World, account};
use testkit::{TempRoot, Tree, tree};

fn workspace(remote: &str, local: &Path) -> NewWorkspace {
    NewWorkspace {
        account: None,
        remote: remote.into(),
        local: local.into(),
        name: None,
        on_conflict: ConflictPolicy::KeepBoth,
        excludes: Vec::new(),
        start_paused: false,
    }
}

/// Returns the issue with this code at this path.
async fn issue(device: &Device, code: &str, path: &str) -> IssueView {
    let issues = device.issues().await;
    let found = issues.iter().find(|issue| issue.code == code && issue.path == path);
    let found = found.unwrap_or_else(|| panic!("no {code} at {path:?}: {issues:?}")).clone();
    assert!(found.message.len() > 20, "an issue says what to do: {found:?}");
    found
}

/// Both sides hold the same, and the engine agrees.
async fn assert_equal(world: &World, device: &Device) {
    let difference = device.tree().difference(&world.tree());
    assert!(difference.is_empty(), "here and there differ:\n{difference}");
    assert_eq!(device.differences().await, Vec::<String>::new());
}
