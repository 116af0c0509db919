//! One home with one workspace, its engine running in this process.

use std::{path::PathBuf, time::Duration};

use dropbox_client::{Endpoints, RetryPolicy};
use engine::{
    Supervisor, SupervisorOptions,
    api::{
        AccountView, Call, CallError, ConflictPolicy, ConflictView, HeldView, IssueView, NewAccount,
        NewWorkspace, SecretStoreKind, StatusView, SyncReport, VerifyReport, WorkspaceState, WorkspaceView,
    },
    boot::Boot,
    clock::Clock,
    home::{Home, HomeError, HomeLock},
    settings::{Guard, Settings},
};
use serde::de::DeserializeOwned;
use testkit::{TempRoot, Tree};

use crate::world::World;

/// Only a hang takes this long.
const HANG: Duration = Duration::from_secs(120);

/// How a device is set up.
#[derive(Clone)]
pub struct DeviceOptions {
    /// Its name in conflicted copies.
    pub name: String,
    /// Syncs by itself; otherwise only when asked to.
    pub live: bool,
    /// Dropbox folder that it keeps.
    pub remote: String,
    /// What to do when both sides change a file.
    pub on_conflict: ConflictPolicy,
    /// Dropbox folders that it does not keep.
    pub excludes: Vec<String>,
    /// Settings of the home; quick ones by default.
    pub settings: Settings,
    /// Which start of the computer it is.
    pub boot: Option<Boot>,
    /// How often and how long calls are repeated.
    pub retry: RetryPolicy,
    /// Tells the time.
    pub clock: Clock,
}

impl DeviceOptions {
    /// Keeps all of the account, both versions of conflicts, and does not wait longer than it must.
    pub fn named(name: &str) -> DeviceOptions {
        DeviceOptions {
            name: name.into(),
            live: false,
            remote: "/".into(),
            on_conflict: ConflictPolicy::KeepBoth,
            excludes: Vec::new(),
            settings: Settings {
                debounce_ms: 200,
                delete_delay_ms: 0,
                longpoll_secs: 30,
                ..Settings::default()
            },
            boot: None,
            retry: RetryPolicy::default(),
            clock: Clock::system(),
        }
    }

    /// The same, waiting only a moment before it tries again, as often as ever.
    pub fn impatient(self) -> DeviceOptions {
        let retry = RetryPolicy {
            base_delay: Duration::from_millis(5),
            max_delay: Duration::from_millis(50),
            stall: Duration::from_secs(1),
            ..self.retry
        };
        DeviceOptions { retry, clock: self.clock.hurried(20), ..self }
    }

    /// The same, asking about conflicts.
    pub fn asking(name: &str) -> DeviceOptions {
        DeviceOptions { on_conflict: ConflictPolicy::Ask, ..DeviceOptions::named(name) }
    }

    /// The same, with other limits for mass deletions.
    pub fn guarded(self, files: u64, percent: u64) -> DeviceOptions {
        let settings = Settings { guard: Guard { files, percent }, ..self.settings };
        DeviceOptions { settings, ..self }
    }
}

/// A device; its folder and home are gone when it is dropped.
pub struct Device {
    options: DeviceOptions,
    home_dir: TempRoot,
    folder: PathBuf,
    parent: TempRoot,
    workspace: String,
    running: Option<(Supervisor, HomeLock)>,
}

impl Device {
    /// Links the account and adds the workspace; the local folder is empty.
    pub async fn start(world: &World, options: DeviceOptions) -> Device {
        Device::start_with(world, options, &Tree::new()).await
    }

    /// The same, with something in the local folder before.
    pub async fn start_with(world: &World, options: DeviceOptions, content: &Tree) -> Device {
        let parent = TempRoot::new();
        parent.mkdir("folder");
        content.write_to(&parent.at("folder")).expect("the folder can be filled");
        let mut device = Device {
            options,
            home_dir: TempRoot::new(),
            folder: parent.at("folder"),
            parent,
            workspace: String::new(),
            running: None,
        };
        device.launch().await;
        let _: AccountView = device.ask(Call::AccountAdd(Box::new(account(world)))).await;
        let new = NewWorkspace {
            account: None,
            remote: device.options.remote.clone(),
            local: device.folder.clone(),
            name: None,
            on_conflict: device.options.on_conflict,
            excludes: device.options.excludes.clone(),
            start_paused: false,
        };
        let view: WorkspaceView = device.ask(Call::WorkspaceAdd(new)).await;
        device.workspace = view.id;
        device
    }

