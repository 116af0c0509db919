//! `lockstep doctor`: what Lockstep needs on this computer, whether it is there, and how to get it.
//!
//! Looks only; nothing is repaired or changed.

mod local;
mod network;

use serde::Serialize;

use crate::{
    Context,
    failure::{Exit, Failure},
};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at, one word.
    pub check: &'static str,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was found.
    pub message: String,
    /// What to do; nothing when it is as it should be.
    pub fix: Option<String>,
}

impl Check {
    fn good(check: &'static str, message: impl Into<String>) -> Check {
        Check { check, ok: true, message: message.into(), fix: None }
    }

    fn bad(check: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Check {
        Check { check, ok: false, message: message.into(), fix: Some(fix.into()) }
    }
}

/// Looks at everything; done only when all is well.
pub async fn run(context: &Context) -> Result<Exit, Failure> {
    let checks = checks(context).await;
    context.out.result(&checks, |checks| checks.iter().map(describe).collect())?;
    Ok(if checks.iter().all(|check| check.ok) { Exit::Done } else { Exit::Error })
}

/// Looks at everything.
pub async fn checks(context: &Context) -> Vec<Check> {
    let mut checks = vec![
        local::home(&context.home),
        local::settings(&context.home),
        local::lock(&context.home).await,
        local::disk(&context.home),
        local::watches(),
        local::secret_store(&context.home).await,
        local::crashes(&context.home),
    ];
    checks.extend(network::all(context).await);
    checks
}

fn describe(check: &Check) -> String {
    let mark = if check.ok { "✓" } else { "✗" };
    let fix = check.fix.as_ref().map(|fix| format!("{:>14}{fix}\n", "")).unwrap_or_default();
    format!("{mark} {:<11} {}\n{fix}", check.check, check.message)
}
