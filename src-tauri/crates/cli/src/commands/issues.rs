//! `lockstep issues`.

use engine::api::{Call, IssueView};

use crate::{
    Context,
    failure::{Exit, Failure},
    out::table,
    session,
};

/// Lists what does not sync.
pub async fn list(context: &Context) -> Result<Exit, Failure> {
    let issues: Vec<IssueView> = session::call(context, Call::Issues).await?;
    context.out.result(&issues, |issues| {
        let row = |issue: &IssueView| {
            let path = if issue.path.is_empty() { "(all of it)".into() } else { issue.path.clone() };
            [issue.id.clone(), issue.code.clone(), issue.workspace.clone(), path, issue.message.clone()]
        };
        table(
            ["id", "code", "workspace", "path", "what and why"],
            issues.iter().map(row).collect(),
            "no issues",
        )
    })?;
    Ok(Exit::Done)
}

/// Tries again now.
pub async fn retry(context: &Context, id: Option<String>) -> Result<Exit, Failure> {
    let () = session::call(context, Call::Retry { id }).await?;
    context.out.note("trying again");
    Ok(Exit::Done)
}
