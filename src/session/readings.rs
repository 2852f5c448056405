//! What the reader has said and seen of the open pictures, and what of it still has to be written.
//!
//! Must not know how anything is shown, nor the disk: changes leave as plain data.

use std::collections::HashMap;
use std::path::Path;
use std::time::Instant;

use crate::reading::{Answer, Change, Contents, Entry, FrameOf, Identity, Judgement, Place, Reading, ReadingsHeader};

/// All readings of the open pictures, under one list of classes.
#[derive(Debug, Default)]
pub struct Readings {
    /// Whether the reader says a grade before the model's answer is shown.
    pub blind: bool,
    head: ReadingsHeader,
    entries: HashMap<FrameOf, Entry>,
    /// How many pictures this reader has seen.
    seen: u32,
    /// The frame on the screen, and since when.
    appeared: Option<(FrameOf, Instant)>,
    /// Seconds that each unread frame has been on the screen.
    spent: HashMap<FrameOf, f64>,
    changes: Vec<Change>,
    /// Whether there is more to write than that one picture was looked at.
    is_worth_keeping: bool,
}

impl Readings {
    pub fn new(blind: bool) -> Self {
        Self { blind, ..Self::default() }
    }

    /// Other pictures or other classes: nothing is known of them yet. `pictures` are the first frames of the list.
    pub fn begin(&mut self, head: ReadingsHeader, pictures: Vec<(FrameOf, Identity)>) {
        let appeared = self.appeared.take();
        *self = Self { blind: self.blind, head, is_worth_keeping: pictures.len() > 1, ..Self::default() };
        self.entries
            .extend(pictures.iter().cloned().map(|(of, identity)| (of, Entry { identity, ..Entry::default() })));
        self.changes.push(Change::Pictures(pictures));
        if let Some((of, since)) = appeared {
            self.appears(of, since);
        }
    }

    /// Whether the reader says a grade first, from now on.
    pub fn set_blind(&mut self, blind: bool) {
        self.blind = blind;
        if self.head.blind != blind {
            self.head.blind = blind;
            self.changes.push(Change::Head(self.head.clone()));
        }
    }

    /// Who reads, from now on.
    pub fn set_reader(&mut self, reader: &str) {
        if self.head.reader != reader {
            self.head.reader = reader.to_owned();
            self.changes.push(Change::Head(self.head.clone()));
        }
    }

    /// Merges the contents of a file; what was said since wins.
    pub fn resume(&mut self, contents: Contents) {
        // A restart does not end blind reading.
        self.blind |= contents.head.blind;
        let (blind, was_blind) = (self.blind, contents.head.blind);
        self.head = ReadingsHeader { blind, opened: self.head.opened.clone(), ..contents.head };
        if blind != was_blind {
            self.changes.push(Change::Head(self.head.clone()));
        }
        for (of, entry) in contents.entries {
            let known = self.entries.entry(of).or_default();
            let is_said = known.reading != Reading::default();
            let reading = if is_said { known.reading.clone() } else { entry.reading };
            let by_reader = known.identity_by_reader || entry.identity_by_reader;
            let takes = entry.identity_by_reader && !known.identity_by_reader;
            *known = Entry {
                identity: if takes { entry.identity } else { known.identity.clone() },
                identity_by_reader: by_reader,
                reading,
                answer: known.answer.take().or(entry.answer),
                order: entry.order.or(known.order),
                answer_seen: known.answer_seen || entry.answer_seen,
                measurements: known.measurements.take().or(entry.measurements),
            };
        }
        self.seen = self.seen.max(self.entries.values().filter_map(|entry| entry.order).max().unwrap_or(0));
    }

    pub fn head(&self) -> &ReadingsHeader {
        &self.head
    }

    pub fn entry(&self, of: &FrameOf) -> Option<&Entry> {
        self.entries.get(of)
    }

    /// What the reader has said of it, if anything.
    pub fn reading(&self, of: &FrameOf) -> Option<&Reading> {
        self.entries.get(of).map(|entry| &entry.reading).filter(|reading| **reading != Reading::default())
    }

    pub fn entries(&self) -> impl Iterator<Item = (&FrameOf, &Entry)> {
        self.entries.iter()
    }

