//! The window. It draws what the session holds and turns clicks and keys into commands; it decides nothing itself.
//!
//! The only module that knows egui.

mod act;
mod actions;
mod archive;
mod beside;
mod dialogs;
mod export_form;
mod focus;
mod identity_form;
mod inspector;
mod keys;
mod lab;
mod layout;
mod legend;
mod measuring;
mod menu;
mod names;
mod notices;
mod page;
mod picker;
mod picture_controls;
mod reading;
mod ruler;
mod scale;
mod start;
mod status;
mod steady;
mod textures;
mod theme;
mod verdict;
mod views;
mod waiting;
mod walk;
mod window;
mod worklist;

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Context, Key, Pos2, Ui};

use self::export_form::ExportForm;
use self::identity_form::{IdentityForm, PatternForm};
use self::measuring::Hand;
use self::picker::{Picker, Typed};
use self::textures::{Pane, Textures};
use crate::session::camera::Camera;
use crate::session::preferences::Theme;
use crate::session::{Command, Layer, Options, Session, SessionCommand, ViewCommand, WindowCommand};

pub use self::window::{WindowError, open};

/// The program in its window.
pub struct App {
    pub session: Session,
    /// Commands of this frame, run at its end.
    pub commands: Vec<Command>,
    pub(crate) camera: Camera,
    maximised: Option<Layer>,
    hide_overlays: bool,
    is_space_held: bool,
    /// Whether a view, rather than a control, has the keyboard.
    view_has_focus: bool,
    /// The position under the pointer or the cross-hair, in source pixels.
    probe: Option<(f64, f64)>,
    /// Where the pointer was seen last.
    pointed: Option<(Pane, Layer, Pos2)>,
    hand: Hand,
    /// The picture that the camera was last on: its number, path, and size in source pixels.
    looked_at: Option<(u64, PathBuf, (f64, f64))>,
    last_view_px: (f64, f64),
    textures: Textures,
    shows_help: bool,
    shows_card: bool,
    shows_worklist: bool,
    shows_inspector: bool,
    shows_evidence: bool,
    is_full_screen: bool,
    /// A path being typed.
    typed: Option<(Typed, String)>,
    /// Whether the comment should get the keyboard.
    wants_comment: bool,
    /// The same, from the next frame on.
    asks_comment: bool,
    /// What the session was told of the views last.
    kept_camera: Option<Camera>,
    export: Option<ExportForm>,
    identity: Option<IdentityForm>,
    pattern: Option<PatternForm>,
    archive: archive::Dialog,
    /// What the window is called now.
    title: String,
    picker: Option<Picker>,
    /// What is already set, so that it is set only when it changes.
    applied: Option<(Theme, f32)>,
    /// What the screen asks for, once it is known.
    suggested_scale: Option<f32>,
    shows_all_notices: bool,
    list: worklist::ListCursor,
    bench: lab::Bench,
    place: focus::Place,
}

