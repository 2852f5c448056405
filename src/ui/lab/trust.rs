//! Whether the map of the picture on the screen can be trusted: each part that was tried, side by side.

use egui::accesskit::Role;
use egui::{Image, RichText, ScrollArea, Ui, WidgetInfo, load::SizedTexture, vec2};
use egui_plot::{LineStyle, PlotPoints};
use image::RgbImage;

use super::super::{App, actions, theme};
use super::{curves, percent};
use crate::compose;
use crate::evaluate::Similarity;
use crate::evaluate::truth::{Curves, Repeated, Rescored, randomised};
use crate::method::MapKind;
use crate::session::trust::{RandomisedMap, TrustFound, TrustPart};
use crate::session::{SessionCommand, WindowCommand};

/// Sides of the maps that stand side by side.
const MAP: f32 = 88.0;
/// What convinces most stands first, although it takes longest.
const IN_ORDER: [TrustPart; 5] =
    [TrustPart::Randomised, TrustPart::Strong, TrustPart::Curves, TrustPart::Repeated, TrustPart::Alike];
/// What their textures are called.
const MAPS: [&str; 6] = ["own map", "map 1", "map 2", "map 3", "map 4", "map 5"];

impl App {
    /// Opens the room and has everything tried.
    pub(in crate::ui) fn start_trust(&mut self) {
        (self.shows_evidence, self.bench.is_about_picture) = (true, true);
        if self.session.shown().is_some() {
            self.commands.push(SessionCommand::Trust.into());
        }
    }

    /// The button that begins it.
    pub(in crate::ui) fn trust_button(&mut self, ui: &mut Ui) {
        if let Some(action) = actions::of(&WindowCommand::Trust.into())
            && ui.button(action.label).on_hover_text(action.hint()).clicked()
        {
            self.commands.push(action.command);
        }
    }

    pub(super) fn trust(&mut self, ui: &mut Ui) {
        if self.session.shown().is_none() {
            ui.label("There is no answer on the screen whose map could be tried.");
            return;
        }
        let found = self.session.trust().map(<[TrustFound]>::to_vec);
        let Some(found) = found else {
            ui.label("Tries the map of the picture on the screen: whether it depends on the model's weights and on what it marks, \
                      and whether it stays under mirror, shift and exposure. It takes some seconds.");
            self.trust_button(ui);
            return;
        };
        ScrollArea::both().auto_shrink(false).show(ui, |ui| {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = 18.0;
                let height = (ui.available_height() - 8.0).max(150.0);
                for part in IN_ORDER {
                    let Some(part) = found.iter().find(|found| found.part() == part) else { continue };
                    ui.vertical(|ui| {
                        // As wide as its words: what does not fit is scrolled to, not squeezed.
                        ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Extend);
                        match part {
                            TrustFound::Randomised { own, models } => self.randomised(ui, own, models),
                            TrustFound::Curves(all) => drawn_curves(ui, all, height),
                            TrustFound::Strong(all) => self.strong(ui, all),
                            TrustFound::Repeated(all) => repeated(ui, all),
                            TrustFound::Alike(all) => alike(ui, all),
                        }
                    });
                }
                if self.session.trying().is_none() && self.session.trust_is_open() {
                    self.trust_button(ui);
                }
            });
        });
    }

    /// The map beside those of models without weights.
    fn randomised(&mut self, ui: &mut Ui, own: &RgbImage, models: &[RandomisedMap]) {
        let last = models.last().and_then(|model| model.similarity);
        let spearman = last.and_then(|similarity| similarity.spearman);
        let (depends, says) = (randomised::depends(spearman), randomised::says(spearman));
        ui.strong("Weights randomised");
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            self.map(ui, 0, "the model's own", own, String::new());
            for (at, model) in models.iter().enumerate().take(MAPS.len() - 1) {
                let like = model.similarity.map_or_else(|| "no finite numbers".to_owned(), likeness);
                self.map(ui, at + 1, &format!("without {}", model.layers), &model.picture, like);
            }
        });
        let says = RichText::new(format!("{}{}.", says[..1].to_uppercase(), &says[1..])).strong();
        ui.label(if depends { says } else { says.color(theme::warning(ui.visuals())) });
        let note = format!("Rank correlation with the map of a model without any weight: {}", number(spearman));
        ui.label(RichText::new(note).small().weak());
    }

    fn map(&mut self, ui: &mut Ui, at: usize, name: &str, picture: &RgbImage, says: String) {
        let of = self.session.shown().map(|shown| shown.id);
        let texture = self.textures.named(ui.ctx(), MAPS[at], format!("{of:?}"), || picture.clone());
        let (width, height) = picture.dimensions();
        let factor = MAP / width.max(height).max(1) as f32;
        let size = vec2(width as f32 * factor, height as f32 * factor);
        let texture = SizedTexture::new(texture.id(), size);
        ui.vertical(|ui| {
            ui.set_width(MAP);
            let response = ui.add(Image::from_texture(texture));
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Map {name}: {says}")));
            ui.add(egui::Label::new(RichText::new(name).small()).wrap());
            ui.label(RichText::new(says).small().weak());
        });
    }

    /// What the model says of the strong pixels alone, and without them.
    fn strong(&self, ui: &mut Ui, all: &[Rescored]) {
        ui.strong("Strong pixels");
        let whole = self.session.shown().map(|shown| &shown.explanation.verdict);
        let whole = whole.and_then(|verdict| verdict.probabilities.get(verdict.decided)).copied();
        let whole = whole.map_or_else(String::new, compose::percent);
        ui.label(RichText::new(format!("Probability of the decision; the whole picture has {whole}")).small().weak());
        egui::Grid::new("strong pixels").num_columns(4).spacing([12.0, 2.0]).show(ui, |ui| {
            for head in ["Strong", "of the field", "kept alone", "removed"] {
                ui.label(RichText::new(head).small());
            }
            ui.end_row();
            for one in all {
                ui.label(one.strong.to_string());
                ui.label(percent(Some(one.share)));
                for (said, by_chance) in [(&one.kept, &one.random_kept), (&one.removed, &one.random_removed)] {
                    let chance = compose::percent(by_chance.probability);
                    ui.label(compose::percent(said.probability)).on_hover_text(format!("As many by chance: {chance}"));
                }
                ui.end_row();
            }
        });
        ui.label(RichText::new("Other pixels are blurred.").small().weak());
    }
}

