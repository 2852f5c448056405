//! Menus and toolbar, built from the table of actions.

use egui::{Button, ScrollArea, Ui};

use super::actions::{self, Action, ActionGroup};
use super::{App, names};
use crate::session::beside::Beside;
use crate::session::preferences::Theme;
use crate::session::{
    Command, Layer, ListCommand, Measuring, ReadingCommand, SessionCommand, ViewCommand, WindowCommand,
};

/// The toolbar: what is used all the time.
fn toolbar() -> [Command; 6] {
    [
        WindowCommand::OpenFiles.into(),
        SessionCommand::Previous.into(),
        SessionCommand::Next.into(),
        ViewCommand::Fit.into(),
        ViewCommand::ActualSize.into(),
        WindowCommand::Export.into(),
    ]
}

/// Narrower windows, or larger text, have only the menus, which contain everything.
const TOOLBAR_FROM: f32 = 920.0;
/// Most letters of a recent file's name in a menu.
const MOST_LETTERS: usize = 48;
const TEXT_SCALES: [f32; 7] = [0.85, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0];

impl App {
    pub(super) fn menu(&mut self, ui: &mut Ui) {
        egui::MenuBar::new().ui(ui, |ui| {
            self.one_menu(ui, "File", Self::file_menu);
            self.one_menu(ui, "Picture", |app, ui| {
                app.group(ui, ActionGroup::Pictures);
                app.list_choices(ui);
                ui.separator();
                app.group(ui, ActionGroup::Grey);
            });
            self.one_menu(ui, "Reading", Self::reading_menu);
            self.one_menu(ui, "Measure", |app, ui| app.group(ui, ActionGroup::Measure));
            self.one_menu(ui, "View", Self::view_menu);
            self.one_menu(ui, "Maps", Self::maps_menu);
            self.one_menu(ui, "Model", Self::model_menu);
            self.one_menu(ui, "Help", |app, ui| app.group(ui, ActionGroup::Help));
            if ui.ctx().content_rect().width() >= TOOLBAR_FROM {
                ui.separator();
                self.toolbar(ui);
            }
        });
    }

    /// A menu that scrolls where the window is lower than it.
    fn one_menu(&mut self, ui: &mut Ui, title: &str, contents: impl FnOnce(&mut Self, &mut Ui)) {
        ui.menu_button(title, |ui| self.scrolled(ui, contents));
    }

    fn scrolled(&mut self, ui: &mut Ui, contents: impl FnOnce(&mut Self, &mut Ui)) {
        let most = ui.ctx().content_rect().height() - 60.0;
        let most = most.max(80.0);
        // As high as its entries, and not only as high as a menu usually is.
        ScrollArea::vertical().max_height(most).min_scrolled_height(most).show(ui, |ui| contents(self, ui));
    }

    fn toolbar(&mut self, ui: &mut Ui) {
        for action in toolbar().iter().filter_map(actions::of) {
            let button = ui.add_enabled(self.is_possible(&action.command), Button::new(action.label));
            if button.on_hover_text(action.hint()).clicked() {
                self.commands.push(action.command);
            }
        }
    }

    fn group(&mut self, ui: &mut Ui, group: ActionGroup) {
        let layers = self.session.layers();
        // A layer that does not exist now has no entry.
        let is_there = |action: &Action| match &action.command {
            Command::View(ViewCommand::Maximise(view)) => layers.contains(view),
            _ => action.in_menu,
        };
        let all = actions::all().into_iter();
        all.filter(|action| action.group == group && is_there(action)).for_each(|action| self.entry(ui, action));
    }

