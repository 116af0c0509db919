//! Folders before they are workspaces: what is at Dropbox, and what stands against a local one.
//!
//! Looks only, but for [`Supervisor::create_remote_folder`].

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use local_fs::{Inspection, Standing, inspect, refused_by_dropbox};
use sync_core::{NameKey, RemoteEntry, SyncPath};

use super::{
    Supervisor, from_client,
    workspaces::{bad, ensure_remote_folder, existing_form, remote_path},
};
use crate::api::{
    CallError, Code, FolderCheck, FolderProblem, FolderWarning, ProblemCode, RemoteEntryView, WarningCode,
};

/// Downloads leave so much of a disk free.
const LEFT_FREE_BYTES: u64 = 500_000_000;

/// How long the check waits for Dropbox to tell how much is free.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

impl Supervisor {
    /// Lists one level of a Dropbox folder: folders first, each by name.
    pub(super) async fn remote_folders(
        &self,
        account: &str,
        path: &str,
    ) -> Result<Vec<RemoteEntryView>, CallError> {
        let account = self.account_row(Some(account))?;
        let above = remote_path(path)?;
        let client = self.client_for(&account.id).await?;
        let entries = client.list_level(&above).await.map_err(from_client)?;
        let mut views: Vec<RemoteEntryView> =
            entries.into_iter().filter_map(|entry| entry_view(&above, entry)).collect();
        views.sort_by_key(|view| (!view.is_folder, view.name.to_lowercase()));
        Ok(views)
    }

    pub(super) async fn create_remote_folder(
        &self,
        account: &str,
        path: &str,
    ) -> Result<RemoteEntryView, CallError> {
        let account = self.account_row(Some(account))?;
        let path = remote_path(path)?;
        let Some((_, name)) = path.rsplit_once('/') else { return Err(bad("Enter a name.".into())) };
        if let Some(why) = refused_by_dropbox(name) {
            return Err(bad(format!("{why}. Choose another name.")));
        }
        let client = self.client_for(&account.id).await?;
        if client.metadata(&path).await.map_err(from_client)?.is_some() {
            return Err(bad(format!("{name:?} exists already. Choose another name.")));
        }
        ensure_remote_folder(&client, &path).await?;
        Ok(RemoteEntryView { name: name.to_owned(), is_folder: true, size: None, path: path.clone() })
    }

    /// Says what stands against keeping these two folders in step, and what there is to know.
    pub(super) async fn check_folder(
        &self,
        account: &str,
        remote: &str,
        local: &Path,
    ) -> Result<FolderCheck, CallError> {
        let account = self.account_row(Some(account))?;
        let remote = remote_path(remote)?;
        if !local.is_absolute() {
            return Err(bad(format!("{} is no absolute path.", local.display())));
        }
        let local = existing_form(local);
        let place = local.clone();
        let looked = tokio::task::spawn_blocking(move || (inspect(&place), Surroundings::of_this_computer()));
        let (inspection, around) =
            looked.await.map_err(|error| CallError::new(Code::Failed, error.to_string()))?;
        let mut problems = judge_place(&local, &inspection, &around);
        problems.extend(self.nested(&account.id, &remote, &local)?);
        Ok(FolderCheck {
            problems,
            warnings: warnings(&inspection),
            items: inspection.items,
            free_local: inspection.free_bytes.unwrap_or(0),
            free_remote: self.free_remote(&account.id).await,
        })
    }

    async fn free_remote(&self, account: &str) -> Option<u64> {
        let client = self.client_for(account).await.ok()?;
        let space = tokio::time::timeout(ANSWER_TIMEOUT, client.space()).await.ok()?.ok()?;
        Some(space.allocated.saturating_sub(space.used))
    }

    /// Other workspaces that the folders would overlap with.
    fn nested(&self, account: &str, remote: &str, local: &Path) -> Result<Vec<FolderProblem>, CallError> {
        let mut problems = Vec::new();
        let records = self.inner.home.state_dir();
        if records.starts_with(local) || local.starts_with(records) {
            problems.push(problem(ProblemCode::NestedLocal, Some("Lockstep")));
        }
        for row in self.state(|tx| tx.workspaces())? {
            if local.starts_with(&row.local) || row.local.starts_with(local) {
                problems.push(problem(ProblemCode::NestedLocal, Some(&row.name)));
            }
            if row.account == account && do_overlap(&row.remote, remote) {
                problems.push(problem(ProblemCode::NestedRemote, Some(&row.name)));
            }
        }
        Ok(problems)
    }
}

