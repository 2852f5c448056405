//! What the reader says: the grade that is asked for before the model's, and the few words and buttons below an answer.

use egui::accesskit::Role;
use egui::{Button, CornerRadius, RichText, TextEdit, Ui, WidgetInfo, vec2};

use super::{App, actions, theme};
use crate::bundle::Card;
use crate::reading::{Judgement, Reading};
use crate::session::ReadingCommand;

impl App {
    /// "Read first": the reader's own grade before the model's.
    pub(super) fn ask_reader(&mut self, ui: &mut Ui) {
        let Some(card) = self.session.card() else { return };
        ui.heading(format!("Your {}?", noun(card)));
        ui.label("The model's answer is hidden until you have entered your own. Both are kept, with the time taken.");
        ui.add_space(6.0);
        self.grade_buttons(ui);
        ui.add_space(6.0);
        ui.horizontal_wrapped(|ui| {
            self.reading_button(ui, ReadingCommand::Ungradable, false);
            let flagged = self.on_screen().is_some_and(|reading| reading.flagged);
            self.reading_button(ui, ReadingCommand::Flag, flagged);
        });
        self.comment(ui);
    }

    /// What the reader has said about the picture on the screen, and the controls to say it.
    pub(super) fn reading(&mut self, ui: &mut Ui) {
        let Some(card) = self.session.card() else { return };
        let reading = self.on_screen().unwrap_or_default();
        ui.separator();
        self.label_line(ui);
        ui.label(says(card, &reading));
        let asks = self.session.asks_grade();
        ui.horizontal_wrapped(|ui| {
            // All four in one row of the sidebar.
            ui.spacing_mut().item_spacing.x = 4.0;
            let accepted = reading.judgement == Some(Judgement::Accepted);
            self.reading_button(ui, ReadingCommand::Accept, accepted);
            self.reading_button(ui, ReadingCommand::Ask, asks);
            self.reading_button(ui, ReadingCommand::Ungradable, reading.ungradable);
            self.reading_button(ui, ReadingCommand::Flag, reading.flagged);
        });
        if asks {
            self.grade_buttons(ui);
        }
        self.comment(ui);
    }

    /// The label of the picture on the screen.
    fn label_line(&self, ui: &mut Ui) {
        let item = self.session.current().and_then(|current| self.session.worklist.get(&current.path));
        let Some(label) = item.and_then(|item| self.label_of(item)) else { return };
        let text = RichText::new(first_large(&label.spoken));
        ui.label(if label.is_wrong { text.color(theme::warning(ui.visuals())) } else { text });
    }

    fn on_screen(&self) -> Option<Reading> {
        self.session.readings.reading(&self.session.on_screen()?).cloned()
    }

    fn grade_buttons(&mut self, ui: &mut Ui) {
        let Some(card) = self.session.card() else { return };
        let colours = self.session.preferences.style.colours(card);
        for (index, class) in card.classes.iter().enumerate() {
            let name = class.full_name();
            let button = Button::new(format!("  {name}")).min_size(vec2(ui.available_width(), 34.0));
            let response = ui.add(button).on_hover_text(format!("This is my {}", noun(card)));
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("My {} is {name}", noun(card))));
            let bar = egui::Rect::from_min_size(response.rect.min, vec2(6.0, response.rect.height()));
            ui.painter().rect_filled(bar, CornerRadius::ZERO, theme::colour32(colours[index]));
            if response.clicked() {
                self.commands.push(ReadingCommand::Grade(index).into());
            }
        }
    }

    fn reading_button(&mut self, ui: &mut Ui, command: ReadingCommand, is_on: bool) {
        let Some(action) = actions::of(&command.into()) else { return };
        if ui.add(Button::new(action.label).selected(is_on)).on_hover_text(action.hint()).clicked() {
            self.commands.push(action.command);
        }
    }

    fn comment(&mut self, ui: &mut Ui) {
        let before = self.on_screen().map(|reading| reading.comment).unwrap_or_default();
        let mut text = before.clone();
        let edit = TextEdit::singleline(&mut text).hint_text("Comment (C)").desired_width(f32::INFINITY);
        let response = ui.add(edit.char_limit(1000));
        response.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Comment"));
        if std::mem::take(&mut self.wants_comment) {
            response.request_focus();
        }
        if text != before {
            self.commands.push(ReadingCommand::Comment(text).into());
        }
        ui.add_space(4.0);
    }
}

fn first_large(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn noun(card: &Card) -> &'static str {
    if card.output.ordered { card.noun() } else { "answer" }
}

fn says(card: &Card, reading: &Reading) -> RichText {
    let name = |class: usize| card.classes.get(class).map(|class| class.full_name()).unwrap_or_default();
    let said = match (reading.ungradable, reading.class) {
        (true, _) => "Not gradable".to_owned(),
        (false, Some(class)) => name(class),
        (false, None) => return RichText::new("You: not read yet").weak(),
    };
    let revised = reading.revised.map(|class| format!(", then {}", name(class))).unwrap_or_default();
    let how = if reading.answer_seen_before { "" } else { ", blind" };
    let time = reading.seconds.map(|seconds| format!(", {seconds:.0} s")).unwrap_or_default();
    let judged = match reading.judgement {
        Some(Judgement::Accepted) => ": as the model",
        Some(Judgement::Overruled) => ": unlike the model",
        None => "",
    };
    RichText::new(format!("You: {said}{how}{time}{revised}{judged}"))
}