    /// Everything, in the order of `list`; other frames after their file's first.
    pub fn contents(&self, list: &[FrameOf], place: Place) -> Contents {
        let places: HashMap<&Path, usize> = list.iter().enumerate().map(|(at, of)| (of.path.as_path(), at)).collect();
        let at = |of: &FrameOf| places.get(of.path.as_path()).copied().unwrap_or(usize::MAX);
        let mut entries: Vec<(usize, FrameOf, Entry)> =
            self.entries.iter().map(|(of, entry)| (at(of), of.clone(), entry.clone())).collect();
        entries.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        let entries = entries.into_iter().map(|(_, of, entry)| (of, entry)).collect();
        Contents { head: self.head.clone(), entries, place }
    }

    /// Whether the model's answer must not be shown yet. A reader who has seen it is no longer asked; one who was asked
    /// stays asked, whatever is switched or restarted.
    pub fn hides(&self, of: &FrameOf) -> bool {
        self.blind && self.entries.get(of).is_none_or(|entry| !entry.reading.is_read() && !entry.answer_seen)
    }

    /// A frame appears on the screen at `now`.
    pub fn appears(&mut self, of: FrameOf, now: Instant) {
        if self.appeared.as_ref().is_some_and(|(known, _)| *known == of) {
            return;
        }
        self.leaves(now);
        let entry = self.entries.entry(of.clone()).or_default();
        if entry.order.is_none() {
            self.seen += 1;
            entry.order = Some(self.seen);
            self.changes.push(Change::Seen(of.clone(), self.seen));
        }
        self.appeared = Some((of, now));
    }

    fn leaves(&mut self, now: Instant) {
        if let Some((of, since)) = self.appeared.take()
            && !self.entries.get(&of).is_some_and(|entry| entry.reading.is_read())
        {
            *self.spent.entry(of).or_default() += now.saturating_duration_since(since).as_secs_f64();
        }
    }

    /// The model's answer stands on the screen, or in a row of the list.
    pub fn answer_is_seen(&mut self, of: &FrameOf) {
        let entry = self.entries.entry(of.clone()).or_default();
        if !std::mem::replace(&mut entry.answer_seen, true) {
            self.changes.push(Change::AnswerSeen(of.clone()));
        }
    }

    /// The model answers.
    pub fn answered(&mut self, of: &FrameOf, answer: Answer) {
        let entry = self.entries.entry(of.clone()).or_default();
        // Grading alone does not tell whether the response agrees; who has seen that keeps it.
        let known = entry.answer.as_ref().filter(|known| Answer { agrees: None, ..(*known).clone() } == answer);
        let answer = known.cloned().unwrap_or(answer);
        if entry.answer.as_ref() != Some(&answer) {
            entry.answer = Some(answer.clone());
            self.changes.push(Change::Answer(of.clone(), answer));
        }
    }

    /// The reader's grade. The first one stays; another one, given once the answer was seen, stands beside it.
    pub fn grade(&mut self, of: &FrameOf, class: usize, now: Instant, at: &str) {
        let seconds = self.seconds(of, now);
        self.change(of, |entry| {
            let (seen, reading) = (entry.answer_seen, &mut entry.reading);
            let is_fixed = reading.class.is_some() && seen && !reading.answer_seen_before;
            if is_fixed {
                reading.revised = Some(class).filter(|class| reading.class != Some(*class));
            } else {
                let is_first = !reading.is_read();
                (reading.class, reading.ungradable, reading.answer_seen_before) = (Some(class), false, seen);
                if is_first {
                    (reading.seconds, reading.at) = (seconds, Some(at.to_owned()));
                }
            }
            reading.judgement = match &entry.answer {
                Some(answer) if seen && !answer.is_refused && answer.class != class => Some(Judgement::Overruled),
                Some(answer) if seen && !answer.is_refused => Some(Judgement::Accepted),
                _ => None,
            };
        });
    }

