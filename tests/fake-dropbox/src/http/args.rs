//! Reads arguments as strictly as the service: wrong types, ranges and unknown fields are a 400 text.
//!
//! Rule: every field is taken by name, and [`Args::done`] refuses what was not taken.

use serde_json::{Map, Value};

use super::envelope::Failure;
use crate::clock::parse_secs;
use crate::state::path::PathArg;

/// The fields of one struct of an argument.
#[must_use]
#[derive(Debug)]
pub(crate) struct Args {
    /// Where this struct stands, for messages: `request body: cursor`.
    place: String,
    fields: Map<String, Value>,
}

type Result<T> = std::result::Result<T, Failure>;

/// Which of the path types a field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathType {
    /// `""`, path, id, namespace.
    RootOrId,
    /// Path, id, rev, namespace.
    Read,
    /// Path, id, namespace.
    PathOrId,
    /// Path, namespace; an id-relative path is let through, as the service does.
    Write,
}

impl PathType {
    fn pattern(self) -> &'static str {
        match self {
            PathType::RootOrId => r"(/(.|[\r\n])*)?|id:.*|(ns:[0-9]+(/.*)?)",
            PathType::Read => r"(/(.|[\r\n])*|id:.*)|(rev:[0-9a-f]{9,})|(ns:[0-9]+(/.*)?)",
            PathType::PathOrId => r"/(.|[\r\n])*|id:.*|(ns:[0-9]+(/.*)?)",
            PathType::Write => r"(/(.|[\r\n])*)|(ns:[0-9]+(/.*)?)|(id:.*)",
        }
    }

    fn allows(self, path: &PathArg) -> bool {
        match path {
            PathArg::Root => self == PathType::RootOrId,
            PathArg::Rev(_) => self == PathType::Read,
            _ => true,
        }
    }
}

impl Args {
    /// Takes the whole argument.
    pub fn new(value: Value, place: &str) -> Result<Args> {
        match value {
            Value::Object(fields) => Ok(Args { place: place.into(), fields }),
            other => Err(Failure::BadRequest(format!("{place}: expected object, got {}", kind(&other)))),
        }
    }

    /// Refuses fields that nobody took.
    pub fn done(self) -> Result<()> {
        match self.fields.keys().next() {
            Some(unknown) => Err(Failure::BadRequest(format!("{}: unknown field '{unknown}'", self.place))),
            None => Ok(()),
        }
    }

    /// Returns a 400 about one field.
    pub fn bad(&self, field: &str, problem: &str) -> Failure {
        Failure::BadRequest(format!("{}: {field}: {problem}", self.place))
    }

    /// Takes a field that may be absent or `null`.
    pub fn take(&mut self, field: &str) -> Option<Value> {
        self.fields.remove(field).filter(|value| !value.is_null())
    }

    fn require(&mut self, field: &str) -> Result<Value> {
        self.fields
            .remove(field)
            .ok_or_else(|| Failure::BadRequest(format!("{}: missing required field '{field}'", self.place)))
    }

    /// Takes a required string.
    pub fn string(&mut self, field: &str) -> Result<String> {
        let value = self.require(field)?;
        self.as_string(field, value)
    }

    /// Takes an optional string.
    pub fn opt_string(&mut self, field: &str) -> Result<Option<String>> {
        self.take(field).map(|value| self.as_string(field, value)).transpose()
    }

