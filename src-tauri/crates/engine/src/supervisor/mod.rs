//! All accounts and workspaces of one home, behind one function: a [`Call`] in, an answer out.
//!
//! Decides nothing about files; it keeps the list of what exists, starts and stops workspaces, and knows
//! which of them a call is for.

mod accounts;
mod changes;
mod check;
mod compare;
mod content;
mod decisions;
mod first_look;
mod folders;
mod history;
mod items;
mod kept;
mod links;
mod listing;
mod pauses;
mod people;
mod places;
mod retune;
mod select;
mod versions;
mod workspaces;

use std::{collections::BTreeMap, sync::Arc};

use dropbox_client::{Client, RetryPolicy, secrets::SecretStore};
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::{AppState, StoreError};
use tokio::sync::{Mutex, Notify, broadcast};
use tokio_util::sync::CancellationToken;

use crate::{
    api::{Call, CallError, Code, Event, StatusView, SyncReport, WorkspaceState, WorkspaceStatus},
    boot::Boot,
    clock::Clock,
    core::{Request, Select},
    home::Home,
    proxy_password,
    settings::Settings,
    workspace::{Board, Tell, Workspace, merge},
};

/// News that a slow listener may be behind before it misses some.
const NEWS_WAITING: usize = 1024;

/// How a supervisor behaves.
#[derive(Clone)]
pub struct SupervisorOptions {
    /// Start syncing at once. Otherwise workspaces rest until they are asked to sync.
    pub autostart_workspaces: bool,
    /// Name of this computer, for conflicted copies.
    pub host: String,
    /// Settings of the home.
    pub settings: Settings,
    /// A certificate authority to trust beside the system's, as PEM.
    pub extra_root_certificate: Option<Vec<u8>>,
    /// Which start of the computer this is, where the system tells.
    pub boot: Option<Boot>,
    /// How often and how long calls are repeated.
    pub retry: RetryPolicy,
    /// Tells the time.
    pub clock: Clock,
}

/// Why nothing can be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The list of accounts and workspaces cannot be read.
    #[error("the list of accounts and workspaces cannot be read: {0}")]
    State(#[from] StoreError),
}

/// The engine of one home; cheap to clone.
#[derive(Clone)]
pub struct Supervisor {
    inner: Arc<Inner>,
}

struct Inner {
    home: Home,
    options: SupervisorOptions,
    state: std::sync::Mutex<AppState>,
    /// Clients by account; none when the account's secrets cannot be read.
    clients: Mutex<BTreeMap<String, Option<Client>>>,
    workspaces: Mutex<BTreeMap<String, Running>>,
    board: Board,
    people: people::People,
    events: broadcast::Sender<Event>,
    /// What holds now; the options hold what was said at the start.
    settings: std::sync::Mutex<Settings>,
    /// A pause with a time was begun or ended.
    pauses_changed: Notify,
    stopped: CancellationToken,
}

struct Running {
    workspace: Arc<Workspace>,
    /// Rests because nobody asked for syncing, not because a person paused it.
    resting: bool,
}

impl Supervisor {
    /// Opens the home and starts its workspaces. The caller holds the home's lock.
    pub async fn start(home: Home, options: SupervisorOptions) -> Result<Supervisor, StartError> {
        let (state, opened) = AppState::open(&home.state_db())?;
        if let store::Opened::Rebuilt { set_aside } = opened {
            tracing::error!(set_aside = %set_aside.display(), "the list of accounts and workspaces was damaged and set aside; link the account and add the workspaces again, nothing is deleted by that");
        }
        let settings = proxy_password::keep_password(&home, options.settings.clone()).await;
        let inner = Inner {
            home,
            settings: std::sync::Mutex::new(settings),
            options,
            state: std::sync::Mutex::new(state),
            clients: Mutex::default(),
            workspaces: Mutex::default(),
            board: Board::default(),
            people: people::People::default(),
            events: broadcast::channel(NEWS_WAITING).0,
            pauses_changed: Notify::new(),
            stopped: CancellationToken::new(),
        };
        let supervisor = Supervisor { inner: Arc::new(inner) };
        supervisor.forget_versions();
        supervisor.open_accounts().await?;
        supervisor.open_workspaces().await?;
        supervisor.watch_pauses();
        Ok(supervisor)
    }

