use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
};

use tempfile::TempDir;

use super::*;

const ANNA: &str = "dbid:anna";

fn secrets(token: &str) -> AccountSecrets {
    AccountSecrets {
        refresh_token: token.to_owned().into(),
        app_secret: Some("app secret".to_owned().into()),
    }
}

fn passphrase(text: &str) -> Option<SecretString> {
    Some(text.to_owned().into())
}

async fn token(store: &dyn SecretStore, account: &str) -> Option<String> {
    let found = store.get(account).await.expect("readable")?;
    assert_eq!(found.app_secret.expect("kept too").expose_secret(), "app secret");
    Some(found.refresh_token.expose_secret().to_owned())
}

async fn keeps_replaces_and_forgets(store: &dyn SecretStore) {
    assert_eq!(token(store, ANNA).await, None);
    store.delete(ANNA).await.expect("forgetting what is not there is no error");
    store.set(ANNA, secrets("first")).await.expect("set");
    store.set("dbid:bob", secrets("bobs")).await.expect("set");
    store.set(ANNA, secrets("second")).await.expect("set");
    assert_eq!(token(store, ANNA).await.as_deref(), Some("second"));
    assert_eq!(token(store, "dbid:bob").await.as_deref(), Some("bobs"));
    store.delete(ANNA).await.expect("delete");
    assert_eq!(token(store, ANNA).await, None);
    assert_eq!(token(store, "dbid:bob").await.as_deref(), Some("bobs"));
}

#[tokio::test]
async fn the_clear_file_keeps_replaces_and_forgets_and_says_that_it_is_clear() {
    let dir = TempDir::new().expect("temp");
    let store = open_file(dir.path(), None).await.expect("open");
    assert_eq!(store.protection(), Protection::Clear);
    keeps_replaces_and_forgets(&*store).await;
    let again = open_file(dir.path(), None).await.expect("open");
    assert_eq!(token(&*again, "dbid:bob").await.as_deref(), Some("bobs"), "it survives a restart");
}

#[tokio::test]
async fn the_clear_file_is_for_its_owner_alone_and_leaves_nothing_beside_it() {
    let dir = TempDir::new().expect("temp");
    let home = dir.path().join("new/home");
    let store = open_file(&home, None).await.expect("open");
    store.set(ANNA, secrets("t")).await.expect("set");
    let path = home.join("secrets.json");
    assert_eq!(fs::metadata(&path).expect("there").mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&home).expect("there").mode() & 0o777, 0o700);
    assert_eq!(fs::read_dir(&home).expect("there").count(), 1, "no temporary file stays");

    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("chmod");
    let refused = store.get(ANNA).await.expect_err("others may read it");
    assert_eq!(refused, SecretError::NotPrivate { path });
}

