//! The window. It draws what the session holds and turns clicks and keys into commands; it decides nothing itself.
//!
//! The only module that knows egui.

mod act;
mod bars;
mod dialogs;
mod export_form;
mod inspector;
mod keys;
mod layout;
mod legend;
mod picker;
mod picture_controls;
mod ruler;
mod start;
mod steady;
mod textures;
mod theme;
mod views;
mod window;
mod worklist;

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Context, Key, Pos2, Ui};

use self::export_form::ExportForm;
use self::picker::Picker;
use self::textures::Textures;
use crate::session::camera::Camera;
use crate::session::preferences::Theme;
use crate::session::{Command, Options, Session, SessionCommand, View, ViewCommand, WindowCommand};

pub use self::window::{WindowError, open};

/// The program in its window.
pub struct App {
    pub session: Session,
    /// Commands of this frame, done at its end.
    pub commands: Vec<Command>,
    pub(crate) camera: Camera,
    maximised: Option<View>,
    hide_overlays: bool,
    is_space_held: bool,
    /// Whether a view, rather than a control, has the keyboard.
    view_has_focus: bool,
    /// The place under the pointer or the cross-hair, in source pixels.
    probe: Option<(f64, f64)>,
    /// Where the pointer was seen last.
    pointed: Option<(View, Pos2)>,
    /// A measured line, in source pixels.
    measure: Option<((f64, f64), (f64, f64))>,
    last_view_px: (f64, f64),
    textures: Textures,
    shows_help: bool,
    shows_card: bool,
    shows_worklist: bool,
    is_full_screen: bool,
    /// A path that is being typed.
    typed: Option<String>,
    export: Option<ExportForm>,
    picker: Option<Picker>,
    /// What is set already, so that it is set only when it changes.
    applied: Option<(Theme, f32)>,
}

