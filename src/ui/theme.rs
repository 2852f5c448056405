//! Type and colours of the window.

use std::sync::Arc;

use egui::{
    Color32, Context, FallbackRequest, FontData, FontFamily, FontId, FontInsert, TextStyle, ThemePreference, Visuals,
};

use crate::bundle::Colour;
use crate::fonts;
use crate::session::preferences::Theme;

/// The notice's amber, readable on dark and on light.
pub fn warning(visuals: &Visuals) -> Color32 {
    if visuals.dark_mode { Color32::from_rgb(255, 196, 92) } else { Color32::from_rgb(140, 84, 0) }
}

pub fn problem(visuals: &Visuals) -> Color32 {
    if visuals.dark_mode { Color32::from_rgb(255, 138, 128) } else { Color32::from_rgb(176, 24, 16) }
}

/// Background of a wrong answer.
pub fn wrong(visuals: &Visuals) -> Color32 {
    if visuals.dark_mode { Color32::from_rgb(150, 84, 20) } else { Color32::from_rgb(236, 170, 96) }
}

/// A curve in a plot.
pub fn curve(visuals: &Visuals) -> Color32 {
    if visuals.dark_mode { Color32::from_rgb(110, 180, 240) } else { Color32::from_rgb(20, 96, 170) }
}

/// Around what has the keyboard; distinct from every ground on which a control stands.
pub fn focus_ring(visuals: &Visuals) -> Color32 {
    if visuals.dark_mode { Color32::from_rgb(130, 200, 255) } else { Color32::from_rgb(0, 84, 166) }
}

pub fn colour32(Colour([r, g, b]): Colour) -> Color32 {
    Color32::from_rgb(r, g, b)
}

/// Fonts, sizes and colours, once at the start.
pub fn set_up(ctx: &Context) {
    let mut fonts = egui::FontDefinitions::default();
    // The built-in faces lack raised digits; the typeface of the report panel has them.
    fonts.font_data.insert("DejaVu".to_owned(), Arc::new(FontData::from_static(dejavu::sans::regular())));
    for family in [FontFamily::Proportional, FontFamily::Monospace] {
        fonts.families.entry(family).or_default().push("DejaVu".to_owned());
    }
    ctx.set_fonts(fonts);
    // Characters they lack are looked up in this machine's fonts, once needed.
    ctx.add_font_provider(Arc::new(|request: &FallbackRequest<'_>| {
        let face = fonts::for_char(request.cluster.chars().next()?)?;
        Some(FontInsert::new(&face.name, FontData::from_static(face.bytes), Vec::new()))
    }));
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

/// The width of a dialog that would like to have `most` points.
pub fn dialog_width(ctx: &Context, most: f32) -> f32 {
    (ctx.content_rect().width() - 64.0).clamp(200.0, most)
}

/// The height that is left in a dialog beside its `others`; very large text leaves little.
pub fn dialog_height(ctx: &Context, others: f32) -> f32 {
    (ctx.content_rect().height() - others).max(60.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contrast of WCAG: 1 for the same colour, 21 for black and white.
    fn contrast(a: Color32, b: Color32) -> f32 {
        let linear = |channel: u8| {
            let c = f32::from(channel) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let luminance = |c: Color32| 0.2126 * linear(c.r()) + 0.7152 * linear(c.g()) + 0.0722 * linear(c.b());
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn ring_and_words_stand_out_from_every_ground_in_both_themes() {
        let ctx = Context::default();
        set_up(&ctx);
        for theme in [egui::Theme::Dark, egui::Theme::Light] {
            let visuals = &ctx.style_of(theme).visuals;
            let widgets = &visuals.widgets;
            let grounds = [
                visuals.panel_fill,
                visuals.window_fill,
                visuals.extreme_bg_color,
                visuals.selection.bg_fill,
                widgets.inactive.weak_bg_fill,
                widgets.hovered.weak_bg_fill,
            ];
            for ground in grounds {
                let ring = contrast(focus_ring(visuals), ground);
                assert!(ring >= 3.0, "{theme:?}: the ring on {ground:?} has {ring:.2}");
                let text = contrast(visuals.text_color(), ground);
                assert!(text >= 4.5, "{theme:?}: text on {ground:?} has {text:.2}");
            }
            for colour in [warning(visuals), problem(visuals)] {
                let words = contrast(colour, visuals.panel_fill);
                assert!(words >= 4.5, "{theme:?}: {colour:?} has {words:.2}");
            }
        }
    }
}
