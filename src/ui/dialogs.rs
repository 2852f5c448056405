//! Small windows on top: the list of keys, the model's card, a typed path, the chart under the pointer.

use std::path::PathBuf;

use egui::{Context, RichText, ScrollArea, TextStyle, Ui};
use egui_extras::{Column, TableBuilder};

use super::actions::{self, ActionGroup};
use super::{App, keys, legend, theme};
use crate::bundle::Card;

impl App {
    pub(super) fn dialogs(&mut self, ctx: &Context) {
        self.help_dialog(ctx);
        self.card_dialog(ctx);
        self.typed_dialog(ctx);
        self.export_dialog(ctx);
        self.identity_dialog(ctx);
        self.pattern_dialog(ctx);
        self.archive_dialog(ctx);
    }

    fn help_dialog(&mut self, ctx: &Context) {
        if !self.shows_help {
            return;
        }
        let modal = theme::dialog(ctx, egui::Id::unique("help")).show(ctx, |ui| {
            ui.set_width(theme::dialog_width(ctx, 760.0));
            ui.heading("Keys and mouse");
            ScrollArea::vertical().max_height(theme::dialog_height(ctx, 160.0)).show(ui, |ui| {
                let columns = if ui.available_width() > 600.0 { 2 } else { 1 };
                ui.columns(columns, |columns| {
                    let last = columns.len() - 1;
                    for group in ActionGroup::ALL {
                        let is_left = matches!(
                            group,
                            ActionGroup::Files
                                | ActionGroup::Pictures
                                | ActionGroup::Measure
                                | ActionGroup::Maps
                                | ActionGroup::Help
                        );
                        key_group(&mut columns[if is_left { 0 } else { last }], group);
                    }
                    mouse(&mut columns[last]);
                });
            });
            if ui.button("Close").clicked() {
                ui.close();
            }
        });
        self.shows_help = !modal.should_close();
    }

    fn card_dialog(&mut self, ctx: &Context) {
        let (true, Some(card)) = (self.shows_card, self.session.card()) else { return };
        let modal = theme::dialog(ctx, egui::Id::unique("card")).show(ctx, |ui| {
            ui.set_width(theme::dialog_width(ctx, 680.0));
            ui.heading(&card.title);
            ScrollArea::vertical().max_height(theme::dialog_height(ctx, 160.0)).show(ui, |ui| card_text(ui, card));
            if ui.button("Close").clicked() {
                ui.close();
            }
        });
        self.shows_card = !modal.should_close();
    }

    fn typed_dialog(&mut self, ctx: &Context) {
        let Some((typed, mut text)) = self.typed.take() else { return };
        let ((asks, does), mut goes) = (typed.words(), false);
        let modal = theme::dialog(ctx, egui::Id::unique("typed")).show(ctx, |ui| {
            ui.set_width(theme::dialog_width(ctx, 560.0));
            let label = ui.label(asks);
            let edit = ui.add(egui::TextEdit::singleline(&mut text).desired_width(f32::INFINITY));
            let edit = edit.labelled_by(label.id);
            if !edit.lost_focus() {
                edit.request_focus();
            }
            let entered = edit.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            ui.horizontal(|ui| {
                goes = ui.add_enabled(!text.trim().is_empty(), egui::Button::new(does)).clicked() || entered;
                if ui.button("Close").clicked() {
                    ui.close();
                }
            });
        });
        if goes && !text.trim().is_empty() {
            self.commands.push(typed.command(PathBuf::from(text.trim())));
        } else if !modal.should_close() {
            self.typed = Some((typed, text));
        }
    }

    /// "Why not grade 3?": all responses at the cross-hair.
    pub(super) fn float_probe(&mut self, ctx: &Context) {
        if !self.session.preferences.probe_chart || self.is_dialog_open() {
            return;
        }
        let (Some((x, y)), Some(shown), Some(card)) = (self.probe, self.session.shown(), self.session.card()) else {
            return;
        };
        let Some(probe) = shown.probe(x, y) else { return };
        let colours = self.session.preferences.style.colours(card);
        let near = ctx.input(|input| input.pointer.hover_pos()).filter(|_| self.pointed.is_some());
        let at = near.unwrap_or_else(|| ctx.content_rect().left_bottom() - egui::vec2(-260.0, 220.0));
        egui::Area::new(egui::Id::unique("probe chart"))
            .fixed_pos(at + egui::vec2(18.0, 18.0))
            .constrain(true)
            .interactable(false)
            .order(egui::Order::Tooltip)
            .show(ctx, |ui| {
                egui::Frame::popup(ui.style()).show(ui, |ui| {
                    legend::probe_chart(ui, card, &colours, &probe.responses, shown.peak);
                });
            });
    }

