//! `lockstep account link`: from flags to a linked account.
//!
//! The sign-in itself is the `dropbox-client` crate's; here it meets a browser or a terminal.
//!
//! Rule: secrets come in through standard input or the environment and go to the engine; none is printed.

use std::time::Duration;

use dropbox_client::{
    Endpoints, ExposeSecret, Options, SecretString,
    oauth::{Link, LinkRequest, Loopback, Tokens},
    secrets::{self, Protection, StoreKind},
};
use engine::{
    api::{AccountView, Call, NewAccount, SecretStoreKind},
    certificate::extra_root_certificate,
    proxy_password::with_password,
    settings::Settings,
};

use crate::{
    Context, args, browser as web_browser,
    failure::{Exit, Failure},
    prompt, session, stop, text,
};

/// Where the browser comes back to unless another place is given; registered in the App Console as this.
const REDIRECT_URL: &str = "http://127.0.0.1:53170/callback";
/// How long a person may take in the browser.
const BROWSER_TIMEOUT: Duration = Duration::from_secs(600);

/// Links an account.
pub async fn run(context: &Context, link: args::Link) -> Result<Exit, Failure> {
    let endpoints = endpoints(&link);
    endpoints.validate()?;
    let settings = Settings::load(&context.home.config_file())?;
    let store = link.secret_store.map_or(settings.secret_store, kind);
    announce(context, store).await?;
    let redirect_url = redirect_url(&link);
    let request = LinkRequest {
        app_key: link.app_key.clone(),
        app_secret: link.app_secret.clone().map(SecretString::from),
        scope: link.scope.clone(),
        redirect_url: redirect_url.clone(),
        endpoints: endpoints.clone(),
    };
    let begun = request.begin_with(&options(context, &settings).await?)?;
    let refresh_token = stop::unless_asked(sign_in(context, link.method, begun)).await?;
    let account = NewAccount {
        app_key: link.app_key,
        app_secret: link.app_secret,
        scope: link.scope,
        redirect_url,
        endpoints,
        refresh_token: refresh_token.expose_secret().to_owned(),
        secret_store: store,
    };
    let account: AccountView = session::call(context, Call::AccountAdd(Box::new(account))).await?;
    context.out.result(&account, |account| {
        let space =
            format!("{} of {} used", text::bytes(account.used_bytes), text::bytes(account.allocated_bytes));
        format!("linked {} ({}), {space}\n{}", account.name, account.email, account.id)
    })?;
    Ok(Exit::Done)
}

fn endpoints(link: &args::Link) -> Endpoints {
    let dropbox = Endpoints::default();
    let or = |given: &Option<String>, default: String| given.clone().unwrap_or(default);
    Endpoints {
        authorize: or(&link.authorize_url, dropbox.authorize),
        token: or(&link.token_url, dropbox.token),
        api: or(&link.api_url, dropbox.api),
        content: or(&link.content_url, dropbox.content),
        notify: or(&link.notify_url, dropbox.notify),
    }
}

fn kind(store: args::SecretStore) -> SecretStoreKind {
    match store {
        args::SecretStore::Keyring => SecretStoreKind::Keyring,
        args::SecretStore::File => SecretStoreKind::File,
    }
}

/// Only the browser needs a place to come back to; for a pasted code none is sent unless one is given.
fn redirect_url(link: &args::Link) -> Option<String> {
    let default = (link.method == args::Method::Browser).then(|| REDIRECT_URL.to_owned());
    link.redirect_url.clone().or(default)
}

/// Opens the store before the person signs in, so that a locked keyring is not found out afterwards.
async fn announce(context: &Context, store: SecretStoreKind) -> Result<(), Failure> {
    let kind = match store {
        SecretStoreKind::Keyring => StoreKind::Keyring,
        SecretStoreKind::File => StoreKind::File,
        SecretStoreKind::Memory => StoreKind::Memory,
    };
    let store = secrets::open(kind, &context.home.secrets_dir()).await?;
    if store.protection() == Protection::Clear {
        context.out.note(
            "the sign-in will be kept unencrypted in a file that only you may read; \
             set LOCKSTEP_PASSPHRASE to have it encrypted",
        );
    }
    Ok(())
}

/// Signs in the way the engine will reach Dropbox later.
async fn options(context: &Context, settings: &Settings) -> Result<Options, Failure> {
    let settings = with_password(&context.home, settings.clone()).await;
    Ok(Options {
        extra_root_certificate: extra_root_certificate()?,
        proxy: settings.proxy.url().map(SecretString::from),
        direct: settings.proxy.is_off(),
        ..Options::default()
    })
}

async fn sign_in(context: &Context, method: args::Method, link: Link) -> Result<SecretString, Failure> {
    match method {
        args::Method::RefreshToken => prompt::secret_line("refresh token").await,
        args::Method::Paste => paste(context, link).await.map(|tokens| tokens.refresh_token),
        args::Method::Browser => browser(context, link).await.map(|tokens| tokens.refresh_token),
    }
}

async fn paste(context: &Context, link: Link) -> Result<Tokens, Failure> {
    link.probe().await?;
    // Not a note: with --quiet there would be nothing to open.
    crate::out::eprintln_quietly(&format!(
        "Open this address, allow access and copy the code:\n\n{}\n",
        link.authorize_url()
    ));
    context.out.note("Code (or the whole address that the browser came back to):");
    let answer = prompt::secret_line("code").await?;
    let answer = answer.expose_secret();
    let code = match answer.starts_with("http://") || answer.starts_with("https://") {
        true => link.accept_redirect(answer)?,
        false => link.accept_code(answer)?,
    };
    Ok(link.finish(code).await?)
}

async fn browser(context: &Context, link: Link) -> Result<Tokens, Failure> {
    let loopback = Loopback::bind(link.redirect_url().unwrap_or(REDIRECT_URL)).await?;
    link.probe().await?;
    crate::out::eprintln_quietly(&format!(
        "Your browser opens to sign in. If it does not, open this address:\n\n{}\n",
        link.authorize_url()
    ));
    if let Err(error) = web_browser::open(link.authorize_url()) {
        context.out.note(&format!("the browser could not be opened ({error})"));
    }
    let waited = tokio::time::timeout(BROWSER_TIMEOUT, loopback.wait(&link)).await;
    let code = waited
        .map_err(|_| Failure::new(Exit::Error, "no answer for 10 minutes [auth.timeout]; try again"))??;
    Ok(link.finish(code).await?)
}
