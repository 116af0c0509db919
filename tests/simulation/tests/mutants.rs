//! Engines that are wrong on purpose are caught: the oracle can fail.

use simulation::mutants::Mutant;
use simulation::runner::Runner;
use simulation::shrink::shrink;

/// Finds the first seed in which a mutant is caught.
fn caught_within(mutant: Mutant, seeds: u64) -> Option<u64> {
    let mut runner = Runner::new();
    runner.mutant = Some(mutant);
    (0..seeds).find(|seed| runner.seed(*seed).violation.is_some())
}

#[test]
fn every_mutant_is_caught_within_its_number_of_seeds() {
    std::panic::set_hook(Box::new(|_| {}));
    let late: Vec<String> = Mutant::ALL
        .into_iter()
        .filter(|mutant| caught_within(*mutant, mutant.seeds()).is_none())
        .map(|mutant| format!("{mutant:?} is not caught within {} seeds", mutant.seeds()))
        .collect();
    let _ = std::panic::take_hook();
    assert!(late.is_empty(), "{late:#?}");
}

#[test]
fn mutants_that_power_cuts_reveal_are_caught_within_a_thousand_seeds() {
    for mutant in Mutant::UNDER_POWER_CUTS {
        let mut runner = Runner::new();
        (runner.mutant, runner.power_cuts) = (Some(mutant), true);
        let is_caught = (0..1000).any(|seed| runner.seed(seed).violation.is_some());
        assert!(is_caught, "{mutant:?}");
    }
}

#[test]
fn a_failing_run_becomes_a_short_script_that_still_fails() {
    let mut runner = Runner::new();
    runner.mutant = Some(Mutant::IgnoreRemoteDeletes);
    // A run without end is a violation, too, but one that takes long, and many are tried.
    let ends = |violation: &str| !violation.starts_with("no end of work");
    let mut runs = (0..100).map(|seed| runner.seed(seed));
    let failed = runs.find(|run| run.violation.as_deref().is_some_and(ends)).expect("caught");
    let script = shrink(&runner, &failed);
    assert!(script.len() < failed.record.values.len(), "{} choices", script.len());
    assert!(runner.script(script).violation.is_some());
}
