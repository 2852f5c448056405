//! Messages: a strip of their own above the status line, so that they cover neither maps nor controls. The newest is
//! shown, the others are folded. Problems stay until they are dismissed; news disappears by itself.

use egui::{Color32, Label, RichText, ScrollArea, TextStyle, Ui};

use super::{App, theme};
use crate::session::{Command, Notice, SessionCommand};

/// The most of the window's height that the strip takes, unfolded.
const MOST_HEIGHT: f32 = 0.35;
/// In a strip narrower than this the buttons go below the sentence.
const NARROW: f32 = 480.0;

impl App {
    pub(super) fn notices(&mut self, ui: &mut Ui) {
        let count = self.session.notices.len();
        if count < 2 {
            self.shows_all_notices = false;
        }
        if count == 0 {
            return;
        }
        let shown = if self.shows_all_notices { count } else { 1 };
        egui::Panel::bottom("notices").resizable(false).show(ui, |ui| {
            super::page::named(ui, "Messages");
            let most = MOST_HEIGHT * ui.ctx().content_rect().height();
            ScrollArea::vertical().max_height(most).auto_shrink([false, true]).show(ui, |ui| {
                for (index, notice) in self.session.notices.iter().rev().take(shown).enumerate() {
                    let fold = (index == 0 && count > 1).then_some((count - 1, &mut self.shows_all_notices));
                    row(ui, notice, fold, &mut self.commands);
                }
            });
        });
    }

    /// The newest problem, for Escape.
    pub(super) fn newest_problem(&self) -> Option<u64> {
        self.session.notices.iter().rev().find(|notice| notice.is_problem).map(|notice| notice.id)
    }
}

/// One message with what can be done about it; the first one unfolds the others.
fn row(ui: &mut Ui, notice: &Notice, mut fold: Option<(usize, &mut bool)>, commands: &mut Vec<Command>) {
    let colour = if notice.is_problem { theme::problem(ui.visuals()) } else { ui.visuals().text_color() };
    let fold_says = fold.as_ref().map(|(others, all)| if **all { "Fold".to_owned() } else { format!("{others} more") });
    let mut buttons: Vec<&str> = fold_says.as_deref().into_iter().collect();
    buttons.extend(notice.action.as_ref().map(|(says, _)| *says));
    buttons.push("Dismiss");
    let wide: f32 = buttons.iter().map(|says| button_width(ui, says)).sum();
    let mut chosen = None;
    let mut press = |ui: &mut Ui| {
        for says in &buttons {
            let button = ui.button(*says);
            let button = if *says == "Dismiss" { button.on_hover_text("Esc dismisses problems too") } else { button };
            if button.clicked() {
                chosen = Some(*says);
            }
        }
    };
    if ui.available_width() < NARROW {
        sentence(ui, notice, colour);
        ui.horizontal_wrapped(press);
    } else {
        ui.horizontal_top(|ui| {
            let room = ui.available_width() - wide;
            ui.vertical(|ui| {
                ui.set_width(room);
                sentence(ui, notice, colour);
            });
            press(ui);
        });
    }
    match chosen {
        Some("Dismiss") => commands.push(SessionCommand::DismissNotice(notice.id).into()),
        Some(says) if notice.action.as_ref().is_some_and(|(action, _)| *action == says) => {
            let way_out = notice.action.as_ref().map(|(_, command)| command.clone());
            commands.extend(way_out.into_iter().chain([SessionCommand::DismissNotice(notice.id)]).map(Command::from));
        }
        Some(_) => fold.iter_mut().for_each(|(_, all)| **all = !**all),
        None => {}
    }
}

/// The sentence; a screen reader says it when it comes.
fn sentence(ui: &mut Ui, notice: &Notice, colour: Color32) {
    let response = ui.add(Label::new(RichText::new(&notice.text).color(colour)).wrap());
    let live = if notice.is_problem { egui::accesskit::Live::Assertive } else { egui::accesskit::Live::Polite };
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_live(live));
}

fn button_width(ui: &Ui, says: &str) -> f32 {
    let font = TextStyle::Button.resolve(ui.style());
    let text = ui.fonts_mut(|fonts| fonts.layout_no_wrap(says.to_owned(), font, Color32::WHITE).size().x);
    let spacing = ui.spacing();
    text + 2.0 * spacing.button_padding.x + spacing.item_spacing.x + 2.0
}
