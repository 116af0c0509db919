//! Checks that everything we link may be linked: its licence is on the list, its source is a registry.
//!
//! The list is the one in `deny.toml`. Expressions are judged by the crate that cargo-deny judges them
//! with; cargo-deny itself would take minutes to build on each new machine and adds nothing that works
//! without a network (its advisories need a database).

use std::collections::BTreeSet;

use anyhow::{Context, bail};
use serde_json::Value;
use spdx::{Expression, Licensee, ParseMode};

use crate::{steps::Tally, system};

/// Fails with one line for every package that may not be linked.
pub fn check() -> anyhow::Result<Tally> {
    let allowed = allow_list(&std::fs::read_to_string("deny.toml").context("deny.toml")?)?;
    let metadata = system::metadata(&[])?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let objections: BTreeSet<String> =
        packages.iter().filter_map(|package| objection(package, &allowed)).collect();
    if !objections.is_empty() {
        let lines: Vec<_> = objections.into_iter().collect();
        bail!("{}", lines.join("\n"));
    }
    println!("{} packages, all under allowed licences", packages.len());
    Ok(Tally { passed: 1, failed: 0 })
}

fn allow_list(text: &str) -> anyhow::Result<Vec<Licensee>> {
    let file: toml::Table = text.parse().context("deny.toml")?;
    let list = file.get("licenses").and_then(|table| table.get("allow")).and_then(|allow| allow.as_array());
    let list = list.context("deny.toml has no licenses.allow")?;
    list.iter()
        .map(|entry| Licensee::parse(entry.as_str().unwrap_or_default()))
        .collect::<Result<_, _>>()
        .context("deny.toml, licenses.allow")
}

fn objection(package: &Value, allowed: &[Licensee]) -> Option<String> {
    let source = package["source"].as_str();
    let name = format!("{} {}", package["name"].as_str()?, package["version"].as_str()?);
    if source.is_some_and(|source| !source.starts_with("registry+")) {
        return Some(format!("{name}: does not come from a registry"));
    }
    let Some(licence) = package["license"].as_str() else {
        return Some(format!("{name}: names no licence"));
    };
    match Expression::parse_mode(licence, ParseMode::LAX) {
        Ok(expression) if is_allowed(&expression, allowed) => None,
        Ok(_) => Some(format!("{name}: {licence} is not on the list in deny.toml")),
        Err(error) => Some(format!("{name}: {licence} cannot be understood ({})", error.reason)),
    }
}

fn is_allowed(expression: &Expression, allowed: &[Licensee]) -> bool {
    expression.evaluate(|asked| allowed.iter().any(|licensee| licensee.satisfies(asked)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn judged(source: Option<&str>, licence: Option<&str>) -> Option<String> {
        let allowed =
            allow_list("[licenses]\nallow = ['MIT', 'Apache-2.0 WITH LLVM-exception']").expect("list");
        objection(&json!({"name": "x", "version": "1.0.0", "source": source, "license": licence}), &allowed)
    }

    #[test]
    fn one_allowed_branch_of_an_expression_is_enough_and_a_forced_one_is_not() {
        let registry = Some("registry+somewhere");
        assert_eq!(judged(registry, Some("MIT OR GPL-3.0")), None);
        assert_eq!(judged(registry, Some("MIT/GPL-3.0")), None, "the old way of writing OR");
        assert_eq!(judged(registry, Some("Apache-2.0 WITH LLVM-exception")), None);
        assert!(judged(registry, Some("MIT AND GPL-3.0-only")).is_some());
        assert!(judged(registry, Some("Apache-2.0")).is_some());
    }

    #[test]
    fn no_licence_or_no_registry_is_an_objection() {
        assert!(judged(Some("registry+somewhere"), None).is_some());
        assert!(judged(Some("git+somewhere"), Some("MIT")).is_some());
    }
}
