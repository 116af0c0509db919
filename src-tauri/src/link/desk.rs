//! Carries one sign-in at a time, and tells how it stands.

use std::sync::{Arc, Mutex};

use dropbox_client::{
    Client, Credentials, ExposeSecret, Options, SecretString,
    oauth::{self, Link, Loopback, Tokens},
    secrets::{self, StoreKind},
};
use engine::{
    api::{AccountView, Call, NewAccount, SecretStoreKind},
    certificate::extra_root_certificate,
    proxy_password::with_password,
    settings::Settings,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    BUILT_IN_PORTS,
    attempt::{self, Ended, Signal},
    built_in_key, check, endpoints,
};
use crate::{
    dto::{
        Account, CallError, Code, LinkError, LinkErrorCode, LinkField, LinkRequest, LinkState, LinkWay,
        MessageLevel, SecretPlace,
    },
    host::Host,
};

/// What a sign-in needs of the desktop.
pub trait Stage: Send + Sync + 'static {
    /// Opens the sign-in window; it tells what happens there. Dropping the result closes it.
    fn open_window(
        &self,
        url: &url::Url,
        redirect: &url::Url,
        signals: mpsc::UnboundedSender<Signal>,
    ) -> Result<Box<dyn std::any::Any + Send>, String>;
    /// Opens the person's browser.
    fn open_browser(&self, url: &str) -> Result<(), String>;
    /// Tells how the sign-in stands.
    fn told(&self, state: &LinkState);
}

/// The one place where accounts are linked; cheap to clone.
#[derive(Clone)]
pub struct Desk {
    inner: Arc<Inner>,
}

struct Inner {
    host: Host,
    stage: Box<dyn Stage>,
    now: Mutex<Now>,
}

struct Now {
    state: LinkState,
    /// Ends the sign-in under way.
    cancel: CancellationToken,
    /// Where a pasted code goes.
    codes: Option<mpsc::UnboundedSender<String>>,
    /// A finished sign-in to another account than the one that was to be linked again.
    other: Option<Box<NewAccount>>,
}

/// Everything that one sign-in is made of.
struct Attempt {
    desk: Desk,
    request: LinkRequest,
    way: LinkWay,
    options: Options,
    /// Where the sign-in is kept.
    store: SecretStoreKind,
    cancel: CancellationToken,
}

impl Desk {
    /// Sets it up.
    pub fn new(host: Host, stage: impl Stage) -> Desk {
        let now = Now { state: LinkState::Idle, cancel: CancellationToken::new(), codes: None, other: None };
        Desk { inner: Arc::new(Inner { host, stage: Box::new(stage), now: Mutex::new(now) }) }
    }

    /// Returns how the sign-in stands.
    pub fn state(&self) -> LinkState {
        self.now().state.clone()
    }

    /// Begins a sign-in; an earlier one ends. Fields that cannot be used are refused at once.
    pub async fn start(&self, request: LinkRequest, way: LinkWay) -> Result<(), CallError> {
        if let Some(bad) = check(&request).into_iter().find(|found| found.level == MessageLevel::Error) {
            let field = serde_json::to_value(bad.field).map_err(CallError::failed)?;
            let text = format!("{} cannot be used as it is.", field_name(bad.field));
            return Err(CallError::in_field(field.as_str().unwrap_or_default(), text));
        }
        let settings = Settings::load(&self.inner.host.home().config_file()).map_err(CallError::failed)?;
        let settings = with_password(self.inner.host.home(), settings).await;
        let options = options(&settings).map_err(CallError::failed)?;
        let store = store_kind(request.secret_store, &settings);
        let cancel = self.replace();
        let attempt = Attempt { desk: self.clone(), request, way, options, store, cancel };
        attempt.wait(&attempt.authorize_host(), "", false);
        tokio::spawn(attempt.run());
        Ok(())
    }

    /// Takes the code that a person pasted.
    pub fn code(&self, code: &str) -> Result<(), CallError> {
        if code.trim().is_empty() {
            return Err(CallError::in_field("code", "Enter the code that Dropbox shows."));
        }
        let codes = self.now().codes.clone();
        codes.and_then(|codes| codes.send(code.to_owned()).ok()).ok_or_else(|| {
            CallError::new(Code::Changed, "No sign-in waits for a code any more. Get a new one.")
        })
    }

    /// Gives the sign-in up.
    pub fn cancel(&self) {
        self.replace();
        self.say(LinkState::Idle);
    }

    /// Keeps the account that was signed in to instead of the one that was to be linked again.
    pub async fn accept_other(&self) -> Result<(), CallError> {
        let other = self.now().other.take();
        let other =
            other.ok_or_else(|| CallError::new(Code::Changed, "There is no account to add any more."))?;
        let cancel = self.now().cancel.clone();
        let state = match add(&self.inner.host, other).await {
            Ok(account) => LinkState::Linked { account: Box::new(account) },
            Err(error) => LinkState::Failed { error },
        };
        self.say_unless(&cancel, state);
        Ok(())
    }