    fn as_string(&self, field: &str, value: Value) -> Result<String> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(self.bad(field, &format!("expected to be a string, got {}", kind(&other)))),
        }
    }

    /// Takes a boolean with a default; `null` is refused.
    pub fn bool_or(&mut self, field: &str, default: bool) -> Result<bool> {
        match self.fields.remove(field) {
            None => Ok(default),
            Some(Value::Bool(value)) => Ok(value),
            Some(other) => Err(self.bad(field, &format!("expected boolean, got {}", kind(&other)))),
        }
    }

    /// Takes an optional number within a range.
    pub fn opt_number(&mut self, field: &str, range: std::ops::RangeInclusive<u64>) -> Result<Option<u64>> {
        self.take(field).map(|value| self.as_number(field, value, range)).transpose()
    }

    /// Takes a required number within a range.
    pub fn number(&mut self, field: &str, range: std::ops::RangeInclusive<u64>) -> Result<u64> {
        let value = self.require(field)?;
        self.as_number(field, value, range)
    }

    fn as_number(&self, field: &str, value: Value, range: std::ops::RangeInclusive<u64>) -> Result<u64> {
        let Some(number) = value.as_u64() else {
            let problem = format!("expected integer, got {}", kind(&value));
            return Err(self.bad(field, &problem));
        };
        if range.contains(&number) {
            return Ok(number);
        }
        Err(self.bad(field, &format!("{number} is not within range {}..{}", range.start(), range.end())))
    }

    /// Takes a list with a bounded number of elements.
    pub fn list(&mut self, field: &str, sizes: std::ops::RangeInclusive<usize>) -> Result<Vec<Value>> {
        match self.require(field)? {
            Value::Array(list) if list.len() > *sizes.end() => Err(self.bad(
                field,
                &format!("list has {} elements, more than the maximum of {}", list.len(), sizes.end()),
            )),
            Value::Array(list) if list.len() < *sizes.start() => {
                Err(self
                    .bad(field, &format!("list has fewer elements than the minimum of {}", sizes.start())))
            }
            Value::Array(list) => Ok(list),
            other => Err(self.bad(field, &format!("expected list, got {}", kind(&other)))),
        }
    }

    /// Takes a list of structs.
    pub fn structs(&mut self, field: &str, sizes: std::ops::RangeInclusive<usize>) -> Result<Vec<Args>> {
        let list = self.list(field, sizes)?;
        let place = format!("{}: {field}", self.place);
        list.into_iter().enumerate().map(|(i, value)| Args::new(value, &format!("{place}: [{i}]"))).collect()
    }

    /// Takes an optional list of strings.
    pub fn opt_strings(&mut self, field: &str) -> Result<Vec<String>> {
        let Some(value) = self.take(field) else { return Ok(Vec::new()) };
        let Value::Array(list) = value else { return Err(self.bad(field, "expected list")) };
        list.into_iter().map(|value| self.as_string(field, value)).collect()
    }

    /// Takes a required struct.
    pub fn object(&mut self, field: &str) -> Result<Args> {
        let value = self.require(field)?;
        Args::new(value, &format!("{}: {field}", self.place))
    }

    /// Takes an optional struct.
    pub fn opt_object(&mut self, field: &str) -> Result<Option<Args>> {
        let place = format!("{}: {field}", self.place);
        self.take(field).map(|value| Args::new(value, &place)).transpose()
    }

    /// Takes a union whose members are all void, as `"tag"` or `{".tag":"tag"}`.
    pub fn tag(&mut self, field: &str, known: &[&str]) -> Result<Option<String>> {
        let Some(value) = self.take(field) else { return Ok(None) };
        let tag = match &value {
            Value::String(tag) => tag.clone(),
            Value::Object(fields) if fields.len() == 1 => match fields.get(".tag").and_then(Value::as_str) {
                Some(tag) => tag.to_owned(),
                None => return Err(self.bad(field, "missing '.tag' key")),
            },
            other => return Err(self.bad(field, &format!("expected symbol, got {}", kind(other)))),
        };
        if known.contains(&tag.as_str()) {
            Ok(Some(tag))
        } else {
            Err(self.bad(field, &format!("unknown tag '{tag}'")))
        }
    }

    /// Takes a required path.
    pub fn path(&mut self, field: &str, form: PathType) -> Result<PathArg> {
        let text = match self.require(field)? {
            Value::String(text) => text,
            other => {
                return Err(self.bad(field, &format!("'None' expected to be a string, got {}", kind(&other))));
            }
        };
        self.parse_path(field, &text, form)
    }

    /// Reads a path that was already taken.
    pub fn parse_path(&self, field: &str, text: &str, form: PathType) -> Result<PathArg> {
        if form == PathType::RootOrId && text == "/" {
            let hint = "Specify the root folder as an empty string rather than as \"/\".";
            return Err(self.bad(field, hint));
        }
        match PathArg::parse(text).filter(|path| form.allows(path)) {
            Some(path) => Ok(path),
            None if text.is_empty() && form == PathType::Read => {
                Err(self.bad(field, "The root folder is unsupported."))
            }
            None => Err(self.bad(field, &format!("'{text}' did not match pattern '{}'", form.pattern()))),
        }
    }

    /// Takes an optional instant, in whole seconds and with `Z`.
    pub fn opt_instant(&mut self, field: &str) -> Result<Option<i64>> {
        let Some(text) = self.opt_string(field)? else { return Ok(None) };
        match parse_secs(&text) {
            Some(secs) => Ok(Some(secs)),
            None => {
                Err(self
                    .bad(field, &format!("time data '{text}' does not match format '%Y-%m-%dT%H:%M:%SZ'")))
            }
        }
    }

    /// Takes an optional content hash: 64 hex digits.
    pub fn opt_hash(&mut self, field: &str) -> Result<Option<String>> {
        let Some(text) = self.opt_string(field)? else { return Ok(None) };
        if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(Some(text.to_ascii_lowercase()));
        }
        Err(self.bad(field, "expected a string of 64 hex digits"))
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn args(value: Value) -> Args {
        Args::new(value, "request body").expect("an object")
    }

    fn message<T: std::fmt::Debug>(result: Result<T>) -> String {
        match result {
            Err(Failure::BadRequest(text)) => text,
            other => panic!("expected a 400, got {other:?}"),
        }
    }

    #[test]
    fn texts_are_those_that_were_seen() {
        assert_eq!(message(args(json!({})).string("path")), "request body: missing required field 'path'");
        assert_eq!(message(args(json!({"pat": 1})).done()), "request body: unknown field 'pat'");
        assert_eq!(
            message(args(json!({"path": null})).path("path", PathType::Read)),
            "request body: path: 'None' expected to be a string, got null"
        );
        assert_eq!(
            message(args(json!({"path": "/"})).path("path", PathType::RootOrId)),
            "request body: path: Specify the root folder as an empty string rather than as \"/\"."
        );
        assert_eq!(
            message(args(json!({"path": ""})).path("path", PathType::Read)),
            "request body: path: The root folder is unsupported."
        );
        assert_eq!(
            message(args(json!({"path": "hello.txt"})).path("path", PathType::RootOrId)),
            r"request body: path: 'hello.txt' did not match pattern '(/(.|[\r\n])*)?|id:.*|(ns:[0-9]+(/.*)?)'"
        );
    }

    #[test]
    fn null_is_fine_for_optional_fields_and_wrong_for_defaults() {
        assert!(args(json!({"limit": null})).opt_number("limit", 1..=2000).is_ok_and(|n| n.is_none()));
        assert!(args(json!({"recursive": null})).bool_or("recursive", false).is_err());
    }

    #[test]
    fn void_unions_come_in_two_forms() {
        for form in [json!({"mode": "bestfit"}), json!({"mode": {".tag": "bestfit"}})] {
            assert_eq!(args(form).tag("mode", &["bestfit"]).expect("known").as_deref(), Some("bestfit"));
        }
        assert!(args(json!({"mode": "odd"})).tag("mode", &["bestfit"]).is_err());
    }

    #[test]
    fn ranges_hold() {
        assert!(args(json!({"limit": 0})).opt_number("limit", 1..=2000).is_err());
        assert!(args(json!({"limit": 2001})).opt_number("limit", 1..=2000).is_err());
        assert!(args(json!({"limit": -1})).opt_number("limit", 1..=2000).is_err());
        assert!(args(json!({"l": [1, 2]})).list("l", 1..=1).is_err());
        assert!(args(json!({"l": []})).list("l", 1..=1).is_err());
    }
}
