//! The panel on the right: what the model says, and how its maps are shown.

use egui::accesskit::Role;
use egui::{ComboBox, RichText, Slider, Ui};

use super::{App, actions, legend, percent, theme};
use crate::bundle::card::{Class, Decision};
use crate::bundle::{Card, Colour};
use crate::compose::{CamColours, CamScale, Palette, Tick, cam_bar, response_bar, ticks};
use crate::explain::Verdict;
use crate::method::{BackwardRule, CamMethod, Evidence, Magnitude};
use crate::session::shown::Shown;
use crate::session::{Command, SessionCommand, WindowCommand};

/// Pixels of a colour bar's picture; it is stretched to the panel's width.
const BAR_PX: (u32, u32) = (512, 8);

impl App {
    pub(super) fn inspector(&mut self, ui: &mut Ui) {
        egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| self.inspector_parts(ui));
    }

    /// All of it, for a place that scrolls.
    pub(super) fn inspector_parts(&mut self, ui: &mut Ui) {
        // A slider leaves room for its value and its name.
        ui.spacing_mut().slider_width = (ui.available_width() - 210.0).clamp(60.0, 220.0);
        if self.session.awaits_reader() {
            self.ask_reader(ui);
            return;
        }
        if self.session.shown().is_none() || self.session.coming().is_some() {
            self.waiting(ui);
            return;
        }
        self.verdict(ui);
        self.picture_controls(ui);
        ui.separator();
        self.cam_controls(ui);
        ui.separator();
        self.clear_controls(ui);
        ui.separator();
        self.more(ui);
    }

    /// "Read first": the reader's own grade before the model's.
    fn ask_reader(&mut self, ui: &mut Ui) {
        let Some(card) = self.session.card() else { return };
        let is_graded = crate::export::clear_name(card) == "CLEAR-DR";
        let answer = if is_graded { "grade" } else { "answer" };
        ui.heading(format!("Your {answer}?"));
        ui.label("The model's answer is hidden until you have entered your own. Both are kept, with the time taken.");
        ui.add_space(6.0);
        let colours = self.session.preferences.style.colours(card);
        for (index, class) in card.classes.iter().enumerate() {
            let name = class.full_name();
            let button = egui::Button::new(format!("  {name}")).min_size(egui::vec2(ui.available_width(), 34.0));
            let response = ui.add(button).on_hover_text(format!("This is my {answer}"));
            response.widget_info(|| egui::WidgetInfo::labeled(Role::Button, true, format!("My {answer} is {name}")));
            let bar = egui::Rect::from_min_size(response.rect.min, egui::vec2(6.0, response.rect.height()));
            ui.painter().rect_filled(bar, egui::CornerRadius::ZERO, theme::colour32(colours[index]));
            if response.clicked() {
                self.commands.push(SessionCommand::Grade(index).into());
            }
        }
    }

    fn verdict(&mut self, ui: &mut Ui) {
        self.warning(ui);
        self.quality(ui);
        let Some((shown, card)) = self.session.shown().zip(self.session.card()) else { return };
        let verdict = &shown.explanation.verdict;
        let colours = self.session.preferences.style.colours(card);
        match &verdict.findings {
            Some(findings) => found(ui, card, findings, &colours),
            None => decided(ui, card, verdict, colours[verdict.decided]),
        }
        if let Some(reading) = self.session.current().and_then(|current| self.session.read_first.reading(&current.path))
        {
            let agrees = if reading.class == verdict.decided { "as the model" } else { "unlike the model" };
            let yours = card.classes[reading.class].full_name();
            ui.label(format!("You: {yours}, after {:.0} s, {agrees}", reading.seconds));
        }
        let says = format!("{}: what it can and cannot do", card.name);
        if ui.add(egui::Link::new(RichText::new(says).small())).clicked() {
            self.commands.push(WindowCommand::ModelCard.into());
        }
        ui.add_space(4.0);
        legend::probabilities(ui, card, verdict, &colours);
    }

    /// Above the answer, since it says how far to believe it.
    fn warning(&mut self, ui: &mut Ui) {
        let Some(advice) = self.session.advice() else { return };
        let colour = theme::warning(ui.visuals());
        egui::Frame::group(ui.style()).stroke(egui::Stroke::new(1.5, colour)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.add(egui::Label::new(RichText::new(&advice.text).color(colour)).wrap());
            if let Some(name) = &advice.instead
                && ui.button(format!("Use {name}")).clicked()
            {
                self.commands.push(SessionCommand::Model(name.clone()).into());
            }
        });
        ui.add_space(4.0);
    }

    /// Above the answer as well: whether there is anything to grade.
    fn quality(&mut self, ui: &mut Ui) {
        let Some(assessed) = self.session.assessed() else { return };
        let (name, reasons) = (assessed.quality.name(), assessed.reasons.join(", "));
        match assessed.warning() {
            Some(unfit) => {
                let colour = theme::warning(ui.visuals());
                let says = unfit.replacen('n', "N", 1);
                ui.add(egui::Label::new(RichText::new(says).strong().size(18.0).color(colour)).wrap());
            }
            None if reasons.is_empty() => _ = ui.small(format!("Quality: {name}")),
            None => _ = ui.small(format!("Quality: {name} ({reasons})")),
        }
        if assessed.map.as_ref().is_some_and(|map| !map.is_empty()) {
            let mut hatched = self.session.preferences.style.hatched;
            if ui.checkbox(&mut hatched, "Hatch where it cannot be graded").changed() {
                self.commands.push(SessionCommand::Hatch(hatched).into());
            }
        }
        ui.add_space(4.0);
    }

    fn cam_controls(&mut self, ui: &mut Ui) {
        let Some((shown, card)) = self.session.shown().zip(self.session.card()) else { return };
        let style = &self.session.preferences.style;
        let class = shown.explanation.shown_class();
        ui.strong(format!("{}: evidence for one class", shown.explanation.settings.cam.method.title()));
        let mut chosen = class;
        let names: Vec<String> = card.classes.iter().map(Class::full_name).collect();
        let parse = |text: &str| card.class_index(text.trim()).map(|index| index as f64);
        let slider = Slider::new(&mut chosen, 0..=names.len() - 1)
            .custom_formatter(|value, _| names.get(value as usize).cloned().unwrap_or_default())
            .custom_parser(parse)
            .text("Class");
        if ui.add(slider).changed() {
            self.commands.push(SessionCommand::Class(Some(chosen)).into());
        }
        let mut follows = self.session.choices.class.is_none();
        if ui.checkbox(&mut follows, "Follow the decision").changed() {
            self.commands.push(SessionCommand::Class((!follows).then_some(class)).into());
        }
        slide(ui, &mut self.commands, "CAM opacity", style.cam.opacity, 0.0..=1.0, SessionCommand::CamOpacity);
        let (scale, cam_style) = (shown.cam_scales[class], style.cam.clone());
        let bar = self
            .textures
            .named(ui.ctx(), "cam bar", format!("{scale:?}{cam_style:?}"), || cam_bar(scale, &cam_style, BAR_PX));
        colour_bar(ui, bar, &ticks(scale.low, scale.high), cam_ends(scale), "CAM colour bar");
        if self.session.preferences.more {
            slide(ui, &mut self.commands, "Threshold", cam_style.threshold, 0.0..=1.0, SessionCommand::Threshold);
            let all = CamColours::ALL.map(|colours| (colours, colours.name()));
            choose(ui, &mut self.commands, "Colours", cam_style.colours, &all, SessionCommand::CamColours);
            self.cam_method(ui);
        }
    }

    fn cam_method(&mut self, ui: &mut Ui) {
        let (Some(settings), Some(model)) = (self.session.settings(), self.session.model()) else { return };
        let methods = CamMethod::ALL.map(|method| (method, method.title()));
        choose(ui, &mut self.commands, "Map of one class", settings.cam.method, &methods, SessionCommand::CamMethod);
        let Some(usual) = model.usual_layer.filter(|_| settings.cam.method != CamMethod::Cam) else { return };
        let layers: Vec<(usize, &str)> = model.layers.iter().enumerate().map(|(n, name)| (n, name.as_str())).collect();
        choose(ui, &mut self.commands, "Layer", settings.cam.layer.unwrap_or(usual), &layers, SessionCommand::CamLayer);
    }

    fn clear_controls(&mut self, ui: &mut Ui) {
        let Some((shown, card)) = self.session.shown().zip(self.session.card()) else { return };
        let style = self.session.preferences.style.clone();
        let title = crate::export::clear_title(card, shown.explanation.settings.evidence);
        ui.strong(title);
        ui.horizontal(|ui| {
            for (on, says) in [(true, "On black"), (false, "Over the input")] {
                if ui.radio(style.clear.on_black == on, says).clicked() {
                    self.commands.push(SessionCommand::OnBlack(on).into());
                }
            }
        });
        ui.add_enabled_ui(!style.clear.on_black, |ui| {
            slide(ui, &mut self.commands, "Map opacity", style.clear.opacity, 0.0..=1.0, SessionCommand::ClearOpacity);
        });
        legend::switches(ui, card, shown, &style, &mut self.commands);
        let full = shown.peak / style.clear.gain;
        let bar = self.textures.named(ui.ctx(), "response bar", String::new(), || response_bar(BAR_PX));
        colour_bar(ui, bar, &ticks(0.0, full), ("no response", "strong"), "Response brightness bar");
        let mut boxed = style.boxed;
        let says = match shown.explanation.attention {
            Some(region) => format!("Red box: where {} responds most", card.classes[region.class].full_name()),
            None if !shown.explanation.response.held.contains(&shown.explanation.shown_class()) => {
                "Red box (this class is not among the most activated)".to_owned()
            }
            None => "Red box (no region stands out)".to_owned(),
        };
        if ui.checkbox(&mut boxed, says).changed() {
            self.commands.push(SessionCommand::Box(boxed).into());
        }
    }

    fn more(&mut self, ui: &mut Ui) {
        let more = self.session.preferences.more;
        if let Some(action) = actions::of(&WindowCommand::More.into()) {
            let button = egui::Button::new(action.label).selected(more);
            if ui.add(button).on_hover_text(action.hint()).clicked() {
                self.commands.push(action.command);
            }
        }
        let (true, Some(settings)) = (more, self.session.settings()) else { return };
        let Some(card) = self.session.card() else { return };
        let (recommended, style) = (card.explanation.clone(), &self.session.preferences.style);
        let commands = &mut self.commands;
        slide(ui, commands, "Gain", style.clear.gain, 0.1..=20.0, SessionCommand::Gain);
        slide(ui, commands, "Smoothing, px", settings.smoothing_px, 0.0..=16.0, SessionCommand::Smoothing);
        let rules = BackwardRule::ALL.map(|rule| (rule, rule.name()));
        choose(ui, commands, "Backward rule", settings.rule, &rules, SessionCommand::Rule);
        let evidence = Evidence::ALL.map(|evidence| (evidence, evidence.name()));
        choose(ui, commands, "Evidence", settings.evidence, &evidence, SessionCommand::Evidence);
        let magnitudes = Magnitude::ALL.map(|magnitude| (magnitude, magnitude.name()));
        choose(ui, commands, "Magnitude", settings.magnitude, &magnitudes, SessionCommand::Magnitude);
        let palettes = [
            (Palette::ColourSafe, "colour-blind safe"),
            (Palette::Paper, "the paper's"),
            (Palette::Model, "the model's own"),
        ];
        choose(ui, commands, "Class colours", style.palette, &palettes, SessionCommand::Palette);
        let (rule, magnitude) = (recommended.rule.name(), recommended.magnitude.name());
        ui.small(format!("The paper's own are linear and abs. This model's card recommends {rule} and {magnitude}."));
        if ui.button(actions::label(&SessionCommand::Defaults.into())).clicked() {
            commands.push(SessionCommand::Defaults.into());
        }
        self.model_input(ui);
        self.numbers(ui);
    }

    fn numbers(&self, ui: &mut Ui) {
        let (Some(shown), Some(card), Some(current)) =
            (self.session.shown(), self.session.card(), self.session.current())
        else {
            return;
        };
        ui.separator();
        let Shown { explanation, .. } = shown;
        let timings = &explanation.timings_ms;
        ui.small(format!("{} {}", card.name, card.version));
        ui.small(format!("on {}", explanation.device));
        ui.small(format!(
            "decoded in {:.0} ms, prepared in {:.0}, forward {:.0}, back-projection {:.0}",
            current.picture.decode_ms, timings.prepare, timings.forward, timings.back_projection
        ));
    }
}

