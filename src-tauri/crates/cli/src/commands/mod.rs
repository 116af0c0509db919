//! What each command does: unwrap the arguments, make one call, print the outcome.

mod account;
mod activity;
pub mod completions;
mod config;
mod conflicts;
mod doctor;
mod files;
mod held;
mod issues;
mod kept;
mod link;
pub mod man;
mod places;
mod report;
mod run;
mod select;
mod share;
mod status;
mod sync;
mod verify;
mod versions;
mod workspace;

use crate::{
    Context, args,
    failure::{Exit, Failure},
};

/// Carries one command out.
pub async fn run(context: Context, command: args::Command) -> Result<Exit, Failure> {
    let context = &context;
    match command {
        args::Command::Account(args::Account::Link(link)) => link::run(context, *link).await,
        args::Command::Account(args::Account::List) => account::list(context).await,
        args::Command::Account(args::Account::Unlink { id }) => account::unlink(context, id).await,
        args::Command::Workspace(action) => workspace::run(context, action).await,
        args::Command::Run => run::run(context).await,
        args::Command::Sync { id, dry_run: true } => sync::plan(context, id).await,
        args::Command::Sync { id, dry_run: false } => sync::run(context, id).await,
        args::Command::Status { watch: false } => status::show(context).await,
        args::Command::Status { watch: true } => status::watch(context).await,
        args::Command::Activity { action: Some(args::Activity::Undo { batch }), .. } => {
            activity::undo(context, batch).await
        }
        args::Command::Activity { limit, follow: false, .. } => activity::list(context, limit).await,
        args::Command::Activity { limit, follow: true, .. } => activity::follow(context, limit).await,
        args::Command::Conflicts { action: None } => conflicts::list(context).await,
        args::Command::Conflicts { action: Some(action) } => conflicts::run(context, action).await,
        args::Command::Issues { action: None } => issues::list(context).await,
        args::Command::Issues { action: Some(args::Issues::Retry { id }) } => {
            issues::retry(context, id).await
        }
        args::Command::Kept { action: None } => kept::list(context).await,
        args::Command::Kept { action: Some(action) } => kept::act(context, action).await,
        args::Command::Held { action: None } => held::list(context).await,
        args::Command::Held { action: Some(action) } => held::decide(context, action).await,
        args::Command::Files(args::Files::Ls { place }) => files::list(context, place).await,
        args::Command::Versions { place, limit } => versions::list(context, place, limit).await,
        args::Command::Restore { place, rev, to } => versions::restore(context, place, rev, to).await,
        args::Command::Share { place, remove: false } => share::share(context, place).await,
        args::Command::Share { place, remove: true } => share::unshare(context, place).await,
        args::Command::Open { place } => share::open(context, place).await,
        args::Command::Select(action) => select::run(context, action).await,
        args::Command::Verify { id, report } => verify::run(context, id, report).await,
        args::Command::Config(action) => config::run(context, action).await,
        args::Command::Doctor => doctor::run(context).await,
        args::Command::Report { out } => report::run(context, &out).await,
        args::Command::Completions { shell } => completions::run(shell),
        args::Command::Man { dir } => man::run(&dir),
    }
}