fn drawn_curves(ui: &mut Ui, all: &[Curves], height: f32) {
    let own = all.iter().find(|curves| curves.map.is_some());
    let chance = all.iter().find(|curves| curves.map.is_none());
    let Some(own) = own else { return };
    let title = format!("Insertion {:.2}, deletion {:.2}", own.insertion_area, own.deletion_area);
    let by_chance = chance.map_or_else(String::new, |chance| {
        format!("by chance {:.2}, {:.2}", chance.insertion_area, chance.deletion_area)
    });
    let points = |values: &[f32]| -> PlotPoints<'static> {
        let last = values.len().saturating_sub(1).max(1) as f64;
        values.iter().enumerate().map(|(at, value)| [at as f64 / last, f64::from(*value)]).collect()
    };
    let colours = [theme::curve(ui.visuals()), theme::warning(ui.visuals())];
    let mut lines = Vec::new();
    for (curves, is_chance) in [(Some(own), false), (chance, true)] {
        let Some(curves) = curves else { continue };
        for (name, values, colour) in
            [("insertion", &curves.insertion, colours[0]), ("deletion", &curves.deletion, colours[1])]
        {
            let name = if is_chance { format!("{name} by chance") } else { name.to_owned() };
            let line = curves::plain(name, points(values)).color(colour);
            lines.push(if is_chance { line.width(1.0).style(LineStyle::dashed_dense()) } else { line.width(2.0) });
        }
    }
    let says =
        format!("Insertion and deletion: areas {:.2} and {:.2}, {by_chance}", own.insertion_area, own.deletion_area);
    let axes = ["part of the pixels", "probability"];
    let drawn = curves::framed(ui, &title, "insertion and deletion", height - 40.0, axes, move |plot| {
        lines.into_iter().for_each(|line| plot.line(line));
    });
    drawn.response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &says));
    ui.label(RichText::new(format!("Dashed: {by_chance}")).small().weak());
}

fn repeated(ui: &mut Ui, all: &[Repeated]) {
    ui.strong("The same picture");
    egui::Grid::new("the same picture").num_columns(3).spacing([12.0, 2.0]).show(ui, |ui| {
        for one in all {
            ui.label(one.variant.name());
            let like = one.maps.first().map_or_else(|| "no map".to_owned(), |(_, similarity)| likeness(*similarity));
            ui.label(format!("map {like}"));
            let warning = theme::warning(ui.visuals());
            match one.stays {
                true => ui.label("same answer"),
                false => ui.label(RichText::new("another answer").color(warning)),
            };
            ui.end_row();
        }
    });
}

fn alike(ui: &mut Ui, all: &[(MapKind, Similarity)]) {
    ui.strong("Other maps of it");
    egui::Grid::new("other maps").num_columns(2).spacing([12.0, 2.0]).show(ui, |ui| {
        for (kind, similarity) in all {
            ui.label(kind.title());
            ui.label(likeness(*similarity));
            ui.end_row();
        }
    });
}

/// "ρ 0.83": the rank correlation.
fn likeness(similarity: Similarity) -> String {
    format!("ρ {}", number(similarity.spearman))
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"))
}
