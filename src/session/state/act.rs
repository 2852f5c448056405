//! What each command does.

use std::time::Instant;

use super::State;
use super::doing::{Doing, Engine};
use crate::layers::Style;
use crate::network::DeviceChoice;
use crate::session::Choices;
use crate::session::beside::Beside;
use crate::session::command::SessionCommand;
use crate::session::effect::Effect;
use crate::session::grey::GreyChange;
use crate::session::message::{ExportWish, ModelWish, PanelUse};

/// Step of the opacity keys.
const OPACITY_STEP: f32 = 0.1;

impl State {
    pub(super) fn act(&mut self, command: SessionCommand, now: Instant) {
        let style = &mut self.preferences.style;
        match command {
            SessionCommand::Open(paths) => self.open(paths, now),
            SessionCommand::Show(path) => self.show(&path, now),
            SessionCommand::Next => self.go(true, now),
            SessionCommand::Previous => self.go(false, now),
            SessionCommand::Sort(sort) => {
                self.preferences.sort = sort;
                self.preferences.sort_reversed = false;
                self.worklist.sort_by(sort, false);
            }
            SessionCommand::List(command) => self.act_on_list(command, now),
            SessionCommand::Lab(command) => self.act_in_lab(command, now),
            SessionCommand::Archive(command) => self.act_on_archive(command, now),
            SessionCommand::Reload => self.reload(now),
            SessionCommand::Cancel => self.cancel(now),
            SessionCommand::AnswerAnyway => self.answer_anyway(),
            SessionCommand::Model(name) => self.load_model(name, now),
            SessionCommand::UseCpu => self.use_cpu(now),
            SessionCommand::ReadFirst(on) => self.read_first_is(on),
            SessionCommand::Read(command) => self.read(command, now),
            SessionCommand::Class(class) => self.show_class(class),
            SessionCommand::ClassNext => self.step_class(1),
            SessionCommand::ClassPrevious => self.step_class(-1),
            SessionCommand::Grade(class) => self.grade_by_key(class, now),
            SessionCommand::OnlyGrade(class) => self.switch_classes(|c| c == class),
            SessionCommand::AllGrades(on) => self.switch_classes(|_| on),
            SessionCommand::OpacityUp => self.change_opacity(OPACITY_STEP),
            SessionCommand::OpacityDown => self.change_opacity(-OPACITY_STEP),
            SessionCommand::CamOpacity(value) => style.cam.opacity = value,
            SessionCommand::Threshold(value) => style.cam.threshold = value,
            SessionCommand::CamColours(colours) => style.cam.colours = colours,
            SessionCommand::ClearOpacity(value) => style.clear.opacity = value,
            SessionCommand::Gain(value) => style.clear.gain = value,
            SessionCommand::OnBlack(on) => style.clear.on_black = on,
            SessionCommand::Palette(palette) => style.palette = palette,
            SessionCommand::Box(on) => style.boxed = on,
            SessionCommand::CamBox(on) => style.cam_boxed = on,
            SessionCommand::Outline(on) => style.outline = on,
            SessionCommand::Backdrop(value) => style.backdrop = value,
            SessionCommand::Hatch(on) => style.hatched = on,
            SessionCommand::ToggleBox => style.boxed = !style.boxed,
            SessionCommand::Smoothing(px) => {
                self.choose(|choices| choices.smoothing_px = Some(px).filter(|px| px.is_finite()))
            }
            SessionCommand::Magnitude(magnitude) => self.choose(|choices| choices.magnitude = Some(magnitude)),
            SessionCommand::CamMethod(method) => self.choose(|choices| choices.cam.method = method),
            SessionCommand::CamLayer(layer) => self.choose(|choices| choices.cam.layer = Some(layer)),
            SessionCommand::Evidence(evidence) => self.choose(|choices| choices.evidence = Some(evidence)),
            SessionCommand::Rule(rule) => self.choose(|choices| choices.rule = Some(rule)),
            SessionCommand::Compare(rule) => self.choose(|choices| choices.compare = rule),
            SessionCommand::Trust => self.try_trust(now),
            SessionCommand::Defaults => {
                *style = Style::default();
                self.choose(|choices| *choices = Choices::default());
                self.show_class(None);
            }
            SessionCommand::WindowLevel { centre, width } => self.adjust_window(GreyChange::Level { centre, width }),
            SessionCommand::WindowDrag { across, down } => self.adjust_window(GreyChange::Drag { across, down }),
            SessionCommand::WindowPreset(index) => self.adjust_window(GreyChange::Preset(index)),
            SessionCommand::WindowAuto => self.adjust_window(GreyChange::Auto),
            SessionCommand::WindowInvert => self.adjust_window(GreyChange::Invert),
            SessionCommand::WindowReset => self.adjust_window(GreyChange::Reset),
            SessionCommand::Frame(frame) => self.show_frame(frame, now),
            SessionCommand::FrameNext => self.show_frame(self.wanted_frame() + 1, now),
            SessionCommand::FramePrevious => self.show_frame(self.wanted_frame().saturating_sub(1), now),
            SessionCommand::Beside(path) => self.set_picture_beside(path),
            SessionCommand::OtherEye => self.set_beside(Beside::OtherEye),
            SessionCommand::Prior => self.set_beside(Beside::Prior),
            SessionCommand::Measure(change) => self.measure(change),
            SessionCommand::KeepView(on) => self.preferences.keep_view = on,
            SessionCommand::Personal(is_wanted) => self.ask_personal(is_wanted),
            SessionCommand::ModelInput => self.toggle_model_input(),
            SessionCommand::DismissNotice(id) => self.notices.retain(|notice| notice.id != id),
        }
    }