    /// Starts the engine over the same home and folder.
    pub async fn launch(&mut self) {
        let home = Home::resolve(Some(self.home_dir.path().to_owned())).expect("the home can be made");
        let lock = tokio::time::timeout(HANG, lock(&home)).await.expect("nobody else owns the home");
        let options = SupervisorOptions {
            autostart_workspaces: self.options.live,
            host: self.options.name.clone(),
            settings: self.options.settings.clone(),
            extra_root_certificate: None,
            boot: self.options.boot.clone(),
            retry: self.options.retry,
            clock: self.options.clock.clone(),
        };
        let supervisor = Supervisor::start(home, options).await.expect("the engine starts");
        self.running = Some((supervisor, lock));
    }

    /// Stops the engine cleanly.
    pub async fn quit(&mut self) {
        if let Some((supervisor, _lock)) = self.running.take() {
            supervisor.stop().await;
        }
    }

    /// Stops and starts again.
    pub async fn restart(&mut self) {
        self.quit().await;
        self.launch().await;
    }

    /// The computer starts again: the engine that ran is stopped before, and runs afterwards.
    pub async fn reboot(&mut self, boot: Boot) {
        self.quit().await;
        self.options.boot = Some(boot);
        self.launch().await;
    }

    /// Asks the engine and reads the answer.
    pub async fn ask<T: DeserializeOwned>(&self, call: Call) -> T {
        self.try_ask(call).await.unwrap_or_else(|error| panic!("{} ({:?})", error.message, error.code))
    }

    /// Asks the engine.
    pub async fn try_ask<T: DeserializeOwned>(&self, call: Call) -> Result<T, CallError> {
        let (supervisor, _) = self.running.as_ref().expect("the device is running");
        let shown = format!("{call:?}");
        let answer = tokio::time::timeout(HANG, supervisor.call(call));
        let answer =
            answer.await.unwrap_or_else(|_| panic!("{}: no answer to {shown}", self.options.name))?;
        Ok(serde_json::from_value(answer).expect("the answer has the promised shape"))
    }

    /// Syncs until nothing is left to do.
    pub async fn sync(&self) -> SyncReport {
        let mut reports: Vec<SyncReport> = self.ask(Call::Sync { id: None }).await;
        reports.remove(0)
    }

    /// Waits until the status is as wanted.
    pub async fn until(&self, what: &str, is_so: impl Fn(&StatusView) -> bool) -> StatusView {
        let (supervisor, _) = self.running.as_ref().expect("the device is running");
        let mut events = supervisor.events();
        let wait = async {
            loop {
                let status: StatusView = self.ask(Call::Status).await;
                if is_so(&status) {
                    return status;
                }
                // Any news will do: what counts is asked for again.
                let _ = events.recv().await;
            }
        };
        tokio::time::timeout(HANG, wait)
            .await
            .unwrap_or_else(|_| panic!("{}: never {what}", self.options.name))
    }

    /// Waits until something that is no status holds, looking again at all news.
    pub async fn until_seen(&self, what: &str, is_so: impl Fn() -> bool) {
        let (supervisor, _) = self.running.as_ref().expect("the device is running");
        let mut events = supervisor.events();
        let wait = async {
            while !is_so() {
                let _ = events.recv().await;
            }
        };
        if tokio::time::timeout(HANG, wait).await.is_err() {
            let status: StatusView = self.ask(Call::Status).await;
            panic!("{}: never saw {what}; {status:?}", self.options.name);
        }
    }

    /// Waits until both sides are equal and nothing waits.
    pub async fn until_up_to_date(&self) -> StatusView {
        self.until("up to date", |status| status.state == WorkspaceState::Idle).await
    }

    /// Compares every file with Dropbox; returns what differs.
    pub async fn differences(&self) -> Vec<String> {
        let reports: Vec<VerifyReport> = self.ask(Call::Verify { id: None }).await;
        let differences = reports.into_iter().flat_map(|report| report.differences);
        differences.map(|difference| format!("{} ({})", difference.path, difference.kind)).collect()
    }

