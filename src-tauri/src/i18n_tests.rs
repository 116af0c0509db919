//! The catalogue is complete, and both languages say the same.

use std::{collections::BTreeSet, path::Path};

use formatjs_icu_messageformat_parser::{Parser, message_arguments};

use super::*;

fn tags(list: &[&str]) -> Vec<String> {
    list.iter().map(|tag| tag.to_string()).collect()
}

#[test]
fn the_setting_decides_the_language_and_else_the_first_that_is_spoken() {
    let german = tags(&["fr_FR.UTF-8", "de_AT.UTF-8", "en_US"]);
    assert_eq!(Locale::choose(Language::En, &german), Locale::En);
    assert_eq!(Locale::choose(Language::De, &tags(&["en"])), Locale::De);
    assert_eq!(Locale::choose(Language::System, &german), Locale::De);
    assert_eq!(Locale::choose(Language::System, &tags(&["fr"])), Locale::En);
    assert_eq!(Locale::choose(Language::System, &[]), Locale::En);
    assert_eq!(Locale::choose(Language::System, &tags(&["en-XA"])), Locale::Pseudo);
    assert_eq!(Locale::choose(Language::System, &tags(&["dezh"])), Locale::En, "not every de… is German");
}

#[test]
fn every_message_in_every_language_can_be_parsed_and_both_have_the_same_keys_and_arguments() {
    let arguments = |text: &str| {
        let options = formatjs_icu_messageformat::ParserOptions {
            ignore_tag: true,
            ..Options::default_parser_options()
        };
        let parsed = Parser::new(text, options).parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        message_arguments(&parsed)
    };
    for (area, en, de) in CATALOGUE {
        let (en, de) = (entries(area, en), entries(area, de));
        assert!(!en.is_empty(), "{area}");
        assert_eq!(en.keys().collect::<BTreeSet<_>>(), de.keys().collect::<BTreeSet<_>>(), "{area}");
        for (key, text) in &en {
            assert!(key.starts_with(&format!("{area}.")), "{key}");
            assert!(!text.trim().is_empty() && !de[key].trim().is_empty(), "{key}");
            assert!(parse(text).is_ok() && parse(&de[key]).is_ok(), "{key}");
            assert_eq!(arguments(text), arguments(&de[key]), "{key}");
        }
    }
}

/// Returns every text in quotes in our sources that looks like a key of an area we read.
fn keys_in_sources(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("sources") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            keys_in_sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("i18n_tests.rs") {
            let text = std::fs::read_to_string(&path).expect("source");
            let is_key = |word: &&str| {
                CATALOGUE
                    .iter()
                    .any(|(area, ..)| word.strip_prefix(area).is_some_and(|rest| rest.starts_with('.')))
                    && word
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '_')
            };
            found.extend(text.split('"').filter(is_key).map(str::to_owned));
        }
    }
}

#[test]
fn every_key_that_is_used_exists_and_every_key_that_exists_is_used() {
    let mut used = BTreeSet::new();
    keys_in_sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut used);
    let known: BTreeSet<String> =
        CATALOGUE.iter().flat_map(|(area, en, _)| entries(area, en).into_keys()).collect();
    assert_eq!(used, known);
}

#[test]
fn plurals_and_grouping_follow_the_language() {
    let say = |locale, n: u64| Texts::of(locale).say("tray.conflicts", &[("n", n.into())]);
    assert_eq!(say(Locale::En, 1), "1 conflict to review…");
    assert_eq!(say(Locale::En, 12_345), "12,345 conflicts to review…");
    assert_eq!(say(Locale::De, 1), "1 Konflikt prüfen…");
    assert_eq!(say(Locale::De, 12_345), "12.345 Konflikte prüfen…");
}

#[test]
fn the_pseudo_language_is_longer_and_in_brackets() {
    let text = Texts::of(Locale::Pseudo).say("tray.pause", &[]);
    assert_eq!(text, "[Páúšé šýñçíñg ~ ~ ~]");
}

#[test]
fn a_key_that_is_missing_or_lacks_an_argument_is_shown_itself() {
    let texts = Texts::of(Locale::En);
    assert_eq!(texts.say("no.such.key", &[]), "no.such.key");
    assert_eq!(texts.say("tray.conflicts", &[]), "tray.conflicts");
}

#[test]
fn sizes_have_at_most_three_digits() {
    let en = |n| Texts::of(Locale::En).bytes(n).replace('\u{a0}', " ");
    let cases = [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1 kB"),
        (1_500, "1.5 kB"),
        (38_000_000, "38 MB"),
        (99_960_000, "100 MB"),
        (999_600_000, "1 GB"),
        (12_400_000_000, "12.4 GB"),
        (1_310_000_000_000, "1.31 TB"),
        (u64::MAX, "18447 PB"),
    ];
    for (bytes, text) in cases {
        assert_eq!(en(bytes), text);
    }
    assert_eq!(Texts::of(Locale::De).bytes(12_400_000_000), "12,4\u{a0}GB");
}