    /// Cancels what was asked for; the screen stays. Exports and a loading model go on.
    fn cancel(&mut self, now: Instant) {
        let is_asking = self.archive.stop() | self.lab.stop();
        let is_finding = self.finding.take().is_some() | is_asking | self.stop_trying() | self.stop_gallery();
        let is_doing = match &self.doing {
            Doing::Rest => false,
            Doing::Opening(_) => true,
            Doing::Explaining(explaining) => {
                let key = explaining.key.clone();
                self.leave_look(&key);
                true
            }
        };
        self.give_up_waiting();
        if is_finding || is_doing {
            self.notice("Cancelled.".to_owned(), false, None, now);
        }
    }

    fn answer_anyway(&mut self) {
        if let Some(current) = &mut self.current {
            current.anyway = true;
        }
    }

    pub(super) fn load_model(&mut self, name: String, now: Instant) {
        let (folders, device) = (self.options.folders.clone(), self.options.device);
        let number = self.number();
        let before = std::mem::take(&mut self.engine).into_model();
        self.engine = Engine::Loading { number, name: name.clone(), since: now, before };
        self.effects.push(Effect::LoadModel(ModelWish { number, name, folders, device }));
    }

    /// The model that is wished for, or in use, on the CPU.
    fn use_cpu(&mut self, now: Instant) {
        self.options.device = DeviceChoice::Cpu;
        let name = match &self.engine {
            Engine::Without => self.preferences.model.clone(),
            Engine::Loading { name, .. } => name.clone(),
            Engine::Ready(model) => model.card.name.clone(),
        };
        self.load_model(name, now);
    }

    /// Has the report panel drawn as the screen shows it; it comes to [`State::panels`].
    pub(super) fn draw(&mut self, use_for: PanelUse, now: Instant) {
        match self.result() {
            Some(result) => self.effects.push(Effect::Draw { use_for, result: Box::new(result) }),
            None => self.notice(format!("{} to draw yet.", self.nothing()), false, None, now),
        }
    }

    /// Has what the screen shows written.
    pub(super) fn export(&mut self, wish: ExportWish, now: Instant) {
        let Some(result) = self.result() else {
            return self.notice(format!("{} to write yet.", self.nothing()), false, None, now);
        };
        let number = self.export_begins(now);
        self.preferences.export_folder = Some(wish.folder.clone());
        self.effects.push(Effect::Export { number, wish, result: Box::new(result) });
    }

    fn nothing(&self) -> &'static str {
        if self.answer_is_withheld() { "The answer is withheld: there is nothing" } else { "There is no explanation" }
    }
}
