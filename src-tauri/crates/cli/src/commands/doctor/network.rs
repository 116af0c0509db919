//! What needs a connection: is Dropbox there, is the sign-in good, is the clock right?

use dropbox_client::{ClientError, Endpoints, Options, Reached, SecretString, reach};
use engine::{
    api::{AccountState, AccountView, Call},
    certificate::extra_root_certificate,
    home::Home,
    proxy_password::with_password,
    settings::Settings,
};
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};

use super::Check;
use crate::{Context, session};

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
    let options = options(&context.home).await;
    for origin in origins {
        match &options {
            Ok(options) => checks.extend(service(reach(&origin, options).await, &origin)),
            Err(why) => checks.push(Check::bad("connection", why, "correct it, or leave the variable empty")),
        }
    }
    checks.extend(accounts.iter().map(sign_in));
    checks
}

/// How Dropbox is reached: with the proxy and the certificate that the engine would use.
async fn options(home: &Home) -> Result<Options, String> {
    // Settings that cannot be read have a line of their own.
    let settings = Settings::load(&home.config_file()).unwrap_or_default();
    let settings = with_password(home, settings).await;
    Ok(Options {
        proxy: settings.proxy.url().map(SecretString::from),
        direct: settings.proxy.is_off(),
        extra_root_certificate: extra_root_certificate().map_err(|error| error.to_string())?,
        ..Options::default()
    })
}

fn service(reached: Result<Reached, ClientError>, origin: &str) -> Vec<Check> {
    match reached {
        Ok(reached) => {
            let date = reached.date.and_then(|date| DateTimeParser::new().parse_timestamp(&date).ok());
            vec![Check::good("connection", format!("{origin} answers")), clock(date, now())]
        }
        Err(error) => vec![Check::bad(
            "connection",
            format!("{origin} cannot be reached: {error}"),
            "check the network; behind a proxy: lockstep config set proxy http://HOST:PORT",
        )],
    }
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
    use dropbox_client::ExposeSecret;

    use super::*;

    #[tokio::test]
    async fn the_service_is_looked_for_through_the_proxy_of_the_settings() {
        let dir = tempfile::tempdir().expect("temp dir");
        let home = Home::resolve(Some(dir.path().to_owned())).expect("a home");
        let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("bind").local_addr().expect("bound");
        let proxy = format!("http://me:hunter2@{closed}");
        Settings::set(&home.config_file(), "proxy", Some(&proxy)).expect("a good proxy");
        let options = options(&home).await.expect("no certificate is named");
        let url = options.proxy.as_ref().map(|url| url.expose_secret().to_owned());
        assert_eq!(url.as_deref(), Some(proxy.as_str()));
        let checks = service(reach("https://api.dropboxapi.com", &options).await, "Dropbox");
        assert!(!checks[0].ok, "nobody listens where the proxy should be: {checks:?}");
        assert!(!format!("{checks:?}").contains("hunter2"), "{checks:?}");
    }

    #[test]
    fn a_clock_that_is_off_by_minutes_is_reported_with_its_direction() {
        let at = |second| Timestamp::from_second(second).expect("in range");
        assert!(clock(Some(at(1000)), at(1100)).ok);
        let check = clock(Some(at(1000)), at(1300));
        assert!(!check.ok && check.message.contains("300 s ahead of"), "{check:?}");
        assert!(clock(None, at(0)).ok, "no clock is no problem");
    }
}
