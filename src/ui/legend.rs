//! Grades as rows: probabilities as bars, and the switches of the CLEAR map.

use egui::accesskit::Role;
use egui::{Color32, CornerRadius, Rect, RichText, Sense, Stroke, StrokeKind, Ui, vec2};

use super::theme;
use crate::bundle::{Card, Colour};
use crate::compose::percent;
use crate::explain::Verdict;
use crate::layers::{Maps, Scene, Style};
use crate::session::{Command, SessionCommand};

const ROW: f32 = 22.0;
/// The part of a row for the class's name, and the points for its number.
const NAME_PART: f32 = 0.42;
const NUMBER_WIDTH: f32 = 52.0;

/// A square in the class's colour; hollow where it is switched off.
pub fn swatch(ui: &mut Ui, colour: Colour, is_on: bool, side: f32) {
    let (rect, _) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    paint_swatch(ui, rect, colour, is_on);
}

fn paint_swatch(ui: &Ui, rect: Rect, colour: Colour, is_on: bool) {
    let rim = Stroke::new(1.0, ui.visuals().weak_text_color());
    if is_on {
        ui.painter().rect_filled(rect, CornerRadius::same(2), theme::colour32(colour));
    }
    ui.painter().rect_stroke(rect, CornerRadius::same(2), rim, StrokeKind::Inside);
}

/// The probability of every class as a bar.
pub fn probabilities(ui: &mut Ui, card: &Card, verdict: &Verdict, colours: &[Colour]) {
    for (index, class) in card.classes.iter().enumerate() {
        let probability = verdict.probabilities[index];
        let name = class.full_name();
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
        let says = format!("Probability of {name}: {}", percent(probability));
        response.widget_info(|| egui::WidgetInfo::labeled(Role::Meter, true, &says));
        let is_said = verdict.findings.as_ref().map_or(index == verdict.decided, |found| found.contains(&index));
        bar_row(ui, rect, &name, probability, colours[index], is_said);
        if verdict.findings.is_some() {
            // A notch where the finding begins.
            let point = card.output.operating_points[index];
            let (start, full) = bar_span(rect);
            let x = start + full * point;
            let notch = Rect::from_center_size(egui::pos2(x, rect.center().y), vec2(2.0, 14.0));
            ui.painter().rect_filled(notch, CornerRadius::ZERO, ui.visuals().strong_text_color());
            response.on_hover_text(format!("Said to be there from {} on", percent(point)));
        }
    }
}

/// Where a row's bar begins, and its full length.
fn bar_span(rect: Rect) -> (f32, f32) {
    let name_width = rect.width() * NAME_PART;
    (rect.left() + name_width, (rect.width() - name_width - NUMBER_WIDTH).max(4.0))
}

fn bar_row(ui: &Ui, rect: Rect, name: &str, fraction: f32, colour: Colour, is_strong: bool) {
    let name_width = rect.width() * NAME_PART;
    let text_colour = if is_strong { ui.visuals().strong_text_color() } else { ui.visuals().text_color() };
    let font = egui::FontId::proportional(if is_strong { 14.0 } else { 13.5 });
    let painter = ui.painter();
    let left = Rect::from_min_size(rect.min, vec2(name_width - 6.0, rect.height()));
    painter.with_clip_rect(left).text(left.left_center(), egui::Align2::LEFT_CENTER, name, font.clone(), text_colour);
    let (start, full) = bar_span(rect);
    let track = Rect::from_min_size(egui::pos2(start, rect.center().y - 5.0), vec2(full, 10.0));
    painter.rect_filled(track, CornerRadius::same(2), ui.visuals().extreme_bg_color);
    let filled = track.with_max_x(start + full * fraction.clamp(0.0, 1.0));
    painter.rect_filled(filled, CornerRadius::same(2), theme::colour32(colour));
    painter.rect_stroke(
        track,
        CornerRadius::same(2),
        Stroke::new(1.0, ui.visuals().weak_text_color().gamma_multiply(0.4)),
        StrokeKind::Inside,
    );
    painter.text(rect.right_center(), egui::Align2::RIGHT_CENTER, percent(fraction), font, text_colour);
}

