//! Where files and folders are shown on dropbox.com.

use url::Url;

/// Where files are shown by their path.
const FILES: &str = "https://www.dropbox.com/preview";
/// Where folders are.
const FOLDERS: &str = "https://www.dropbox.com/home";

/// Returns the page that shows what stands at a path (`""` for all of Dropbox, else `/a/b`).
pub fn web_address(path: &str, is_folder: bool) -> String {
    let mut url = Url::parse(if is_folder { FOLDERS } else { FILES }).expect("BUG: a constant is an address");
    let names = path.split('/').filter(|name| !name.is_empty());
    url.path_segments_mut().expect("BUG: a web address has a path").extend(names);
    url.into()
}

/// Returns an address that the service gave for a page, when it is one that may be opened: `https`, with a host and
/// without a password in it.
pub(crate) fn page(given: Option<String>) -> Option<String> {
    let url = Url::parse(&given?).ok()?;
    let is_plain = url.scheme() == "https" && url.has_host() && url.password().is_none();
    is_plain.then(|| url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_so_that_nothing_in_them_means_anything() {
        let file = |path| web_address(path, false);
        assert_eq!(file("/Docs/a.txt"), "https://www.dropbox.com/preview/Docs/a.txt");
        assert_eq!(
            file("/R&D/50 %/what?#1 ü.md"),
            "https://www.dropbox.com/preview/R&D/50%20%25/what%3F%231%20%C3%BC.md"
        );
        assert_eq!(web_address("/Docs", true), "https://www.dropbox.com/home/Docs");
        assert_eq!(web_address("", true), "https://www.dropbox.com/home");
    }

    #[test]
    fn only_a_web_page_of_the_service_is_opened() {
        let given = |url: &str| page(Some(url.into()));
        assert_eq!(
            given("https://www.dropbox.com/preview/a").as_deref(),
            Some("https://www.dropbox.com/preview/a")
        );
        for url in
            ["http://www.dropbox.com/a", "file:///etc/passwd", "https://me:secret@dropbox.com/", "x", ""]
        {
            assert_eq!(given(url), None, "{url}");
        }
        assert_eq!(page(None), None);
    }
}