impl App {
    /// The window's contents with a new session; `open` is shown first.
    ///
    /// # Errors
    /// No thread can be started.
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
            hand: Hand::default(),
            looked_at: None,
            shows_inspector: true,
            shows_evidence: false,
            last_view_px: (1.0, 1.0),
            textures: Textures::default(),
            shows_help: false,
            shows_card: false,
            shows_worklist: true,
            is_full_screen: false,
            typed: None,
            wants_comment: false,
            asks_comment: false,
            kept_camera: None,
            export: None,
            identity: None,
            pattern: None,
            archive: archive::Dialog::default(),
            title: window::NAME.to_owned(),
            picker: None,
            applied: None,
            suggested_scale: None,
            shows_all_notices: false,
            list: worklist::ListCursor::default(),
            bench: lab::Bench::default(),
            place: focus::Place::default(),
        };
        if !open.is_empty() {
            app.session.apply(&SessionCommand::Open(open));
        }
        Ok(app)
    }

    /// Zoom and place of all views.
    pub fn camera(&self) -> &Camera {
        &self.camera
    }

    /// Layers composed so far.
    pub fn layers_composed(&self) -> u64 {
        self.textures.composed
    }

    /// The window's title.
    pub fn window_title(&self) -> &str {
        &self.title
    }

    fn is_dialog_open(&self) -> bool {
        let is_form_open = self.export.is_some() || self.identity.is_some() || self.pattern.is_some();
        self.shows_help || self.shows_card || self.typed.is_some() || is_form_open || self.archive.is_open()
    }

    /// Whether a menu, a list of choices or a dialog lies above the rest and has the keyboard.
    fn is_covered(&self, ctx: &Context) -> bool {
        self.is_dialog_open() || egui::Popup::is_any_open(ctx)
    }

    fn take_keys(&mut self, ctx: &Context) {
        // A focused control takes Space as a click.
        let is_free = self.view_has_focus || ctx.memory(|memory| memory.focused().is_none());
        let is_held = is_free && !self.is_covered(ctx) && ctx.input(|input| input.key_down(Key::Space));
        if is_held != self.is_space_held {
            self.is_space_held = is_held;
            self.commands.push(ViewCommand::HideOverlays(is_held).into());
        }
        if egui::Popup::is_any_open(ctx) {
            // Its keys are its own, and Escape closes it.
            return;
        }
        if self.is_dialog_open() {
            self.take_study_keys(ctx);
            // Behind a dialog, keys do nothing but close it.
            let closes = |c: &Command| matches!(c, Command::Window(WindowCommand::Escape | WindowCommand::Help));
            self.commands.extend(keys::pressed(ctx, &[], true, closes));
            return;
        }
        self.take_list_keys(ctx);
        self.take_matrix_keys(ctx);
        let digits: Vec<(Key, usize)> =
            self.session.card().map(|card| keys::digits(&inspector::class_names(card))).unwrap_or_default();
        let is_control_focused = !self.view_has_focus && ctx.memory(|memory| memory.focused().is_some());
        self.commands.extend(keys::pressed(ctx, &digits, is_control_focused, |_| true));
    }

    fn take_dropped(&mut self, ctx: &Context) {
        let dropped: Vec<PathBuf> =
            ctx.input(|input| input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect());
        if !dropped.is_empty() {
            self.commands.push(SessionCommand::Open(dropped).into());
        }
    }

    fn take_picked(&mut self) {
        let picked_for = self.picker.as_ref().map_or(Typed::Open, |picker| picker.typed);
        match self.picker.as_ref().map(Picker::poll) {
            Some(picker::Picked::Waiting) | None => {}
            Some(picker::Picked::Open(paths)) => {
                self.picker = None;
                if !paths.is_empty() {
                    self.commands.push(SessionCommand::Open(paths).into());
                }
            }
            Some(picker::Picked::Into(folder)) => {
                self.picker = None;
                let place = self.export.as_mut().map(|form| &mut form.folder);
                let place = place.or_else(|| self.archive.is_open().then_some(&mut self.archive.keep));
                if let Some((folder, place)) = folder.zip(place) {
                    *place = folder.to_string_lossy().into_owned();
                }
            }
            Some(picker::Picked::One(file)) => {
                self.picker = None;
                if let Some(file) = file {
                    self.commands.push(picked_for.command(file));
                }
            }
            Some(picker::Picked::NoDialog) => {
                self.picker = None;
                let says = "This desktop offers no file dialog; type the path instead.";
                self.session.notice(says.to_owned(), false, None);
                if self.export.is_none() && !self.archive.is_open() {
                    self.typed = Some((picked_for, String::new()));
                }
            }
        }
    }

    fn take_panels(&mut self, ctx: &Context) {
        for (use_for, panel) in std::mem::take(&mut self.session.panels) {
            self.panel_came(ctx, use_for, panel);
        }
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
        self.dialogs(&ctx);
        self.float_probe(&ctx);
        self.drop_hint(&ctx);
        for command in std::mem::take(&mut self.commands) {
            self.act(&ctx, command);
        }
        let is_covered = self.is_covered(&ctx);
        self.place.settle(&ctx, is_covered);
        focus::ring(&ctx);
        self.note_window(&ctx);
        self.note_view(&ctx);
        // Where no comment stands, the key was for nothing.
        self.wants_comment = std::mem::take(&mut self.asks_comment);
        self.say_title(&ctx);
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
