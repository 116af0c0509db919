//! What happened in a run, line by line, for people and for the proof that a run can be repeated.

/// Collects lines, or nothing at all where nobody will look.
#[derive(Debug, Default)]
pub struct Trace {
    lines: Option<Vec<String>>,
    detailed: bool,
}

impl Trace {
    /// Collects nothing.
    pub fn off() -> Trace {
        Trace::default()
    }

    /// Collects lines.
    pub fn on(detailed: bool) -> Trace {
        Trace { lines: Some(Vec::new()), detailed }
    }

    /// Tells whether the engine's doings in its own folder are told, too.
    pub fn is_detailed(&self) -> bool {
        self.detailed
    }

    /// Adds a line; the text is made only when somebody collects it.
    pub fn note(&mut self, text: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            lines.push(text());
        }
    }

    /// Returns the lines.
    pub fn take(&mut self) -> Vec<String> {
        self.lines.take().unwrap_or_default()
    }
}

/// Returns a number that two different runs hardly share.
pub fn digest(lines: &[String]) -> String {
    let mut hasher = blake3::Hasher::new();
    for line in lines {
        hasher.update(line.as_bytes());
        hasher.update(b"\n");
    }
    hasher.finalize().to_hex()[..16].to_owned()
}
