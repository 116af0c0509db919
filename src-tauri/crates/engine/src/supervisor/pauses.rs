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
