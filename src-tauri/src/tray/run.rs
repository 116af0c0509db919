//! Keeps the tray in step with the picture: hears of changes, asks [`TrayModel`] what is to be seen and
//! [`Throttle`] whether now is the time.
//!
//! Rule: one task owns what is shown; the main thread only carries it out.

use std::sync::{Arc, Mutex};

use engine::api::{ActivityView, Call};
use jiff::tz::TimeZone;
use tauri::{AppHandle, Manager};
use tokio::{
    sync::{broadcast, mpsc},
    time::{Instant, sleep_until},
};

use super::{
    act,
    does::Does,
    model::TrayModel,
    native::{self, Native},
    pictures::Look,
    presence::{Change, Presence, Surroundings},
    throttle::{Step, Throttle},
};
use crate::{
    dto::{Activity, Engine},
    i18n::{Locale, Texts, system_languages},
    shell::Shell,
};

/// So many changes are remembered: enough for five files among many changes of few.
const REMEMBERED: usize = 50;

/// Starts the tray; it lives as long as the app.
pub fn start(app: &AppHandle) {
    let (chosen, choices) = mpsc::unbounded_channel();
    let shown = Arc::new(Mutex::new(None));
    listen(app, &shown, chosen);
    tauri::async_runtime::spawn(act::all(app.clone(), choices));
    tauri::async_runtime::spawn(Tray::new(app.clone(), shown).run());
}

type Shown = Arc<Mutex<Option<TrayModel>>>;

/// What an entry does is looked up when it is chosen: it may have changed since it was made.
fn listen(app: &AppHandle, shown: &Shown, chosen: mpsc::UnboundedSender<Does>) {
    let (menu, icon) = (shown.clone(), chosen.clone());
    app.on_menu_event(move |_app, event| {
        let shown = menu.lock().expect("BUG: nothing panics while it is held");
        let does =
            shown.as_ref().and_then(|model| model.find(|key| native::is_id_of(event.id().as_ref(), key)));
        if let Some(does) = does {
            // Whoever acts lives as long as the app.
            let _ = chosen.send(does.clone());
        }
    });
    app.on_tray_icon_event(move |_app, event| {
        if native::opens_window(&event) {
            let _ = icon.send(Does::ShowOverview);
        }
    });
}

struct Tray {
    app: AppHandle,
    /// The last model that was shown.
    shown: Shown,
    /// Icon and menu; only the main thread looks inside.
    native: Arc<Mutex<Option<Native>>>,
    throttle: Throttle,
    /// What changed lately, newest first.
    recent: Vec<Activity>,
    texts: Texts,
    zone: TimeZone,
    look: Look,
    start: Instant,
}

impl Tray {
    fn new(app: AppHandle, shown: Shown) -> Tray {
        Tray {
            app,
            shown,
            native: Arc::default(),
            throttle: Throttle::default(),
            recent: Vec::new(),
            texts: Texts::of(Locale::En),
            zone: TimeZone::system(),
            look: Look::Light,
            start: Instant::now(),
        }
    }

    async fn run(mut self) {
        let app = self.app.clone();
        let shell = app.state::<Shell>();
        let mut pictures = shell.mirror.watch();
        let mut activity = shell.mirror.activity();
        let mut settings = shell.settings.watch();
        let mut around = Surroundings::follow(native::ID);
        let mut engine_ran = false;
        self.take_settings(around.panel_is_dark());
        loop {
            let runs = pictures.borrow_and_update().engine == Engine::Running;
            if runs && !engine_ran {
                self.fetch_recent().await;
            }
            engine_ran = runs;
            let wake = self.show(&shell);
            tokio::select! {
                changed = pictures.changed() => if changed.is_err() { return },
                heard = activity.recv() => match heard {
                    Ok(row) => self.remember(row),
                    Err(broadcast::error::RecvError::Lagged(_)) => self.fetch_recent().await,
                    Err(broadcast::error::RecvError::Closed) => return,
                },
                changed = settings.changed() => {
                    if changed.is_err() { return }
                    self.take_settings(around.panel_is_dark());
                }
                change = around.changed() => match change {
                    Change::Dark(is_dark) => self.take_settings(is_dark),
                    Change::Presence(presence) => self.take_presence(&shell, presence),
                },
                () = sleep_opt(wake) => {}
            }
        }
    }

    fn take_settings(&mut self, panel_is_dark: bool) {
        let settings = self.app.state::<Shell>().settings.shell();
        let locale = Locale::choose(settings.language, &system_languages());
        if locale != self.texts.locale() {
            self.texts = Texts::of(locale);
        }
        let look = Look::choose(settings.tray_icon, panel_is_dark);
        if look != self.look {
            self.look = look;
            self.throttle.forget();
        }
    }

    fn take_presence(&mut self, shell: &Shell, presence: Presence) {
        shell.mirror.set_tray(presence.shown);
        if presence.is_lost {
            tracing::warn!("the panel lost the status icon; it is made anew");
            self.throttle.forget();
            let native = self.native.clone();
            self.on_main_thread(move || {
                if let Some(native) = locked(&native).take() {
                    native.remove();
                }
            });
        }
    }

    fn remember(&mut self, row: Activity) {
        self.recent.insert(0, row);
        self.recent.truncate(REMEMBERED);
    }

    async fn fetch_recent(&mut self) {
        let app = self.app.clone();
        let call = Call::Activity { limit: REMEMBERED as u32 };
        match app.state::<Shell>().host.ask::<Vec<ActivityView>>(call).await {
            Ok(views) => self.recent = views.into_iter().filter_map(Activity::read).collect(),
            // What changes from now on is told all the same.
            Err(error) => tracing::debug!(%error.message, "the last changes are not known"),
        }
    }

    /// Shows what is to be seen if it is time; returns when to come back if it is not.
    fn show(&mut self, shell: &Shell) -> Option<Instant> {
        let model = TrayModel::of(&shell.mirror.snapshot(), &self.recent, &self.texts, &self.zone);
        match self.throttle.step(self.start.elapsed(), &model) {
            Step::Rest => None,
            Step::Wait(time) => Some(Instant::now() + time),
            Step::Show(model) => {
                self.set(model);
                None
            }
        }
    }

    fn set(&self, model: TrayModel) {
        *self.shown.lock().expect("BUG: nothing panics while it is held") = Some(model.clone());
        let (app, native, look) = (self.app.clone(), self.native.clone(), self.look);
        let folder = self.app.state::<Shell>().host.home().state_dir().join("tray");
        self.on_main_thread(move || {
            let mut native = locked(&native);
            let done = match native.as_mut() {
                Some(native) => native.apply(&model, look),
                None => Native::new(&app, &folder, &model, look).map(|made| *native = Some(made)),
            };
            if let Err(error) = done {
                tracing::error!(%error, "the status icon could not be set");
            }
        });
    }

    fn on_main_thread(&self, what: impl FnOnce() + Send + 'static) {
        if let Err(error) = self.app.run_on_main_thread(what) {
            // The app ends.
            tracing::debug!(%error, "the main thread is gone");
        }
    }
}

fn locked<T>(native: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    native.lock().expect("BUG: nothing panics while it is held")
}

async fn sleep_opt(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
