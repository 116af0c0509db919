//! Bars on a terminal: one for everything, one for each transfer under way.

use std::collections::HashMap;

use engine::api::{Direction, Event, StatusView, TransferView};
use futures::{Stream, StreamExt};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::{
    out::{Out, eprintln_quietly},
    text,
};

/// Transfers shown at once; more would scroll the terminal.
const BARS_MAX: usize = 8;

/// Draws what events tell until dropped; draws nothing where there is no terminal.
pub struct Bars {
    shown: Option<Shown>,
}

struct Shown {
    multi: MultiProgress,
    overall: ProgressBar,
    transfers: HashMap<(String, String), ProgressBar>,
}

impl Bars {
    /// Starts without bars.
    pub fn new(out: Out) -> Bars {
        let shown = out.draws_progress().then(|| {
            let multi = MultiProgress::new();
            let overall = multi.add(ProgressBar::new_spinner());
            overall.set_style(style("{spinner} {msg}"));
            Shown { multi, overall, transfers: HashMap::new() }
        });
        Bars { shown }
    }

    /// Returns what can say something while bars are drawn.
    pub fn voice(&self) -> Voice {
        Voice(self.shown.as_ref().map(|shown| shown.multi.clone()))
    }

    /// Draws from a stream of events until it ends.
    pub async fn follow(mut self, events: impl Stream<Item = Event>) {
        let mut events = std::pin::pin!(events);
        while let Some(event) = events.next().await {
            if let Event::Status(status) = event {
                self.show(&status);
            }
        }
    }

    fn show(&mut self, status: &StatusView) {
        let Some(shown) = &mut self.shown else { return };
        shown.overall.set_message(summary(status));
        shown.overall.tick();
        shown.transfers.retain(|key, bar| {
            let stays = status.transfers.iter().any(|t| key.0 == t.workspace && key.1 == t.path);
            if !stays {
                bar.finish_and_clear();
            }
            stays
        });
        for transfer in status.transfers.iter().take(BARS_MAX) {
            shown.update(transfer);
        }
    }
}

/// Writes lines above the bars: one that is written past them leaves a stale copy of them behind.
pub struct Voice(Option<MultiProgress>);

impl Voice {
    /// Writes one line to standard error.
    pub fn say(&self, text: &str) {
        match &self.0 {
            Some(multi) => multi.suspend(|| eprintln_quietly(text)),
            None => eprintln_quietly(text),
        }
    }
}

impl Shown {
    fn update(&mut self, transfer: &TransferView) {
        let key = (transfer.workspace.clone(), transfer.path.clone());
        let full = self.transfers.len() >= BARS_MAX;
        if full && !self.transfers.contains_key(&key) {
            return;
        }
        let bar = self.transfers.entry(key).or_insert_with(|| {
            let bar = self.multi.add(ProgressBar::new(transfer.bytes_total));
            bar.set_style(style("  {prefix} [{bar:20}] {decimal_bytes}/{decimal_total_bytes} {wide_msg}"));
            bar.set_prefix(text::arrow(Some(transfer.direction)));
            bar.set_message(text::plain(&transfer.path));
            bar
        });
        bar.set_length(transfer.bytes_total);
        bar.set_position(transfer.bytes_done);
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        if let Some(shown) = &self.shown {
            let _ = shown.multi.clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("BUG: the template is well-formed")
}

/// Says in one line what is going on.
pub fn summary(status: &StatusView) -> String {
    let mut parts = vec![text::state(status.state).to_owned()];
    let sum =
        |of: fn(&engine::api::Pending) -> u64| status.workspaces.iter().map(|w| of(&w.pending)).sum::<u64>();
    let rate = |way| status.transfers.iter().filter(|t| t.direction == way).map(|t| t.rate).sum::<u64>();
    for (number, arrow, way) in
        [(sum(|p| p.uploads), "↑", Direction::Up), (sum(|p| p.downloads), "↓", Direction::Down)]
    {
        match (number, rate(way)) {
            (0, _) => {}
            (number, 0) => parts.push(format!("{arrow} {number}")),
            (number, rate) => parts.push(format!("{arrow} {number} ({}/s)", text::bytes(rate))),
        }
    }
    match sum(|p| p.bytes) {
        0 => {}
        left => parts.push(format!("{} left", text::bytes(left))),
    }
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::api::{Pending, WorkspaceState, WorkspaceStatus};

    #[test]
    fn the_summary_names_what_is_left_and_how_fast_it_goes() {
        let workspace = WorkspaceStatus {
            id: "w".into(),
            state: WorkspaceState::Syncing,
            pending: Pending { uploads: 3, downloads: 12, other: 1, bytes: 5_000_000 },
            ..WorkspaceStatus::default()
        };
        let transfer = TransferView {
            workspace: "w".into(),
            path: "a".into(),
            direction: Direction::Down,
            state: engine::api::TransferState::Transferring,
            bytes_done: 1,
            bytes_total: 2,
            rate: 1_500_000,
        };
        let mut status = StatusView {
            state: WorkspaceState::Syncing,
            workspaces: vec![workspace],
            transfers: vec![transfer],
            ..StatusView::default()
        };
        assert_eq!(summary(&status), "syncing · ↑ 3 · ↓ 12 (1.5 MB/s) · 5.0 MB left");
        status = StatusView::default();
        assert_eq!(summary(&status), "up to date");
    }
}
