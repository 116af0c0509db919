//! Pausing and resuming, also by a time: a pause is a row, so it survives a restart and ends by itself.
//!
//! Rule: the row says whether a workspace is paused; what runs follows it.

use std::{sync::Arc, time::Duration};

use store::WorkspaceRow;

use super::{Supervisor, workspaces::bad};
use crate::{
    api::CallError,
    core::{Halt, Request},
};

/// A computer that slept has lost no time by the clock on the wall, only by the one that timers use: while a
/// pause with a time is on, the wall is looked at this often.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(30);

impl Supervisor {
    pub(super) async fn pause(&self, id: Option<&str>, until: Option<&str>) -> Result<(), CallError> {
        let until = until.map(|text| self.future_time(text)).transpose()?;
        self.set_paused(id, true, until).await
    }

    pub(super) async fn resume(&self, id: Option<&str>) -> Result<(), CallError> {
        self.set_paused(id, false, None).await
    }

    fn future_time(&self, text: &str) -> Result<i64, CallError> {
        let time: jiff::Timestamp = text.parse().map_err(|_| {
            bad(format!("{text:?} is no time; write it like 2026-01-31T15:30:00Z, or with an offset."))
        })?;
        match time.as_second() > self.inner.options.clock.now().unix_secs {
            true => Ok(time.as_second()),
            false => Err(bad(format!("{text} has passed; give a time that is still to come."))),
        }
    }

    async fn set_paused(&self, id: Option<&str>, paused: bool, until: Option<i64>) -> Result<(), CallError> {
        for (id, _) in self.chosen(id).await? {
            let row = WorkspaceRow { paused, paused_until_secs: until, ..self.workspace_row(&id)? };
            self.state(|tx| tx.put_workspace(&row))?;
            self.follow_row(&row).await?;
        }
        self.inner.pauses_changed.notify_one();
        self.changed("workspaces");
        Ok(())
    }

    /// Makes a running workspace do what its row says.
    async fn follow_row(&self, row: &WorkspaceRow) -> Result<(), CallError> {
        let halt = self.halt_for(row);
        let workspace = {
            let mut all = self.inner.workspaces.lock().await;
            let Some(running) = all.get_mut(&row.id) else { return Ok(()) };
            running.resting = halt == Halt::Resting;
            Arc::clone(&running.workspace)
        };
        workspace.ask(Request::Halt(halt)).await.map(drop)
    }

    /// Resumes what was paused until now; returns how long it is until the next pause ends.
    pub(super) async fn end_pauses(&self) -> Result<Option<Duration>, CallError> {
        let now = self.inner.options.clock.now().unix_secs;
        let mut next: Option<i64> = None;
        for row in self.state(|tx| tx.workspaces())? {
            match row.paused_until_secs.filter(|_| row.paused) {
                None => {}
                Some(at) if at > now => next = Some(next.map_or(at, |earlier| earlier.min(at))),
                Some(_) => {
                    let row = WorkspaceRow { paused: false, paused_until_secs: None, ..row };
                    self.state(|tx| tx.put_workspace(&row))?;
                    self.follow_row(&row).await?;
                    self.changed("workspaces");
                }
            }
        }
        Ok(next.map(|at| Duration::from_secs(at.abs_diff(now))))
    }

