//! What bytes are: a text, a picture, or neither. Pure.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::api::{LineEnding, SideContent};

/// Larger files are neither compared nor shown.
pub(super) const BYTES_MAX: u64 = 20_000_000;

/// Larger texts are not compared.
const TEXT_BYTES_MAX: usize = 2_000_000;

/// Texts of more lines are not compared.
const LINES_MAX: usize = 20_000;

/// Decides what a whole file is.
pub(super) fn content_of(bytes: &[u8]) -> SideContent {
    if bytes.len() as u64 > BYTES_MAX {
        return SideContent::TooLarge;
    }
    if let Some(mime) = picture(bytes) {
        let data_url = format!("data:{mime};base64,{}", STANDARD.encode(bytes));
        return SideContent::Image { mime: mime.into(), data_url };
    }
    match decoded(bytes) {
        None => SideContent::Binary,
        Some(_) if bytes.len() > TEXT_BYTES_MAX => SideContent::TooLarge,
        Some((text, encoding)) => {
            let (line_ending, lines) = lines_of(&text);
            match lines > LINES_MAX {
                true => SideContent::TooLarge,
                false => SideContent::Text { text, encoding: encoding.into(), line_ending },
            }
        }
    }
}

/// Recognises the pictures that every web page can show, by what they begin with.
fn picture(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ if is_svg(bytes) => Some("image/svg+xml"),
        _ => None,
    }
}

/// An XML whose first element is a drawing.
fn is_svg(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(1024)];
    let text = String::from_utf8_lossy(head);
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    while rest.starts_with("<?") || rest.starts_with("<!") {
        let Some(end) = rest.find('>') else { return false };
        rest = rest[end + 1..].trim_start();
    }
    rest.strip_prefix("<svg").is_some_and(|after| after.starts_with([' ', '>', '\n', '\r', '\t', '/']))
}

/// Reads bytes as text, when that is what they are.
fn decoded(bytes: &[u8]) -> Option<(String, &'static str)> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest).map(|text| (text, "UTF-8 with BOM")),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes).map(|text| (text, "UTF-16 LE")),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes).map(|text| (text, "UTF-16 BE")),
        _ if !bytes.contains(&0) => utf8(bytes).map(|text| (text, "UTF-8")),
        _ => unmarked_utf16(bytes),
    }
}

fn utf8(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0')).map(str::to_owned)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let pairs = bytes.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    let units = pairs.map(|pair| unit([pair[0], pair[1]]));
    let text: Option<String> = char::decode_utf16(units).map(Result::ok).collect();
    text.filter(|text| !text.contains('\0'))
}

/// In western text without a mark nearly every second byte is zero, always on the same side.
fn unmarked_utf16(bytes: &[u8]) -> Option<(String, &'static str)> {
    let zeros = |parity: usize| bytes.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, pairs) = (zeros(0), zeros(1), bytes.len() / 2);
    let (mostly, hardly) = (|n: usize| n * 10 >= pairs * 7, |n: usize| n * 10 <= pairs);
    if mostly(odd) && hardly(even) {
        return utf16(bytes, u16::from_le_bytes).map(|text| (text, "UTF-16 LE"));
    }
    if mostly(even) && hardly(odd) {
        return utf16(bytes, u16::from_be_bytes).map(|text| (text, "UTF-16 BE"));
    }
    None
}