    /// Hears what happens from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.events.subscribe()
    }

    /// Returns when every workspace that should sync watches its folder and knows both sides, or has said
    /// why it cannot.
    pub async fn ready(&self) {
        let mut events = self.events();
        loop {
            let status = match self.status().await {
                Ok(status) => status,
                Err(_) => return,
            };
            let is_pending = |workspace: &WorkspaceStatus| workspace.state == WorkspaceState::Indexing;
            if !status.workspaces.iter().any(is_pending) {
                return;
            }
            loop {
                match events.recv().await {
                    Ok(Event::Status(_)) | Err(broadcast::error::RecvError::Lagged(_)) => break,
                    Ok(_) => {}
                    Err(broadcast::error::RecvError::Closed) => return,
                }
            }
        }
    }

    /// Stops everything cleanly.
    pub async fn stop(&self) {
        self.inner.stopped.cancel();
        let running = std::mem::take(&mut *self.inner.workspaces.lock().await);
        let stops = running.values().map(|running| running.workspace.stop());
        futures::future::join_all(stops).await;
    }

    /// Carries one call out.
    pub async fn call(&self, call: Call) -> Result<Value, CallError> {
        match call {
            Call::Accounts => json(self.account_views().await),
            Call::AccountAdd(account) => json(self.add_account(*account).await),
            Call::AccountUnlink { id } => json(self.unlink_account(&id).await),
            Call::Workspaces => json(self.workspace_views().await),
            Call::WorkspaceAdd(new) => json(self.add_workspace(new).await),
            Call::WorkspacePreview(new) => json(self.preview(new).await),
            Call::WorkspaceRemove { id } => json(self.remove_workspace(&id).await),
            Call::WorkspaceEdit { id, edit } => json(self.edit_workspace(&id, edit).await),
            Call::WorkspaceRebuild { id } => json(self.rebuild_workspace(&id).await),
            Call::WorkspaceRelocate { id, local } => json(self.relocate_workspace(&id, &local).await),
            Call::RemoteFolders { account, path } => json(self.remote_folders(&account, &path).await),
            Call::RemoteFolderCreate { account, path } => {
                json(self.create_remote_folder(&account, &path).await)
            }
            Call::FolderCheck { account, remote, local } => {
                json(self.check_folder(&account, &remote, &local).await)
            }
            Call::Pause { id, until } => json(self.pause(id.as_deref(), until.as_deref()).await),
            Call::Resume { id } => json(self.resume(id.as_deref()).await),
            Call::Sync { id } => json(self.sync(id.as_deref()).await),
            Call::Plan { id } => self.planned(id.as_deref()).await,
            Call::SettingsChanged => json(self.take_over_settings().await),
            Call::ConflictContent { id } => json(self.conflict_content(&id).await),
            Call::ConflictVersion { id, side } => json(self.conflict_version(&id, side).await),
            Call::Files { workspace, folder } => self.files(&workspace, &folder).await,
            Call::FilesAt { place } => json(self.files_at(&place).await),
            Call::Versions { place, limit } => json(self.versions(&place, limit).await),
            Call::RestoreVersion { place, version, to } => {
                json(self.restore_version(&place, &version, to.as_deref()).await)
            }
            Call::Share { place } => json(self.share(&place).await),
            Call::Unshare { place } => json(self.unshare(&place).await),
            Call::WebPage { place } => json(self.web_page(&place).await),
            Call::RenameItem { workspace, path, new_name } => {
                json(self.rename_item(&workspace, &path, &new_name).await)
            }
            Call::Status => json(self.status().await),
            Call::Activity { limit } => self.activity(limit).await,
            Call::Conflicts => json(self.conflicts().await),
            Call::Resolve { id, choice, seen } => json(self.resolve(&id, choice, seen).await),
            Call::Undo { id, entry } => self.undo(&id, entry).await,
            Call::Selection { workspace, paths } => json(self.selection(&workspace, paths).await),
            Call::Select { workspace, keep, paths, keep_unsynced } => {
                json(self.select(&workspace, Select { keep, paths, keep_unsynced }).await)
            }
            Call::Issues => self.collect(|| Request::Issues).await,
            Call::Retry { id: None } => self.collect(|| Request::Retry(None)).await.map(|_| Value::Null),
            Call::Retry { id: Some(id) } => {
                let (workspace, issue) = self.split_id(&id, "issue").await?;
                workspace.ask(Request::Retry(Some(issue))).await
            }
            Call::Held => self.collect(|| Request::Held).await,
            Call::HeldApprove { id } => {
                let (workspace, held) = self.split_id(&id, "held deletion").await?;
                workspace.ask(Request::HeldApprove(held)).await
            }
            Call::HeldRestore { id } => {
                let (workspace, held) = self.split_id(&id, "held deletion").await?;
                workspace.ask(Request::HeldRestore(held)).await
            }
            Call::Kept { workspace } => json(self.kept(workspace.as_deref()).await),
            Call::KeptRestore { id } => json(self.restore_kept(&id).await),
            Call::KeptRemove { ids } => json(self.remove_kept(&ids).await),
            Call::ConnectionTest => json(self.test_connection().await),
            Call::DatabaseCheck => json(self.check_databases().await),
            Call::Verify { id } => json(self.verify(id.as_deref()).await),
        }
    }

    /// Asks every workspace for a list and puts the lists together; ids say which workspace they are of.
    async fn collect(&self, request: impl Fn() -> Request) -> Result<Value, CallError> {
        let mut all = Vec::new();
        for (id, workspace) in self.chosen(None).await? {
            if let Value::Array(items) = workspace.ask(request()).await? {
                all.extend(items.into_iter().map(|item| with_workspace(&id, item)));
            }
        }
        Ok(Value::Array(all))
    }

    async fn activity(&self, limit: u32) -> Result<Value, CallError> {
        let Value::Array(mut all) = self.collect(|| Request::Activity(limit)).await? else {
            return Ok(Value::Null);
        };
        let time = |item: &Value| item.get("time").and_then(Value::as_str).unwrap_or_default().to_owned();
        all.sort_by_key(|item| std::cmp::Reverse(time(item)));
        all.truncate(limit as usize);
        Ok(Value::Array(all))
    }

    async fn status(&self) -> Result<StatusView, CallError> {
        let mut views = Vec::new();
        for (_, workspace) in self.chosen(None).await? {
            views.push(read::<StatusView>(workspace.ask(Request::Status).await?)?);
        }
        Ok(merge(views.iter()))
    }

    async fn sync(&self, id: Option<&str>) -> Result<Vec<SyncReport>, CallError> {
        let chosen = self.chosen(id).await?;
        let woken = self.wake(&chosen).await?;
        let answers = chosen.iter().map(|(_, workspace)| workspace.ask(Request::Sync));
        let reports = futures::future::join_all(answers).await;
        for (id, workspace) in chosen.iter().filter(|(id, _)| woken.contains(id)) {
            self.rest(id, workspace).await?;
        }
        reports.into_iter().map(|answer| read(answer?)).collect()
    }

    async fn planned(&self, id: Option<&str>) -> Result<Value, CallError> {
        let mut all = Vec::new();
        for (id, _) in self.chosen(id).await? {
            if let Value::Array(steps) = self.plan_of(&id).await? {
                all.extend(steps);
            }
        }
        Ok(Value::Array(all))
    }

    /// Where news of workspaces go.
    fn tell(&self) -> Tell {
        let inner = Arc::downgrade(&self.inner);
        Arc::new(move |event| {
            if let Some(inner) = inner.upgrade() {
                // Nobody may be listening.
                let _ = inner.events.send(inner.board.take(event));
            }
        })
    }

    fn settings(&self) -> Settings {
        self.inner.settings.lock().expect("BUG: nothing panics while it is held").clone()
    }

    fn changed(&self, what: &str) {
        let _ = self.inner.events.send(Event::Changed { what: what.into() });
    }

    /// Runs a statement on the list of accounts and workspaces.
    fn state<T>(
        &self,
        work: impl FnOnce(&mut store::StateTx<'_>) -> Result<T, StoreError>,
    ) -> Result<T, CallError> {
        let mut state = self.inner.state.lock().expect("BUG: nothing panics while it is held");
        state.transaction(work).map_err(|error: StoreError| CallError::new(Code::Failed, error.to_string()))
    }

    /// Takes `workspace:number` apart.
    async fn split_id(&self, id: &str, what: &str) -> Result<(Arc<Workspace>, i64), CallError> {
        let missing = || {
            CallError::new(Code::NotFound, format!("There is no {what} {id:?}; it may be settled already."))
        };
        let (workspace, number) = id.rsplit_once(':').ok_or_else(missing)?;
        let number = number.parse().map_err(|_| missing())?;
        let running = self.inner.workspaces.lock().await;
        let running = running.get(workspace).ok_or_else(missing)?;
        Ok((Arc::clone(&running.workspace), number))
    }
}

