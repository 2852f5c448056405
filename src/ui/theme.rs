//! Type and colours of the window.

use std::sync::Arc;

use egui::{Color32, Context, FontData, FontFamily, FontId, TextStyle, ThemePreference, Visuals};

use crate::bundle::Colour;
use crate::session::preferences::Theme;

/// The notice's amber, readable on dark and on light.
pub fn warning(visuals: &Visuals) -> Color32 {
    if visuals.dark_mode { Color32::from_rgb(255, 196, 92) } else { Color32::from_rgb(140, 84, 0) }
}

pub fn problem(visuals: &Visuals) -> Color32 {
    if visuals.dark_mode { Color32::from_rgb(255, 138, 128) } else { Color32::from_rgb(176, 24, 16) }
}

pub fn colour32(Colour([r, g, b]): Colour) -> Color32 {
    Color32::from_rgb(r, g, b)
}

/// Fonts, sizes and colours, once at the start.
pub fn set_up(ctx: &Context) {
    let mut fonts = egui::FontDefinitions::default();
    // The built-in faces lack raised digits; the panel's typeface has them.
    fonts.font_data.insert("DejaVu".to_owned(), Arc::new(FontData::from_static(dejavu::sans::regular())));
    for family in [FontFamily::Proportional, FontFamily::Monospace] {
        fonts.families.entry(family).or_default().push("DejaVu".to_owned());
    }
    ctx.set_fonts(fonts);
    ctx.all_styles_mut(|style| {
        for (text, size) in
            [(TextStyle::Small, 12.0), (TextStyle::Body, 14.0), (TextStyle::Button, 14.0), (TextStyle::Heading, 20.0)]
        {
            style.text_styles.insert(text, FontId::proportional(size));
        }
        style.text_styles.insert(TextStyle::Monospace, FontId::monospace(12.5));
        style.spacing.item_spacing = egui::vec2(8.0, 6.0);
        style.spacing.window_margin = egui::Margin::same(16);
        style.spacing.slider_width = 150.0;
    });
    ctx.style_mut_of(egui::Theme::Dark, |style| {
        style.visuals.panel_fill = Color32::from_rgb(22, 24, 28);
        style.visuals.window_fill = Color32::from_rgb(28, 31, 36);
        style.visuals.override_text_color = Some(Color32::from_rgb(224, 228, 232));
        style.visuals.selection.bg_fill = Color32::from_rgb(32, 82, 122);
    });
    ctx.style_mut_of(egui::Theme::Light, |style| {
        style.visuals.override_text_color = Some(Color32::from_rgb(28, 32, 38));
    });
}

pub fn set_theme(ctx: &Context, theme: Theme) {
    ctx.set_theme(match theme {
        Theme::Dark => ThemePreference::Dark,
        Theme::Light => ThemePreference::Light,
        Theme::System => ThemePreference::System,
    });
}

/// A dialog above everything else.
pub fn dialog(ctx: &Context, id: egui::Id) -> egui::Modal {
    egui::Modal::new(id).frame(egui::Frame::window(&ctx.global_style()))
}

/// One line of text in `width`, its end replaced by an ellipsis where it is too long.
pub fn elided(ui: &egui::Ui, text: &str, size: f32, colour: Color32, width: f32) -> Arc<egui::Galley> {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), FontId::proportional(size), colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(10.0));
    ui.fonts_mut(|fonts| fonts.layout_job(job))
}