    /// The reader accepts the model's grade, which requires having seen it.
    pub fn accept(&mut self, of: &FrameOf, now: Instant, at: &str) {
        let said = self.entries.get(of).filter(|entry| entry.answer_seen).and_then(|entry| entry.answer.as_ref());
        if let Some(class) = said.filter(|answer| !answer.is_refused).map(|answer| answer.class) {
            self.grade(of, class, now, at);
        }
    }

    /// Marks the picture as not gradable, or as gradable after all.
    pub fn ungradable(&mut self, of: &FrameOf, now: Instant, at: &str) {
        let seconds = self.seconds(of, now);
        self.change(of, |entry| {
            let reading = &mut entry.reading;
            if !reading.is_read() {
                reading.answer_seen_before = entry.answer_seen;
                (reading.seconds, reading.at) = (seconds, Some(at.to_owned()));
            }
            reading.ungradable = !reading.ungradable;
        });
    }

    pub fn flag(&mut self, of: &FrameOf) {
        self.change(of, |entry| entry.reading.flagged = !entry.reading.flagged);
    }

    pub fn comment(&mut self, of: &FrameOf, comment: String) {
        self.change(of, |entry| entry.reading.comment = comment);
    }

    pub fn set_box(&mut self, of: &FrameOf, box_px: Option<[f64; 4]>) {
        self.change(of, |entry| entry.reading.box_px = box_px);
    }

    /// The reader says whose picture it is.
    pub fn identify(&mut self, of: &FrameOf, identity: Identity) {
        let entry = self.entries.entry(of.clone()).or_default();
        (entry.identity, entry.identity_by_reader) = (identity.clone(), true);
        self.changes.push(Change::Identity(of.clone(), identity));
        self.is_worth_keeping = true;
    }

    /// Whose pictures they are by files and names; what the reader said stays.
    pub fn files_say(&mut self, said: Vec<(FrameOf, Identity)>) {
        let mut changed = Vec::new();
        for (of, identity) in said {
            let entry = self.entries.entry(of.clone()).or_default();
            if !entry.identity_by_reader && entry.identity != identity {
                entry.identity = identity.clone();
                changed.push((of, identity));
            }
        }
        if !changed.is_empty() {
            self.changes.push(Change::Pictures(changed));
        }
    }

    pub fn measure(&mut self, of: &FrameOf, measurements: Option<serde_json::Value>) {
        let entry = self.entries.entry(of.clone()).or_default();
        if entry.measurements != measurements {
            entry.measurements.clone_from(&measurements);
            self.changes.push(Change::Measurements(of.clone(), measurements));
            self.is_worth_keeping = true;
        }
    }

    pub fn is_at(&mut self, place: Place) {
        self.changes.push(Change::Place(place));
    }

    /// What is to be kept now: all of it once there is something worth a file.
    pub fn take_changes(&mut self) -> Vec<Change> {
        if self.is_worth_keeping { std::mem::take(&mut self.changes) } else { Vec::new() }
    }

    fn change(&mut self, of: &FrameOf, change: impl FnOnce(&mut Entry)) {
        let entry = self.entries.entry(of.clone()).or_default();
        let before = entry.reading.clone();
        change(entry);
        if entry.reading != before {
            self.changes.push(Change::Reading(of.clone(), entry.reading.clone()));
            self.is_worth_keeping = true;
        }
    }

    fn seconds(&self, of: &FrameOf, now: Instant) -> Option<f64> {
        let (_, since) = self.appeared.as_ref().filter(|(known, _)| known == of)?;
        let before = self.spent.get(of).copied().unwrap_or(0.0);
        Some(before + now.saturating_duration_since(*since).as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const AT: &str = "2024-02-29T23:59:58Z";

    fn of(name: &str) -> FrameOf {
        FrameOf { path: name.into(), frame: 0 }
    }

    fn answer(class: usize) -> Answer {
        Answer {
            model: "m".to_owned(),
            class,
            probability: 0.7,
            probabilities: vec![0.3, 0.7],
            headline: String::new(),
            gradable: None,
            is_refused: false,
            agrees: None,
        }
    }

    fn reading<'a>(readings: &'a Readings, name: &str) -> &'a Reading {
        readings.reading(&of(name)).unwrap()
    }

