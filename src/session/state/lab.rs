//! Labels of the open list: read from a table, brought into the model's classes, and measured after each event.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::State;
use crate::evaluate::{Truth, Truths};
use crate::labels::{Label, LabelTable};
use crate::session::command::LabCommand;
use crate::session::effect::Effect;
use crate::session::lab::{Contrast, Measured};
use crate::session::message::LabelsRead;

/// Most names in a message.
const MOST_NAMES: usize = 3;
/// Most letters of each.
const MOST_LETTERS: usize = 40;
/// Limits of the prevalence: with none or all affected there is nothing to predict.
const LEAST_PREVALENCE: f64 = 1e-4;

/// Labels, and the questions asked of them.
#[derive(Debug, Default)]
pub struct Lab {
    /// The table that is being read.
    pub asked: Option<Asked>,
    labels: Option<Labels>,
    contrast: Option<Contrast>,
    /// The probability from which a yes counts as one; the program's own where `None`.
    point: Option<f64>,
    /// As in the labels where `None`.
    prevalence: Option<f64>,
    measured: Option<Measured>,
    /// What that was measured of: the list's state, and the model.
    measured_of: Option<(u64, String, Contrast)>,
}

/// A table that is being read.
#[derive(Debug)]
pub struct Asked {
    number: u64,
    file: PathBuf,
    /// What was opened when it was asked for.
    of: Vec<PathBuf>,
    pub since: Instant,
    /// Whether it was read before, and nobody waits to hear of it.
    is_again: bool,
}

/// A table that was read.
#[derive(Debug)]
struct Labels {
    file: PathBuf,
    of: Vec<PathBuf>,
    /// Without its lines: those of the list's pictures stand apart.
    table: LabelTable,
    pictures: Vec<(PathBuf, Label)>,
    without_picture: Vec<String>,
}

impl State {
    /// The table of labels in use.
    pub fn labels_file(&self) -> Option<&Path> {
        self.lab.labels.as_ref().map(|labels| labels.file.as_path())
    }

    /// Labels and answers held against each other; `None` without labels in the model's classes.
    pub fn measured(&self) -> Option<&Measured> {
        self.lab.measured.as_ref()
    }

    /// The question that curve and point are about.
    pub fn contrast(&self) -> Option<Contrast> {
        let all = Contrast::all(self.card()?);
        self.lab.contrast.filter(|contrast| all.contains(contrast)).or(all.first().copied())
    }

    /// The probability from which a yes counts as one.
    pub fn operating_point(&self) -> Option<f64> {
        let usual = self.contrast()?.usual_point(self.card()?);
        Some(self.lab.point.unwrap_or(usual))
    }

    /// The prevalence chosen; `None` for that of the labels.
    pub fn prevalence(&self) -> Option<f64> {
        self.lab.prevalence
    }

    pub(super) fn act_in_lab(&mut self, command: LabCommand, now: Instant) {
        match command {
            LabCommand::Labels(file) => self.open_labels(file, now),
            LabCommand::Forget => self.forget_labels(),
            LabCommand::Contrast(contrast) => (self.lab.contrast, self.lab.point) = (Some(contrast), None),
            LabCommand::Point(point) => {
                self.lab.point = point.filter(|point| point.is_finite()).map(|point| point.clamp(0.0, 1.0));
            }
            LabCommand::Gallery(file) => self.make_gallery(file, now),
            LabCommand::Prevalence(part) => {
                let within = |part: f64| part.clamp(LEAST_PREVALENCE, 1.0 - LEAST_PREVALENCE);
                self.lab.prevalence = part.filter(|part| part.is_finite()).map(within);
            }
        }
    }

    pub(super) fn open_labels(&mut self, file: PathBuf, now: Instant) {
        if self.worklist.is_empty() {
            let says = "Open the pictures first: labels are of pictures in the list.";
            return self.notice(says.to_owned(), false, None, now);
        }
        self.ask_for_labels(file, false, now);
    }

    fn ask_for_labels(&mut self, file: PathBuf, is_again: bool, now: Instant) {
        let number = self.number();
        let pictures = self.worklist.items().iter().map(|item| item.path.clone()).collect();
        self.effects.push(Effect::ReadLabels { number, file: file.clone(), pictures });
        let of = self.worklist.opened().to_vec();
        self.lab.asked = Some(Asked { number, file, of, since: now, is_again });
    }

    fn forget_labels(&mut self) {
        (self.lab.asked, self.lab.labels) = (None, None);
        self.worklist.set_truths(HashMap::new());
    }

    /// Names mean other pictures in another folder: labels belong to the one they were opened for.
    pub(super) fn labels_of_another_list(&mut self, now: Instant) {
        let opened = self.worklist.opened().to_vec();
        let asked = self.lab.asked.take().filter(|asked| asked.of == opened).map(|asked| (asked.file, asked.is_again));
        if let Some(known) = self.lab.labels.take_if(|labels| labels.of != opened) {
            let says = format!("The labels of {} belong to other pictures; they are put away.", name(&known.file));
            self.notice(says, false, None, now);
        }
        let known = self.lab.labels.as_ref().map(|labels| (labels.file.clone(), true));
        if let Some((file, is_again)) = asked.or(known) {
            self.ask_for_labels(file, is_again, now);
        }
    }

