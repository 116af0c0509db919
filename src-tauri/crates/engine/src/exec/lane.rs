//! How many of one kind go on at once; the number can be changed while they do.
//!
//! Rule: nothing that is under way is stopped: a lane that became narrower lets fewer begin.

use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A number of places. At least one.
pub(super) struct Lane {
    places: Arc<Semaphore>,
    width: Mutex<Width>,
}

struct Width {
    wanted: usize,
    /// Places that are taken but must not be given out again.
    surplus: usize,
}

impl Lane {
    pub(super) fn new(places: usize) -> Lane {
        let wanted = places.max(1);
        Lane { places: Arc::new(Semaphore::new(wanted)), width: Mutex::new(Width { wanted, surplus: 0 }) }
    }

    /// Waits for a place; it is free again when the answer is dropped. Nothing only when all is over.
    pub(super) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        loop {
            let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
            if !self.is_surplus() {
                return Some(place);
            }
            place.forget();
        }
    }

    fn is_surplus(&self) -> bool {
        let mut width = self.width.lock().expect("BUG: nothing panics while it is held");
        let is_surplus = width.surplus > 0;
        width.surplus -= usize::from(is_surplus);
        is_surplus
    }

    pub(super) fn resize(&self, places: usize) {
        let mut width = self.width.lock().expect("BUG: nothing panics while it is held");
        let wanted = places.max(1);
        if wanted > width.wanted {
            let more = wanted - width.wanted;
            let kept = more.min(width.surplus);
            width.surplus -= kept;
            self.places.add_permits(more - kept);
        } else {
            let fewer = width.wanted - wanted;
            let gone = self.places.forget_permits(fewer);
            width.surplus += fewer - gone;
        }
        width.wanted = wanted;
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn take(lane: &Lane) -> Option<OwnedSemaphorePermit> {
        lane.turn().now_or_never().flatten()
    }

    #[test]
    fn a_lane_that_becomes_wider_lets_more_in_at_once() {
        let lane = Lane::new(1);
        let _first = take(&lane).expect("a free place");
        assert!(take(&lane).is_none());
        lane.resize(2);
        let _second = take(&lane).expect("the new place");
        assert!(take(&lane).is_none());
    }

    #[test]
    fn a_lane_that_becomes_narrower_lets_those_inside_finish_and_fewer_begin() {
        let lane = Lane::new(3);
        let mut inside: Vec<_> = (0..3).map(|_| take(&lane).expect("a free place")).collect();
        lane.resize(1);
        inside.pop();
        assert!(take(&lane).is_none(), "two are inside, one may be");
        inside.pop();
        assert!(take(&lane).is_none());
        inside.pop();
        let _one = take(&lane).expect("now there is room for one");
        assert!(take(&lane).is_none());
    }

    #[test]
    fn a_lane_that_becomes_wider_before_it_was_narrow_is_as_wide_as_was_asked_for() {
        let lane = Lane::new(3);
        let inside: Vec<_> = (0..3).map(|_| take(&lane).expect("a free place")).collect();
        lane.resize(1);
        lane.resize(2);
        drop(inside);
        let _two: Vec<_> = (0..2).map(|_| take(&lane).expect("a free place")).collect();
        assert!(take(&lane).is_none());
    }
}
