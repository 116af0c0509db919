//! Every rule of the link page, field by field.

use crate::{
    dto::{Concern as C, FieldMessage, LinkField as F, LinkRequest, MessageLevel as L, SecretPlace},
    link,
    settings::{LinkPreset, ShellSettings},
};

fn request() -> LinkRequest {
    let defaults = link::defaults(&ShellSettings::default());
    LinkRequest {
        client_id: "ab12cd34ef56gh7".into(),
        client_secret: String::new(),
        scope: String::new(),
        authorize_url: defaults.authorize_url,
        token_url: defaults.token_url,
        redirect_url: defaults.redirect_url,
        trust_host: false,
        api_origin: None,
        relink: None,
        secret_store: SecretPlace::Keyring,
    }
}

#[test]
fn what_was_prepared_stands_in_the_fields_and_the_rest_is_dropboxs() {
    let link = LinkPreset {
        client_id: Some("ab12cd34ef56gh7".into()),
        token_url: Some("https://relay.example.org/token".into()),
        ..LinkPreset::default()
    };
    let defaults = link::defaults(&ShellSettings { link, ..ShellSettings::default() });
    assert_eq!((defaults.built_in_key, defaults.client_id.as_str()), (false, "ab12cd34ef56gh7"));
    assert_eq!(defaults.token_url, "https://relay.example.org/token");
    assert_eq!(defaults.authorize_url, "https://www.dropbox.com/oauth2/authorize");
}

type Found = (F, L, C, Option<String>);

fn found(change: impl FnOnce(&mut LinkRequest)) -> Vec<Found> {
    let mut request = request();
    change(&mut request);
    let flat = |m: FieldMessage| (m.field, m.level, m.code, m.detail);
    link::check(&request).into_iter().map(flat).collect()
}

fn error(field: F, code: C) -> Vec<Found> {
    vec![(field, L::Error, code, None)]
}

#[test]
fn the_defaults_and_a_key_are_fine() {
    assert_eq!(found(|_| ()), []);
}

#[test]
fn a_client_id_is_needed_and_an_unusual_one_is_a_warning() {
    assert_eq!(found(|r| r.client_id = "  ".into()), error(F::ClientId, C::Required));
    assert_eq!(found(|r| r.client_id = " ab12cd34ef56gh7 ".into()), [], "blanks are taken away");
    let unusual = vec![(F::ClientId, L::Warning, C::UnusualKey, None)];
    for key in ["short", "AB12CD34EF56GH7", "ab12cd34ef56gh7ab12cd3"] {
        assert_eq!(found(|r| r.client_id = key.into()), unusual, "{key}");
    }
    assert_eq!(found(|r| r.client_id = "ab 12".into()), error(F::ClientId, C::BadCharacters));
}

#[test]
fn a_client_secret_may_be_empty_but_holds_no_blanks() {
    assert_eq!(found(|r| r.client_secret = "s3cret".into()), []);
    assert_eq!(found(|r| r.client_secret = "two words".into()), error(F::ClientSecret, C::BadCharacters));
}

#[test]
fn a_scope_needs_what_syncing_needs_and_warns_of_what_is_nice() {
    let all = "account_info.read files.metadata.read files.content.read files.content.write sharing.read sharing.write";
    assert_eq!(found(|r| r.scope = format!("  {all}\n")), []);
    let without = |word: &str| all.replace(word, "");
    let about = |level, code, scope: &str| vec![(F::Scope, level, code, Some(scope.to_owned()))];
    for needed in ["account_info.read", "files.metadata.read", "files.content.read", "files.content.write"] {
        let expected = about(L::Error, C::MissingScope, needed);
        assert_eq!(found(|r| r.scope = without(needed)), expected, "{needed}");
    }
    assert_eq!(found(|r| r.scope = without("sharing.read")), about(L::Warning, C::NoNames, "sharing.read"));
    assert_eq!(found(|r| r.scope = without("sharing.write")), about(L::Warning, C::NoLinks, "sharing.write"));
    let odd = format!("{all} files.content.reed");
    assert_eq!(found(|r| r.scope = odd), about(L::Error, C::UnknownScope, "files.content.reed"));
}

