//! The list of workspaces, and starting and stopping them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use dropbox_client::ClientError;
use store::WorkspaceRow;
use sync_core::{RemoteEntry, SyncPath, guard::GuardLimits, plan::OnConflict};

use super::{Running, StartError, Supervisor, from_client, read};
use crate::{
    api::{
        CallError, Code, ConflictPolicy, NewWorkspace, StatusView, WorkspaceState, WorkspaceStatus,
        WorkspaceView,
    },
    core::{Config, Halt, Request, rfc3339},
    exec::Limits,
    settings::{Guard, Settings},
    workspace::{Plan, Workspace},
};

/// Entries of one page of a listing, as Dropbox allows at most.
const PAGE_ENTRIES: u32 = 2000;

/// After so many days without an answer a new workspace keeps both versions of a conflict.
const CONFLICT_DAYS: u32 = 7;

/// A new workspace whose fields have been checked.
pub(super) struct Checked {
    pub(super) account: String,
    /// Empty for all of Dropbox, else `/Path`.
    pub(super) remote_root: String,
    pub(super) local: PathBuf,
    pub(super) excludes: Vec<SyncPath>,
}

/// Some 10 MiB, and a tenth of a second.
const PLAN_NODES: usize = 5_000;

impl Supervisor {
    pub(super) async fn open_workspaces(&self) -> Result<(), StartError> {
        let rows = {
            let mut state = self.inner.state.lock().expect("BUG: nothing panics while it is held");
            state.transaction(|tx| tx.workspaces())?
        };
        let now = self.inner.options.clock.now().unix_secs;
        for mut row in rows {
            if row.paused_until_secs.is_some_and(|at| at <= now) {
                row = WorkspaceRow { paused: false, paused_until_secs: None, ..row };
                let mut state = self.inner.state.lock().expect("BUG: nothing panics while it is held");
                state.transaction(|tx| tx.put_workspace(&row))?;
            }
            self.start_workspace(&row).await;
        }
        Ok(())
    }

    pub(super) async fn start_workspace(&self, row: &WorkspaceRow) {
        let halt = self.halt_for(row);
        let resting = halt == Halt::Resting;
        let plan = self.plan_for(row, halt, false).await;
        let workspace = Arc::new(Workspace::start(plan, self.tell()));
        self.inner.workspaces.lock().await.insert(row.id.clone(), Running { workspace, resting });
    }

    /// Tells whether a workspace goes on, as far as people have said.
    pub(super) fn halt_for(&self, row: &WorkspaceRow) -> Halt {
        match (row.paused, self.inner.options.autostart_workspaces) {
            (true, _) => Halt::Paused,
            (false, false) => Halt::Resting,
            (false, true) => Halt::No,
        }
    }

    pub(super) async fn plan_for(&self, row: &WorkspaceRow, halt: Halt, dry_run: bool) -> Plan {
        let settings = self.settings();
        let guard = guard_of(row, &settings);
        let client = self.inner.clients.lock().await.get(&row.account).cloned().flatten();
        let account = self.state(|tx| tx.account(&row.account)).ok().flatten();
        Plan {
            config: Config {
                workspace: row.id.clone(),
                remote_root: row.remote.clone(),
                on_conflict: match row.on_conflict.as_str() {
                    "ask" => OnConflict::Ask,
                    _ => OnConflict::KeepBoth,
                },
                conflict_days: row.conflict_days,
                kept_days: settings.kept_days as u32,
                device: self.device_name(),
                debounce_ms: settings.debounce_ms,
                delete_delay_ms: settings.delete_delay_ms,
                guard: GuardLimits {
                    files: guard.files,
                    percent: u8::try_from(guard.percent).unwrap_or(100),
                    ..GuardLimits::default()
                },
                excludes: row.excludes.iter().filter_map(|path| SyncPath::parse(path).ok()).collect(),
                plan_nodes: PLAN_NODES,
                dry_run,
                boot: self.inner.options.boot.clone(),
            },
            client,
            account_id: row.account.clone(),
            namespace_id: account.map_or_else(String::new, |account| account.root_namespace),
            local: row.local.clone(),
            index: self.inner.home.workspace_dir(&row.id).join("index.db"),
            limits: Limits {
                downloads: settings.parallel_downloads as usize,
                large_uploads: settings.parallel_uploads as usize,
                longpoll_secs: settings.longpoll_secs as u32,
                page_entries: PAGE_ENTRIES,
            },
            clock: self.inner.options.clock.clone(),
            halt,
        }
    }

