//! Texts of the tray, the notifications and whatever else Rust says to a person, from the catalogue that
//! the windows use too: `ui/src/i18n/<area>.<language>.json`, ICU MessageFormat.
//!
//! Holds no text itself, and decides nothing but the language.
//!
//! Rule: a key that is missing or cannot be parsed is found by a test, never by a person. Should it happen
//! all the same, the key is shown: an odd word in a menu is better than no menu.

use std::collections::HashMap;

use formatjs_icu_messageformat::{IcuMessageFormat, Options, Value};

use crate::dto::Language;

/// A language that Lockstep speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Locale {
    /// English.
    En,
    /// German.
    De,
    /// English with accents, longer and in brackets: shows what does not come from the catalogue.
    Pseudo,
}

/// Areas that Rust reads, in each language.
const CATALOGUE: &[(&str, &str, &str)] = &[
    ("tray", include_str!("../../ui/src/i18n/tray.en.json"), include_str!("../../ui/src/i18n/tray.de.json")),
    (
        "notify",
        include_str!("../../ui/src/i18n/notify.en.json"),
        include_str!("../../ui/src/i18n/notify.de.json"),
    ),
];

impl Locale {
    /// Returns the language of the setting; `system` is what [`system_languages`] says.
    pub fn choose(setting: Language, system: &[String]) -> Locale {
        match setting {
            Language::En => Locale::En,
            Language::De => Locale::De,
            Language::System => system.iter().find_map(|tag| Locale::of_tag(tag)).unwrap_or(Locale::En),
        }
    }

    /// Reads `de`, `de-AT`, `de_DE.UTF-8`; nothing for a language that Lockstep does not speak.
    fn of_tag(tag: &str) -> Option<Locale> {
        let tag = tag.split('.').next().unwrap_or(tag).replace('_', "-");
        if tag.eq_ignore_ascii_case("en-XA") {
            return Some(Locale::Pseudo);
        }
        match tag.split('-').next()?.to_ascii_lowercase().as_str() {
            "de" => Some(Locale::De),
            "en" => Some(Locale::En),
            _ => None,
        }
    }

    /// Returns the tag for plural rules and numbers; English as most of Europe writes it.
    fn tag(self) -> &'static str {
        match self {
            Locale::De => "de-DE",
            Locale::En | Locale::Pseudo => "en-GB",
        }
    }
}

/// Returns the languages of the system, the preferred one first.
pub fn system_languages() -> Vec<String> {
    // `LANGUAGE` is a list of preferences, but counts only when a language is set at all.
    let spoken: Vec<String> = sys_locale::get_locales().filter(|tag| tag != "C" && tag != "POSIX").collect();
    match std::env::var("LANGUAGE") {
        Ok(list) if !spoken.is_empty() => list.split(':').map(str::to_owned).chain(spoken).collect(),
        _ => spoken,
    }
}

/// One argument of a message.
pub type Argument<'a> = (&'a str, Value);

/// The messages of one language.
pub struct Texts {
    locale: Locale,
    messages: HashMap<String, IcuMessageFormat>,
}

impl Texts {
    /// Reads the catalogue of a language.
    pub fn of(locale: Locale) -> Texts {
        let mut messages = HashMap::new();
        for (area, en, de) in CATALOGUE {
            for (key, text) in entries(area, if locale == Locale::De { de } else { en }) {
                match parse(&text) {
                    Ok(message) => {
                        messages.insert(key, message);
                    }
                    Err(error) => tracing::error!(key, %error, "a message cannot be parsed"),
                }
            }
        }
        Texts { locale, messages }
    }

    /// Returns the language.
    pub fn locale(&self) -> Locale {
        self.locale
    }

    /// Returns the text of a key.
    pub fn say(&self, key: &str, arguments: &[Argument<'_>]) -> String {
        let values = arguments.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let text = self.messages.get(key).map(|message| message.format_to_string(self.locale.tag(), &values));
        match text {
            Some(Ok(text)) if self.locale == Locale::Pseudo => pseudo(&text),
            Some(Ok(text)) => text,
            Some(Err(error)) => {
                tracing::error!(key, %error, "a message cannot be formatted");
                key.to_owned()
            }
            None => {
                tracing::error!(key, "a message is missing");
                key.to_owned()
            }
        }
    }

    /// Returns a size with at most three digits, in decimal units: "12.4 GB".
    pub fn bytes(&self, bytes: u64) -> String {
        const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
        let mut value = bytes as f64;
        let mut unit = 0;
        // 999.5 and more would be shown as 1,000.
        while value >= 999.5 && unit < UNITS.len() - 1 {
            value /= 1000.0;
            unit += 1;
        }
        let decimals = match value {
            _ if unit == 0 => 0,
            v if v < 9.995 => 2,
            v if v < 99.95 => 1,
            _ => 0,
        };
        let mut number = format!("{value:.decimals$}");
        if number.contains('.') {
            number.truncate(number.trim_end_matches('0').trim_end_matches('.').len());
        }
        if self.locale == Locale::De {
            number = number.replace('.', ",");
        }
        // The number and its unit stay on one line.
        format!("{number}\u{a0}{}", UNITS[unit])
    }
}

/// Returns keys and texts of one file.
fn entries(area: &str, json: &str) -> HashMap<String, String> {
    serde_json::from_str(json).unwrap_or_else(|error| {
        tracing::error!(area, %error, "a catalogue cannot be read");
        HashMap::new()
    })
}

fn parse(text: &str) -> Result<IcuMessageFormat, formatjs_icu_messageformat::Error> {
    let mut options = Options::default();
    // A `<` in a text is a `<`.
    options.parser.ignore_tag = true;
    IcuMessageFormat::try_new_with_options(text, options)
}

/// Dresses a finished text up, the same way as in the windows.
fn pseudo(text: &str) -> String {
    const PLAIN: &str = "aceinosuyzACEINOSUYZ";
    const ACCENTED: &str = "áçéíñóšúýžÁÇÉÍÑÓŠÚÝŽ";
    let dress = |c: char| PLAIN.chars().zip(ACCENTED.chars()).find(|(plain, _)| *plain == c).map(|(_, a)| a);
    let dressed: String = text.chars().map(|c| dress(c).unwrap_or(c)).collect();
    format!("[{dressed}{}]", " ~".repeat(text.chars().count().div_ceil(5)))
}

#[cfg(test)]
#[path = "i18n_tests.rs"]
mod tests;