    #[test]
    fn the_answer_is_hidden_until_the_first_grade_which_stays() {
        let (a, start) = (of("a"), Instant::now());
        let mut readings = Readings::new(true);
        readings.appears(a.clone(), start);
        readings.appears(a.clone(), start + Duration::from_secs(2));
        assert!(readings.hides(&a));
        readings.grade(&a, 1, start + Duration::from_secs(5), AT);
        assert!(!readings.hides(&a) && readings.hides(&of("b")));
        assert!(readings.hides(&FrameOf { frame: 1, ..a.clone() }), "another frame has an answer of its own");
        readings.answered(&a, answer(0));
        readings.answer_is_seen(&a);
        readings.grade(&a, 0, start + Duration::from_secs(9), AT);
        let said = reading(&readings, "a");
        assert_eq!((said.class, said.revised, said.seconds), (Some(1), Some(0), Some(5.0)));
        assert_eq!((said.judgement, said.answer_seen_before), (Some(Judgement::Accepted), false));
    }

    #[test]
    fn who_has_seen_the_answer_is_not_asked_and_it_is_noted() {
        let (a, start) = (of("a"), Instant::now());
        let mut readings = Readings::new(false);
        readings.appears(a.clone(), start);
        readings.answered(&a, answer(1));
        readings.accept(&a, start, AT);
        assert_eq!(readings.reading(&a), None, "nobody accepts what was not shown");
        readings.answer_is_seen(&a);
        readings.blind = true;
        assert!(!readings.hides(&a) && readings.hides(&of("b")));
        readings.accept(&a, start + Duration::from_secs(1), AT);
        let said = reading(&readings, "a");
        assert_eq!((said.class, said.judgement, said.answer_seen_before), (Some(1), Some(Judgement::Accepted), true));
        readings.grade(&a, 0, start, AT);
        assert_eq!(
            (reading(&readings, "a").class, reading(&readings, "a").judgement),
            (Some(0), Some(Judgement::Overruled))
        );
    }

    #[test]
    fn time_away_does_not_count() {
        let (start, s) = (Instant::now(), Duration::from_secs);
        let mut readings = Readings::new(false);
        readings.appears(of("a"), start);
        readings.appears(of("b"), start + s(3));
        readings.appears(of("a"), start + s(100));
        readings.ungradable(&of("a"), start + s(102), AT);
        assert_eq!(reading(&readings, "a").seconds, Some(5.0));
        assert_eq!(readings.entry(&of("b")).unwrap().order, Some(2));
    }

    #[test]
    fn changes_give_back_what_there_is_and_a_start_anew_undoes_nothing() {
        let start = Instant::now();
        let pictures: Vec<_> = ["a", "b"].map(|name| (of(name), Identity::default())).to_vec();
        let head = ReadingsHeader { model: "m".to_owned(), blind: true, ..ReadingsHeader::default() };
        let mut readings = Readings::new(true);
        readings.begin(head.clone(), pictures.clone());
        readings.appears(of("a"), start);
        readings.grade(&of("a"), 1, start, AT);
        readings.answer_is_seen(&of("a"));
        readings.flag(&of("b"));
        readings.comment(&of("b"), "pale disc".to_owned());
        let mut contents = Contents { head: head.clone(), ..Contents::default() };
        readings.take_changes().into_iter().for_each(|change| contents.apply(change));
        assert_eq!(contents, readings.contents(&[of("a"), of("b")], Place::default()));
        let mut again = Readings::new(true);
        again.begin(head, pictures);
        again.resume(contents.clone());
        assert_eq!(again.contents(&[of("a"), of("b")], Place::default()), contents);
        assert!(again.hides(&of("b")) && !again.hides(&of("a")));
        again.appears(of("b"), start);
        assert_eq!(again.entry(&of("b")).unwrap().order, Some(2));
    }

    #[test]
    fn one_picture_that_was_only_looked_at_leaves_nothing_behind() {
        let mut readings = Readings::new(false);
        readings.begin(ReadingsHeader::default(), vec![(of("a"), Identity::default())]);
        readings.appears(of("a"), Instant::now());
        assert!(readings.take_changes().is_empty());
        readings.flag(&of("a"));
        assert_eq!(readings.take_changes().len(), 3);
    }
}