/// The legend of the CLEAR map: a switch per grade, its share of the response under each rule that is shown, and "only
/// this one".
pub fn switches(ui: &mut Ui, scene: &Scene<'_>, commands: &mut Vec<Command>) {
    let Scene { card, style, maps, .. } = scene;
    let colours = style.colours(card);
    let rules: Vec<_> = std::iter::once(maps).chain(&scene.other).collect();
    let held = &maps.explanation.response.held;
    for &index in held {
        let class = &card.classes[index];
        let share = |maps: &&Maps<'_>| percent(maps.explanation.response_shares[index].unwrap_or(0.0) as f32);
        let shares: Vec<String> = rules.iter().map(share).collect();
        ui.horizontal(|ui| switch(ui, index, &class.full_name(), colours[index], &shares, style, commands));
    }
    ui.horizontal(|ui| {
        for (on, says) in [(true, "All on"), (false, "All off")] {
            if ui.small_button(says).clicked() {
                commands.push(SessionCommand::AllGrades(on).into());
            }
        }
    });
    let drawn = held.len();
    if drawn < card.classes.len() {
        ui.small(format!("The {drawn} most activated of {}, as CLEAR's authors advise", card.classes.len()));
    }
    let under = match rules.as_slice() {
        [_] => String::new(),
        rules => format!(" under {}", rules.iter().map(|maps| maps.rule()).collect::<Vec<_>>().join(" and ")),
    };
    ui.small(format!("Per cent: share of the whole response{under}"));
}

fn switch(
    ui: &mut Ui,
    index: usize,
    name: &str,
    colour: Colour,
    shares: &[String],
    style: &Style,
    commands: &mut Vec<Command>,
) {
    let mut is_on = style.is_on(index);
    swatch(ui, colour, is_on, 16.0);
    let room = vec2(ui.available_width() - 48.0 - 56.0 * shares.len() as f32, ROW);
    let text =
        RichText::new(name).color(if is_on { ui.visuals().text_color() } else { ui.visuals().weak_text_color() });
    let answer = ui.allocate_ui_with_layout(room, egui::Layout::left_to_right(egui::Align::Center), |ui| {
        ui.set_min_width(room.x);
        ui.checkbox(&mut is_on, text)
    });
    let response = answer.inner.on_hover_text("Alt-click: only this one");
    if response.changed() {
        let alone = ui.input(|input| input.modifiers.alt);
        let command = if alone { SessionCommand::OnlyGrade(index) } else { SessionCommand::Grade(index) };
        commands.push(command.into());
    }
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
        let only = ui.small_button("only").on_hover_text("Only this one");
        only.widget_info(|| egui::WidgetInfo::labeled(Role::Button, true, format!("Only {name}")));
        if only.clicked() {
            commands.push(SessionCommand::OnlyGrade(index).into());
        }
        ui.label(shares.join(" | "));
    });
}

/// The responses of all grades at one place as a small chart.
pub fn probe_chart(ui: &mut Ui, card: &Card, colours: &[Colour], responses: &[Option<f32>], peak: f32) {
    ui.set_width(260.0);
    for (index, class) in card.classes.iter().enumerate() {
        let Some(value) = responses[index] else { continue };
        let (rect, response) = ui.allocate_exact_size(vec2(260.0, 20.0), Sense::hover());
        let says = format!("Response of {} here: {}", class.full_name(), crate::compose::short_number(value));
        response.widget_info(|| egui::WidgetInfo::labeled(Role::Meter, true, &says));
        let fraction = if peak > 0.0 { value / peak } else { 0.0 };
        bar_row(ui, rect, &class.full_name(), fraction, colours[index], false);
    }
    ui.label(RichText::new("of the picture's strongest response").small().color(Color32::GRAY));
}
