//! The sidebar on the right: what the model says, and how its maps are shown.

use egui::accesskit::Role;
use egui::{ComboBox, RichText, Slider, Ui};

use super::{App, actions, legend};
use crate::bundle::Card;
use crate::bundle::card::Class;
use crate::compose::{CamColours, ColourBar, Palette};
use crate::method::{BackwardRule, CamMethod, Evidence, Magnitude};
use crate::session::shown::Shown;
use crate::session::{Command, Layer, SessionCommand, WindowCommand};

/// Size of a colour bar in pixels; it is stretched to the sidebar's width.
const BAR_PX: (u32, u32) = (512, 8);

impl App {
    pub(super) fn inspector(&mut self, ui: &mut Ui) {
        egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| self.inspector_parts(ui));
    }

    /// All of it, for a scrolling area.
    pub(super) fn inspector_parts(&mut self, ui: &mut Ui) {
        // A slider leaves room for its value and its name.
        ui.spacing_mut().slider_width = (ui.available_width() - 210.0).clamp(60.0, 220.0);
        if self.session.awaits_reader() {
            self.ask_reader(ui);
            return;
        }
        if self.session.answer_is_withheld() && self.session.coming().is_none() {
            self.withheld(ui);
            return;
        }
        if self.session.shown().is_none() || self.session.coming().is_some() {
            self.waiting(ui);
            return;
        }
        self.verdict(ui);
        self.reading(ui);
        for layer in self.session.layers() {
            self.layer_controls(ui, layer);
            ui.separator();
        }
        self.trust_button(ui);
        ui.separator();
        self.more(ui);
    }

    /// What a layer shows, how it can be changed, and what its colours mean.
    fn layer_controls(&mut self, ui: &mut Ui, layer: Layer) {
        match layer {
            Layer::Input => self.picture_controls(ui),
            Layer::Cam => self.cam_controls(ui),
            Layer::Clear => self.clear_controls(ui),
            other => {
                self.layer_title(ui, other);
                self.layer_legend(ui, other);
            }
        }
    }

    fn layer_title(&self, ui: &mut Ui, layer: Layer) {
        if let Some(scene) = self.session.scene() {
            ui.strong(layer.kind().title(&scene));
        }
    }

    fn layer_legend(&mut self, ui: &mut Ui, layer: Layer) {
        let Some(scene) = self.session.scene() else { return };
        let kind = layer.kind();
        let Some(bar) = kind.legend(&scene) else { return };
        let key = format!("{bar:?}{:?}", kind.depends_on(&scene));
        let picture = self.textures.named(ui.ctx(), kind.name(), key, || bar.picture(BAR_PX));
        colour_bar(ui, picture, &bar, &format!("{} colour bar", kind.plain(Some(scene.card))));
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
        let cam_style = style.cam.clone();
        self.layer_legend(ui, Layer::Cam);
        if self.session.preferences.more {
            let mut boxed = self.session.preferences.style.cam_boxed;
            let says = "The largest connected part above a fifth of the map's maximum, as the CAM paper has it";
            if ui.checkbox(&mut boxed, "Box around the largest part").on_hover_text(says).changed() {
                self.commands.push(SessionCommand::CamBox(boxed).into());
            }
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
        self.layer_title(ui, Layer::Clear);
        let style = self.session.preferences.style.clone();
        ui.horizontal(|ui| {
            for (on, says) in [(true, "On black"), (false, "Over the input")] {
                if ui.radio(style.clear.on_black == on, says).clicked() {
                    self.commands.push(SessionCommand::OnBlack(on).into());
                }
            }
        });
        if style.clear.on_black {
            let mut outline = style.outline;
            let is_retina = self.session.card().is_some_and(Card::reads_a_retina);
            if is_retina && ui.checkbox(&mut outline, "Outline of the retina").changed() {
                self.commands.push(SessionCommand::Outline(outline).into());
            }
            slide(ui, &mut self.commands, "Picture beneath", style.backdrop, 0.0..=1.0, SessionCommand::Backdrop);
        } else {
            slide(ui, &mut self.commands, "Map opacity", style.clear.opacity, 0.0..=1.0, SessionCommand::ClearOpacity);
        }
        if let Some(scene) = self.session.scene() {
            legend::switches(ui, &scene, &mut self.commands);
        }
        self.layer_legend(ui, Layer::Clear);
        let mut boxed = style.boxed;
        let says = self.session.report().map_or_else(String::new, |report| report.box_says);
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
        let others = BackwardRule::ALL.into_iter().filter(|rule| *rule != settings.rule);
        let others = others.map(|rule| (Some(rule), rule.name()));
        let others: Vec<_> = std::iter::once((None, "none")).chain(others).collect();
        choose(ui, commands, "Compare with rule", self.session.choices.compare, &others, SessionCommand::Compare);
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
fn colour_bar(ui: &mut Ui, picture: &egui::TextureHandle, bar: &ColourBar, name: &str) {
    let ColourBar { ticks, ends: [from, to], .. } = bar;
    let size = egui::vec2(ui.available_width(), 10.0);
    let response = ui.add(egui::Image::from_texture(egui::load::SizedTexture::new(picture.id(), size)));
    let said: Vec<&str> = ticks.iter().map(|tick| tick.label.as_str()).collect();
    let says = match said.as_slice() {
        [low, .., high] => format!("{name}: from {low}, {from}, to {high}, {to}"),
        _ => format!("{name}: the map is empty"),
    };
    response.widget_info(|| egui::WidgetInfo::labeled(Role::Image, true, &says));
    ui.horizontal(|ui| match ticks.as_slice() {
        [low, middle, high] => {
            let width = ui.available_width();
            let text = |text: String| RichText::new(text).small().weak();
            ui.label(text(format!("{} {from}", low.label)));
            let at = ui.min_rect().left() + width / 2.0 - 14.0;
            ui.add_space((at - ui.cursor().left()).max(0.0));
            ui.label(text(middle.label.clone()));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.label(text(format!("{to} {}", high.label)));
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
