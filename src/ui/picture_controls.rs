//! The part of the inspector that is about the picture itself: what its file says, window and level, frames, whose it
//! is, and what the network receives of it.

use egui::accesskit::Role;
use egui::{CollapsingHeader, ComboBox, Slider, Ui};

use super::{App, actions};
use crate::session::SessionCommand;

impl App {
    pub(super) fn picture_controls(&mut self, ui: &mut Ui) {
        self.measurement_list(ui);
        let Some(current) = self.session.current() else { return };
        let (is_grey, has_facts) = (current.grey.is_some(), current.picture.scan.facts.is_some());
        if !is_grey && !has_facts {
            return;
        }
        ui.separator();
        let title = if is_grey { "Picture, window and level" } else { "Picture" };
        CollapsingHeader::new(title).id_salt("picture").default_open(true).show(ui, |ui| {
            if has_facts {
                self.facts(ui);
            }
            if is_grey {
                self.window_and_level(ui);
            }
        });
    }

    fn facts(&mut self, ui: &mut Ui) {
        let Some(facts) = self.session.current().and_then(|current| current.picture.scan.facts.as_deref()) else {
            return;
        };
        let line = facts.line();
        if !line.is_empty() {
            ui.label(line).on_hover_text(format!("{}, {}", facts.photometric, facts.transfer_syntax));
        }
        match facts.spacing {
            Some(spacing) => {
                let (row, column, origin) = (spacing.row_mm, spacing.column_mm, spacing.origin.says());
                ui.small(format!("A pixel is {column} mm across and {row} mm down, {origin}"));
            }
            None => _ = ui.small("Lengths in pixels: the file gives no spacing"),
        }
        let (frames, frame) = (facts.frames, facts.frame);
        if frames > 1 {
            let mut number = frame + 1;
            let slider = Slider::new(&mut number, 1..=frames).text(format!("Frame of {frames}"));
            if ui.add(slider).changed() {
                self.commands.push(SessionCommand::Frame(number - 1).into());
            }
        }
        self.personal(ui);
    }

    /// Hidden until it is asked for, and forgotten with the picture.
    fn personal(&mut self, ui: &mut Ui) {
        let said = self.session.personal().map(|personal| &personal.0);
        let mut shows = said.is_some();
        let says = "Reads name, id and dates from the file now; they are neither kept nor exported";
        if ui.checkbox(&mut shows, "Show whose picture it is").on_hover_text(says).changed() {
            self.commands.push(SessionCommand::Personal(shows).into());
        }
        match said {
            Some(Ok(lines)) if lines.is_empty() => _ = ui.small("The file does not say."),
            Some(Ok(lines)) => {
                for (label, value) in lines {
                    ui.small(format!("{label}: {value}"));
                }
            }
            Some(Err(reason)) => _ = ui.small(reason),
            None => {}
        }
    }

    fn window_and_level(&mut self, ui: &mut Ui) {
        let Some((current, state)) = self.session.current().zip(self.session.grey()) else { return };
        let Some(grey) = current.picture.scan.grey() else { return };
        let (window, (low, high), (narrowest, widest)) = (state.window(), state.range, state.widths());
        let chosen = state.preset.and_then(|index| grey.presets().get(index));
        let text = chosen.map_or("as set by hand", |preset| preset.name.as_str());
        let box_width = ui.spacing().slider_width.max(120.0);
        ComboBox::from_label("Preset").selected_text(text).width(box_width).show_ui(ui, |ui| {
            for (index, preset) in grey.presets().iter().enumerate() {
                if ui.selectable_label(state.preset == Some(index), &preset.name).clicked() {
                    self.commands.push(SessionCommand::WindowPreset(index).into());
                }
            }
        });
        let decimals = if high - low > 100.0 { 0 } else { 2 };
        let (mut centre, mut width) = (window.centre, window.width);
        let span = (high - low).max(1.0);
        // The value itself keeps its fraction: a slider that rounds would set the window by being drawn.
        let shown = |value: f64, _: std::ops::RangeInclusive<usize>| format!("{value:.decimals$}");
        let slider = Slider::new(&mut centre, low - span..=high + span).custom_formatter(shown);
        let moved = ui.add(slider.text("Level (centre)")).changed();
        let slider = Slider::new(&mut width, narrowest..=widest).logarithmic(true).custom_formatter(shown);
        if ui.add(slider.text("Window (width)")).changed() || moved {
            self.commands.push(SessionCommand::WindowLevel { centre, width }.into());
        }
        ui.horizontal_wrapped(|ui| {
            for command in [SessionCommand::WindowAuto, SessionCommand::WindowInvert, SessionCommand::WindowReset] {
                let Some(action) = actions::of(&command.into()) else { continue };
                if ui.button(action.label).on_hover_text(action.hint()).clicked() {
                    self.commands.push(action.command);
                }
            }
        });
        ui.small("For the eye only: the network is given what its own card says.");
    }

    /// What the network sees of the picture.
    pub(super) fn model_input(&mut self, ui: &mut Ui) {
        let mut shows = self.session.shows_model_input();
        if ui.checkbox(&mut shows, "The picture as the network receives it").changed() {
            self.commands.push(SessionCommand::ModelInput.into());
        }
        let Some((id, picture)) = self.session.model_input().filter(|_| shows) else { return };
        let (width, height) = (picture.width(), picture.height());
        let texture = self.textures.named(ui.ctx(), "model input", format!("{id}"), || picture.clone());
        let across = ui.available_width().min(320.0);
        let size = egui::vec2(across, across * height as f32 / width as f32);
        let image = ui.add(egui::Image::from_texture(egui::load::SizedTexture::new(texture.id(), size)));
        let says = format!("What the network receives, {width}×{height}");
        image.widget_info(|| egui::WidgetInfo::labeled(Role::Image, true, &says));
        ui.small(format!("{says} pixels, lowest value black, highest white"));
    }
}