fn entry_view(above: &str, entry: RemoteEntry) -> Option<RemoteEntryView> {
    let (name, is_folder, size) = match entry {
        RemoteEntry::Folder(folder) => (folder.name.to_string(), true, None),
        RemoteEntry::File(file) => (file.name.to_string(), false, Some(file.size)),
        RemoteEntry::Deleted { .. } => return None,
    };
    Some(RemoteEntryView { path: format!("{above}/{name}"), name, is_folder, size })
}

/// Tells whether one of two Dropbox folders lies in the other, as Dropbox compares names.
fn do_overlap(a: &str, b: &str) -> bool {
    let keys = |path: &str| -> Vec<NameKey> {
        let path = SyncPath::parse(path).unwrap_or_else(|_| SyncPath::root());
        path.names().iter().map(sync_core::Name::key).collect()
    };
    let (a, b) = (keys(a), keys(b));
    a.starts_with(&b) || b.starts_with(&a)
}

/// What is special about this computer's folders.
#[derive(Debug, Default)]
struct Surroundings {
    home: Option<PathBuf>,
    /// Folders that Dropbox's own app syncs.
    dropbox_app: Vec<PathBuf>,
}

impl Surroundings {
    fn of_this_computer() -> Surroundings {
        let Ok(home) = etcetera::home_dir() else { return Surroundings::default() };
        let settings = [
            home.join(".dropbox/info.json"),
            home.join("AppData/Roaming/Dropbox/info.json"),
            home.join("AppData/Local/Dropbox/info.json"),
        ];
        let texts = settings.iter().filter_map(|file| std::fs::read_to_string(file).ok());
        let dropbox_app =
            texts.flat_map(|text| app_folders(&text)).map(|path| existing_form(&path)).collect();
        Surroundings { home: Some(existing_form(&home)), dropbox_app }
    }
}

/// Reads the folders out of what Dropbox's own app says about itself.
fn app_folders(info: &str) -> Vec<PathBuf> {
    let accounts: serde_json::Map<String, serde_json::Value> = serde_json::from_str(info).unwrap_or_default();
    let paths = accounts.values().filter_map(|account| account.get("path")?.as_str().map(PathBuf::from));
    paths.filter(|path| path.is_absolute()).collect()
}

fn judge_place(local: &Path, inspection: &Inspection, around: &Surroundings) -> Vec<FolderProblem> {
    let mut problems = Vec::new();
    let home = around.home.as_deref();
    if local.parent().is_none() {
        problems.push(problem(ProblemCode::DiskRoot, None));
    } else if home.is_some_and(|home| home.starts_with(local)) {
        problems.push(problem(ProblemCode::HomeRoot, None));
    } else if is_system_folder(local) && !home.is_some_and(|home| local.starts_with(home)) {
        problems.push(problem(ProblemCode::SystemFolder, None));
    }
    let by_app = around.dropbox_app.iter().find(|app| local.starts_with(app) || app.starts_with(local));
    // Of a whole disk or home that much was said already.
    if let Some(app) = by_app.filter(|_| problems.is_empty()) {
        problems.push(problem(ProblemCode::DropboxApp, Some(&app.to_string_lossy())));
    } else if inspection.sync_tool == Some("Dropbox") {
        problems.push(problem(ProblemCode::DropboxApp, None));
    }
    if inspection.standing == Standing::Other {
        problems.push(problem(ProblemCode::NotAFolder, None));
    } else if !inspection.writable {
        problems.push(problem(ProblemCode::NoPermission, None));
    }
    if inspection.free_bytes.is_some_and(|free| free < LEFT_FREE_BYTES) {
        problems.push(problem(ProblemCode::NoSpace, None));
    }
    problems
}

#[cfg(target_os = "linux")]
fn is_system_folder(local: &Path) -> bool {
    const WITH_ALL_BELOW: [&str; 14] = [
        "/bin",
        "/boot",
        "/dev",
        "/etc",
        "/lib",
        "/lib32",
        "/lib64",
        "/lost+found",
        "/proc",
        "/sbin",
        "/snap",
        "/sys",
        "/usr",
        "/run",
    ];
    const ALONE: [&str; 9] =
        ["/home", "/media", "/mnt", "/opt", "/root", "/srv", "/tmp", "/var", "/run/media"];
    // Where desktops mount what is plugged in.
    let is_plugged = local.starts_with("/run/media") && local != Path::new("/run/media");
    ALONE.iter().any(|dir| local == Path::new(dir))
        || (!is_plugged && WITH_ALL_BELOW.iter().any(|dir| local.starts_with(dir)))
}

#[cfg(target_os = "macos")]
fn is_system_folder(local: &Path) -> bool {
    const WITH_ALL_BELOW: [&str; 8] =
        ["/Applications", "/Library", "/System", "/bin", "/etc", "/private/etc", "/sbin", "/usr"];
    const ALONE: [&str; 3] = ["/Users", "/Volumes", "/private"];
    ALONE.iter().any(|dir| local == Path::new(dir)) || WITH_ALL_BELOW.iter().any(|dir| local.starts_with(dir))
}

