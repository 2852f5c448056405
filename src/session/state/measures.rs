//! Measurements on pictures: kept for each frame, with what they amount to on the one that is on the screen.
//!
//! Must not know who draws them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::State;
use crate::reading::FrameOf;
use crate::scan::measure::{Figures, MOST_MEASUREMENTS, Measurement, to_value};
use crate::session::command::Measuring;

/// All measurements of a session.
#[derive(Debug, Default)]
pub struct Measurements {
    of: HashMap<(PathBuf, u32), Vec<Measurement>>,
    /// Of those on the screen, in their order.
    figures: Vec<Figures>,
    selected: Option<usize>,
}

impl State {
    /// Those on the picture on the screen, with what they amount to, in the order in which they were drawn.
    pub fn measurements(&self) -> impl ExactSizeIterator<Item = (&Measurement, &Figures)> {
        let list = self.current.as_ref().map(|current| self.measurements_of(&current.path, current.frame));
        list.unwrap_or_default().iter().zip(&self.measures.figures)
    }

    /// Which of them is selected.
    pub fn selected_measurement(&self) -> Option<usize> {
        self.measures.selected
    }

    pub fn measurements_of(&self, path: &Path, frame: u32) -> &[Measurement] {
        self.measures.of.get(&(path.to_owned(), frame)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Puts measurements that were kept back onto their frame.
    pub fn restore_measurements(&mut self, path: &Path, frame: u32, list: Vec<Measurement>) {
        self.measures.of.insert((path.to_owned(), frame), list);
        self.renew_figures();
    }

    pub(super) fn measure(&mut self, change: Measuring) {
        let Some(current) = &self.current else { return };
        let list = self.measures.of.entry((current.path.clone(), current.frame)).or_default();
        let selected = &mut self.measures.selected;
        match change {
            Measuring::Add(measurement) if list.len() < MOST_MEASUREMENTS => {
                *selected = Some(list.len());
                list.push(measurement);
            }
            Measuring::Add(_) => {}
            Measuring::Change(at, measurement) => {
                if let Some(known) = list.get_mut(at) {
                    (*known, *selected) = (measurement, Some(at));
                }
            }
            Measuring::Select(at) => *selected = at.filter(|at| *at < list.len()),
            Measuring::Delete => {
                if let Some(at) = selected.take().filter(|at| *at < list.len()) {
                    list.remove(at);
                }
            }
            Measuring::Clear => {
                list.clear();
                *selected = None;
            }
        }
        let kept = Some(&*list).filter(|list| !list.is_empty()).map(|list| to_value(list));
        self.readings.measure(&FrameOf { path: current.path.clone(), frame: current.frame }, kept);
        self.renew_figures();
    }

    /// Another picture, frame or list: what the measurements amount to is worked out again.
    pub(super) fn renew_figures(&mut self) {
        let Some(current) = &self.current else { return };
        let scan = &current.picture.scan;
        let list = self.measurements_of(&current.path, current.frame);
        self.measures.figures = list.iter().map(|measurement| measurement.figures(scan)).collect();
        let count = self.measures.figures.len();
        self.measures.selected = self.measures.selected.filter(|at| *at < count);
    }

    /// Other readings begin: what was measured on the list's pictures is theirs as well.
    pub(super) fn measure_again(&mut self) {
        for ((path, frame), list) in &self.measures.of {
            if !list.is_empty() && self.worklist.get(path).is_some() {
                self.readings.measure(&FrameOf { path: path.clone(), frame: *frame }, Some(to_value(list)));
            }
        }
    }

    /// Another picture or frame is on the screen.
    pub(super) fn measures_of_another(&mut self) {
        self.measures.selected = None;
        self.renew_figures();
    }
}
