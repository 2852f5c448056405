//! What the inspector says while there is no explanation: what is true, and what can be done.

use egui::{RichText, Ui};

use super::{App, actions, names, theme};
use crate::session::SessionCommand;

impl App {
    pub(super) fn waiting(&mut self, ui: &mut Ui) {
        let (title, says) = self.why_nothing();
        ui.heading(title);
        ui.add(egui::Label::new(RichText::new(says)).wrap());
        if let Some(reason) = self.failure() {
            ui.add(egui::Label::new(RichText::new(reason).color(theme::problem(ui.visuals()))).wrap());
        }
        let is_idle = self.session.busy().is_none() && self.session.coming().is_none();
        if is_idle
            && self.session.card().is_some()
            && self.session.current().is_some_and(|current| current.answer.look.is_none())
            && let Some(action) = actions::of(&SessionCommand::Reload.into())
            && ui.button(action.label).on_hover_text(action.hint()).clicked()
        {
            self.commands.push(action.command);
        }
    }

    /// The state in two words and a sentence.
    fn why_nothing(&self) -> (&'static str, String) {
        let busy = self.session.busy();
        let doing = busy.as_ref().map(|busy| format!("{}…", names::short(&busy.what, 70)));
        let Some(current) = self.session.current() else { return ("No picture", "Open one.".to_owned()) };
        if let Some(coming) = self.session.coming() {
            let name = coming.file_name().unwrap_or_default().to_string_lossy();
            return ("Another picture", format!("Opening {}…", names::short(&name, 60)));
        }
        match (self.session.card(), doing) {
            (None, Some(doing)) => ("No model yet", format!("{doing} The picture is explained once it is there.")),
            (None, None) => ("No model", "It could not be loaded: choose another in the menu Model.".to_owned()),
            (Some(_), Some(doing)) => ("No explanation yet", doing),
            (Some(_), None) if current.answer.look.is_some() => ("No explanation yet", "Drawing the maps…".to_owned()),
            (Some(_), None) => ("No explanation", "This picture was not explained.".to_owned()),
        }
    }

    /// Why the picture on the screen could not be explained.
    fn failure(&self) -> Option<&str> {
        let current = self.session.current()?;
        self.session.worklist.get(&current.path)?.problem.as_deref()
    }
}