impl App {
    /// A window's contents over a new session; `open` is shown first.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn new(ctx: &Context, options: Options, open: Vec<PathBuf>) -> std::io::Result<Self> {
        theme::set_up(ctx);
        let waker = ctx.clone();
        let session = Session::start(options, Arc::new(move || waker.request_repaint()))?;
        let mut app = Self {
            session,
            commands: Vec::new(),
            camera: Camera::default(),
            maximised: None,
            hide_overlays: false,
            is_space_held: false,
            view_has_focus: false,
            probe: None,
            pointed: None,
            measure: None,
            last_view_px: (1.0, 1.0),
            textures: Textures::default(),
            shows_help: false,
            shows_card: false,
            shows_worklist: true,
            is_full_screen: false,
            typed: None,
            export: None,
            picker: None,
            applied: None,
        };
        if !open.is_empty() {
            app.session.apply(&SessionCommand::Open(open));
        }
        Ok(app)
    }

    /// How many layers were composed so far.
    pub fn layers_composed(&self) -> u64 {
        self.textures.composed
    }

    /// The measured line, in source pixels.
    pub fn measured(&self) -> Option<((f64, f64), (f64, f64))> {
        self.measure
    }

    fn is_dialog_open(&self) -> bool {
        self.shows_help || self.shows_card || self.typed.is_some() || self.export.is_some()
    }

    /// Theme and text size as the preferences say.
    fn apply_preferences(&mut self, ctx: &Context) {
        let wanted = (self.session.preferences.theme, self.session.preferences.text_scale);
        if self.applied != Some(wanted) {
            theme::set_theme(ctx, wanted.0);
            ctx.set_zoom_factor(wanted.1);
            self.applied = Some(wanted);
        } else {
            // The desktop's own keys for larger text change it too.
            self.session.preferences.text_scale = ctx.zoom_factor();
            self.applied = Some((wanted.0, ctx.zoom_factor()));
        }
    }

    fn take_keys(&mut self, ctx: &Context) {
        let digits: Vec<(Key, usize)> =
            self.session.card().map(|card| keys::digits(&inspector::class_names(card))).unwrap_or_default();
        let is_control_focused = !self.view_has_focus && ctx.memory(|memory| memory.focused().is_some());
        let pressed = keys::pressed(ctx, &digits, is_control_focused);
        if self.is_dialog_open() {
            // Behind a dialog, keys do nothing but close it.
            let closes = |c: &Command| matches!(c, Command::Window(WindowCommand::Escape | WindowCommand::Help));
            self.commands.extend(pressed.into_iter().filter(closes));
            return;
        }
        self.commands.extend(pressed);
        // A focused control takes Space as a click.
        let is_free = self.view_has_focus || ctx.memory(|memory| memory.focused().is_none());
        let is_held = is_free && ctx.input(|input| input.key_down(Key::Space));
        if is_held != self.is_space_held {
            self.is_space_held = is_held;
            self.commands.push(ViewCommand::HideOverlays(is_held).into());
        }
    }

    fn take_dropped(&mut self, ctx: &Context) {
        let dropped: Vec<PathBuf> =
            ctx.input(|input| input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect());
        if !dropped.is_empty() {
            self.commands.push(SessionCommand::Open(dropped).into());
        }
    }

    fn take_picked(&mut self) {
        match self.picker.as_ref().map(Picker::poll) {
            Some(picker::Answer::Waiting) | None => {}
            Some(picker::Answer::Open(paths)) => {
                self.picker = None;
                if !paths.is_empty() {
                    self.commands.push(SessionCommand::Open(paths).into());
                }
            }
            Some(picker::Answer::ExportTo(folder)) => {
                self.picker = None;
                if let (Some(folder), Some(form)) = (folder, &mut self.export) {
                    form.folder = folder.to_string_lossy().into_owned();
                }
            }
            Some(picker::Answer::NoDialog) => {
                self.picker = None;
                let says = "This desktop offers no file dialog; type the path instead.";
                self.session.notice(says.to_owned(), false, None);
                if self.export.is_none() {
                    self.typed = Some(String::new());
                }
            }
        }
    }

    fn take_panels(&mut self, ctx: &Context) {
        for (use_for, panel) in std::mem::take(&mut self.session.panels) {
            self.panel_came(ctx, use_for, panel);
        }
    }

    fn panels(&mut self, ui: &mut Ui) {
        egui::Panel::top("menu").show(ui, |ui| self.menu(ui));
        egui::Panel::bottom("status").show(ui, |ui| self.status(ui));
        let has_picture = self.session.current().is_some();
        // In a small window the views need the room more than the panels do.
        let (window, list, inspector) = (ui.ctx().content_rect().width(), 256.0_f32, 340.0_f32);
        if self.shows_worklist && self.session.worklist.len() > 1 {
            let most = (0.2 * window).clamp(170.0, 420.0);
            let panel = egui::Panel::left("worklist").default_size(list.min(most)).size_range(150.0..=most);
            panel.show(ui, |ui| self.list(ui));
        }
        if has_picture {
            let most = (0.29 * window).clamp(280.0, 520.0);
            let panel = egui::Panel::right("inspector").default_size(inspector.min(most)).size_range(260.0..=most);
            panel.show(ui, |ui| self.inspector(ui));
        }
        egui::CentralPanel::default().frame(egui::Frame::new().fill(ui.visuals().panel_fill).inner_margin(6)).show(
            ui,
            |ui| {
                if has_picture { self.views(ui) } else { self.start(ui) }
            },
        );
    }
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut Ui, _: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        self.session.poll();
        self.apply_preferences(&ctx);
        self.take_panels(&ctx);
        self.take_picked();
        self.take_dropped(&ctx);
        self.take_keys(&ctx);
        self.view_has_focus = false;
        self.panels(ui);
        self.notices(&ctx);
        self.dialogs(&ctx);
        self.float_probe(&ctx);
        self.drop_hint(&ctx);
        for command in std::mem::take(&mut self.commands) {
            self.act(&ctx, command);
        }
        self.note_window(&ctx);
        if self.session.busy().is_some() {
            ctx.request_repaint_after(std::time::Duration::from_millis(100));
        } else if self.session.notices.iter().any(|notice| !notice.is_problem) {
            ctx.request_repaint_after(std::time::Duration::from_secs(1));
        }
    }

    fn on_exit(&mut self) {
        self.session.save_preferences();
    }
}

/// A fraction in per cent.
pub(crate) fn percent(fraction: f32) -> String {
    if fraction.is_finite() { format!("{:.1} %", 100.0 * fraction) } else { "—".to_owned() }
}
