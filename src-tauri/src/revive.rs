//! What happens when the process that paints a window dies: its page is loaded again.
//!
//! The engine is in another process and goes on; a page keeps nothing that it could lose but what was being
//! typed.
//!
//! Rule: a page that dies again and again is not loaded for ever. Its window closes then; the status icon and
//! the next window still work.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// So often within [`SPAN`] a page is loaded again.
const MOST: usize = 3;

/// Deaths that are further apart have nothing to do with each other.
const SPAN: Duration = Duration::from_secs(60);

/// When a page died lately.
#[derive(Debug, Default)]
struct Deaths(VecDeque<Instant>);

impl Deaths {
    /// Takes in another one; returns whether the page is loaded again.
    fn may_live(&mut self, now: Instant) -> bool {
        self.0.retain(|death| now.duration_since(*death) < SPAN);
        self.0.push_back(now);
        self.0.len() <= MOST
    }
}

/// Looks after the page of a window as long as the window lives.
#[cfg(target_os = "linux")]
pub fn watch(window: &tauri::WebviewWindow) -> tauri::Result<()> {
    use webkit2gtk::WebViewExt;
    let closed = window.clone();
    window.with_webview(move |view| {
        let deaths = std::cell::RefCell::new(Deaths::default());
        view.inner().connect_web_process_terminated(move |view, reason| {
            let lives = deaths.borrow_mut().may_live(Instant::now());
            tracing::error!(label = closed.label(), ?reason, lives, "the page of a window died");
            if lives {
                view.reload();
            } else if let Err(error) = closed.destroy() {
                tracing::error!(%error, "and its window could not be closed");
            }
        });
    })
}

/// Elsewhere the system's own web view does that.
#[cfg(not(target_os = "linux"))]
pub fn watch(_window: &tauri::WebviewWindow) -> tauri::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_dies_again_and_again_is_given_up_and_one_that_dies_now_and_then_is_not() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut often = Deaths::default();
        assert_eq!([0, 1, 2, 3].map(|second| often.may_live(at(second))), [true, true, true, false]);
        let mut rarely = Deaths::default();
        assert!((0..10).all(|minute| rarely.may_live(at(minute * 61))));
    }
}