    /// Ends pauses whose time has come, until the supervisor is stopped or gone.
    pub(super) fn watch_pauses(&self) {
        let (weak, stopped) = (Arc::downgrade(&self.inner), self.inner.stopped.clone());
        let watch = async move {
            while let Some(inner) = weak.upgrade() {
                let supervisor = Supervisor { inner: Arc::clone(&inner) };
                let next = supervisor.end_pauses().await.unwrap_or_else(|error| {
                    tracing::warn!(%error, "a pause did not end; it is tried again");
                    Some(LOOK_AT_CLOCK)
                });
                drop(supervisor);
                match next {
                    Some(wait) => {
                        let _ =
                            tokio::time::timeout(wait.min(LOOK_AT_CLOCK), inner.pauses_changed.notified())
                                .await;
                    }
                    None => inner.pauses_changed.notified().await,
                }
            }
        };
        tokio::spawn(async move {
            tokio::select! {
                () = watch => {}
                () = stopped.cancelled() => {}
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::{SupervisorOptions, api::Code, clock::Clock, home::Home, settings::Settings};

    /// 2023-11-14T22:13:20Z.
    const START: i64 = 1_700_000_000;

    struct Scene {
        dir: tempfile::TempDir,
        wall: Arc<AtomicI64>,
        supervisor: Supervisor,
    }

    impl Scene {
        /// A home with one workspace, whose account cannot be used: pausing does not depend on it.
        async fn start() -> Scene {
            let dir = tempfile::tempdir().expect("temp dir");
            let wall = Arc::new(AtomicI64::new(START));
            let supervisor = supervisor(&dir, &wall).await;
            let row = WorkspaceRow {
                id: "w".into(),
                name: "Docs".into(),
                account: "dbid:a".into(),
                remote: String::new(),
                local: dir.path().join("docs"),
                on_conflict: "ask".into(),
                excludes: Vec::new(),
                paused: false,
                created_secs: START,
                conflict_days: 7,
                paused_until_secs: None,
                guard_files: None,
                guard_percent: None,
            };
            supervisor.state(|tx| tx.put_workspace(&row)).expect("written");
            supervisor.start_workspace(&row).await;
            Scene { dir, wall, supervisor }
        }

        fn row(&self) -> (bool, Option<i64>) {
            let row = self.supervisor.workspace_row("w").expect("it is there");
            (row.paused, row.paused_until_secs)
        }
    }

    async fn supervisor(dir: &tempfile::TempDir, wall: &Arc<AtomicI64>) -> Supervisor {
        let wall = Arc::clone(wall);
        let now = move || {
            let time = jiff::Timestamp::from_second(wall.load(Ordering::SeqCst)).expect("in range");
            time.to_zoned(jiff::tz::TimeZone::UTC)
        };
        let options = SupervisorOptions {
            autostart_workspaces: true,
            host: "bench".into(),
            settings: Settings::default(),
            extra_root_certificate: None,
            boot: None,
            retry: dropbox_client::RetryPolicy::default(),
            clock: Clock::with_wall(Arc::new(now)),
        };
        let home = Home::resolve(Some(dir.path().join("home"))).expect("a home");
        Supervisor::start(home, options).await.expect("it starts")
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_ends_by_itself_also_when_the_computer_slept_meanwhile() {
        let scene = Scene::start().await;
        scene.supervisor.pause(Some("w"), Some("2023-11-14T23:13:20Z")).await.expect("paused");
        assert_eq!(scene.row(), (true, Some(START + 3600)));
        let mut events = scene.supervisor.events();
        // The clock on the wall jumps; the timers only know that a look is due.
        scene.wall.store(START + 3600, Ordering::SeqCst);
        let resumed = async {
            while scene.row().0 {
                let _ = events.recv().await;
            }
        };
        tokio::time::timeout(2 * LOOK_AT_CLOCK, resumed).await.expect("it resumes");
        assert_eq!(scene.row(), (false, None));
        scene.supervisor.stop().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_with_a_time_survives_a_restart_and_is_over_when_its_time_came_meanwhile() {
        let scene = Scene::start().await;
        scene.supervisor.pause(None, Some("2023-11-14T23:13:20Z")).await.expect("paused");
        scene.supervisor.stop().await;
        let again = supervisor(&scene.dir, &scene.wall).await;
        let row = again.workspace_row("w").expect("it is there");
        assert_eq!((row.paused, row.paused_until_secs), (true, Some(START + 3600)));
        again.stop().await;
        scene.wall.store(START + 4000, Ordering::SeqCst);
        let later = supervisor(&scene.dir, &scene.wall).await;
        let row = later.workspace_row("w").expect("it is there");
        assert_eq!((row.paused, row.paused_until_secs), (false, None));
        later.stop().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_that_has_passed_or_is_none_is_refused() {
        let scene = Scene::start().await;
        for bad in ["2023-11-14T22:13:20Z", "tomorrow", ""] {
            let refused = scene.supervisor.pause(Some("w"), Some(bad)).await.expect_err(bad);
            assert_eq!(refused.code, Code::BadInput, "{bad:?}");
        }
        assert_eq!(scene.row(), (false, None));
        scene.supervisor.pause(Some("w"), None).await.expect("until it is resumed");
        assert_eq!(scene.row(), (true, None));
        scene.supervisor.resume(Some("w")).await.expect("resumed");
        assert_eq!(scene.row(), (false, None));
        scene.supervisor.stop().await;
    }
}