    fn entry(&mut self, ui: &mut Ui, action: Action) {
        let is_on = self.is_on(&action.command);
        let mut button = Button::new(action.label).shortcut_text(action.shortcut_text());
        if let Some(is_on) = is_on {
            button = button.selected(is_on);
        }
        let mut response = ui.add_enabled(self.is_possible(&action.command), button);
        if !action.tooltip.is_empty() {
            response = response.on_hover_text(action.tooltip);
        }
        // Announced as a shortcut, not as a part of the name.
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_label(action.label);
            node.set_keyboard_shortcut(action.shortcut_text());
        });
        if response.clicked() {
            self.commands.push(action.command);
            ui.close();
        }
    }

    /// Whether what `command` switches is on; `None` where it switches nothing.
    fn is_on(&self, command: &Command) -> Option<bool> {
        let preferences = &self.session.preferences;
        match command {
            Command::Window(WindowCommand::ListSidebar) => Some(self.shows_worklist),
            Command::Window(WindowCommand::AnswerSidebar) => Some(self.shows_inspector),
            Command::View(ViewCommand::Tool(tool)) => Some(self.hand.tool == *tool),
            Command::Session(SessionCommand::OtherEye) => Some(*self.session.beside_wish() == Beside::OtherEye),
            Command::Session(SessionCommand::Prior) => Some(*self.session.beside_wish() == Beside::Prior),
            Command::Window(WindowCommand::ProbeChart) => Some(preferences.probe_chart),
            Command::Window(WindowCommand::Ruler) => Some(preferences.ruler),
            Command::Window(WindowCommand::More) => Some(preferences.more),
            Command::Window(WindowCommand::Evidence) => Some(self.shows_evidence),
            Command::Window(WindowCommand::FullScreen) => Some(self.is_full_screen),
            Command::View(ViewCommand::Maximise(view)) => Some(self.maximised == Some(*view)),
            Command::Session(SessionCommand::Read(ReadingCommand::Ask)) => Some(self.session.asks_grade()),
            Command::Session(SessionCommand::ToggleBox) => Some(preferences.style.boxed),
            Command::Session(SessionCommand::WindowInvert) => {
                self.session.grey().map(|grey| grey.display.inverted).or(Some(false))
            }
            _ => None,
        }
    }

    /// Whether `command` applies to what is on the screen.
    fn is_possible(&self, command: &Command) -> bool {
        let (has_picture, is_shown) = (self.session.current().is_some(), self.session.shown().is_some());
        match command {
            Command::Window(WindowCommand::Export | WindowCommand::CopyPanel | WindowCommand::Trust) => is_shown,
            Command::Window(WindowCommand::ModelCard) => self.session.card().is_some(),
            Command::View(ViewCommand::Maximise(view)) if *view != Layer::Input => {
                is_shown && self.session.layers().contains(view)
            }
            Command::View(_) | Command::Session(SessionCommand::Reload) => has_picture,
            Command::Session(SessionCommand::Next | SessionCommand::Previous)
            | Command::Window(WindowCommand::Search) => self.session.worklist.len() > 1,
            Command::Window(WindowCommand::Labels | WindowCommand::Evidence) => !self.session.worklist.is_empty(),
            Command::Window(WindowCommand::Gallery) => self.session.measured().is_some(),
            Command::Session(SessionCommand::Lab(_)) => self.session.labels_file().is_some(),
            Command::Window(WindowCommand::Identity | WindowCommand::NamePattern) => has_picture,
            Command::Session(SessionCommand::List(ListCommand::ClearResults)) => true,
            Command::Session(SessionCommand::OtherEye) => self.may_be_beside(&Beside::OtherEye),
            Command::Session(SessionCommand::Prior) => self.may_be_beside(&Beside::Prior),
            Command::Session(SessionCommand::Measure(Measuring::Delete)) => {
                self.session.selected_measurement().is_some()
            }
            Command::Session(SessionCommand::Measure(_)) => self.session.measurements().len() > 0,
            Command::Session(SessionCommand::FrameNext | SessionCommand::FramePrevious) => self.session.frames().0 > 1,
            Command::Session(
                SessionCommand::WindowAuto | SessionCommand::WindowInvert | SessionCommand::WindowReset,
            ) => self.session.grey().is_some(),
            Command::Session(SessionCommand::Read(ReadingCommand::Accept)) => is_shown,
            Command::Session(SessionCommand::Read(_)) | Command::Window(WindowCommand::Comment) => has_picture,
            Command::Window(WindowCommand::Table | WindowCommand::SaveReadings) => !self.session.worklist.is_empty(),
            Command::Session(SessionCommand::Archive(_)) => true,
            Command::Session(_) => is_shown,
            Command::Window(_) => true,
        }
    }

    /// Whether there is such a picture, or its place is to be given up.
    fn may_be_beside(&self, wish: &Beside) -> bool {
        self.session.beside_wish() == wish || self.session.picture_beside(wish).is_some()
    }

    fn file_menu(&mut self, ui: &mut Ui) {
        let (opening, others): (Vec<Action>, Vec<Action>) =
            actions::all().into_iter().filter(|action| action.group == ActionGroup::Files).partition(|action| {
                let opens = [
                    WindowCommand::OpenFiles,
                    WindowCommand::OpenFolder,
                    WindowCommand::OpenTyped,
                    WindowCommand::Archive,
                    WindowCommand::Labels,
                ];
                opens.map(Command::from).contains(&action.command)
            });
        opening.into_iter().for_each(|action| self.entry(ui, action));
        let recent = self.session.preferences.recent.clone();
        ui.add_enabled_ui(!recent.is_empty(), |ui| {
            ui.menu_button("Recent", |ui| {
                for path in recent {
                    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    let button = ui.button(names::short(&name, MOST_LETTERS));
                    if button.on_hover_text(path.display().to_string()).clicked() {
                        self.commands.push(SessionCommand::Open(vec![path]).into());
                        ui.close();
                    }
                }
            });
        });
        let sessions = self.session.preferences.sessions.clone();
        ui.add_enabled_ui(!sessions.is_empty(), |ui| {
            ui.menu_button("Recent sessions", |ui| sessions.iter().for_each(|file| self.session_link(ui, file, true)));
        });
        ui.menu_button("Samples", |ui| self.scrolled(ui, Self::sample_buttons));
        ui.separator();
        others.into_iter().for_each(|action| self.entry(ui, action));
    }

    /// Toggles of the list.
    fn list_choices(&mut self, ui: &mut Ui) {
        let preferences = &self.session.preferences;
        let (mut names, mut grades) = (preferences.show_names, preferences.grade_all);
        let says = "Patients by what DICOM files call them, not by numbers";
        if ui.checkbox(&mut names, "Show names").on_hover_text(says).changed() {
            self.commands.push(ListCommand::ShowNames(names).into());
            ui.close();
        }
        let says = "While nothing else is asked for";
        if ui.checkbox(&mut grades, "Grade all pictures").on_hover_text(says).changed() {
            self.commands.push(ListCommand::GradeAll(grades).into());
            ui.close();
        }
    }

    fn view_menu(&mut self, ui: &mut Ui) {
        self.group(ui, ActionGroup::View);
        self.beside_menu(ui);
        let mut keep = self.session.preferences.keep_view;
        let says = "Look at the next picture as at this one; where it is of the other eye, turned over";
        if ui.checkbox(&mut keep, "Keep zoom and class").on_hover_text(says).changed() {
            self.commands.push(SessionCommand::KeepView(keep).into());
        }
        ui.separator();
        let preferences = &mut self.session.preferences;
        ui.menu_button("Light or dark", |ui| {
            for theme in Theme::ALL {
                ui.radio_value(&mut preferences.theme, theme, theme.name());
            }
        });
        ui.menu_button("Text size", |ui| {
            let now = ui.ctx().zoom_factor();
            for scale in TEXT_SCALES {
                let says = format!("{:.0} %", 100.0 * scale);
                if ui.radio((now - scale).abs() < 0.01, says).clicked() {
                    preferences.text_scale = Some(scale);
                }
            }
        });
    }

    /// Any picture of the list beside the one on the screen.
    fn beside_menu(&mut self, ui: &mut Ui) {
        let chosen = match self.session.beside_wish() {
            Beside::Picture(path) => Some(path.clone()),
            _ => None,
        };
        let here = self.session.current().map(|current| current.path.clone());
        ui.add_enabled_ui(self.session.worklist.len() > 1, |ui| {
            ui.menu_button("Another picture beside", |ui| {
                ScrollArea::vertical().max_height(400.0).show(ui, |ui| {
                    if ui.radio(chosen.is_none(), "None").clicked() {
                        self.commands.push(SessionCommand::Beside(None).into());
                        ui.close();
                    }
                    for item in self.session.worklist.items().iter().filter(|item| Some(&item.path) != here.as_ref()) {
                        let button =
                            ui.radio(chosen.as_ref() == Some(&item.path), names::short(&item.name, MOST_LETTERS));
                        if button.on_hover_text(item.path.display().to_string()).clicked() {
                            self.commands.push(SessionCommand::Beside(Some(item.path.clone())).into());
                            ui.close();
                        }
                    }
                });
            });
        });
    }

    fn maps_menu(&mut self, ui: &mut Ui) {
        self.group(ui, ActionGroup::Maps);
    }

    fn reading_menu(&mut self, ui: &mut Ui) {
        self.group(ui, ActionGroup::Reading);
        ui.separator();
        let mut read_first = self.session.readings.blind;
        let says = "Hide the model's answer until the reader has entered a grade";
        if ui.checkbox(&mut read_first, "Read first").on_hover_text(says).changed() {
            self.commands.push(SessionCommand::ReadFirst(read_first).into());
            ui.close();
        }
        let mut reader = self.session.preferences.reader.clone();
        ui.horizontal(|ui| {
            let label = ui.label("Reader");
            let edit =
                egui::TextEdit::singleline(&mut reader).desired_width(140.0).char_limit(60).hint_text("initials");
            let says = "Stands in the reading session, so that two readers can be compared";
            if ui.add(edit).labelled_by(label.id).on_hover_text(says).changed() {
                self.commands.push(ReadingCommand::Reader(reader).into());
            }
        });
    }

    fn model_menu(&mut self, ui: &mut Ui) {
        let in_use = self.session.card().map(|card| card.name.clone());
        for (name, title) in self.session.models() {
            let is_in_use = in_use.as_deref() == Some(name.as_str());
            let says = names::short(&format!("{name}: {title}"), 2 * MOST_LETTERS);
            if ui.radio(is_in_use, says).clicked() && !is_in_use {
                self.commands.push(SessionCommand::Model(name).into());
                ui.close();
            }
        }
        ui.separator();
        if let Some((device, is_gpu)) = self.session.model().map(|model| (model.device.clone(), model.is_gpu)) {
            ui.label(format!("Computes on {device}"));
            if is_gpu && ui.button("Use the CPU").clicked() {
                self.commands.push(SessionCommand::UseCpu.into());
                ui.close();
            }
        }
    }
}
