//! `lockstep account list` and `unlink`.

use engine::api::{AccountState, AccountView, Call};

use crate::{
    Context,
    failure::{Exit, Failure},
    out::table,
    session, text,
};

/// Lists linked accounts.
pub async fn list(context: &Context) -> Result<Exit, Failure> {
    let accounts: Vec<AccountView> = session::call(context, Call::Accounts).await?;
    context.out.result(&accounts, |accounts| {
        let rows = accounts.iter().map(row).collect();
        table(
            ["id", "e-mail", "name", "state", "space"],
            rows,
            "no account is linked; link one: lockstep account link",
        )
    })?;
    Ok(Exit::Done)
}

fn row(account: &AccountView) -> [String; 5] {
    let state = match account.state {
        AccountState::Linked => "linked",
        AccountState::NeedsSignIn => "sign-in needed",
    };
    let space = format!("{} of {}", text::bytes(account.used_bytes), text::bytes(account.allocated_bytes));
    [account.id.clone(), account.email.clone(), account.name.clone(), state.into(), space]
}

/// Unlinks one account.
pub async fn unlink(context: &Context, id: String) -> Result<Exit, Failure> {
    let () = session::call(context, Call::AccountUnlink { id }).await?;
    context.out.note("unlinked; your files stay on this computer and on Dropbox");
    Ok(Exit::Done)
}