    /// Another model has other questions.
    pub(super) fn labels_for_another_model(&mut self, now: Instant) {
        (self.lab.contrast, self.lab.point) = (None, None);
        self.label_pictures(now);
    }

    pub(super) fn labels_read(&mut self, of: u64, read: Result<LabelsRead, String>, now: Instant) {
        let Some(asked) = self.lab.asked.take_if(|asked| asked.number == of) else { return };
        let LabelsRead { table, matched } = match read {
            Ok(read) => read,
            Err(reason) => return self.notice(reason, true, None, now),
        };
        if matched.pictures.is_empty() {
            let says = format!("{} names no picture of the list{}.", name(&asked.file), some(&matched.without_picture));
            return self.notice(says, true, None, now);
        }
        let (of, file) = (asked.of, asked.file);
        let (pictures, without_picture) = (matched.pictures, matched.without_picture);
        self.lab.labels = Some(Labels { file, of, table, pictures, without_picture });
        let unclear = self.label_pictures(now);
        if let Some(unclear) = unclear.filter(|_| !asked.is_again) {
            let says = self.labels_say(&unclear);
            self.notice(says, !unclear.is_empty(), None, now);
        }
    }

    /// Reads the labels in the classes of the model in use; returns the lines that say nothing in them.
    fn label_pictures(&mut self, now: Instant) -> Option<Vec<String>> {
        let (labels, card) = self.lab.labels.as_ref().zip(self.engine.model().map(|model| &model.card))?;
        let mut unclear = Vec::new();
        let truths = Truths::new(card, &labels.table).map(|truths| {
            let truth = |(path, label): &(PathBuf, Label)| match truths.of(label) {
                Ok(truth) => Some((path.clone(), truth)),
                Err(reason) => {
                    unclear.push(reason);
                    None
                }
            };
            labels.pictures.iter().filter_map(truth).collect::<HashMap<PathBuf, Truth>>()
        });
        match truths {
            Ok(truths) => {
                self.worklist.set_truths(truths);
                Some(unclear)
            }
            Err(reason) => {
                self.worklist.set_truths(HashMap::new());
                self.notice(format!("{reason}."), true, None, now);
                None
            }
        }
    }

    /// How many labels belong to pictures, and what is left over.
    fn labels_say(&self, unclear: &[String]) -> String {
        let Some(labels) = &self.lab.labels else { return String::new() };
        let known: HashSet<&Path> = labels.pictures.iter().map(|(path, _)| path.as_path()).collect();
        let without = self.worklist.items().iter().filter(|item| !known.contains(item.path.as_path()));
        let without: Vec<String> = without.map(|item| item.label.clone()).collect();
        let (count, all) = (labels.pictures.len() - unclear.len(), self.worklist.len());
        let mut says = format!("{}: labels of {count} of {all} pictures.", name(&labels.file));
        if !without.is_empty() {
            says += &format!(" Without a label: {}{}.", without.len(), some(&without));
        }
        if !labels.without_picture.is_empty() {
            says += &format!(
                " Lines without a picture: {}{}.",
                labels.without_picture.len(),
                some(&labels.without_picture)
            );
        }
        if let Some(first) = unclear.first() {
            says += &format!(" Lines that say nothing to this model: {} ({}).", unclear.len(), short(first));
        }
        says
    }

    /// Measures again what has changed.
    pub(super) fn measure_labels(&mut self) {
        let has_labels = self.worklist.items().iter().any(|item| item.truth.is_some());
        let of = self.contrast().zip(self.engine.model()).filter(|_| has_labels);
        let of = of.map(|(contrast, model)| (self.worklist.changed(), model.sha256.clone(), contrast));
        if self.lab.measured_of == of {
            return;
        }
        let contrast = of.as_ref().map(|(_, _, contrast)| *contrast);
        let card = self.engine.model().map(|model| &model.card);
        self.lab.measured = contrast.zip(card).map(|(contrast, card)| Measured::of(&self.worklist, card, contrast));
        self.lab.measured_of = of;
    }
}

impl Lab {
    /// Stops waiting for a table; returns whether one was being read.
    pub fn stop(&mut self) -> bool {
        self.asked.take().is_some()
    }

    pub fn failed(&mut self, number: u64) {
        self.asked.take_if(|asked| asked.number == number);
    }
}

fn name(file: &Path) -> String {
    short(&file.file_name().unwrap_or_default().to_string_lossy())
}

/// The first names, in brackets.
fn some(names: &[String]) -> String {
    let first: Vec<String> = names.iter().take(MOST_NAMES).map(|name| short(name)).collect();
    let more = if names.len() > MOST_NAMES { ", …" } else { "" };
    if first.is_empty() { String::new() } else { format!(" ({}{more})", first.join(", ")) }
}

/// Names and cells come from a foreign file.
fn short(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    if text.chars().count() <= MOST_LETTERS {
        return plain.collect();
    }
    plain.take(MOST_LETTERS - 1).chain(['…']).collect()
}