/// The decided class and the one after it.
fn decided(ui: &mut Ui, card: &Card, verdict: &Verdict, colour: Colour) {
    ui.horizontal(|ui| {
        legend::swatch(ui, colour, true, 20.0);
        let set = verdict.said_as_set(|class| card.classes[class].full_name());
        let said = set.unwrap_or_else(|| card.classes[verdict.decided].full_name());
        ui.heading(RichText::new(said).strong().size(22.0));
    });
    if verdict.class_set.is_some() {
        ui.small("A set that keeps the promise of `fovea calibrate`").on_hover_text(
            "Learned from a clinic's labelled pictures: the true grade is in the set as often as was promised there",
        );
    }
    let probability = |class: usize| percent(verdict.probabilities[class]);
    let decided = match verdict.class_set {
        // The heading names several, so this one is named here.
        Some(_) => format!("{} {}", card.classes[verdict.decided].full_name(), probability(verdict.decided)),
        None => probability(verdict.decided),
    };
    let Some(other) = verdict.runner_up() else {
        ui.label(decided);
        return;
    };
    let name = card.classes[other].full_name();
    // Decisions by median or threshold need not be for the most probable class.
    let (word, why) = match card.output.decision {
        _ if verdict.probabilities[other] <= verdict.probabilities[verdict.decided] => {
            ("then", "The most probable of the others".to_owned())
        }
        Decision::Threshold => ("most probable", below_point(card)),
        _ => ("most probable", "This model decides for the median of its ordered grades".to_owned()),
    };
    ui.label(format!("{decided}, {word} {name} {}", probability(other))).on_hover_text(why);
    if card.output.decision == Decision::Threshold {
        ui.small(below_point(card));
    }
    for question in &card.output.questions {
        let said = format!("{} {}", question.name, question.answer(&verdict.probabilities).said());
        ui.label(said).on_hover_text(format!("Operating points measured on {}", question.on));
    }
}

