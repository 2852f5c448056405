//! Pictures and looks computed before, so that going back costs nothing; the least recently used go first.
//!
//! Must not know who computes them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lru::LruCache;

use super::key::{LookKey, PictureKey, Under};
use super::picture::Picture;
use crate::explain::{Look, Steadiness};

/// Memory budget of pictures and looks together, however long the worklist is.
pub const BUDGET_BYTES: usize = 256 << 20;

/// What is known of one picture.
#[derive(Debug, Default, Clone)]
pub struct Known {
    pub picture: Option<Arc<Picture>>,
    looks: Vec<(Under, Arc<Look>)>,
    /// By model.
    steady: Vec<(String, Arc<Steadiness>)>,
}

impl Known {
    pub fn look(&self, under: &Under) -> Option<Arc<Look>> {
        self.looks.iter().find(|(known, _)| known == under).map(|(_, look)| Arc::clone(look))
    }

    /// How steady the model's answer is, where that was measured.
    pub fn steady(&self, model: &str) -> Option<Arc<Steadiness>> {
        self.steady.iter().find(|(known, _)| known == model).map(|(_, steady)| Arc::clone(steady))
    }

    fn bytes(&self) -> usize {
        let values = |look: &Look| 4 * (look.cam.data.len() + look.signed_response.data.len());
        let looks: usize = self.looks.iter().map(|(_, look)| values(look)).sum();
        self.picture.as_ref().map_or(0, |picture| picture.bytes()) + looks
    }
}

/// The most recently used pictures within a budget.
#[derive(Debug)]
pub struct Cache {
    known: LruCache<PictureKey, Known>,
    /// How often each file was invalidated; 0 where it is absent.
    readings: HashMap<PathBuf, u32>,
    budget_bytes: usize,
}

impl Cache {
    pub fn new(budget_bytes: usize) -> Self {
        Self { known: LruCache::unbounded(), readings: HashMap::new(), budget_bytes }
    }

    /// The key under which frame `frame` of `path` is read now.
    pub fn key(&self, path: &Path, frame: u32) -> PictureKey {
        let reading = self.readings.get(path).copied().unwrap_or(0);
        PictureKey { path: path.to_owned(), frame, reading }
    }

    /// What is known of `key`, which counts as a use.
    pub fn get(&mut self, key: &PictureKey) -> Option<&Known> {
        self.known.get(key)
    }

    /// Like [`Self::get`], without counting as a use.
    pub fn peek(&self, key: &PictureKey) -> Option<&Known> {
        self.known.peek(key)
    }

    pub fn add_picture(&mut self, key: &PictureKey, picture: Arc<Picture>) {
        self.change(key, |known| known.picture = Some(picture));
    }

    pub fn add_look(&mut self, key: &LookKey, look: Arc<Look>) {
        self.change(&key.picture, |known| {
            known.looks.retain(|(under, _)| *under != key.under);
            known.looks.push((key.under.clone(), look));
        });
    }

    pub fn add_steady(&mut self, key: &PictureKey, model: String, steady: Arc<Steadiness>) {
        self.change(key, |known| {
            known.steady.retain(|(of, _)| *of != model);
            known.steady.push((model, steady));
        });
    }

    /// The file may have changed: nothing known of it, or still to come, belongs to the file as it is now.
    pub fn forget(&mut self, path: &Path) {
        *self.readings.entry(path.to_owned()).or_default() += 1;
        let gone: Vec<PictureKey> =
            self.known.iter().map(|(key, _)| key).filter(|key| key.path == path).cloned().collect();
        gone.iter().for_each(|key| drop(self.known.pop(key)));
    }

    pub fn bytes(&self) -> usize {
        self.known.iter().map(|(_, known)| known.bytes()).sum()
    }

    fn change(&mut self, key: &PictureKey, change: impl FnOnce(&mut Known)) {
        if *key != self.key(&key.path, key.frame) {
            return;
        }
        change(self.known.get_or_insert_mut(key.clone(), Known::default));
        // The picture just added stays, however large it is.
        while self.known.len() > 1 && self.bytes() > self.budget_bytes {
            self.known.pop_lru();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Pixels, Scan};
    use image::RgbImage;

    fn picture(name: &str) -> Arc<Picture> {
        let scan = Scan::new(Pixels::Rgb8(RgbImage::new(100, 100)), name);
        Arc::new(Picture::new(scan, 0.0))
    }

    #[test]
    fn the_least_recently_used_go_first_and_the_last_always_stays() {
        let mut cache = Cache::new(2 * 30_000);
        let [a, b, c] = ["a", "b", "c"].map(|name| cache.key(Path::new(name), 0));
        cache.add_picture(&a, picture("a"));
        cache.add_picture(&b, picture("b"));
        assert!(cache.get(&a).is_some());
        cache.add_picture(&c, picture("c"));
        assert!(cache.peek(&b).is_none() && cache.peek(&a).is_some());
        assert!(cache.bytes() <= 60_000);
        let mut tiny = Cache::new(10);
        tiny.add_picture(&a, picture("a"));
        assert!(tiny.peek(&a).is_some());
    }

    #[test]
    fn each_frame_is_known_by_itself_and_nothing_of_a_file_outlives_its_change() {
        let mut cache = Cache::new(BUDGET_BYTES);
        let [first, second] = [0, 1].map(|frame| cache.key(Path::new("a"), frame));
        cache.add_picture(&first, picture("a"));
        assert!(cache.peek(&first).is_some() && cache.peek(&second).is_none());
        cache.add_picture(&second, picture("a"));
        cache.forget(Path::new("a"));
        assert!(cache.peek(&first).is_none() && cache.peek(&second).is_none());
        // What was under way when the file changed arrives too late.
        cache.add_picture(&first, picture("a"));
        assert!(cache.peek(&first).is_none());
        let now = cache.key(Path::new("a"), 0);
        cache.add_picture(&now, picture("a"));
        assert!(now != first && cache.peek(&now).is_some());
    }
}
