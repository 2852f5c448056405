//! Which picture is shown beside the one on the screen: the patient's other eye, or an earlier one of the same eye.
//!
//! Must not know how pictures are loaded or shown.

use std::path::{Path, PathBuf};

use crate::reading::Identity;

/// What is wanted beside the picture on the screen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Beside {
    #[default]
    Nothing,
    /// This one.
    Picture(PathBuf),
    /// The other eye of the patient on the screen.
    OtherEye,
    /// The last earlier picture of the same eye.
    Prior,
}

/// The other eye's picture among `all`: of the same day where there is one, else the one nearest before, else the first.
pub fn other_eye<'a>(
    (path, of): (&Path, &Identity),
    all: impl Iterator<Item = (&'a Path, &'a Identity)>,
) -> Option<&'a Path> {
    let eye = of.eye.filter(|_| !of.patient.is_empty())?;
    let is_other = |identity: &Identity| identity.patient == of.patient && identity.eye.is_some_and(|e| e != eye);
    let candidates = all.filter(|(known, identity)| *known != path && is_other(identity));
    // The larger the better; the first among equals.
    let rank = |identity: &Identity| match (day(identity), day(of)) {
        (Some(theirs), Some(ours)) if theirs == ours => (2, None),
        (Some(theirs), Some(ours)) if theirs < ours => (1, Some(theirs.to_owned())),
        (None, None) => (2, None),
        _ => (0, None),
    };
    let better = |best: (&'a Path, &'a Identity), next: (&'a Path, &'a Identity)| {
        if rank(next.1) > rank(best.1) { next } else { best }
    };
    candidates.reduce(better).map(|(path, _)| path)
}

/// The last picture among `all` that was taken of the same eye, or the same side, before the current one.
pub fn prior<'a>(
    (path, of): (&Path, &Identity),
    all: impl Iterator<Item = (&'a Path, &'a Identity)>,
) -> Option<&'a Path> {
    let taken = of.taken.as_deref().filter(|_| !of.patient.is_empty())?;
    let is_same = |identity: &Identity| identity.patient == of.patient && identity.eye == of.eye;
    let earlier = all.filter(|(known, identity)| {
        *known != path && is_same(identity) && identity.taken.as_deref().is_some_and(|theirs| theirs < taken)
    });
    let better = |best: (&'a Path, &'a Identity), next: (&'a Path, &'a Identity)| {
        if next.1.taken > best.1.taken { next } else { best }
    };
    earlier.reduce(better).map(|(path, _)| path)
}

/// The day on which a picture was taken.
fn day(identity: &Identity) -> Option<&str> {
    identity.taken.as_deref()?.get(..10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Eye;

    fn identity(patient: &str, eye: Option<Eye>, taken: Option<&str>) -> Identity {
        Identity { patient: patient.to_owned(), eye, taken: taken.map(str::to_owned), ..Identity::default() }
    }

    #[test]
    fn the_other_eye_is_of_the_same_patient_and_best_of_the_same_day() {
        let (right, left) = (Some(Eye::Right), Some(Eye::Left));
        let all = [
            ("a-r-new", identity("a", right, Some("2024-05-02T10:00"))),
            ("a-l-old", identity("a", left, Some("2021-05-02"))),
            ("a-l-last", identity("a", left, Some("2023-01-01"))),
            ("a-l-new", identity("a", left, Some("2024-05-02T10:01"))),
            ("b-l", identity("b", left, None)),
            ("b-r", identity("b", right, None)),
            ("unknown", identity("", right, None)),
            ("a-r-old", identity("a", right, Some("2023-03-03"))),
        ];
        let each = || all.iter().map(|(path, identity)| (Path::new(*path), identity));
        let of = |at: usize| (Path::new(all[at].0), &all[at].1);
        let other = |at| other_eye(of(at), each()).and_then(Path::to_str);
        assert_eq!([0, 7, 4, 6].map(other), [Some("a-l-new"), Some("a-l-last"), Some("b-r"), None]);
        let before = |at| prior(of(at), each()).and_then(Path::to_str);
        assert_eq!([0, 3, 2, 1, 4].map(before), [Some("a-r-old"), Some("a-l-last"), Some("a-l-old"), None, None]);
    }
}
