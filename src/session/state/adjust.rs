//! How existing maps are shown, and the settings for new ones.

use std::time::Instant;

use super::State;
use super::current::Role;
use crate::session::Choices;
use crate::session::command::ReadingCommand;
use crate::session::grey::GreyChange;

impl State {
    fn classes(&self) -> usize {
        self.card().map_or(0, |card| card.classes.len())
    }

    pub(super) fn switch_classes(&mut self, is_on: impl Fn(usize) -> bool) {
        self.preferences.style.clear.enabled = (0..self.classes()).map(is_on).collect();
    }

    pub(super) fn change_opacity(&mut self, by: f32) {
        let style = &mut self.preferences.style;
        for opacity in [&mut style.cam.opacity, &mut style.clear.opacity] {
            *opacity = (*opacity + by).clamp(0.0, 1.0);
        }
    }

    /// Switches a class; where the reader is asked, it is the reader's answer.
    pub(super) fn grade_by_key(&mut self, class: usize, now: Instant) {
        let classes = self.classes();
        if class >= classes {
            return;
        }
        if self.awaits_grade() {
            return self.read(ReadingCommand::Grade(class), now);
        }
        let enabled = &mut self.preferences.style.clear.enabled;
        enabled.resize(classes, true);
        enabled[class] = !enabled[class];
    }

    pub(super) fn step_class(&mut self, by: isize) {
        let Some((shown, card)) = self.shown().zip(self.card()) else { return };
        let last = card.classes.len() as isize - 1;
        let class = (shown.explanation.shown_class() as isize + by).clamp(0, last) as usize;
        self.show_class(Some(class));
    }

    /// Both sides show the same class.
    pub(super) fn show_class(&mut self, class: Option<usize>) {
        self.choices.class = class;
        self.show_companions_class(class);
        if let Some(current) = &mut self.current {
            Role::ALL.into_iter().for_each(|role| current.side_mut(role).show_class(class));
        }
    }

    /// Changes the choices; what they lack is asked for by [`super::pursue`], again where it was given up before.
    pub(super) fn choose(&mut self, change: impl FnOnce(&mut Choices)) {
        change(&mut self.choices);
        if let Some(current) = &mut self.current {
            Role::ALL.into_iter().for_each(|role| current.side_mut(role).given_up = None);
        }
    }

    pub(super) fn adjust_window(&mut self, change: GreyChange) {
        if let Some(current) = &mut self.current
            && let Some((state, grey)) = current.grey.as_mut().zip(current.picture.scan.grey())
        {
            state.apply(grey, change);
        }
    }
}
