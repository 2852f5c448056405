//! The maps of a second rule beside those of the rule in use.

use super::Session;
use super::shown::Shown;

impl Session {
    /// Puts the maps of another rule beside those on the screen, for as long as the picture stays.
    pub fn compare_with(&mut self, other: Option<Shown>) {
        self.compared = self.current.as_ref().map(|current| current.id).zip(other);
    }

    /// What is shown of the rule that is compared with.
    pub fn compared(&self) -> Option<&Shown> {
        let (id, other) = self.compared.as_ref()?;
        self.shown()?;
        self.current.as_ref().filter(|current| current.id == *id).map(|_| other)
    }
}