#[tokio::test]
async fn a_damaged_file_is_an_error_that_quotes_nothing_and_stays_as_it_is() {
    let dir = TempDir::new().expect("temp");
    let store = open_file(dir.path(), None).await.expect("open");
    store.set(ANNA, secrets("do-not-print-me")).await.expect("set");
    let path = dir.path().join("secrets.json");
    let whole = fs::read_to_string(&path).expect("there");
    let broken = [
        whole[..whole.len() / 2].to_owned(),
        String::new(),
        whole.replace("\"version\": 1", "\"version\": 2"),
        whole.replace("\"do-not-print-me\"", "\"do-not-print-me\", \"extra\": 1"),
    ];
    for text in broken {
        put(&path, text.as_bytes());
        let error = store.set(ANNA, secrets("new")).await.expect_err("it must not be replaced");
        assert!(matches!(error, SecretError::Damaged { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("do-not-print-me"));
        assert_eq!(fs::read_to_string(&path).expect("there"), text);
        assert!(open_file(dir.path(), None).await.is_err(), "opening tells at once");
    }
}

/// Replaces a file's bytes, keeping its permissions.
fn put(path: &std::path::Path, content: &[u8]) {
    use std::io::Write;
    let mut file = fs::OpenOptions::new().write(true).truncate(true).open(path).expect("open");
    file.write_all(content).expect("write");
}

#[tokio::test]
async fn the_encrypted_file_keeps_its_secrets_from_everybody_without_the_passphrase() {
    let dir = TempDir::new().expect("temp");
    let store = open_file(dir.path(), passphrase("correct horse")).await.expect("open");
    assert_eq!(store.protection(), Protection::Encrypted);
    keeps_replaces_and_forgets(&*store).await;
    let path = dir.path().join("secrets.keyring");
    let bytes = fs::read(&path).expect("there");
    assert!(!bytes.windows(4).any(|window| window == b"bobs"), "the token is not in the file");
    assert_eq!(fs::metadata(&path).expect("there").mode() & 0o777, 0o600);

    let refused = open_file(dir.path(), passphrase("wrong horse")).await.map(|_| ());
    assert_eq!(refused, Err(SecretError::WrongPassphrase { path: path.clone() }));
    let refused = open_file(dir.path(), None).await.map(|_| ());
    assert_eq!(refused, Err(SecretError::PassphraseNeeded { path: path.clone() }));
    assert_eq!(fs::read(&path).expect("there"), bytes, "refusals change nothing");

    let again = open_file(dir.path(), passphrase("correct horse")).await.expect("open");
    assert_eq!(token(&*again, "dbid:bob").await.as_deref(), Some("bobs"));
}

#[tokio::test]
async fn clear_secrets_move_into_the_encrypted_file_once_there_is_a_passphrase() {
    let dir = TempDir::new().expect("temp");
    let clear = open_file(dir.path(), None).await.expect("open");
    clear.set(ANNA, secrets("moves")).await.expect("set");
    let sealed = open_file(dir.path(), passphrase("correct horse")).await.expect("open");
    assert_eq!(token(&*sealed, ANNA).await.as_deref(), Some("moves"));
    assert!(!dir.path().join("secrets.json").exists(), "nothing stays in the clear");
}

#[tokio::test]
async fn the_keyring_keeps_replaces_and_forgets() {
    let store = keyring_core::mock::Store::new().expect("mock");
    let keyring = keyring::Keyring::over(store);
    assert_eq!(keyring.protection(), Protection::Keyring);
    keeps_replaces_and_forgets(&keyring).await;
}

#[tokio::test]
async fn a_locked_keyring_says_so_and_a_foreign_entry_is_not_quoted() {
    let store = keyring_core::mock::Store::new().expect("mock");
    let keyring = keyring::Keyring::over(store.clone());
    keyring.set(ANNA, secrets("t")).await.expect("set");
    let credentials = store.inner.lock().expect("mock").borrow().clone();
    credentials[0].set_error(keyring_core::Error::NoStorageAccess("locked".into()));
    assert_eq!(keyring.get(ANNA).await.map(|_| ()), Err(SecretError::Locked));

    use keyring_core::api::CredentialApi;
    credentials[0].set_secret(b"somebody else's").expect("set");
    let error = keyring.get(ANNA).await.expect_err("not ours");
    assert!(matches!(error, SecretError::Damaged { .. }));
    assert!(!error.to_string().contains("somebody"));
}

#[test]
fn the_passphrase_comes_from_systemd_first_and_then_from_the_variable() {
    let dir = TempDir::new().expect("temp");
    let find = |in_variable: Option<&str>| {
        let (dir, variable) = (dir.path().to_owned(), in_variable.map(str::to_owned));
        find_passphrase(&move |name| match name {
            "CREDENTIALS_DIRECTORY" => Some(dir.clone().into()),
            "LOCKSTEP_PASSPHRASE" => variable.clone().map(Into::into),
            _ => None,
        })
        .map(|found| found.map(|secret| secret.expose_secret().to_owned()))
    };
    assert_eq!(find(None), Ok(None));
    assert_eq!(find(Some("from variable")), Ok(Some("from variable".into())));
    assert!(matches!(find(Some("")), Err(SecretError::BadPassphrase { .. })), "not silently in the clear");
    assert!(matches!(find(Some("short")), Err(SecretError::BadPassphrase { .. })));

    let credential = dir.path().join("lockstep-passphrase");
    fs::File::create(&credential).expect("create");
    put(&credential, b"from systemd\n");
    assert_eq!(find(Some("from variable")), Ok(Some("from systemd".into())), "without the newline");
    put(&credential, b"\n");
    assert!(matches!(find(Some("from variable")), Err(SecretError::BadPassphrase { .. })));
}

#[test]
fn secrets_do_not_show_in_debug_output() {
    assert!(!format!("{:?}", secrets("do-not-print-me")).contains("do-not-print-me"));
}

#[tokio::test]
async fn memory_keeps_for_each_home_apart_and_leaves_nothing_on_disk() {
    let (here, there) = (TempDir::new().expect("temp"), TempDir::new().expect("temp"));
    let store = open(StoreKind::Memory, here.path()).await.expect("open");
    assert_eq!(store.protection(), Protection::Memory);
    keeps_replaces_and_forgets(&*store).await;
    let again = open(StoreKind::Memory, here.path()).await.expect("open");
    assert_eq!(token(&*again, "dbid:bob").await.as_deref(), Some("bobs"), "opened again, still there");
    let other = open(StoreKind::Memory, there.path()).await.expect("open");
    assert_eq!(token(&*other, "dbid:bob").await, None, "another home");
    assert_eq!(fs::read_dir(here.path()).expect("folder").count(), 0);
}