    /// Ends the sign-in of before and makes room for another.
    fn replace(&self) -> CancellationToken {
        let mut now = self.now();
        now.cancel.cancel();
        now.cancel = CancellationToken::new();
        now.codes = None;
        now.other = None;
        now.cancel.clone()
    }

    fn now(&self) -> std::sync::MutexGuard<'_, Now> {
        self.inner.now.lock().expect("BUG: nothing panics while it is held")
    }

    fn say(&self, state: LinkState) {
        self.now().state = state.clone();
        self.inner.stage.told(&state);
    }

    /// Says it unless the sign-in that it is about was given up.
    fn say_unless(&self, cancel: &CancellationToken, state: LinkState) {
        if !cancel.is_cancelled() {
            self.say(state);
        }
    }
}

impl Attempt {
    async fn run(self) {
        let state = tokio::select! {
            () = self.cancel.cancelled() => return,
            state = self.link() => state,
        };
        self.desk.now().codes = None;
        self.desk.say_unless(&self.cancel, state);
    }

    async fn link(&self) -> LinkState {
        match self.sign_in().await {
            Ok(Some(account)) => LinkState::Linked { account: Box::new(account) },
            Ok(None) => LinkState::Idle,
            Err(error) => LinkState::Failed { error },
        }
    }

    /// Returns the linked account; nothing when the person gave up.
    async fn sign_in(&self) -> Result<Option<Account>, LinkError> {
        // Before the person signs in: a locked keychain found out afterwards would cost them the sign-in.
        self.open_secrets().await?;
        let (link, loopback) = self.begin().await?;
        link.probe().await?;
        let ended = match self.way {
            LinkWay::Window => self.in_window(&link).await?,
            LinkWay::Browser => self.in_browser(&link, loopback).await,
            LinkWay::Paste => self.by_code(&link).await,
        };
        let code = match ended {
            Ended::Code(code) => code,
            Ended::Cancelled => return Ok(None),
            Ended::Failed(error) => return Err(error),
        };
        self.desk.say_unless(&self.cancel, LinkState::Exchanging);
        let redirect = link.redirect_url().map(str::to_owned);
        let tokens = link.finish(code).await?;
        self.keep(tokens, redirect).await.map(Some)
    }

    async fn open_secrets(&self) -> Result<(), LinkError> {
        let kind = match self.store {
            SecretStoreKind::Keyring => StoreKind::Keyring,
            SecretStoreKind::File => StoreKind::File,
            SecretStoreKind::Memory => StoreKind::Memory,
        };
        secrets::open(kind, &self.desk.inner.host.home().secrets_dir()).await?;
        Ok(())
    }

    /// Prepares the sign-in, and for the browser opens the port that it comes back to.
    async fn begin(&self) -> Result<(Link, Option<Loopback>), LinkError> {
        if self.way != LinkWay::Browser {
            let redirect = (self.way == LinkWay::Window).then(|| self.request.redirect_url.clone());
            return Ok((self.begin_with(redirect)?, None));
        }
        let mut taken = None;
        for redirect in self.redirects() {
            match Loopback::bind(&redirect).await {
                Ok(loopback) => return Ok((self.begin_with(Some(redirect))?, Some(loopback))),
                Err(error @ oauth::LinkError::PortInUse { .. }) => taken = Some(error),
                Err(error) => return Err(error.into()),
            }
        }
        Err(taken.map_or_else(|| LinkError::bare(LinkErrorCode::Other), LinkError::from))
    }

    /// Returns the redirect URLs that may be used: the built-in key is registered with several.
    fn redirects(&self) -> Vec<String> {
        let entered = self.request.redirect_url.clone();
        let is_built_in =
            built_in_key() == Some(self.request.client_id.trim()) && entered == super::REDIRECT_URL;
        match is_built_in {
            true => BUILT_IN_PORTS.map(|port| entered.replace("53170", &port.to_string())).collect(),
            false => vec![entered],
        }
    }

    fn begin_with(&self, redirect_url: Option<String>) -> Result<Link, LinkError> {
        let request = oauth::LinkRequest {
            app_key: self.request.client_id.trim().to_owned(),
            app_secret: secret(&self.request.client_secret),
            scope: self.request.scope.clone(),
            redirect_url,
            endpoints: endpoints(&self.request),
        };
        Ok(request.begin_with(&self.options)?)
    }