#[test]
fn addresses_of_dropbox_are_https_bare_and_not_retired() {
    let cases = [
        ("", C::Required),
        ("dropbox", C::NotAUrl),
        ("www.dropbox.com/oauth2/authorize", C::NotAUrl),
        ("http://www.dropbox.com/oauth2/authorize", C::NotSecure),
        ("ftp://www.dropbox.com/", C::NotSecure),
        ("https://me@www.dropbox.com/oauth2/authorize", C::TooMuch),
        ("https://www.dropbox.com/oauth2/authorize?a=b", C::TooMuch),
        ("https://www.dropbox.com/oauth2/authorize#x", C::TooMuch),
        ("https://www.dropbox.com/1/oauth2/authorize", C::RetiredAddress),
        ("https://api.dropboxapi.com/1/oauth2/token", C::RetiredAddress),
    ];
    for (text, code) in cases {
        assert_eq!(found(|r| r.authorize_url = text.into()), error(F::AuthorizeUrl, code), "{text:?}");
        assert_eq!(found(|r| r.token_url = text.into()), error(F::TokenUrl, code), "{text:?}");
    }
}

#[test]
fn another_host_is_possible_once_the_person_trusts_it() {
    for host in ["dropbox.example.org", "notdropbox.com", "dropbox.com.example.org"] {
        let url = format!("https://{host}/oauth2/authorize");
        let about = |level, code| vec![(F::AuthorizeUrl, level, code, Some(host.to_owned()))];
        assert_eq!(found(|r| r.authorize_url = url.clone()), about(L::Error, C::ForeignHost));
        let trusted = found(|r| (r.authorize_url, r.trust_host) = (url.clone(), true));
        assert_eq!(trusted, about(L::Warning, C::TrustedHost));
    }
    let local = found(|r| (r.token_url, r.trust_host) = ("http://127.0.0.1:8080/oauth2/token".into(), true));
    assert_eq!(local, [(F::TokenUrl, L::Warning, C::TrustedHost, Some("127.0.0.1".into()))]);
    let plain = found(|r| (r.token_url, r.trust_host) = ("http://example.org/oauth2/token".into(), true));
    assert_eq!(plain, error(F::TokenUrl, C::NotSecure), "trust is no encryption");
}

#[test]
fn a_redirect_url_is_absolute_and_plain_and_has_a_port_on_this_computer() {
    let field = F::RedirectUrl;
    for good in ["http://127.0.0.1:53170/callback", "http://localhost:1/", "http://[::1]:53170/"] {
        assert_eq!(found(|r| r.redirect_url = good.into()), [], "{good}");
    }
    let cases = [
        ("", C::Required),
        ("/callback", C::NotAUrl),
        (" http://127.0.0.1:53170/", C::NotAUrl),
        ("http://127.0.0.1:53170/#x", C::Fragment),
        ("http://127.0.0.1:53170/*", C::Wildcard),
        ("http://me@127.0.0.1:53170/", C::TooMuch),
        ("http://example.org:53170/", C::NotSecure),
        ("myapp://callback", C::NotSecure),
    ];
    for (text, code) in cases {
        assert_eq!(found(|r| r.redirect_url = text.into()), error(field, code), "{text:?}");
    }
    let no_port = found(|r| r.redirect_url = "http://127.0.0.1/callback".into());
    assert_eq!(no_port, [(field, L::Error, C::NoPort, Some("53170".into()))]);
    let https = found(|r| r.redirect_url = "https://example.org/callback".into());
    assert_eq!(https, [(field, L::Warning, C::WindowOnly, None)]);
}

#[test]
fn the_origin_of_a_test_server_has_no_path() {
    let with = |origin: &str| {
        let origin = origin.to_owned();
        found(move |r| (r.api_origin, r.trust_host) = (Some(origin), true))
    };
    assert_eq!(with(""), []);
    assert_eq!(with("http://127.0.0.1:8080/2/files"), error(F::ApiOrigin, C::NotAnOrigin));
}

#[test]
fn a_test_server_on_this_computer_answers_everything_at_one_origin() {
    let mut local = request();
    local.token_url = "http://127.0.0.1:8080/oauth2/token".into();
    let endpoints = super::super::endpoints(&local);
    assert_eq!(endpoints.api, "http://127.0.0.1:8080");
    assert_eq!(endpoints.notify, "http://127.0.0.1:8080");
    assert_eq!(super::super::endpoints(&request()).api, "https://api.dropboxapi.com");
}

#[test]
fn a_secret_is_not_in_what_is_logged() {
    let mut with = request();
    with.client_secret = "s3cret".into();
    assert!(!format!("{with:?}").contains("s3cret"));
}
