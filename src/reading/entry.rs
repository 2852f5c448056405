//! One line of a reading list, and what can change in it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::identity::Identity;

/// One frame of a picture.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FrameOf {
    pub path: PathBuf,
    /// Counted from 0.
    pub frame: u32,
}

/// What a reader makes of the model's answer once it is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    Accepted,
    Overruled,
}

/// What a reader says of one frame.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// An index into [`ReadingsHeader::classes`]; none where the picture is ungradable, or not read.
    pub class: Option<usize>,
    /// Another grade, given once the model's answer had been seen: the first one stays.
    pub revised: Option<usize>,
    pub ungradable: bool,
    pub flagged: bool,
    pub comment: String,
    pub judgement: Option<Judgement>,
    /// The reader's own box in source pixels: left, top, right, bottom.
    pub box_px: Option<[f64; 4]>,
    /// From the picture's first appearance to the grade, the time away from it left out.
    pub seconds: Option<f64>,
    /// Whether the model's answer could be seen before the grade was given.
    pub answer_seen_before: bool,
    /// When the grade was given: UTC, as ISO 8601 has it.
    pub at: Option<String>,
}

impl Reading {
    /// The first grade, unless the picture was taken for ungradable since.
    pub fn grade(&self) -> Option<usize> {
        self.class.filter(|_| !self.ungradable)
    }

    /// Whether a grade was given, or that there is none to give.
    pub fn is_read(&self) -> bool {
        self.class.is_some() || self.ungradable
    }
}

/// What the model answers, as far as lists and tables need it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// SHA-256 of the model's weights.
    pub model: String,
    /// An index into the model's classes.
    pub class: usize,
    pub probability: f32,
    /// All of them, in the model's order.
    pub probabilities: Vec<f32>,
    /// The headline in words.
    pub headline: String,
    pub gradable: Option<bool>,
    /// Whether the model does not read such pictures.
    pub is_refused: bool,
    /// Whether decision, probability and response point to one class, where the response is known.
    pub agrees: Option<bool>,
}

/// All that is known of one frame.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entry {
    pub identity: Identity,
    /// Whether the reader said whose it is, rather than its file or its name.
    pub identity_by_reader: bool,
    pub reading: Reading,
    pub answer: Option<Answer>,
    /// Its position in the order in which this reader saw the pictures, counted from 1.
    pub order: Option<u32>,
    /// Whether the model's answer has been on the screen. What was seen stays seen.
    pub answer_seen: bool,
    /// Measurements on it, as whoever draws them writes them.
    pub measurements: Option<serde_json::Value>,
}

/// What a file of readings is about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadingsHeader {
    /// Who reads; may be empty.
    pub reader: String,
    /// What was opened.
    pub opened: Vec<PathBuf>,
    /// The model by name, and what its classes are called: grades given under another list of classes are no readings here.
    pub model: String,
    pub classes: Vec<String>,
    /// Whether its classes are ordered grades.
    pub ordered: bool,
    /// Whether the reader says a grade before the model's is shown.
    pub blind: bool,
    /// UTC, as ISO 8601 has it.
    pub created: String,
}

/// Where a reader was.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Place {
    pub at: Option<FrameOf>,
    /// Zoom, choices, sort and filter, as whoever shows them writes them.
    pub view: serde_json::Value,
}

/// One thing that is to be kept. Each is kept whole or not at all, in the order in which they come.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    Head(ReadingsHeader),
    /// Pictures of the list, in its order, and whose they are by their files and names; what a reader said stays.
    Pictures(Vec<(FrameOf, Identity)>),
    /// Whose it is, as the reader says.
    Identity(FrameOf, Identity),
    Reading(FrameOf, Reading),
    Answer(FrameOf, Answer),
    /// A frame came onto the screen for the first time; its position in that order.
    Seen(FrameOf, u32),
    /// The model's answer has been on the screen.
    AnswerSeen(FrameOf),
    Measurements(FrameOf, Option<serde_json::Value>),
    Place(Place),
}

/// A whole file of readings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contents {
    pub head: ReadingsHeader,
    /// In the list's order.
    pub entries: Vec<(FrameOf, Entry)>,
    pub place: Place,
}

impl Contents {
    /// What `change` makes of it: what a file returns after it was kept.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Head(head) => self.head = head,
            Change::Pictures(pictures) => {
                for (of, identity) in pictures {
                    let entry = self.entry(of);
                    if !entry.identity_by_reader {
                        entry.identity = identity;
                    }
                }
            }
            Change::Identity(of, identity) => {
                let entry = self.entry(of);
                (entry.identity, entry.identity_by_reader) = (identity, true);
            }
            Change::Reading(of, reading) => self.entry(of).reading = reading,
            Change::Answer(of, answer) => self.entry(of).answer = Some(answer),
            Change::Seen(of, order) => _ = self.entry(of).order.get_or_insert(order),
            Change::AnswerSeen(of) => self.entry(of).answer_seen = true,
            Change::Measurements(of, measurements) => self.entry(of).measurements = measurements,
            Change::Place(place) => self.place = place,
        }
    }

    pub fn get(&self, of: &FrameOf) -> Option<&Entry> {
        self.entries.iter().find(|(known, _)| known == of).map(|(_, entry)| entry)
    }

    fn entry(&mut self, of: FrameOf) -> &mut Entry {
        let at = self.entries.iter().position(|(known, _)| *known == of).unwrap_or_else(|| {
            self.entries.push((of, Entry::default()));
            self.entries.len() - 1
        });
        &mut self.entries[at].1
    }
}
