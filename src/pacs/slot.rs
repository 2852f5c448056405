//! Limits how many run at once.

use std::sync::atomic::{AtomicUsize, Ordering};

/// One of a limited number of slots, released on drop.
pub struct Slot<'r>(&'r AtomicUsize);

impl<'r> Slot<'r> {
    /// `None` where all `most` are `taken`.
    pub fn take(taken: &'r AtomicUsize, most: usize) -> Option<Self> {
        let more = |taken: usize| (taken < most).then_some(taken + 1);
        taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok().map(|_| Self(taken))
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
