//! What a command does to window and views; the rest is up to the session.

use egui::{Context, ViewportCommand};
use image::RgbImage;
use image::imageops::{FilterType, resize};

use super::App;
use super::export_form::ExportForm;
use super::picker::{Picker, Typed};
use super::views::ZOOM_STEP;
use crate::session::message::PanelUse;
use crate::session::{Command, Layer, SessionCommand, ViewCommand, WindowCommand};

/// Screen pixels that a key moves the picture, and the cross-hair.
const PAN_PX: f64 = 60.0;
const PROBE_PX: f64 = 4.0;
/// Width of the preview in the export dialog, in pixels.
const PREVIEW_PX: u32 = 760;

impl App {
    pub(super) fn act(&mut self, ctx: &Context, command: Command) {
        match command {
            Command::Window(command) => self.act_on_window(ctx, command),
            Command::View(command) => self.look(command),
            Command::Session(command) => self.apply(&command),
        }
    }

    fn act_on_window(&mut self, ctx: &Context, command: WindowCommand) {
        match command {
            WindowCommand::OpenFiles => self.pick(ctx, Picker::files),
            WindowCommand::OpenFolder => self.pick(ctx, Picker::folder),
            WindowCommand::OpenTyped => self.typed = Some((Typed::Open, String::new())),
            WindowCommand::Archive => self.start_archive(),
            WindowCommand::SaveReadings => {
                self.pick(ctx, |ctx| {
                    Picker::save(ctx, Typed::SaveReadings, "Save this reading session", "readings.fovea")
                });
            }
            WindowCommand::Table => {
                self.pick(ctx, |ctx| Picker::save(ctx, Typed::Table, "Write all readings as a table", "readings.csv"));
            }
            WindowCommand::Labels => self.pick(ctx, Picker::labels),
            WindowCommand::Evidence => self.shows_evidence = !self.shows_evidence,
            WindowCommand::Gallery => {
                self.pick(ctx, |ctx| Picker::save(ctx, Typed::Gallery, "Write a gallery of examples", "examples.pdf"));
            }
            WindowCommand::Trust => self.start_trust(),
            WindowCommand::Comment => (self.shows_inspector, self.asks_comment) = (true, true),
            WindowCommand::Export => self.start_export(),
            WindowCommand::CopyPanel => self.session.draw_panel(PanelUse::Clipboard),
            WindowCommand::FullScreen => {
                self.is_full_screen = !self.is_full_screen;
                ctx.send_viewport_cmd(ViewportCommand::Fullscreen(self.is_full_screen));
            }
            WindowCommand::Help => self.shows_help = !self.shows_help,
            WindowCommand::ModelCard => self.shows_card = !self.shows_card,
            WindowCommand::More => self.session.preferences.more = !self.session.preferences.more,
            WindowCommand::ProbeChart => {
                self.session.preferences.probe_chart = !self.session.preferences.probe_chart;
            }
            WindowCommand::Ruler => self.session.preferences.ruler = !self.session.preferences.ruler,
            WindowCommand::ListSidebar => self.shows_worklist = !self.shows_worklist,
            WindowCommand::Search => {
                self.shows_worklist = true;
                self.list.search();
            }
            WindowCommand::Identity => self.start_identity(),
            WindowCommand::NamePattern => self.start_pattern(),
            WindowCommand::AnswerSidebar => self.shows_inspector = !self.shows_inspector,
            WindowCommand::Escape => self.escape(ctx),
            WindowCommand::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
        }
    }

    /// Runs a session's command; a new picture is first shown whole.
    fn apply(&mut self, command: &SessionCommand) {
        let before = self.session.selected().map(std::path::Path::to_owned);
        self.session.apply(command);
        if before.as_deref() != self.session.selected() {
            if !self.session.preferences.keep_view {
                self.camera.fit();
            }
            self.probe = None;
        }
    }

