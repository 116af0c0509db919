//! What needs a connection: is Dropbox there, is the sign-in good, is the clock right?

use std::time::Duration;

use dropbox_client::Endpoints;
use engine::api::{AccountState, AccountView, Call};
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};

use super::Check;
use crate::{Context, session};

/// How long a server may take to say anything.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);
/// Tokens and certificates stand this much; beyond it sign-ins start to fail in odd ways.
const CLOCK_OFF_MAX_SECS: i64 = 120;

/// Looks at every linked account's service, or at Dropbox when none is linked.
pub async fn all(context: &Context) -> Vec<Check> {
    let (accounts, mut checks) = match session::call::<Vec<AccountView>>(context, Call::Accounts).await {
        Ok(accounts) => (accounts, Vec::new()),
        Err(failure) => {
            let fix = failure.advice.unwrap_or_else(|| "see the other lines".to_owned());
            (Vec::new(), vec![Check::bad("accounts", failure.what, fix)])
        }
    };
    let mut origins: Vec<String> = accounts.iter().map(|account| account.endpoints.api.clone()).collect();
    origins.dedup();
    if origins.is_empty() {
        origins.push(Endpoints::default().api);
    }
    for origin in origins {
        checks.extend(service(&origin).await);
    }
    checks.extend(accounts.iter().map(sign_in));
    checks
}

async fn service(origin: &str) -> Vec<Check> {
    match probe(origin).await {
        Some(date) => vec![Check::good("connection", format!("{origin} answers")), clock(date, now())],
        None => vec![Check::bad(
            "connection",
            format!("{origin} cannot be reached"),
            "check the network; behind a proxy: lockstep config set proxy http://HOST:PORT",
        )],
    }
}

/// Returns the server's clock, nothing when it cannot be reached, and nothing within when it tells none.
async fn probe(origin: &str) -> Option<Option<Timestamp>> {
    let http = reqwest::Client::builder().timeout(PROBE_TIMEOUT).build().ok()?;
    // Any answer will do, an error too: it shows that the service is there.
    let reply = http.head(origin).send().await.ok()?;
    let date = reply.headers().get("date").and_then(|date| date.to_str().ok());
    Some(date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok()))
}

fn clock(theirs: Option<Timestamp>, ours: Timestamp) -> Check {
    let Some(theirs) = theirs else {
        return Check::good("clock", "not checked, the server does not tell the time");
    };
    let off = ours.as_second() - theirs.as_second();
    match off.abs() <= CLOCK_OFF_MAX_SECS {
        true => Check::good("clock", "agrees with the server"),
        false => Check::bad(
            "clock",
            format!("is {} s {} the server's", off.abs(), if off > 0 { "ahead of" } else { "behind" }),
            "set it by the network: sudo timedatectl set-ntp true",
        ),
    }
}

fn sign_in(account: &AccountView) -> Check {
    match account.state {
        AccountState::Linked => Check::good("sign-in", format!("{} is linked", account.email)),
        AccountState::NeedsSignIn => Check::bad(
            "sign-in",
            format!("{} has to sign in again", account.email),
            format!("lockstep account link --app-key {}", account.app_key),
        ),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "comparing the computer's clock with the server's is the point"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_by_minutes_is_reported_with_its_direction() {
        let at = |second| Timestamp::from_second(second).expect("in range");
        assert!(clock(Some(at(1000)), at(1100)).ok);
        let check = clock(Some(at(1000)), at(1300));
        assert!(!check.ok && check.message.contains("300 s ahead of"), "{check:?}");
        assert!(clock(None, at(0)).ok, "no clock is no problem");
    }
}
