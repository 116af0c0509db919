//! Settings: the shell's own file, and the engine's through it.
//!
//! The engine's settings stay in `config.toml`, which is the engine's; what only windows, tray and
//! notifications need is in `app.toml` beside it.
//!
//! Rule: a change is checked whole before anything is written.

mod file;
mod patch;
mod proxy;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use tokio::sync::watch;

pub use self::file::{LinkPreset, ShellSettings};
use crate::dto::{CallError, Settings, SettingsPatch};

/// Reads and changes settings; cheap to clone.
#[derive(Clone)]
pub struct SettingsDesk {
    inner: Arc<Inner>,
}

struct Inner {
    /// The shell's file.
    own: PathBuf,
    /// The engine's file.
    engine: PathBuf,
    shell: Mutex<ShellSettings>,
    changed: watch::Sender<()>,
}

impl SettingsDesk {
    /// Reads the files of this home. A file of the shell that cannot be read counts as none: it holds looks.
    pub fn open(home: &engine::home::Home) -> SettingsDesk {
        let engine = home.config_file();
        let own = engine.with_file_name("app.toml");
        let shell = file::load(&own).unwrap_or_else(|error| {
            tracing::warn!(%error, "the settings of windows and tray cannot be read; the defaults are used");
            ShellSettings::default()
        });
        let changed = watch::Sender::new(());
        SettingsDesk { inner: Arc::new(Inner { own, engine, shell: Mutex::new(shell), changed }) }
    }

    /// Returns the shell's own settings.
    pub fn shell(&self) -> ShellSettings {
        self.inner.shell.lock().expect("BUG: nothing panics while it is held").clone()
    }

    /// Hears of every change of the shell's own settings from now on.
    pub fn watch(&self) -> watch::Receiver<()> {
        self.inner.changed.subscribe()
    }

    /// Returns all settings, without what only the desktop knows.
    pub fn all(&self) -> Result<Settings, CallError> {
        let engine = engine::settings::Settings::load(&self.inner.engine).map_err(CallError::failed)?;
        Ok(patch::joined(&self.shell(), &engine))
    }

    /// Changes settings. Returns whether the engine's were among them.
    pub fn change(&self, change: &SettingsPatch, proxy_password: Option<&str>) -> Result<bool, CallError> {
        let current = engine::settings::Settings::load(&self.inner.engine).map_err(CallError::failed)?;
        patch::check(change)?;
        let lines = patch::engine_lines(change, &current, proxy_password)?;
        for (key, value) in &lines {
            engine::settings::Settings::set(&self.inner.engine, key, value.as_deref())
                .map_err(|error| CallError::in_field(patch::field_of(key), error.to_string()))?;
        }
        self.change_shell(|shell| patch::apply(change, shell))?;
        Ok(!lines.is_empty())
    }

    /// Goes back to the defaults. Accounts, workspaces and where secrets are kept stay.
    pub fn reset(&self) -> Result<(), CallError> {
        for key in patch::ENGINE_KEYS {
            engine::settings::Settings::set(&self.inner.engine, key, None).map_err(CallError::failed)?;
        }
        self.change_shell(|shell| {
            *shell = ShellSettings {
                close_explained: shell.close_explained,
                link: shell.link.clone(),
                ..ShellSettings::default()
            };
        })
    }

    /// Changes the shell's own settings.
    pub fn change_shell(&self, change: impl FnOnce(&mut ShellSettings)) -> Result<(), CallError> {
        let mut shell = self.inner.shell.lock().expect("BUG: nothing panics while it is held");
        let mut changed = shell.clone();
        change(&mut changed);
        if changed != *shell {
            file::save(&self.inner.own, &changed).map_err(CallError::failed)?;
            *shell = changed;
            self.inner.changed.send_replace(());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