impl crate::control::Answer for Supervisor {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        Supervisor::call(self, call).await
    }

    fn events(&self) -> broadcast::Receiver<Event> {
        Supervisor::events(self)
    }
}

/// Makes the id of an item unique among all workspaces.
fn with_workspace(workspace: &str, mut item: Value) -> Value {
    if let Some(Value::String(id)) = item.get_mut("id") {
        *id = format!("{workspace}:{id}");
    }
    item
}

fn json<T: serde::Serialize>(result: Result<T, CallError>) -> Result<Value, CallError> {
    serde_json::to_value(result?).map_err(|error| CallError::new(Code::Failed, error.to_string()))
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, CallError> {
    serde_json::from_value(value).map_err(|error| CallError::new(Code::Failed, error.to_string()))
}

/// Says what Dropbox answered, in terms a caller acts on.
fn from_client(error: dropbox_client::ClientError) -> CallError {
    use dropbox_client::ClientError as E;
    let code = match &error {
        E::SignInNeeded(_) => Code::NotLinked,
        E::Offline { .. } | E::Server { .. } | E::RateLimited { .. } => Code::Offline,
        E::BadSettings(_) => Code::BadInput,
        E::NotFound => Code::NotFound,
        _ => Code::Failed,
    };
    CallError::new(code, error.to_string())
}

type Secrets = Box<dyn SecretStore>;
