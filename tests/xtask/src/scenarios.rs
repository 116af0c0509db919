//! Checks that each of the forty-two nasty scenarios has a test that carries its number.
//!
//! Reads the sources, so that a test that is renamed or lost is missed here, wherever it lies.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;

/// How many scenarios there are.
const SCENARIOS: u8 = 42;

/// Where tests lie.
const FOLDERS: [&str; 2] = ["src-tauri", "tests"];

/// Names of tests by scenario.
type Named = BTreeMap<u8, Vec<String>>;

/// Reads all sources below the folder of the workspace.
fn named(workspace: &Path) -> anyhow::Result<Named> {
    let mut named = Named::new();
    read_all(workspace, &mut |text| collect(text, &mut named))?;
    Ok(named)
}

/// Reads every Rust source of the workspace.
pub fn read_all(workspace: &Path, each: &mut dyn FnMut(&str)) -> anyhow::Result<()> {
    let mut open: Vec<_> = FOLDERS.iter().map(|folder| workspace.join(folder)).collect();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() && !path.ends_with("target") && !path.ends_with("node_modules") {
                open.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                each(&fs::read_to_string(&path).with_context(|| path.display().to_string())?);
            }
        }
    }
    Ok(())
}

fn collect(text: &str, named: &mut Named) {
    let is_test = |line: &str| line.trim_start().starts_with("#[") && line.contains("test");
    let mut after_test = false;
    for line in text.lines() {
        let function = line.trim_start().trim_start_matches("async ").strip_prefix("fn ");
        if let (true, Some(function)) = (after_test, function) {
            let name = function.split('(').next().unwrap_or(function);
            for (at, _) in name.match_indices("scenario_") {
                let digits = name.get(at + 9..at + 11).and_then(|digits| digits.parse().ok());
                if let (Some(number), Some("_")) = (digits, name.get(at + 11..at + 12)) {
                    named.entry(number).or_default().push(name.to_owned());
                }
            }
        }
        // Further attributes may stand between the two.
        after_test = is_test(line) || (after_test && line.trim_start().starts_with("#["));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_the_forty_two_scenarios_has_a_test_that_carries_its_number() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let named = named(&workspace).expect("the sources can be read");
        for (number, tests) in &named {
            println!("{number:02}  {}", tests.join("\n    "));
        }
        let missing: Vec<_> = (1..=SCENARIOS).filter(|number| !named.contains_key(number)).collect();
        assert!(missing.is_empty(), "no test: {missing:?}");
    }

    #[test]
    fn every_test_that_the_architecture_page_names_exists() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let page = fs::read_to_string(workspace.join("ARCHITECTURE.md")).expect("the page is there");
        let mut sources = String::new();
        read_all(&workspace, &mut |text| sources.push_str(text)).expect("the sources can be read");
        let is_name = |word: &&str| {
            word.matches('_').count() > 2 && word.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
        };
        let named: Vec<_> = page.split('`').filter(is_name).filter(|name| !name.contains("NN")).collect();
        assert!(named.len() > 40, "the tables are read: {named:?}");
        let lost: Vec<_> = named.iter().filter(|name| !sources.contains(&format!("fn {name}("))).collect();
        assert!(lost.is_empty(), "no such test: {lost:?}");
    }

    #[test]
    fn only_tests_count_and_only_by_two_digits() {
        let mut named = Named::new();
        let text = "#[test]\nfn f5_scenario_41_x() {}\nfn scenario_07_helper() {}\n#[tokio::test]\n#[cfg(unix)]\n\
                    async fn scenario_03_y() {}\n#[test]\nfn scenario_3_z() {}\n";
        collect(text, &mut named);
        assert_eq!(named.keys().copied().collect::<Vec<_>>(), [3, 41]);
    }
}
