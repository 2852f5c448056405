//! The export dialog: what is written, and where to.

use std::path::{Path, PathBuf};

use egui::accesskit::Role;
use egui::{Context, Ui};
use image::RgbImage;

use super::picker::Picker;
use super::{App, theme};
use crate::export::{NOTICE, PageTheme, Parts, Profile};

/// What the user has filled in.
pub struct ExportForm {
    pub folder: String,
    name: String,
    parts: Parts,
    replace: bool,
    /// The report panel as it would be written, scaled down.
    pub preview: Option<RgbImage>,
}

impl ExportForm {
    /// For the picture of this name; into the last folder used, else into `fovea` in the user's documents.
    pub fn new(name: String, last: Option<&Path>) -> Self {
        let documents = || {
            let dirs = directories::UserDirs::new()?;
            Some(dirs.document_dir().unwrap_or(dirs.home_dir()).join("fovea"))
        };
        let folder = last.map(Path::to_owned).or_else(documents).unwrap_or_else(|| PathBuf::from("fovea"));
        Self { folder: folder.to_string_lossy().into_owned(), name, parts: Parts::ALL, replace: false, preview: None }
    }

    /// What keeps the export from starting.
    fn problem(&self) -> Option<&'static str> {
        let Parts { panel, layers, maps, record, pages, dicom } = self.parts;
        if self.folder.trim().is_empty() {
            Some("Name a folder.")
        } else if self.name.is_empty() || self.name.contains(['/', '\\']) {
            Some("The name must be that of a file, without a folder.")
        } else if !(panel || layers || maps || record || pages.any() || dicom.is_some()) {
            Some("Choose something to write.")
        } else {
            None
        }
    }
}

impl App {
    pub(super) fn export_dialog(&mut self, ctx: &Context) {
        let Some(mut form) = self.export.take() else { return };
        let (mut goes, mut browse) = (false, false);
        let modal = theme::dialog(ctx, egui::Id::unique("export")).show(ctx, |ui| {
            ui.set_width(theme::dialog_width(ctx, 780.0));
            ui.heading("Export what the screen shows");
            // The preview comes later than the form: without a least height the form would stay as low as it began.
            let height = theme::dialog_height(ctx, 180.0);
            egui::ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
                self.preview(ui, &form);
                fields(ui, &mut form, &mut browse);
                ui.small(format!("Layers have the scan's own resolution. Every file says “{NOTICE}”."));
            });
            ui.separator();
            if let Some(problem) = form.problem() {
                ui.label(problem);
            }
            ui.horizontal(|ui| {
                let export = ui.add_enabled(form.problem().is_none(), egui::Button::new("Export"));
                // Enter exports, unless a control has the keyboard and takes it.
                let is_free = ctx.memory(|memory| memory.focused().is_none());
                let entered = is_free && export.enabled() && ui.input(|input| input.key_pressed(egui::Key::Enter));
                goes = export.clicked() || entered;
                if ui.button("Close").clicked() {
                    ui.close();
                }
            });
        });
        if browse && self.picker.is_none() {
            self.picker = Some(Picker::export_folder(ctx));
        }
        if goes {
            self.session.export(Path::new(form.folder.trim()), &form.name, form.parts, form.replace);
        } else if !modal.should_close() {
            self.export = Some(form);
        }
    }

    fn preview(&mut self, ui: &mut Ui, form: &ExportForm) {
        let Some(preview) = &form.preview else {
            ui.label("Drawing the preview…");
            return;
        };
        let texture = self.textures.named(ui.ctx(), "preview", String::new(), || preview.clone());
        let size = texture.size_vec2();
        let most = ui.ctx().content_rect().height() - 370.0;
        let width = ui.available_width().min(most.max(60.0) * size.x / size.y);
        let shown = egui::load::SizedTexture::new(texture.id(), size * (width / size.x));
        let response = ui.vertical_centered(|ui| ui.add(egui::Image::from_texture(shown))).inner;
        response.widget_info(|| egui::WidgetInfo::labeled(Role::Image, true, "Preview of the report panel"));
    }
}

fn fields(ui: &mut Ui, form: &mut ExportForm, browse: &mut bool) {
    egui::Grid::new("where").num_columns(2).show(ui, |ui| {
        let label = ui.label("Folder");
        ui.horizontal(|ui| {
            let width = (ui.available_width() - 90.0).max(60.0);
            ui.add(egui::TextEdit::singleline(&mut form.folder).desired_width(width)).labelled_by(label.id);
            *browse = ui.button("Browse…").clicked();
        });
        ui.end_row();
        let label = ui.label("Name");
        ui.add(egui::TextEdit::singleline(&mut form.name).desired_width(260.0_f32.min(ui.available_width())))
            .labelled_by(label.id);
        ui.end_row();
    });
    ui.horizontal_wrapped(|ui| {
        ui.checkbox(&mut form.parts.panel, "Report panel");
        ui.checkbox(&mut form.parts.layers, "Single layers");
        ui.checkbox(&mut form.parts.maps, "Raw maps (.npz)");
        ui.checkbox(&mut form.parts.record, "Record (.json)");
    });
    let pages = &mut form.parts.pages;
    ui.horizontal_wrapped(|ui| {
        ui.checkbox(&mut pages.report_pdf, "Report page (.pdf)");
        ui.checkbox(&mut pages.report_svg, "Report page (.svg)");
        ui.checkbox(&mut pages.legend_svg, "Legend (.svg)");
        // Always visible, so that nothing moves when a page is chosen.
        ui.add_enabled_ui(pages.any(), |ui| {
            for theme in PageTheme::ALL {
                ui.radio_value(&mut pages.theme, theme, theme.name());
            }
        });
    });
    dicom(ui, &mut form.parts.dicom);
    ui.checkbox(&mut form.replace, "Replace files that exist");
}

/// Whether objects for an archive are written, and what they say of the patient.
fn dicom(ui: &mut Ui, wanted: &mut Option<Profile>) {
    let mut is_wanted = wanted.is_some();
    ui.horizontal_wrapped(|ui| {
        let says = "Secondary Capture, Segmentation, Parametric Maps and Structured Report, for an archive";
        if ui.checkbox(&mut is_wanted, "DICOM objects").on_hover_text(says).changed() {
            *wanted = is_wanted.then(Profile::default);
        }
        ui.add_enabled_ui(is_wanted, |ui| {
            let mut is_hidden = *wanted == Some(Profile::DeIdentified);
            let says = "Without names and ids; dates are shifted and UIDs replaced, the same way for all of a patient";
            if ui.checkbox(&mut is_hidden, "De-identified").on_hover_text(says).changed() {
                *wanted = Some(if is_hidden { Profile::DeIdentified } else { Profile::Kept });
            }
        });
    });
}
