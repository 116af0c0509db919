//! Keeps notifications in step with the picture: hears of changes and asks [`Policy`] what to do.
//!
//! Rule: one task owns what was told.

use std::time::Duration;

use engine::api::{Call, ConflictView};
use jiff::Timestamp;
use tauri::{AppHandle, Manager};
use tokio::{
    sync::{broadcast, mpsc, oneshot},
    time::{Instant, sleep_until},
};

use super::{
    notice::Wording,
    policy::{Deed, Policy, Rules, World},
    send::{Bell, ShowError},
};
use crate::{
    dto::{Conflict, Engine, Verb},
    i18n::{Locale, Texts, system_languages},
    settings::ShellSettings,
    shell::Shell,
    tray,
};

/// How long the engine is left alone when it could not tell the conflicts.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Asks for a notification that shows that they work.
#[derive(Clone)]
pub struct Tester(mpsc::UnboundedSender<Asked>);

/// Whoever asked hears how it went.
type Asked = oneshot::Sender<Result<(), ShowError>>;

impl Tester {
    /// Shows one now, whatever the settings say; returns when the system has it.
    pub async fn ring(&self) -> Result<(), ShowError> {
        let (tell, told) = oneshot::channel();
        // Whoever shows lives as long as the app; while it ends, nobody does.
        let _ = self.0.send(tell);
        told.await.unwrap_or(Err(ShowError::NoService))
    }
}

/// Starts the notifications; they live as long as the app.
pub fn start(app: &AppHandle) {
    let (chosen, choices) = mpsc::unbounded_channel();
    let (ask, asked) = mpsc::unbounded_channel();
    app.manage(Tester(ask));
    tauri::async_runtime::spawn(tray::act_on_all(app.clone(), choices));
    tauri::async_runtime::spawn(run(app.clone(), Bell::new(chosen), asked));
}

async fn run(app: AppHandle, mut bell: Bell, mut asked: mpsc::UnboundedReceiver<Asked>) {
    let shell = app.state::<Shell>();
    let mut pictures = shell.mirror.watch();
    let mut activity = shell.mirror.activity();
    let mut settings = shell.settings.watch();
    let mut policy = Policy::default();
    let mut conflicts = Conflicts::default();
    let mut texts = texts_of(&shell.settings.shell());
    loop {
        let snapshot = pictures.borrow_and_update().clone();
        let is_known =
            snapshot.engine != Engine::Running || conflicts.refresh(&shell, snapshot.conflicts).await;
        let next = if is_known {
            let world = World { snapshot: &snapshot, conflicts: &conflicts.list };
            let rules = Rules::from(&shell.settings.shell());
            let decided = policy.step(now(), world, &rules, &texts);
            for deed in decided.deeds {
                match deed {
                    Deed::Show(notice) => {
                        // Where none can be shown, the window tells it all the same.
                        let _ = bell.show(notice).await;
                    }
                    Deed::Withdraw(id) => bell.withdraw(&id).await,
                }
            }
            decided.next
        } else {
            Some(now() + LOOK_AGAIN)
        };
        tokio::select! {
            changed = pictures.changed() => if changed.is_err() { return },
            heard = activity.recv() => match heard {
                Ok(row) => {
                    conflicts.may_differ |= matches!(row.verb, Verb::Conflict | Verb::Kept);
                    policy.changed(now(), &row);
                }
                Err(broadcast::error::RecvError::Lagged(_)) => conflicts.may_differ = true,
                Err(broadcast::error::RecvError::Closed) => return,
            },
            changed = settings.changed() => {
                if changed.is_err() { return }
                texts = texts_of(&shell.settings.shell());
            }
            Some(tell) = asked.recv() => {
                let shown = bell.show(Wording { texts: &texts, hide_names: false }.test()).await;
                // The window may be closed meanwhile.
                let _ = tell.send(shown);
            }
            () = until(next) => {}
        }
    }
}

/// The open conflicts; read again when their number or an activity says that they are others.
#[derive(Default)]
struct Conflicts {
    list: Vec<Conflict>,
    may_differ: bool,
    was_read: bool,
}

impl Conflicts {
    /// Returns whether the list is that of the picture.
    async fn refresh(&mut self, shell: &Shell, number: u32) -> bool {
        if self.was_read && !self.may_differ && self.list.len() == number as usize {
            return true;
        }
        match shell.host.ask::<Vec<ConflictView>>(Call::Conflicts).await {
            Ok(views) => {
                self.list = views.into_iter().map(Conflict::from).collect();
                (self.may_differ, self.was_read) = (false, true);
                true
            }
            Err(error) => {
                tracing::debug!(%error.message, "the conflicts are not known");
                false
            }
        }
    }
}

fn texts_of(settings: &ShellSettings) -> Texts {
    Texts::of(Locale::choose(settings.language, &system_languages()))
}

#[expect(clippy::disallowed_methods, reason = "the one place where notifications get their time from")]
fn now() -> Timestamp {
    Timestamp::now()
}

async fn until(at: Option<Timestamp>) {
    let Some(at) = at else { return std::future::pending().await };
    // A moment longer, so that it is past when the policy is asked.
    let wait = Duration::try_from(at.duration_since(now())).unwrap_or_default();
    sleep_until(Instant::now() + wait + Duration::from_millis(10)).await;
}