    pub(super) async fn stop_workspaces_of(&self, account: &str) {
        for row in self.rows_of(account) {
            self.stop_workspace(&row.id).await;
        }
    }

    pub(super) async fn open_workspaces_of(&self, account: &str) -> Result<(), CallError> {
        for row in self.rows_of(account) {
            self.start_workspace(&row).await;
        }
        Ok(())
    }

    pub(super) async fn restart_workspaces_of(&self, account: &str) -> Result<(), CallError> {
        self.stop_workspaces_of(account).await;
        self.open_workspaces_of(account).await
    }

    fn rows_of(&self, account: &str) -> Vec<WorkspaceRow> {
        let rows = self.state(|tx| tx.workspaces()).unwrap_or_default();
        rows.into_iter().filter(|row| row.account == account).collect()
    }

    pub(super) async fn stop_workspace(&self, id: &str) {
        let running = self.inner.workspaces.lock().await.remove(id);
        if let Some(running) = running {
            running.workspace.stop().await;
        }
        self.inner.board.forget(id);
    }

    /// Returns the workspaces that a call is for.
    pub(super) async fn chosen(&self, id: Option<&str>) -> Result<Vec<(String, Arc<Workspace>)>, CallError> {
        let running = self.inner.workspaces.lock().await;
        let all = running.iter().map(|(id, running)| (id.clone(), Arc::clone(&running.workspace)));
        let Some(id) = id else { return Ok(all.collect()) };
        let row = self.workspace_row(id)?;
        let found: Vec<_> = all.filter(|(known, _)| *known == row.id).collect();
        if found.is_empty() { Err(no_such_workspace(id)) } else { Ok(found) }
    }

    /// Wakes those of these workspaces up that rest; returns their ids.
    pub(super) async fn wake(&self, chosen: &[(String, Arc<Workspace>)]) -> Result<Vec<String>, CallError> {
        let mut woken = Vec::new();
        for (id, workspace) in chosen {
            if self.set_resting(id, false).await {
                workspace.ask(Request::Halt(Halt::No)).await?;
                woken.push(id.clone());
            }
        }
        Ok(woken)
    }

    /// Lets a workspace rest again that was woken up for one call.
    pub(super) async fn rest(&self, id: &str, workspace: &Workspace) -> Result<(), CallError> {
        workspace.ask(Request::Halt(Halt::Resting)).await?;
        self.set_resting(id, true).await;
        Ok(())
    }

    /// Notes whether a workspace rests; returns whether it did.
    async fn set_resting(&self, id: &str, resting: bool) -> bool {
        let mut running = self.inner.workspaces.lock().await;
        running.get_mut(id).is_some_and(|running| std::mem::replace(&mut running.resting, resting))
    }

    /// Returns the workspace with this id or name.
    pub(super) fn workspace_row(&self, id: &str) -> Result<WorkspaceRow, CallError> {
        let rows = self.state(|tx| tx.workspaces())?;
        let by_id = rows.iter().find(|row| row.id == id);
        let by_name: Vec<_> = rows.iter().filter(|row| row.name == id).collect();
        match (by_id, by_name.as_slice()) {
            (Some(row), _) => Ok(row.clone()),
            (None, [row]) => Ok((*row).clone()),
            (None, []) => Err(no_such_workspace(id)),
            (None, _) => Err(CallError::new(
                Code::BadInput,
                format!("Several workspaces are called {id:?}; give the id."),
            )),
        }
    }

    pub(super) async fn workspace_views(&self) -> Result<Vec<WorkspaceView>, CallError> {
        let rows = self.state(|tx| tx.workspaces())?;
        let mut views = Vec::new();
        for row in rows {
            views.push(self.view_of(row).await?);
        }
        Ok(views)
    }

