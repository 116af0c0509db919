//! The versions of a conflict, for people who compare them.

use serde::{Deserialize, Serialize};

/// What the versions of a conflict hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ConflictContent {
    /// This computer's version.
    pub local: SideContent,
    /// Dropbox's version.
    pub remote: SideContent,
    /// What both started from; absent when there is no such version, or it cannot be had any more.
    pub base: Option<SideContent>,
}

/// What one version holds.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SideContent {
    /// Text that can be compared.
    Text {
        /// The text, without a byte order mark; line endings as they are.
        text: String,
        /// `UTF-8`, `UTF-8 with BOM`, `UTF-16 LE` or `UTF-16 BE`.
        encoding: String,
        /// How its lines end.
        line_ending: LineEnding,
    },
    /// A picture that a web page can show.
    Image {
        /// Its kind.
        mime: String,
        /// The picture itself, as a `data:` URL.
        data_url: String,
    },
    /// Neither.
    Binary,
    /// More than can be compared.
    TooLarge,
    /// It cannot be had now.
    Unavailable {
        /// Why.
        message: String,
    },
}

impl SideContent {
    /// Returns the text, when it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            SideContent::Text { text, .. } => Some(text),
            _ => None,
        }
    }
}

// What is in people's files is nobody's business in a log.
impl std::fmt::Debug for SideContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            SideContent::Text { .. } => "Text",
            SideContent::Image { .. } => "Image",
            SideContent::Binary => "Binary",
            SideContent::TooLarge => "TooLarge",
            SideContent::Unavailable { .. } => "Unavailable",
        })
    }
}

/// How the lines of a text end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum LineEnding {
    /// As on Linux and macOS.
    Lf,
    /// As on Windows.
    Crlf,
    /// As on old Macs.
    Cr,
    /// Several of these.
    Mixed,
    /// There is only one line.
    None,
}