    pub(super) fn drop_hint(&self, ctx: &Context) {
        if ctx.input(|input| input.raw.hovered_files.is_empty()) {
            return;
        }
        let rect = ctx.content_rect();
        let painter = ctx.layer_painter(egui::LayerId::new(egui::Order::Foreground, egui::Id::unique("drop")));
        painter.rect_filled(rect, egui::CornerRadius::ZERO, egui::Color32::from_black_alpha(160));
        let font = egui::FontId::proportional(26.0);
        painter.text(rect.center(), egui::Align2::CENTER_CENTER, "Drop to open", font, egui::Color32::WHITE);
    }
}

fn key_group(ui: &mut Ui, group: ActionGroup) {
    ui.add_space(8.0);
    ui.strong(group.title());
    let mut said: Vec<(&str, Vec<String>)> = Vec::new();
    for action in actions::all().iter().filter(|action| action.group == group && !action.keys.is_empty()) {
        let keys = action.shortcuts().map(|shortcut| keys::key_text(&shortcut));
        match said.iter_mut().find(|(says, _)| *says == action.label) {
            Some((_, known)) => known.extend(keys),
            None => said.push((action.label, keys.collect())),
        }
    }
    if group == ActionGroup::Maps {
        said.push(("Switch a class on or off", vec!["its digit".to_owned()]));
        said.push(("Only this class", vec!["Alt and its digit".to_owned()]));
        said.push(("Hide the maps while held", vec!["Space".to_owned()]));
    }
    if group == ActionGroup::View {
        said.push(("Larger or smaller text", vec!["Ctrl++  Ctrl+−".to_owned()]));
    }
    if group == ActionGroup::Pictures {
        said.push(("Walk through the list that has the keyboard", vec!["↑  ↓  Home  End".to_owned()]));
        said.push(("Open what the list points at", vec!["Enter".to_owned()]));
    }
    for (says, keys) in said {
        said_row(ui, &keys.join("  "), says);
    }
}

/// Keys and their actions, side by side; very large text wraps.
fn said_row(ui: &mut Ui, keys: &str, says: &str) {
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(keys).monospace());
        ui.label(says);
    });
}

fn mouse(ui: &mut Ui) {
    ui.add_space(8.0);
    ui.strong("Mouse, in a view");
    for (does, says) in [
        ("Wheel, pinch", "Magnify at the pointer"),
        ("Drag", "Move the picture"),
        ("Right drag", "Window across, level down, of a grey picture"),
        ("Shift and drag", "Measure a length"),
        ("Click, drag a point", "Select a measurement, change it"),
        ("Double click", "Fit"),
        ("Point", "Values in the line below"),
    ] {
        said_row(ui, does, says);
    }
}

fn card_text(ui: &mut Ui, card: &Card) {
    ui.label(format!("{} {}, reads: {}", card.name, card.version, card.reads));
    ui.add_space(6.0);
    ui.label(RichText::new(&card.intended_use).strong());
    ui.add_space(6.0);
    ui.strong("Limits");
    for limit in &card.limits {
        ui.label(format!("• {limit}"));
    }
    ui.add_space(6.0);
    ui.strong("Measured on pictures that it had not seen");
    results(ui, card);
    ui.add_space(6.0);
    ui.strong("Training");
    ui.label(format!("{} ({})", card.training.data, card.training.licence));
    for note in &card.training.notes {
        ui.label(format!("• {note}"));
    }
    ui.add_space(6.0);
    ui.label(format!("Explanation settings: {}", card.explanation.chosen_by));
}

fn results(ui: &mut Ui, card: &Card) {
    let table = TableBuilder::new(ui).striped(true).vscroll(false).id_salt("results");
    let table = table.column(Column::remainder()).columns(Column::exact(62.0), 1);
    let table = table.column(Column::exact(112.0)).column(Column::exact(66.0));
    let table = table.header(18.0, |mut row| {
        for title in ["", "value", "range", "baseline"] {
            row.col(|ui| _ = ui.small(title));
        }
    });
    table.body(|mut body| {
        for result in &card.results {
            // A long line takes as many as it needs.
            let wide = body.widths().first().copied().unwrap_or(100.0);
            let ui = body.ui_mut();
            let font = TextStyle::Body.resolve(ui.style());
            let colour = ui.visuals().text_color();
            let what = ui.fonts_mut(|fonts| fonts.layout(result.what.clone(), font, colour, wide));
            body.row(what.size().y + 4.0, |mut row| {
                row.col(|ui| _ = ui.add(egui::Label::new(&result.what).wrap()).on_hover_text(&result.on));
                row.col(|ui| _ = ui.label(format!("{:.3}", result.value)));
                let range = result.spread.map_or(String::new(), |[low, high]| format!("{low:.3} – {high:.3}"));
                row.col(|ui| _ = ui.label(range));
                let baseline = result.baseline.map_or(String::new(), |baseline| format!("{baseline:.3}"));
                row.col(|ui| _ = ui.label(baseline));
            });
        }
    });
}
