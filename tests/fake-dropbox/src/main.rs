//! `fake-dropbox`: the service as a program, for the demo, for scripts and for other people's clients.
//!
//! Prints one line of JSON on standard output when it is ready: where it listens, the certificate to
//! trust, and an account to use. Runs until it is told to stop.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Parser;
use fake_dropbox::{App, FakeDropbox, Options};
use serde_json::json;
use tokio::io::AsyncReadExt as _;

/// A server that behaves like Dropbox. Its data is made up, and nothing in it is secret.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen on the loopback interface; 0 takes a free port.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Serve HTTPS with a certificate made at start.
    #[arg(long)]
    tls: bool,
    /// Where to write the certificate that clients must trust; by default a file in the temporary folder.
    #[arg(long, requires = "tls")]
    certificate: Option<PathBuf>,
    /// Keep everything below this folder, so that it survives a restart.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Register an app instead of the default one: KEY[:SECRET][@REDIRECT[,REDIRECT...]]; can be repeated.
    #[arg(long = "app", value_parser = app)]
    apps: Vec<App>,
    /// Fill an empty account with sample content.
    #[arg(long)]
    sample: bool,
    /// What ids, secrets and jitter are drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Stop when standard input closes, so that no service outlives whoever started it.
    #[arg(long)]
    exit_with_stdin: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let mut options = Options {
        port: arguments.port,
        tls: arguments.tls,
        data: arguments.data.clone(),
        ..Options::default()
    };
    options.seed = arguments.seed;
    if !arguments.apps.is_empty() {
        options.apps = arguments.apps.clone();
    }
    let person = options.accounts.first().cloned().context("BUG: the default has an account")?;
    let app = options.apps.first().cloned().context("BUG: the default has an app")?;
    let fake = FakeDropbox::start(options).await?;
    if arguments.sample && fake.control().entries().is_empty() {
        fake.control().put_sample()?;
    }
    let is_ours = arguments.certificate.is_none();
    let certificate = certificate(&fake, arguments.certificate)?;
    let ready = json!({
        "url": fake.url(),
        "certificate": certificate,
        "app_key": app.key,
        "app_secret": app.secret,
        "email": person.email,
        "password": person.password,
        "refresh_token": fake.refresh_token(),
    });
    println!("{ready}");
    let end = wait_for_the_end(arguments.exit_with_stdin).await;
    if let Some(place) = certificate.filter(|_| is_ours) {
        std::fs::remove_file(place)?;
    }
    end
}

/// Writes the certificate to where a client can read it, and returns the place.
fn certificate(fake: &FakeDropbox, wanted: Option<PathBuf>) -> anyhow::Result<Option<PathBuf>> {
    let Some(pem) = fake.certificate_pem() else { return Ok(None) };
    let port = fake.url().rsplit(':').next().unwrap_or_default().to_string();
    let place = wanted.unwrap_or_else(|| std::env::temp_dir().join(format!("fake-dropbox-{port}.pem")));
    fake_dropbox::replace_file(&place, pem.as_bytes()).context("the certificate cannot be written")?;
    Ok(Some(place))
}

async fn wait_for_the_end(exit_with_stdin: bool) -> anyhow::Result<()> {
    let closed = async {
        if !exit_with_stdin {
            return std::future::pending().await;
        }
        let mut nothing = [0; 64];
        let mut stdin = tokio::io::stdin();
        while stdin.read(&mut nothing).await.is_ok_and(|count| count > 0) {}
    };
    tokio::select! {
        () = closed => Ok(()),
        result = terminated() => result,
    }
}

#[cfg(unix)]
async fn terminated() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        result = tokio::signal::ctrl_c() => Ok(result?),
    }
}

#[cfg(not(unix))]
async fn terminated() -> anyhow::Result<()> {
    Ok(tokio::signal::ctrl_c().await?)
}

/// Reads `KEY[:SECRET][@REDIRECT[,REDIRECT...]]`.
fn app(text: &str) -> anyhow::Result<App> {
    let (who, redirects) = text.split_once('@').unwrap_or((text, ""));
    let (key, secret) = who.split_once(':').unwrap_or((who, ""));
    if key.is_empty() {
        bail!("an app needs a key");
    }
    let redirect_urls: Vec<String> =
        redirects.split(',').filter(|url| !url.is_empty()).map(String::from).collect();
    if let Some(bad) = redirect_urls.iter().find(|text| url::Url::parse(text).is_err()) {
        bail!("not an address: {bad}");
    }
    Ok(App { key: key.into(), secret: secret.into(), redirect_urls, scopes: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_is_written_in_four_forms() {
        let read = |text: &str| {
            let app = app(text).expect("well written");
            (app.key, app.secret, app.redirect_urls)
        };
        let (a, b) = ("http://localhost:1/".to_string(), "http://localhost:2/".to_string());
        assert_eq!(read("k"), ("k".into(), "".into(), vec![]));
        assert_eq!(read("k:s"), ("k".into(), "s".into(), vec![]));
        assert_eq!(read("k@http://localhost:1/"), ("k".into(), "".into(), vec![a.clone()]));
        assert_eq!(read("k:s@http://localhost:1/,http://localhost:2/"), ("k".into(), "s".into(), vec![a, b]));
        assert!(app(":s").is_err() && app("k@nowhere").is_err());
    }
}
