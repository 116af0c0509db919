//! The rows of the table: what is measured, what it must reach, and how it is played.

mod carry;
mod index;
mod live;

use futures::future::BoxFuture;

use crate::{Conditions, measured::Measured};

/// One row.
pub struct Row {
    /// What it is asked for by.
    pub name: &'static str,
    /// The work at full size.
    pub work: &'static str,
    /// What it must reach.
    pub target: &'static str,
    run: fn(&Conditions) -> BoxFuture<'_, anyhow::Result<Measured>>,
}

impl Row {
    /// Plays one round of it.
    pub async fn play(&self, conditions: &Conditions) -> anyhow::Result<Measured> {
        (self.run)(conditions).await
    }
}

/// All rows, in the order of the table.
pub const ROWS: &[Row] = &[
    Row {
        name: "small-up",
        work: "2,000 × 4 KiB up",
        target: "≥ 2× rclone, ≤ 120 calls",
        run: |conditions| Box::pin(carry::small_up(conditions)),
    },
    Row {
        name: "small-down",
        work: "2,000 × 4 KiB down",
        target: "≥ 3× rclone, ≤ 60 calls",
        run: |conditions| Box::pin(carry::small_down(conditions)),
    },
    Row {
        name: "mixed",
        work: "10,000 × 1-100 KiB, half up, half down",
        target: "no 429; ≤ 1.25× the write lock",
        run: |conditions| Box::pin(carry::mixed(conditions)),
    },
    Row {
        name: "large-up",
        work: "1 GiB up",
        target: "≥ rclone, ≤ 120 MiB, ≤ 1.3× copy + hash",
        run: |conditions| Box::pin(carry::large_up(conditions)),
    },
    Row {
        name: "large-down",
        work: "1 GiB down",
        target: "≥ rclone, ≤ 120 MiB, ≤ 1.3× copy + hash",
        run: |conditions| Box::pin(carry::large_down(conditions)),
    },
    Row {
        name: "medium-up",
        work: "200 × 5 MiB up",
        target: "≥ 1.5× rclone, ≤ 150 MiB",
        run: |conditions| Box::pin(carry::medium_up(conditions)),
    },
    Row {
        name: "medium-down",
        work: "200 × 5 MiB down",
        target: "≥ 1× rclone, ≤ 150 MiB",
        run: |conditions| Box::pin(carry::medium_down(conditions)),
    },
    Row {
        name: "rename-here",
        work: "folder of 1,000 renamed here",
        target: "one call, < 2 s, no bytes",
        run: |conditions| Box::pin(live::rename_here(conditions)),
    },
    Row {
        name: "rename-there",
        work: "folder of 1,000 renamed there",
        target: "one call, < 2 s, no bytes",
        run: |conditions| Box::pin(live::rename_there(conditions)),
    },
    Row {
        name: "duplicate-here",
        work: "copy of a 256 MiB file made here",
        target: "no bytes",
        run: |conditions| Box::pin(live::duplicate_here(conditions)),
    },
    Row {
        name: "duplicate-there",
        work: "copy of a 256 MiB file made there",
        target: "no bytes",
        run: |conditions| Box::pin(live::duplicate_there(conditions)),
    },
    Row {
        name: "save",
        work: "a save here → on the service",
        target: "p50 ≤ 1.18 s, p95 ≤ 2× that",
        run: |conditions| Box::pin(live::save(conditions)),
    },
    Row {
        name: "change",
        work: "a change there → on disk",
        target: "p50 ≤ 0.28 s, p95 ≤ 2× that",
        run: |conditions| Box::pin(live::change(conditions)),
    },
    Row {
        name: "first-run",
        work: "first run over 50,000 files equal on both sides, no latency",
        target: "≤ 3 s beyond list + hash, ≤ 100 MiB, no transfer",
        run: |conditions| Box::pin(index::first_run(conditions)),
    },
    Row {
        name: "restart",
        work: "restart, 50,000 files unchanged",
        target: "≤ 2 calls, ≤ 1.5× the walk",
        run: |conditions| Box::pin(index::restart(conditions)),
    },
    Row {
        name: "touch",
        work: "10,000 × 64 KiB touched, not changed",
        target: "no transfer, at BLAKE3's speed",
        run: |conditions| Box::pin(index::touch(conditions)),
    },
    Row {
        name: "idle",
        work: "at rest for 10 minutes",
        target: "< 0.1 % CPU, < 10 wake-ups a minute",
        run: |conditions| Box::pin(live::idle(conditions)),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = ROWS.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), ROWS.len());
    }
}