    pub(super) async fn view_of(&self, row: WorkspaceRow) -> Result<WorkspaceView, CallError> {
        let running = self.inner.workspaces.lock().await.get(&row.id).map(|r| Arc::clone(&r.workspace));
        let mut status = WorkspaceStatus { state: WorkspaceState::NeedsSignIn, ..WorkspaceStatus::default() };
        let (mut files, mut bytes) = (0, 0);
        if let Some(workspace) = running {
            let view: StatusView = read(workspace.ask(Request::Status).await?)?;
            status = view.workspaces.into_iter().next().unwrap_or(status);
            [files, bytes] = read(workspace.ask(Request::Totals).await?)?;
        }
        let guard = guard_of(&row, &self.settings());
        Ok(WorkspaceView {
            id: row.id,
            name: row.name,
            account: row.account,
            remote: if row.remote.is_empty() { "/".into() } else { row.remote },
            local: row.local.to_string_lossy().into_owned(),
            state: status.state,
            files,
            bytes,
            paused_until: row.paused_until_secs.map(rfc3339),
            last_synced: status.last_synced,
            pending_files: status.pending.uploads + status.pending.downloads + status.pending.other,
            watched_folders: status.watching.folders,
            watching_complete: status.watching.complete,
            on_conflict: match row.on_conflict.as_str() {
                "ask" => ConflictPolicy::Ask,
                _ => ConflictPolicy::KeepBoth,
            },
            conflict_days: row.conflict_days,
            guard_files: guard.files,
            guard_percent: guard.percent,
            first_sync: status.first_sync,
            conflicts: status.conflicts,
        })
    }

    pub(super) async fn add_workspace(&self, new: NewWorkspace) -> Result<WorkspaceView, CallError> {
        let checked = self.check_new(&new)?;
        let client = self.client_for(&checked.account).await?;
        if !checked.remote_root.is_empty() {
            ensure_remote_folder(&client, &checked.remote_root).await?;
        }
        std::fs::create_dir_all(&checked.local).map_err(|error| {
            bad(format!("The folder {} cannot be created: {error}", checked.local.display()))
        })?;
        let local = checked
            .local
            .canonicalize()
            .map_err(|error| bad(format!("{}: {error}", checked.local.display())))?;
        self.check_overlap(&local, None)?;
        let name = new.name.clone().unwrap_or_else(|| default_name(&local));
        let row = WorkspaceRow {
            id: uuid::Uuid::now_v7().simple().to_string(),
            name,
            account: checked.account,
            remote: checked.remote_root,
            local,
            on_conflict: policy_name(new.on_conflict).into(),
            excludes: checked.excludes.iter().map(|path| path.to_string()).collect(),
            paused: new.start_paused,
            created_secs: self.inner.options.clock.now().unix_secs,
            conflict_days: CONFLICT_DAYS,
            paused_until_secs: None,
            guard_files: None,
            guard_percent: None,
        };
        self.state(|tx| tx.put_workspace(&row))?;
        self.start_workspace(&row).await;
        self.changed("workspaces");
        self.view_of(row).await
    }

    /// Checks everything about a new workspace that can be known without changing anything.
    pub(super) fn check_new(&self, new: &NewWorkspace) -> Result<Checked, CallError> {
        let account = self.account_row(new.account.as_deref())?;
        let remote_root = remote_path(&new.remote)?;
        if !new.local.is_absolute() {
            return Err(bad(format!("{} is no absolute path.", new.local.display())));
        }
        let mut excludes = Vec::new();
        for path in &new.excludes {
            let parsed = SyncPath::parse(path)
                .map_err(|error| bad(format!("{path:?} cannot be excluded: {error}.")))?;
            if parsed.is_root() {
                return Err(bad("All of the workspace cannot be excluded.".into()));
            }
            excludes.push(parsed);
        }
        self.check_overlap(&existing_form(&new.local), None)?;
        Ok(Checked { account: account.id, remote_root, local: new.local.clone(), excludes })
    }

    /// Two workspaces in one folder, or one inside the other, would fight over it.
    pub(super) fn check_overlap(&self, local: &Path, except: Option<&str>) -> Result<(), CallError> {
        if local.exists() && !local.is_dir() {
            return Err(bad(format!("{} is not a folder.", local.display())));
        }
        for row in self.state(|tx| tx.workspaces())? {
            if except == Some(row.id.as_str()) {
                continue;
            }
            if local.starts_with(&row.local) || row.local.starts_with(local) {
                return Err(bad(format!(
                    "{} overlaps with the workspace {:?} at {}. Choose a folder that is neither inside nor around it.",
                    local.display(),
                    row.name,
                    row.local.display()
                )));
            }
        }
        let home = self.inner.home.state_dir();
        if home.starts_with(local) || local.starts_with(home) {
            return Err(bad(format!(
                "{} overlaps with Lockstep's own records at {}.",
                local.display(),
                home.display()
            )));
        }
        Ok(())
    }