    fn look(&mut self, command: ViewCommand) {
        let (view_px, source_px) = (self.last_view_px, self.source_px());
        let middle = (view_px.0 / 2.0, view_px.1 / 2.0);
        match command {
            ViewCommand::Fit => self.camera.fit(),
            ViewCommand::ActualSize => self.camera.actual_size(),
            ViewCommand::ZoomIn => self.camera.zoom_at(ZOOM_STEP, middle, view_px, source_px),
            ViewCommand::ZoomOut => self.camera.zoom_at(1.0 / ZOOM_STEP, middle, view_px, source_px),
            ViewCommand::Pan(x, y) => {
                self.camera.pan((PAN_PX * f64::from(x), PAN_PX * f64::from(y)), view_px, source_px);
            }
            ViewCommand::MoveProbe(x, y) => self.move_probe(f64::from(x), f64::from(y)),
            ViewCommand::Maximise(view) => self.maximise(view),
            ViewCommand::Tool(tool) => {
                self.hand.drop_draft();
                self.hand.tool = tool.filter(|tool| self.hand.tool != Some(*tool));
            }
            ViewCommand::HideOverlays(hide) => self.hide_overlays = hide,
        }
    }

    fn maximise(&mut self, view: Layer) {
        self.maximised = (self.maximised != Some(view)).then_some(view);
    }

    fn move_probe(&mut self, x: f64, y: f64) {
        let (width, height) = self.source_px();
        let step = PROBE_PX / self.camera.scale(self.last_view_px, (width, height));
        let (px, py) = self.probe.unwrap_or((width / 2.0, height / 2.0));
        let within = |at: f64, side: f64| at.clamp(0.0, side - 1e-3);
        self.probe = Some((within(px + x * step, width), within(py + y * step, height)));
    }

    /// Escape closes the innermost thing. Menus and combo boxes close by themselves before this is called.
    fn escape(&mut self, ctx: &Context) {
        if self.escape_archive() {
        } else if self.is_dialog_open() {
            self.close_dialogs();
        } else if self.place.was_typing() {
            ctx.memory_mut(|memory| memory.stop_text_input());
        } else if self.session.busy().is_some_and(|busy| busy.can_stop) {
            self.session.apply(&SessionCommand::Cancel);
        } else if self.hand.let_go() || self.maximised.take().is_some() {
        } else if self.is_full_screen {
            self.act_on_window(ctx, WindowCommand::FullScreen);
        } else if let Some(id) = self.newest_problem() {
            self.session.apply(&SessionCommand::DismissNotice(id));
        }
    }

    fn close_dialogs(&mut self) {
        (self.shows_help, self.shows_card, self.typed, self.export) = (false, false, None, None);
        (self.identity, self.pattern) = (None, None);
    }

    fn pick(&mut self, ctx: &Context, start: impl FnOnce(&Context) -> Picker) {
        if self.picker.is_none() {
            self.picker = Some(start(ctx));
        }
    }

    fn start_export(&mut self) {
        let Some(current) = self.session.current().filter(|_| self.session.shown().is_some()) else {
            return self.session.notice("There is no explanation to export yet.".to_owned(), false, None);
        };
        // No two pictures of the list get the same file name.
        let listed = self.session.worklist.get(&current.path).map(|item| item.export_name.clone());
        let stem = || current.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let name = listed.unwrap_or_else(stem);
        self.export = Some(ExportForm::new(name, self.session.preferences.export_folder.as_deref()));
        self.textures.forget("preview");
        self.session.draw_panel(PanelUse::Preview);
    }

    pub(super) fn panel_came(&mut self, ctx: &Context, use_for: PanelUse, panel: RgbImage) {
        match use_for {
            PanelUse::Clipboard => {
                let size = [panel.width() as usize, panel.height() as usize];
                ctx.copy_image(egui::ColorImage::from_rgb(size, panel.as_raw()));
                self.session.notice("The report panel is on the clipboard.".to_owned(), false, None);
            }
            PanelUse::Preview => {
                if let Some(form) = &mut self.export {
                    let height = (panel.height() * PREVIEW_PX / panel.width().max(1)).max(1);
                    form.preview = Some(resize(&panel, PREVIEW_PX, height, FilterType::Triangle));
                }
            }
        }
    }
}
