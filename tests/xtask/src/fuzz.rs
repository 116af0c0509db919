//! `cargo xtask fuzz`: libFuzzer looks for bytes that break a claim of `tests/fuzz`.
//!
//! The programs lie outside the workspace, because they need nightly Rust; nothing else does. What libFuzzer finds
//! worth keeping goes to `tests/fuzz/cargo-fuzz/found`, which is not part of the repository.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, bail};

/// Where the programs are.
const PROGRAMS: &str = "tests/fuzz/cargo-fuzz";

/// What to search, and for how long.
#[derive(Debug, clap::Args)]
pub struct Search {
    /// Only this target: a folder of tests/fuzz/corpus
    target: Option<String>,
    /// Seconds for each target
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
}

/// Searches; true when nothing was found.
pub fn run(search: &Search) -> anyhow::Result<bool> {
    let programs = Path::new(PROGRAMS);
    let targets = targets(programs, search.target.as_deref())?;
    needed(
        &["+nightly", "--version"],
        "a nightly Rust",
        "rustup toolchain install nightly --profile minimal",
    )?;
    needed(&["+nightly", "fuzz", "--version"], "cargo-fuzz", "cargo install cargo-fuzz --locked")?;
    let mut broken = Vec::new();
    for target in &targets {
        println!("\n── {target}, {} s ──", search.seconds);
        let found = programs.join("found").join(target);
        std::fs::create_dir_all(&found).with_context(|| found.display().to_string())?;
        let corpus = Path::new("tests/fuzz/corpus").join(target);
        let mut command = nightly();
        command.args(arguments(target)).args([&found, &corpus]);
        command.args(["--", &format!("-max_total_time={}", search.seconds)]).args(LIMITS);
        if !command.status().context("cargo could not be started")?.success() {
            broken.push(target.as_str());
        }
    }
    println!("\n{} targets, {} broken {}", targets.len(), broken.len(), broken.join(", "));
    if !broken.is_empty() {
        println!(
            "the bytes lie in {PROGRAMS}/artifacts; mend it with a test of its own, and keep them in the corpus"
        );
    }
    Ok(broken.is_empty())
}

/// A claim that takes this long is broken too; figures at the end.
const LIMITS: [&str; 4] = ["-timeout=60", "-max_len=8192", "-rss_limit_mb=4096", "-print_final_stats=1"];

fn arguments(target: &str) -> [String; 7] {
    // No sanitizer: there is no unsafe code of ours to watch, and without one the search is several times as quick.
    ["fuzz", "run", "--fuzz-dir", PROGRAMS, "--sanitizer", "none", target].map(str::to_owned)
}

/// Cargo through rustup, whichever toolchain runs us.
fn nightly() -> Command {
    let mut command = Command::new("cargo");
    command.arg("+nightly").env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
    command
}

fn needed(arguments: &[&str], what: &str, how: &str) -> anyhow::Result<()> {
    let mut command = Command::new("cargo");
    command.args(arguments).env_remove("RUSTUP_TOOLCHAIN").stdout(Stdio::null()).stderr(Stdio::null());
    if command.status().is_ok_and(|status| status.success()) {
        return Ok(());
    }
    bail!("{what} is missing; get it by: {how}")
}

/// All targets, or the one that was asked for.
fn targets(programs: &Path, asked: Option<&str>) -> anyhow::Result<Vec<String>> {
    let folder = programs.join("fuzz_targets");
    let listed = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let mut all = Vec::new();
    for entry in listed {
        let path = entry?.path();
        all.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    all.sort();
    match asked {
        None => Ok(all),
        Some(name) if all.iter().any(|known| known == name) => Ok(vec![name.to_owned()]),
        Some(name) => bail!("there is no target {name:?}; there are {}", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_target_or_all_are_searched_and_an_unknown_one_is_named_with_the_known() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let programs = folder.path().join("fuzz_targets");
        std::fs::create_dir(&programs).expect("made");
        for name in ["rows.rs", "names.rs"] {
            std::fs::File::create(programs.join(name)).expect("made");
        }
        assert_eq!(targets(folder.path(), None).expect("all"), ["names", "rows"]);
        assert_eq!(targets(folder.path(), Some("rows")).expect("one"), ["rows"]);
        let error = targets(folder.path(), Some("dreams")).expect_err("unknown").to_string();
        assert!(error.contains("dreams") && error.contains("names, rows"), "{error}");
    }

    #[test]
    fn what_is_missing_is_named_with_the_way_to_get_it() {
        let error = needed(&["no-such-subcommand-of-cargo"], "the thing", "make it").expect_err("missing");
        assert_eq!(error.to_string(), "the thing is missing; get it by: make it");
    }
}