    /// Returns the conflicts that wait for a person.
    pub async fn conflicts(&self) -> Vec<ConflictView> {
        self.ask(Call::Conflicts).await
    }

    /// Returns what does not sync.
    pub async fn issues(&self) -> Vec<IssueView> {
        self.ask(Call::Issues).await
    }

    /// Returns the codes and paths of what does not sync, sorted.
    pub async fn issue_codes(&self) -> Vec<(String, String)> {
        let mut codes: Vec<_> =
            self.issues().await.into_iter().map(|issue| (issue.code, issue.path)).collect();
        codes.sort();
        codes
    }

    /// Returns the deletions that wait for a person.
    pub async fn held(&self) -> Vec<HeldView> {
        self.ask(Call::Held).await
    }

    /// Returns the local folder.
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// Returns the folder that the local folder lies in.
    pub fn parent(&self) -> &TempRoot {
        &self.parent
    }

    /// Returns the folder of the home.
    pub fn home(&self) -> &std::path::Path {
        self.home_dir.path()
    }

    /// Returns the workspace's id.
    pub fn workspace(&self) -> &str {
        &self.workspace
    }

    /// Returns the workspace's index.
    pub fn index(&self) -> PathBuf {
        let home = Home::resolve(Some(self.home_dir.path().to_owned())).expect("the home exists");
        home.workspace_dir(&self.workspace).join("index.db")
    }

    /// Returns what is in the folder now, without the engine's own folder.
    pub fn tree(&self) -> Tree {
        Tree::read_from(&self.folder).unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// Edits in the folder, as a person does.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        self.parent.write(&self.inside(path), content);
    }

    /// Saves as most editors do: a new file is renamed over the old one.
    pub fn save(&self, path: &str, content: impl AsRef<[u8]>) {
        self.parent.save(&self.inside(path), content);
    }

    /// Makes a folder.
    pub fn mkdir(&self, path: &str) {
        self.parent.mkdir(&self.inside(path));
    }

    /// Renames as `mv` does.
    pub fn rename(&self, from: &str, to: &str) {
        self.parent.rename(&self.inside(from), &self.inside(to));
    }

    /// Deletes as `rm -r` does.
    pub fn remove(&self, path: &str) {
        self.parent.remove(&self.inside(path));
    }

    /// Reads a file.
    pub fn read(&self, path: &str) -> Vec<u8> {
        self.parent.read(&self.inside(path))
    }

    /// Tells whether anything stands at the path.
    pub fn exists(&self, path: &str) -> bool {
        self.parent.exists(&self.inside(path))
    }

    /// Tells whether these bytes lie in the trash of the workspace.
    pub fn trash_holds(&self, content: &[u8]) -> bool {
        let mut open = vec![self.folder.join(".lockstep/trash")];
        while let Some(at) = open.pop() {
            for entry in std::fs::read_dir(&at).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    open.push(path);
                } else if std::fs::read(&path).is_ok_and(|bytes| bytes == content) {
                    return true;
                }
            }
        }
        false
    }

    fn inside(&self, path: &str) -> String {
        format!("folder/{}", path.trim_start_matches('/'))
    }
}

/// What linking the account in a person's place comes to.
pub fn account(world: &World) -> NewAccount {
    let url = world.url();
    let app = fake_dropbox::App::default();
    NewAccount {
        app_key: app.key,
        app_secret: Some(app.secret),
        scope: String::new(),
        redirect_url: None,
        endpoints: Endpoints {
            authorize: format!("{url}/oauth2/authorize"),
            token: format!("{url}/oauth2/token"),
            api: url.clone(),
            content: url.clone(),
            notify: url,
        },
        refresh_token: world.fake().refresh_token(),
        secret_store: SecretStoreKind::File,
    }
}

/// Takes the lock of a home. A program that another device starts in this very moment holds a copy of every open file
/// of ours, and so of a lock that was let go of, until it has begun.
async fn lock(home: &Home) -> HomeLock {
    loop {
        match home.lock() {
            Ok(lock) => return lock,
            Err(HomeError::Owned { pid }) if pid == Some(std::process::id()) => {
                tokio::task::yield_now().await
            }
            Err(error) => panic!("{error}"),
        }
    }
}
