//! Kills the real program again and again while two people change both sides, for as long as one likes:
//! `cargo xtask crash-loop`.

use clap::Parser;
use stories::{Figures, Moments, kill_again_and_again};

/// Kills of one round; then both sides are compared, and another account and computer begin.
const KILLS_A_ROUND: u64 = 10;

#[derive(Parser)]
#[command(about = "Kills the real program again and again while two people change both sides")]
struct Arguments {
    /// Kills in all
    #[arg(long, default_value_t = 500)]
    kills: u64,
    /// Seed of the first round; the next one has the next number
    #[arg(long)]
    seed: Option<u64>,
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let arguments = Arguments::parse();
    let mut seed = arguments.seed.unwrap_or_else(|| u64::from(std::process::id()));
    let (mut all, mut rounds) = (Figures::default(), 0);
    while all.kills() < arguments.kills {
        let kills = KILLS_A_ROUND.min(arguments.kills - all.kills());
        all.add(kill_again_and_again(seed, kills, Moments::All).await);
        (seed, rounds) = (seed + 1, rounds + 1);
        println!("{} of {} kills", all.kills(), arguments.kills);
    }
    println!(
        "after so many calls: {}; at any instant: {}; at crash points: {:?}",
        all.at_calls, all.at_instants, all.at_points
    );
    println!(
        "{rounds} rounds, {} kills, {} contents saved, {} calls, 0 lost, 0 left unequal",
        all.kills(),
        all.saved,
        all.calls
    );
}
