//! Pictures and looks that were made before, so that going back costs nothing; the oldest go when they are too many.
//!
//! Must not know who makes them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lru::LruCache;

use super::picture::Picture;
use crate::explain::Look;
use crate::method::Asked;

/// What pictures and looks together may hold in memory, whatever the length of the worklist.
pub const BUDGET_BYTES: usize = 256 << 20;

/// What is known of one file.
#[derive(Debug, Default, Clone)]
pub struct Known {
    pub picture: Option<Arc<Picture>>,
    /// By model and way back.
    pub looks: Vec<(String, Arc<Look>)>,
}

impl Known {
    pub fn look(&self, model: &str, asked: Asked) -> Option<Arc<Look>> {
        self.looks.iter().find(|(name, look)| name == model && look.asked == asked).map(|(_, look)| Arc::clone(look))
    }

    fn bytes(&self) -> usize {
        let values = |look: &Look| 4 * (look.cam.data.len() + look.signed_response.data.len());
        let looks: usize = self.looks.iter().map(|(_, look)| values(look)).sum();
        self.picture.as_ref().map_or(0, |picture| picture.bytes()) + looks
    }
}

/// The most recently used files within a budget.
#[derive(Debug)]
pub struct Cache {
    files: LruCache<PathBuf, Known>,
    budget_bytes: usize,
}

impl Cache {
    pub fn new(budget_bytes: usize) -> Self {
        Self { files: LruCache::unbounded(), budget_bytes }
    }

    /// What is known of `path`, which counts as a use.
    pub fn get(&mut self, path: &Path) -> Option<&Known> {
        self.files.get(path)
    }

    /// As [`Self::get`], but no use.
    pub fn peek(&self, path: &Path) -> Option<&Known> {
        self.files.peek(path)
    }

    pub fn add_picture(&mut self, path: &Path, picture: Arc<Picture>) {
        self.change(path, |known| known.picture = Some(picture));
    }

    pub fn add_look(&mut self, path: &Path, model: String, look: Arc<Look>) {
        self.change(path, |known| {
            known.looks.retain(|(name, old)| *name != model || old.asked != look.asked);
            known.looks.push((model, look));
        });
    }

    /// Forgets what is known of `path`: the file may have changed.
    pub fn forget(&mut self, path: &Path) {
        self.files.pop(path);
    }

    pub fn bytes(&self) -> usize {
        self.files.iter().map(|(_, known)| known.bytes()).sum()
    }

    fn change(&mut self, path: &Path, change: impl FnOnce(&mut Known)) {
        change(self.files.get_or_insert_mut(path.to_owned(), Known::default));
        // The file just added stays, however large it is.
        while self.files.len() > 1 && self.bytes() > self.budget_bytes {
            self.files.pop_lru();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Pixels, Scan};
    use image::RgbImage;

    #[test]
    fn the_least_recently_used_go_first_and_the_last_always_stays() {
        let picture = |name: &str| {
            let scan = Scan::new(Pixels::Rgb8(RgbImage::new(100, 100)), name);
            Arc::new(Picture::new(scan, 0.0))
        };
        let mut cache = Cache::new(2 * 30_000);
        for name in ["a", "b"] {
            cache.add_picture(Path::new(name), picture(name));
        }
        assert!(cache.get(Path::new("a")).is_some());
        cache.add_picture(Path::new("c"), picture("c"));
        assert!(cache.peek(Path::new("b")).is_none() && cache.peek(Path::new("a")).is_some());
        assert!(cache.bytes() <= 60_000);
        let mut tiny = Cache::new(10);
        tiny.add_picture(Path::new("a"), picture("a"));
        assert!(tiny.peek(Path::new("a")).is_some());
    }
}