/// How the lines end, and how many there are.
fn lines_of(text: &str) -> (LineEnding, usize) {
    let crlf = text.matches("\r\n").count();
    let lf = text.matches('\n').count() - crlf;
    let cr = text.matches('\r').count() - crlf;
    let ending = match (lf > 0, crlf > 0, cr > 0) {
        (false, false, false) => LineEnding::None,
        (true, false, false) => LineEnding::Lf,
        (false, true, false) => LineEnding::Crlf,
        (false, false, true) => LineEnding::Cr,
        _ => LineEnding::Mixed,
    };
    (ending, lf + crlf + cr + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> (String, String, LineEnding) {
        match content_of(bytes) {
            SideContent::Text { text, encoding, line_ending } => (text, encoding, line_ending),
            other => panic!("{bytes:?} is {other:?}"),
        }
    }

    fn utf16_bytes(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn texts_are_read_in_the_encodings_that_editors_write() {
        let told = |bytes: &[u8]| (text(bytes).0, text(bytes).1);
        let as_told = |text: &str, encoding: &str| (text.to_owned(), encoding.to_owned());
        assert_eq!(told("grün\n".as_bytes()), as_told("grün\n", "UTF-8"));
        assert_eq!(told(b"\xef\xbb\xbfhello"), as_told("hello", "UTF-8 with BOM"));
        let (le, be) = (utf16_bytes("grün 😀", u16::to_le_bytes), utf16_bytes("grün 😀", u16::to_be_bytes));
        assert_eq!(told(&[&b"\xff\xfe"[..], &le].concat()), as_told("grün 😀", "UTF-16 LE"));
        assert_eq!(told(&[&b"\xfe\xff"[..], &be].concat()), as_told("grün 😀", "UTF-16 BE"));
        let plain = "Ein ganz gewöhnlicher Satz.";
        assert_eq!(told(&utf16_bytes(plain, u16::to_le_bytes)), as_told(plain, "UTF-16 LE"));
        assert_eq!(told(&utf16_bytes(plain, u16::to_be_bytes)), as_told(plain, "UTF-16 BE"));
        assert_eq!(told(b""), as_told("", "UTF-8"));
    }

    #[test]
    fn bytes_that_are_no_text_are_not_shown_as_one() {
        for bytes in [&b"\x00\x01\x02\x03"[..], b"caf\xe9", b"\xff\xfea", b"\xff\xfe\x00\xd8", b"a\0b\0\0\0"]
        {
            assert_eq!(content_of(bytes), SideContent::Binary, "{bytes:?}");
        }
    }

    #[test]
    fn line_endings_are_told_apart() {
        let ending = |bytes: &[u8]| text(bytes).2;
        assert_eq!(ending(b"a"), LineEnding::None);
        assert_eq!(ending(b"a\nb\n"), LineEnding::Lf);
        assert_eq!(ending(b"a\r\nb"), LineEnding::Crlf);
        assert_eq!(ending(b"a\rb"), LineEnding::Cr);
        assert_eq!(ending(b"a\r\nb\nc"), LineEnding::Mixed);
    }

    #[test]
    fn pictures_are_recognised_by_their_beginning_and_drawings_by_their_first_element() {
        let mime = |bytes: &[u8]| match content_of(bytes) {
            SideContent::Image { mime, data_url } => {
                assert!(data_url.starts_with(&format!("data:{mime};base64,")), "{mime}");
                Some(mime)
            }
            _ => None,
        };
        assert_eq!(mime(b"\x89PNG\r\n\x1a\nrest").as_deref(), Some("image/png"));
        assert_eq!(mime(b"\xff\xd8\xff\xe0rest").as_deref(), Some("image/jpeg"));
        assert_eq!(mime(b"GIF89arest").as_deref(), Some("image/gif"));
        assert_eq!(mime(b"RIFF\x01\x02\x03\x04WEBPrest").as_deref(), Some("image/webp"));
        let drawing = b"<?xml version='1.0'?>\n<!-- a drawing -->\n<svg xmlns='x'/>";
        assert_eq!(mime(drawing).as_deref(), Some("image/svg+xml"));
        assert_eq!(mime(b"<html><svg></svg></html>"), None);
        assert_eq!(mime(b"<?never ends"), None);
    }

    #[test]
    fn what_is_too_much_to_compare_says_so() {
        assert_eq!(content_of(&vec![b'a'; TEXT_BYTES_MAX + 1]), SideContent::TooLarge);
        assert_eq!(content_of(&vec![b'\n'; LINES_MAX]), SideContent::TooLarge);
        assert!(matches!(content_of(&vec![b'\n'; LINES_MAX - 1]), SideContent::Text { .. }));
        assert_eq!(content_of(&vec![0; TEXT_BYTES_MAX + 1]), SideContent::Binary, "whatever its size");
    }
}
