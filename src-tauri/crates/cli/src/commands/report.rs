//! `lockstep report`: figures, states and codes for whoever looks for a fault.
//!
//! What is in it, and what never is, is decided in the engine's `report`.

use std::path::{Path, absolute};

use engine::{
    api::Call,
    report::{self, Facts, Part, ReportError},
    settings::Settings,
};
use serde_json::json;

use super::doctor;
use crate::{
    Context,
    failure::{Exit, Failure},
    session, text,
};

/// Entries of the activity that are taken, the newest.
const ACTIVITY: u32 = 1000;

/// Lists what will be in the report, and writes it.
pub async fn run(context: &Context, out: &Path) -> Result<Exit, Failure> {
    let to = absolute(out).map_err(|error| Failure::new(Exit::Usage, format!("--out: {error}")))?;
    if to.symlink_metadata().is_ok() {
        return Err(ReportError::Exists(to.display().to_string()).into());
    }
    let parts = parts(context).await;
    if !context.out.json {
        context.out.text(&parts.iter().map(describe).collect::<String>())?;
    }
    report::write(&parts, &to)?;
    let document = json!({ "file": to.display().to_string(), "parts": parts });
    context.out.result(&document, |_| text::plain(&format!("written to {}", to.display())))?;
    Ok(Exit::Done)
}

fn describe(part: &Part) -> String {
    format!("{:<16} {:>8}  {}\n", part.name, text::bytes(part.bytes), part.what)
}

async fn parts(context: &Context) -> Vec<Part> {
    // Before the engine: it looks at the lock, too.
    let checks = doctor::checks(context).await;
    let checks: Vec<_> = checks.iter().map(|check| (check.check, check.ok)).collect();
    let settings = Settings::load(&context.home.config_file()).ok();
    let facts = match facts(context).await {
        Ok(facts) => Some(facts),
        Err(failure) => {
            context
                .out
                .note(&format!("the engine does not answer, so its part is missing: {}", failure.what));
            None
        }
    };
    report::parts(&context.home, settings.as_ref(), facts.as_ref(), &checks)
}

async fn facts(context: &Context) -> Result<Facts, Failure> {
    session::with(context, async |session| {
        Ok(Facts {
            accounts: session.call(Call::Accounts).await?,
            workspaces: session.call(Call::Workspaces).await?,
            status: session.call(Call::Status).await?,
            issues: session.call(Call::Issues).await?,
            conflicts: session.call(Call::Conflicts).await?,
            held: session.call(Call::Held).await?,
            kept: session.call(Call::Kept { workspace: None }).await?,
            activity: session.call(Call::Activity { limit: ACTIVITY }).await?,
        })
    })
    .await
}