fn below_point(card: &Card) -> String {
    let point = card.output.operating_points.first().copied().unwrap_or_default();
    format!("{} unless the others together reach {}", card.classes[0].full_name(), percent(point))
}

/// The findings at their operating points.
fn found(ui: &mut Ui, card: &Card, findings: &[usize], colours: &[Colour]) {
    if findings.is_empty() {
        ui.heading(RichText::new("No finding").strong().size(22.0));
        ui.label("None reaches its operating point.");
        return;
    }
    for class in findings.iter().take(4) {
        ui.horizontal(|ui| {
            legend::swatch(ui, colours[*class], true, 20.0);
            ui.heading(RichText::new(card.classes[*class].full_name()).strong().size(20.0));
        });
    }
    let more = findings.len().saturating_sub(4);
    let words = if more > 0 {
        format!("and {more} more at their operating points")
    } else {
        "at their operating points".to_owned()
    };
    ui.label(words);
}

fn cam_ends(scale: CamScale) -> (&'static str, &'static str) {
    if scale.is_signed() { ("against", "for") } else { ("none", "for") }
}

fn slide(
    ui: &mut Ui,
    commands: &mut Vec<Command>,
    name: &str,
    mut value: f32,
    range: std::ops::RangeInclusive<f32>,
    command: impl FnOnce(f32) -> SessionCommand,
) {
    let is_factor = *range.end() > 1.0 && *range.start() > 0.0;
    let slider = Slider::new(&mut value, range).text(name).logarithmic(is_factor).fixed_decimals(2);
    if ui.add(slider).changed() {
        commands.push(command(value).into());
    }
}

