//! The table: the middle of all rounds of a row, as Markdown.

use crate::{measured::Measured, rows::Row};

/// Returns the whole table; rows without rounds are left out.
pub fn markdown(rows: &[(&Row, Vec<Measured>)]) -> String {
    let mut lines = vec![
        "| work | target | seconds | calls | MiB | CPU s | RSS MiB | bare baseline | × bare | rclone | × rclone |"
            .to_owned(),
        "|---|---|---|---|---|---|---|---|---|---|---|".to_owned(),
    ];
    lines.extend(rows.iter().filter(|(_, rounds)| !rounds.is_empty()).map(|(row, rounds)| line(row, rounds)));
    lines.join("\n") + "\n"
}

fn line(row: &Row, rounds: &[Measured]) -> String {
    let middle = |figure: fn(&Measured) -> f64| median(rounds.iter().map(figure).collect());
    let seconds = middle(|round| round.seconds);
    let shown_seconds = match rounds.iter().filter_map(|round| round.p95).reduce(f64::max) {
        Some(_) => format!("{seconds:.2}, p95 {:.2}", middle(|round| round.p95.unwrap_or_default())),
        None => format!("{seconds:.2}"),
    };
    let bare = median(rounds.iter().filter_map(|round| round.bare.map(|(_, secs)| secs)).collect());
    let bare_name = rounds.iter().find_map(|round| round.bare.map(|(name, _)| name));
    let peer = |figure: fn(crate::measured::Peer) -> f64| {
        median(rounds.iter().filter_map(|round| round.peer.map(figure)).collect())
    };
    let has_peer = rounds.iter().any(|round| round.peer.is_some());
    let remark =
        rounds.iter().find(|round| !round.remark.is_empty()).map(|round| format!("; {}", round.remark));
    let cells = [
        row.work.to_owned(),
        row.target.to_owned(),
        shown_seconds + &remark.unwrap_or_default(),
        format!("{:.0}", middle(|round| round.calls as f64)),
        mebibytes(middle(|round| round.bytes as f64)),
        format!("{:.2}", middle(|round| round.cpu_secs)),
        format!("{:.0}", middle(|round| round.peak_bytes as f64) / MIB),
        bare_name.map(|name| format!("{name} {bare:.2} s")).unwrap_or_default(),
        bare_name.map(|_| format!("{:.2}", seconds / bare)).unwrap_or_default(),
        match has_peer {
            true => format!(
                "{:.2} s, {:.0} calls, {:.1} CPU s, {:.0} MiB",
                peer(|peer| peer.seconds),
                peer(|peer| peer.calls as f64),
                peer(|peer| peer.cpu_secs),
                peer(|peer| peer.peak_bytes as f64) / MIB
            ),
            false => String::new(),
        },
        if has_peer { format!("{:.2}", peer(|peer| peer.seconds) / seconds) } else { String::new() },
    ];
    format!("| {} |", cells.join(" | "))
}

const MIB: f64 = 1024.0 * 1024.0;

fn mebibytes(bytes: f64) -> String {
    if bytes < MIB { format!("{:.2}", bytes / MIB) } else { format!("{:.0}", bytes / MIB) }
}

/// Returns the middle; of an even number, the upper one of the two. Nothing has the middle 0.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{measured::Peer, rows::ROWS};

    #[test]
    fn a_row_shows_the_middle_of_its_rounds_and_how_it_compares() {
        let round = |seconds| Measured {
            seconds,
            calls: 12,
            bytes: 3 << 20,
            cpu_secs: 0.5,
            peak_bytes: 40 << 20,
            bare: Some(("copy", 2.0)),
            peer: Some(Peer { seconds: 8.0, calls: 400, cpu_secs: 1.0, peak_bytes: 300 << 20 }),
            ..Measured::default()
        };
        let shown = line(&ROWS[0], &[round(9.0), round(4.0), round(1.0)]);
        let expected = "| 2,000 × 4 KiB up | ≥ 2× rclone, ≤ 120 calls | 4.00 | 12 | 3 | 0.50 | 40 \
                        | copy 2.00 s | 2.00 | 8.00 s, 400 calls, 1.0 CPU s, 300 MiB | 2.00 |";
        assert_eq!(shown, expected);
    }
}
