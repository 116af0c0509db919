//! The five ways to say which file or folder is meant.
//!
//! Parsing here is the pattern of the protocol: what fails it is a 400. Whether the path is a valid one,
//! and whether anything is there, is found out later and is a 409.

/// A path argument that passed the pattern of some path type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathArg {
    /// `""`.
    Root,
    /// `/a/b`: the components as written, not yet judged.
    Path(Vec<String>),
    /// `id:…`, with components below it.
    Id(String, Vec<String>),
    /// `rev:…`: one revision, for reading.
    Rev(String),
    /// `ns:…`, with components below it.
    Namespace(String, Vec<String>),
}

impl PathArg {
    /// Reads any of the five forms.
    pub fn parse(text: &str) -> Option<PathArg> {
        if text.is_empty() {
            return Some(PathArg::Root);
        }
        if let Some(below) = text.strip_prefix('/') {
            return Some(PathArg::Path(components(below)));
        }
        if let Some(rev) = text.strip_prefix("rev:") {
            let is_rev = rev.len() >= 9 && rev.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            return is_rev.then(|| PathArg::Rev(rev.into()));
        }
        let (head, below) = match text.split_once('/') {
            Some((head, below)) => (head, components(below)),
            None => (text, Vec::new()),
        };
        if head.starts_with("id:") {
            return Some(PathArg::Id(head.into(), below));
        }
        let namespace = head.strip_prefix("ns:")?;
        let is_number = !namespace.is_empty() && namespace.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| PathArg::Namespace(namespace.into(), below))
    }

    /// Reads a path that our own side wrote, with or without its leading slash.
    pub fn plain(path: &str) -> PathArg {
        match path.trim_matches('/') {
            "" => PathArg::Root,
            path => PathArg::Path(components(path)),
        }
    }
}

fn components(text: &str) -> Vec<String> {
    text.split('/').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(parts: &[&str]) -> Vec<String> {
        parts.iter().map(|part| part.to_string()).collect()
    }

    #[test]
    fn every_form_is_told_apart() {
        assert_eq!(PathArg::parse(""), Some(PathArg::Root));
        assert_eq!(PathArg::parse("/A/b"), Some(PathArg::Path(list(&["A", "b"]))));
        assert_eq!(PathArg::parse("/a/"), Some(PathArg::Path(list(&["a", ""]))), "judged later");
        assert_eq!(PathArg::parse("id:x_1/s"), Some(PathArg::Id("id:x_1".into(), list(&["s"]))));
        assert_eq!(PathArg::parse("ns:12"), Some(PathArg::Namespace("12".into(), vec![])));
        assert_eq!(PathArg::parse("rev:015c0aa61"), Some(PathArg::Rev("015c0aa61".into())));
    }

    #[test]
    fn what_fails_the_pattern_is_no_path() {
        for bad in ["hello.txt", "rev:12345678", "rev:015C0AA61", "ns:", "ns:x/a", "ID:1"] {
            assert_eq!(PathArg::parse(bad), None, "{bad}");
        }
    }
}