fn choose<T: Copy + PartialEq>(
    ui: &mut Ui,
    commands: &mut Vec<Command>,
    name: &str,
    chosen: T,
    all: &[(T, &str)],
    command: impl Fn(T) -> SessionCommand,
) {
    let text = all.iter().find(|(value, _)| *value == chosen).map_or("", |(_, text)| text);
    ComboBox::from_label(name).selected_text(text).width(ui.spacing().slider_width.max(120.0)).show_ui(ui, |ui| {
        for (value, text) in all {
            if ui.selectable_label(*value == chosen, *text).clicked() {
                commands.push(command(*value).into());
            }
        }
    });
}

/// A bar of colours with its numbers beneath.
fn colour_bar(ui: &mut Ui, bar: &egui::TextureHandle, ticks: &[Tick], ends: (&str, &str), name: &str) {
    let size = egui::vec2(ui.available_width(), 10.0);
    let response = ui.add(egui::Image::from_texture(egui::load::SizedTexture::new(bar.id(), size)));
    let said: Vec<&str> = ticks.iter().map(|tick| tick.label.as_str()).collect();
    let says = match said.as_slice() {
        [low, .., high] => format!("{name}: from {low}, {}, to {high}, {}", ends.0, ends.1),
        _ => format!("{name}: the map is empty"),
    };
    response.widget_info(|| egui::WidgetInfo::labeled(Role::Image, true, &says));
    ui.horizontal(|ui| match ticks {
        [low, middle, high] => {
            let width = ui.available_width();
            let text = |text: String| RichText::new(text).small().weak();
            ui.label(text(format!("{} {}", low.label, ends.0)));
            let at = ui.min_rect().left() + width / 2.0 - 14.0;
            ui.add_space((at - ui.cursor().left()).max(0.0));
            ui.label(text(middle.label.clone()));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.label(text(format!("{} {}", ends.1, high.label)));
            });
        }
        _ => {
            ui.small("0 (the map is empty)");
        }
    });
}

/// Names a card's classes for those who have none on the screen.
pub fn class_names(card: &Card) -> Vec<&str> {
    card.classes.iter().map(|class| class.name.as_str()).collect()
}