    async fn in_window(&self, link: &Link) -> Result<Ended, LinkError> {
        let failed = |why: String| LinkError::about(LinkErrorCode::Other, why);
        let parse = |text: &str| url::Url::parse(text).map_err(|error| failed(error.to_string()));
        let url = parse(link.authorize_url())?;
        let redirect = parse(link.redirect_url().unwrap_or_default())?;
        let (signals, mut told) = mpsc::unbounded_channel();
        let _closed_when_dropped =
            self.desk.inner.stage.open_window(&url, &redirect, signals).map_err(failed)?;
        let mut host = self.authorize_host();
        let mut google = false;
        self.wait(&host, link.authorize_url(), google);
        let seen = |signal: &Signal| {
            match signal {
                Signal::Host(now) => host.clone_from(now),
                Signal::Google => google = true,
                Signal::Loaded | Signal::Redirect(_) | Signal::Closed => return,
            }
            self.wait(&host, link.authorize_url(), google);
        };
        Ok(attempt::in_window(link, &mut told, &self.authorize_host(), seen).await)
    }

    async fn in_browser(&self, link: &Link, loopback: Option<Loopback>) -> Ended {
        self.wait(&self.authorize_host(), link.authorize_url(), false);
        if let Err(error) = self.desk.inner.stage.open_browser(link.authorize_url()) {
            // The person can copy the address from the panel.
            tracing::warn!(error, "the browser could not be opened");
        }
        let Some(loopback) = loopback else { return Ended::Cancelled };
        attempt::patiently(async { loopback.wait(link).await.into() }).await
    }

    async fn by_code(&self, link: &Link) -> Ended {
        let (codes, mut pasted) = mpsc::unbounded_channel();
        self.desk.now().codes = Some(codes);
        self.wait(&self.authorize_host(), link.authorize_url(), false);
        if let Err(error) = self.desk.inner.stage.open_browser(link.authorize_url()) {
            tracing::warn!(error, "the browser could not be opened");
        }
        let answer = async {
            match pasted.recv().await {
                Some(text) => attempt::pasted(link, &text).into(),
                None => Ended::Cancelled,
            }
        };
        attempt::patiently(answer).await
    }

    /// Hands the sign-in to the engine, if it is for the account that it should be for.
    async fn keep(&self, tokens: Tokens, redirect_url: Option<String>) -> Result<Account, LinkError> {
        let new = Box::new(NewAccount {
            app_key: self.request.client_id.trim().to_owned(),
            app_secret: secret(&self.request.client_secret).map(|s| s.expose_secret().to_owned()),
            scope: self.request.scope.split_whitespace().collect::<Vec<_>>().join(" "),
            redirect_url,
            endpoints: endpoints(&self.request),
            refresh_token: tokens.refresh_token.expose_secret().to_owned(),
            secret_store: self.store,
        });
        match &self.request.relink {
            Some(old) if *old != tokens.account_id => {
                let email = self.email_of(&new).await.unwrap_or(tokens.account_id);
                self.desk.now().other = Some(new);
                Err(LinkError::about(LinkErrorCode::WrongAccount, email))
            }
            _ => add(&self.desk.inner.host, new).await,
        }
    }

    /// Asks Dropbox whose account it is.
    async fn email_of(&self, new: &NewAccount) -> Option<String> {
        let credentials = Credentials {
            app_key: new.app_key.clone(),
            app_secret: new.app_secret.clone().map(SecretString::from),
            refresh_token: new.refresh_token.clone().into(),
        };
        let client = Client::new(new.endpoints.clone(), credentials, self.options.clone()).ok()?;
        client.account().await.ok().map(|account| account.email)
    }

    fn authorize_host(&self) -> String {
        url::Url::parse(self.request.authorize_url.trim())
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default()
    }

    fn wait(&self, host: &str, url: &str, google: bool) {
        let state = LinkState::Waiting { way: self.way, host: host.into(), url: url.into(), google };
        self.desk.say_unless(&self.cancel, state);
    }
}

async fn add(host: &Host, new: Box<NewAccount>) -> Result<Account, LinkError> {
    let view: AccountView = host.ask(Call::AccountAdd(new)).await?;
    Ok(view.into())
}

fn secret(text: &str) -> Option<SecretString> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.into())
}

/// Reaches Dropbox the way the engine does.
fn options(settings: &Settings) -> Result<Options, String> {
    Ok(Options {
        extra_root_certificate: extra_root_certificate().map_err(|error| error.to_string())?,
        proxy: settings.proxy.url().map(SecretString::from),
        direct: settings.proxy.is_off(),
        ..Options::default()
    })
}

/// The keychain is the default; a machine without one says in its settings what to use instead.
fn store_kind(place: SecretPlace, settings: &Settings) -> SecretStoreKind {
    match place {
        SecretPlace::Keyring => settings.secret_store,
        SecretPlace::Memory => SecretStoreKind::Memory,
        SecretPlace::File => SecretStoreKind::File,
    }
}

fn field_name(field: LinkField) -> &'static str {
    match field {
        LinkField::ClientId => "The Client ID",
        LinkField::ClientSecret => "The Client Secret",
        LinkField::Scope => "The Scope",
        LinkField::AuthorizeUrl => "The Authorize URL",
        LinkField::TokenUrl => "The Token URL",
        LinkField::RedirectUrl => "The Redirect URL",
        LinkField::ApiOrigin => "The address of the service",
    }
}