    /// Forgets a workspace; answers with what it left out, which a workspace that takes its place has to leave out, too.
    pub(super) async fn remove_workspace(&self, id: &str) -> Result<Vec<String>, CallError> {
        let row = self.workspace_row(id)?;
        let left_out = self.left_out(&row).await;
        self.stop_workspace(&row.id).await;
        self.state(|tx| tx.remove_workspace(&row.id))?;
        self.changed("workspaces");
        Ok(left_out.iter().map(SyncPath::to_string).collect())
    }

    /// Asks a second, harmless engine over the same index what it would do.
    pub(super) async fn plan_of(&self, id: &str) -> Result<serde_json::Value, CallError> {
        self.with_planner(id, async |planner| planner.ask(Request::Plan).await).await
    }

    /// Stops a workspace for the time that a second, harmless engine works over its index: it looks and plans only.
    pub(super) async fn with_planner<T>(
        &self,
        id: &str,
        work: impl AsyncFnOnce(&Workspace) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let row = self.workspace_row(id)?;
        self.stop_workspace(&row.id).await;
        let plan = self.plan_for(&row, Halt::No, true).await;
        let planner = Workspace::start(plan, self.tell());
        let done = work(&planner).await;
        planner.stop().await;
        self.start_workspace(&row).await;
        done
    }
}

pub(super) async fn ensure_remote_folder(
    client: &dropbox_client::Client,
    path: &str,
) -> Result<(), CallError> {
    match client.metadata(path).await.map_err(from_client)? {
        Some(RemoteEntry::Folder(_)) => return Ok(()),
        Some(_) => return Err(bad(format!("{path} is a file at Dropbox, not a folder."))),
        None => {}
    }
    let created = client.create_folders(vec![path.to_owned()]).await.map_err(from_client)?;
    match created.into_iter().next() {
        Some(Ok(_)) => Ok(()),
        Some(Err(ClientError::Conflict { .. })) => {
            Err(bad(format!("{path} cannot be created at Dropbox: something else stands there.")))
        }
        Some(Err(error)) => Err(from_client(error)),
        None => Err(CallError::new(Code::Failed, "Dropbox did not say whether the folder was created.")),
    }
}

/// Reads a Dropbox folder as people write it: `/` for everything. Returns it as Dropbox wants it.
pub(super) fn remote_path(text: &str) -> Result<String, CallError> {
    let path = SyncPath::parse(text).map_err(|error| {
        bad(format!(
            "{text:?} is no Dropbox folder: {error}. Give a path such as /Projects, or / for everything."
        ))
    })?;
    if !text.starts_with('/') {
        return Err(bad(format!("{text:?} is no Dropbox folder: it has to start with a slash.")));
    }
    path.to_remote().ok_or_else(|| bad("The Dropbox folder has to be text.".into()))
}

/// Resolves the part of a path that exists, so that a link cannot hide an overlap.
pub(super) fn existing_form(path: &Path) -> PathBuf {
    let mut missing = Vec::new();
    let mut at = path;
    loop {
        if let Ok(real) = at.canonicalize() {
            return missing.into_iter().rev().fold(real, |path, name| path.join(name));
        }
        match (at.file_name(), at.parent()) {
            (Some(name), Some(parent)) => {
                missing.push(name.to_owned());
                at = parent;
            }
            _ => return path.to_owned(),
        }
    }
}

/// When deletions wait for a person: as the workspace says, else as the settings do.
fn guard_of(row: &WorkspaceRow, settings: &Settings) -> Guard {
    Guard {
        files: row.guard_files.map_or(settings.guard.files, u64::from),
        percent: row.guard_percent.map_or(settings.guard.percent, u64::from),
    }
}

/// How a policy is called in the list of workspaces.
pub(super) fn policy_name(policy: ConflictPolicy) -> &'static str {
    match policy {
        ConflictPolicy::Ask => "ask",
        ConflictPolicy::KeepBoth => "keep-both",
    }
}

fn default_name(local: &Path) -> String {
    local.file_name().map_or_else(|| "Dropbox".into(), |name| name.to_string_lossy().into_owned())
}

fn no_such_workspace(id: &str) -> CallError {
    CallError::new(Code::NotFound, format!("There is no workspace {id:?}. Run: lockstep workspace list"))
}

pub(super) fn bad(text: String) -> CallError {
    CallError::new(Code::BadInput, text)
}