#[cfg(windows)]
fn is_system_folder(local: &Path) -> bool {
    let below = |variable: &str| std::env::var_os(variable).is_some_and(|dir| local.starts_with(dir));
    ["SystemRoot", "ProgramFiles", "ProgramFiles(x86)", "ProgramData"].into_iter().any(below)
}

fn warnings(inspection: &Inspection) -> Vec<FolderWarning> {
    let tool = inspection.sync_tool.filter(|tool| *tool != "Dropbox");
    let warning = |code, detail: Option<&str>| FolderWarning { code, detail: detail.map(str::to_owned) };
    let mut all = Vec::new();
    all.extend(tool.map(|tool| warning(WarningCode::OtherSyncTool, Some(tool))));
    all.extend(inspection.network.then(|| warning(WarningCode::NetworkDisk, None)));
    all.extend(inspection.removable.then(|| warning(WarningCode::RemovableDisk, None)));
    all.extend(inspection.folds_case.then(|| warning(WarningCode::CaseInsensitive, None)));
    all
}

fn problem(code: ProblemCode, detail: Option<&str>) -> FolderProblem {
    FolderProblem { code, detail: detail.map(str::to_owned) }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn ordinary() -> Inspection {
        Inspection {
            standing: Standing::Folder,
            writable: true,
            items: 3,
            free_bytes: Some(80_000_000_000),
            network: false,
            removable: false,
            folds_case: false,
            sync_tool: None,
        }
    }

    fn around() -> Surroundings {
        Surroundings { home: Some("/home/anna".into()), dropbox_app: vec!["/home/anna/Dropbox".into()] }
    }

    fn codes(local: &str, inspection: &Inspection) -> Vec<ProblemCode> {
        judge_place(Path::new(local), inspection, &around()).into_iter().map(|problem| problem.code).collect()
    }

    #[test]
    fn places_that_are_no_persons_folder_are_refused_by_name() {
        use ProblemCode as P;
        for (local, expected) in [
            ("/", Some(P::DiskRoot)),
            ("/home/anna", Some(P::HomeRoot)),
            ("/home", Some(P::HomeRoot)),
            ("/etc/ssl", Some(P::SystemFolder)),
            ("/mnt", Some(P::SystemFolder)),
            ("/run/media", Some(P::SystemFolder)),
            ("/run/media/anna/Stick", None),
            ("/mnt/data", None),
            ("/home/anna/Projects", None),
            ("/home/anna/Dropbox", Some(P::DropboxApp)),
            ("/home/anna/Dropbox/Work", Some(P::DropboxApp)),
        ] {
            assert_eq!(codes(local, &ordinary()), expected.into_iter().collect::<Vec<_>>(), "{local}");
        }
    }

    #[test]
    fn what_is_wrong_with_the_folder_itself_is_said_too() {
        let place = "/home/anna/Projects";
        let file = Inspection { standing: Standing::Other, ..ordinary() };
        assert_eq!(codes(place, &file), [ProblemCode::NotAFolder]);
        let locked = Inspection { writable: false, free_bytes: Some(1000), ..ordinary() };
        assert_eq!(codes(place, &locked), [ProblemCode::NoPermission, ProblemCode::NoSpace]);
        let dropbox = Inspection { sync_tool: Some("Dropbox"), ..ordinary() };
        assert_eq!(codes(place, &dropbox), [ProblemCode::DropboxApp]);
        assert_eq!(warnings(&dropbox), [], "said once");
    }

    #[test]
    fn oddities_become_warnings() {
        let odd = Inspection {
            network: true,
            removable: true,
            folds_case: true,
            sync_tool: Some("Syncthing"),
            ..ordinary()
        };
        let found = warnings(&odd);
        assert_eq!(found.len(), 4);
        assert_eq!(found[0].detail.as_deref(), Some("Syncthing"));
        assert_eq!(warnings(&ordinary()), []);
    }

    #[test]
    fn dropbox_folders_overlap_as_dropbox_compares_names() {
        assert!(do_overlap("", "/Docs"));
        assert!(do_overlap("/docs", "/Docs/Work"));
        assert!(!do_overlap("/Docs", "/Documents"));
    }

    #[test]
    fn the_folders_of_dropboxs_own_app_are_read_and_nonsense_is_not() {
        let info = r#"{"personal": {"path": "/home/anna/Dropbox", "host": 1}, "business": {"path": "x"}}"#;
        assert_eq!(app_folders(info), [PathBuf::from("/home/anna/Dropbox")]);
        assert_eq!(app_folders("not json"), Vec::<PathBuf>::new());
    }
}
