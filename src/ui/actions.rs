//! Everything that a menu, a button or a key can ask for: one table of labels, tooltips, keys and groups, used by menus,
//! toolbar, the list of keys and the keyboard. Nothing has two names.
//!
//! Must not know widgets; [`super::keys`] reads the keyboard.

use egui::{Key, KeyboardShortcut, Modifiers};

use crate::scan::measure::MeasurementKind;
use crate::session::{
    Command, LabCommand, Layer, ListCommand, Measuring, ReadingCommand, SessionCommand, ViewCommand, WindowCommand,
};

/// Where an action stands in menus and in the list of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionGroup {
    Files,
    Pictures,
    Reading,
    Grey,
    Measure,
    View,
    Maps,
    Help,
}

impl ActionGroup {
    pub const ALL: [Self; 8] =
        [Self::Files, Self::Pictures, Self::Reading, Self::Grey, Self::Measure, Self::View, Self::Maps, Self::Help];

    pub fn title(self) -> &'static str {
        match self {
            Self::Files => "Files",
            Self::Pictures => "Pictures",
            Self::Reading => "Reading",
            Self::Grey => "Grey pictures",
            Self::Measure => "Measurements",
            Self::View => "View",
            Self::Maps => "Maps",
            Self::Help => "Help",
        }
    }
}

/// A command with its texts and keys.
pub struct Action {
    pub group: ActionGroup,
    /// Its label in menus, on buttons and in the list of keys.
    pub label: &'static str,
    /// One more sentence, or nothing where the label says it all.
    pub tooltip: &'static str,
    pub command: Command,
    pub keys: &'static [(Modifiers, Key)],
    /// Whether it appears in a menu; commands that only make sense by key do not.
    pub in_menu: bool,
}

impl Action {
    pub fn shortcuts(&self) -> impl Iterator<Item = KeyboardShortcut> {
        self.keys.iter().map(|(modifiers, key)| KeyboardShortcut::new(*modifiers, *key))
    }

    /// The first key as text, for menus.
    pub fn shortcut_text(&self) -> String {
        self.shortcuts().next().map(|shortcut| super::keys::key_text(&shortcut)).unwrap_or_default()
    }

    /// The tooltip: sentence and key.
    pub fn hint(&self) -> String {
        match (self.tooltip, self.shortcut_text()) {
            ("", key) => key,
            (says, key) if key.is_empty() => says.to_owned(),
            (says, key) => format!("{says} ({key})"),
        }
    }
}

const NONE: Modifiers = Modifiers::NONE;
const COMMAND: Modifiers = Modifiers::COMMAND;
const COMMAND_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);
const SHIFT: Modifiers = Modifiers::SHIFT;

type Keys = &'static [(Modifiers, Key)];

fn action(
    group: ActionGroup,
    label: &'static str,
    tooltip: &'static str,
    keys: Keys,
    command: impl Into<Command>,
) -> Action {
    Action { group, label, tooltip, command: command.into(), keys, in_menu: true }
}

/// The whole table; the digits of the classes are [`super::keys::digits`].
pub fn all() -> Vec<Action> {
    [files(), pictures(), reading(), grey(), measurements(), view(), maps(), help(), moves()]
        .into_iter()
        .flatten()
        .collect()
}

/// The action of `command`.
pub fn of(command: &Command) -> Option<Action> {
    all().into_iter().find(|action| action.command == *command)
}

/// The label of `command`.
pub fn label(command: &Command) -> &'static str {
    of(command).map_or("", |action| action.label)
}

fn files() -> Vec<Action> {
    use WindowCommand as W;
    let group = ActionGroup::Files;
    vec![
        action(group, "Open pictures…", "", &[(COMMAND, Key::O)], W::OpenFiles),
        action(group, "Open a folder…", "", &[(COMMAND_SHIFT, Key::O)], W::OpenFolder),
        action(group, "Type a path…", "Open a picture or a folder by its path", &[(COMMAND, Key::L)], W::OpenTyped),
        action(
            group,
            "From the PACS…",
            "Search an archive for a study, fetch it and open it",
            &[(COMMAND_SHIFT, Key::D)],
            W::Archive,
        ),
        action(
            group,
            "Labels…",
            "Read a table of what is true of the pictures in the list",
            &[(COMMAND_SHIFT, Key::L)],
            W::Labels,
        ),
        action(
            group,
            "Gallery…",
            "A figure of right and wrong examples: the flagged pictures, else the surest of each class",
            &[(COMMAND_SHIFT, Key::G)],
            W::Gallery,
        ),
        action(group, "Put the labels away", "", &[], LabCommand::Forget),
        action(group, "Export…", "Write pictures, maps and record", &[(COMMAND, Key::E)], W::Export),
        action(
            group,
            "Copy the report panel",
            "Onto the clipboard, as an export draws it",
            &[(COMMAND_SHIFT, Key::C)],
            W::CopyPanel,
        ),
        action(group, "Quit", "", &[(COMMAND, Key::Q)], W::Quit),
    ]
}

fn pictures() -> Vec<Action> {
    use SessionCommand as S;
    let group = ActionGroup::Pictures;
    vec![
        action(group, "Next picture", "", &[(NONE, Key::PageDown), (NONE, Key::N)], S::Next),
        action(group, "Previous picture", "", &[(NONE, Key::PageUp), (NONE, Key::P)], S::Previous),
        action(group, "Read the file again", "And explain it again", &[(NONE, Key::F5)], S::Reload),
        action(group, "List of pictures", "Show or hide it", &[(NONE, Key::W)], WindowCommand::ListSidebar),
        action(
            group,
            "Search the list",
            "By name, patient, day or grade",
            &[(COMMAND, Key::F), (NONE, Key::Slash)],
            WindowCommand::Search,
        ),
        action(group, "Whose picture…", "Patient, eye and day of the picture", &[], WindowCommand::Identity),
        action(group, "How files are named…", "A pattern of your own", &[], WindowCommand::NamePattern),
        action(
            group,
            "Clear kept results",
            "What earlier grading has left on this machine",
            &[],
            S::List(ListCommand::ClearResults),
        ),
    ]
}

fn reading() -> Vec<Action> {
    use ReadingCommand as R;
    let group = ActionGroup::Reading;
    vec![
        action(group, "Agree", "The model's answer is yours too", &[(NONE, Key::Y)], R::Accept),
        action(group, "Your answer…", "A digit then says which", &[(NONE, Key::G)], R::Ask),
        action(group, "Not gradable", "There is no answer to give", &[(NONE, Key::U)], R::Ungradable),
        action(group, "Flag", "To come back to it", &[(NONE, Key::K)], R::Flag),
        action(group, "Comment", "Words of your own", &[(NONE, Key::C)], WindowCommand::Comment),
        action(
            group,
            "Write all readings…",
            "As a table for a spreadsheet, or as JSON",
            &[(COMMAND_SHIFT, Key::T)],
            WindowCommand::Table,
        ),
        action(
            group,
            "Save the session as…",
            "A copy of all readings; they are kept as you go",
            &[(COMMAND_SHIFT, Key::S)],
            WindowCommand::SaveReadings,
        ),
    ]
}

fn grey() -> Vec<Action> {
    use SessionCommand as S;
    let group = ActionGroup::Grey;
    let automatic = "From the darkest to the lightest 0.5 % of the pixels";
    vec![
        action(group, "Automatic window", automatic, &[(NONE, Key::L)], S::WindowAuto),
        action(group, "Invert", "Swap light and dark", &[(NONE, Key::X)], S::WindowInvert),
        action(group, "Window of the file", "As the file has it", &[(NONE, Key::R)], S::WindowReset),
        action(group, "Next frame", "", &[(NONE, Key::Period)], S::FrameNext),
        action(group, "Previous frame", "", &[(NONE, Key::Comma)], S::FramePrevious),
        action(group, "Scale bar", "Show or hide it", &[(NONE, Key::S)], WindowCommand::Ruler),
    ]
}

fn measurements() -> Vec<Action> {
    let group = ActionGroup::Measure;
    let tool = |label, tooltip, keys: Keys, kind| action(group, label, tooltip, keys, ViewCommand::Tool(Some(kind)));
    let measure =
        |label, tooltip, keys: Keys, change| action(group, label, tooltip, keys, SessionCommand::Measure(change));
    vec![
        tool("Length", "Drag, or click both ends", &[(SHIFT, Key::L)], MeasurementKind::Length),
        tool("Angle", "Click an end, the corner, the other end", &[(SHIFT, Key::A)], MeasurementKind::Angle),
        tool(
            "Ellipse",
            "Area, mean and spread; drag from corner to corner",
            &[(SHIFT, Key::E)],
            MeasurementKind::Ellipse,
        ),
        tool("Polygon", "Area, mean and spread; click its corners", &[(SHIFT, Key::G)], MeasurementKind::Polygon),
        measure(
            "Delete the measurement",
            "The one that is selected",
            &[(NONE, Key::Delete), (NONE, Key::Backspace)],
            Measuring::Delete,
        ),
        measure("Delete all measurements", "Of this picture", &[], Measuring::Clear),
    ]
}

/// Keys of the layers, in order; one more layer would have none.
const LAYER_KEYS: [Keys; 5] =
    [&[(NONE, Key::F6)], &[(NONE, Key::F7)], &[(NONE, Key::F8)], &[(NONE, Key::F9)], &[(NONE, Key::F10)]];

fn view() -> Vec<Action> {
    use ViewCommand as V;
    let group = ActionGroup::View;
    let back = "The same again shows all views";
    let mut all = vec![
        action(group, "Fit", "The whole picture into the view", &[(NONE, Key::F)], V::Fit),
        action(group, "Actual size", "One pixel of the picture on one of the screen", &[(NONE, Key::Z)], V::ActualSize),
        action(group, "Magnify", "", &[(NONE, Key::Plus), (NONE, Key::Equals)], V::ZoomIn),
        action(group, "Shrink", "", &[(NONE, Key::Minus)], V::ZoomOut),
        action(
            group,
            "Chart under the pointer",
            "The values of all classes at one place",
            &[(NONE, Key::V)],
            WindowCommand::ProbeChart,
        ),
        action(group, "More controls", "All that the papers leave open", &[(NONE, Key::M)], WindowCommand::More),
        action(
            group,
            "Other eye",
            "Beside this one, as readers hang them",
            &[(NONE, Key::O)],
            SessionCommand::OtherEye,
        ),
        action(
            group,
            "Prior",
            "The last earlier picture of the same eye, beside this one",
            &[(SHIFT, Key::P)],
            SessionCommand::Prior,
        ),
        action(group, "Answer and controls", "Show or hide it", &[(SHIFT, Key::W)], WindowCommand::AnswerSidebar),
        action(
            group,
            "Evidence",
            "How good the model is by the labels: show or hide it",
            &[(NONE, Key::E)],
            WindowCommand::Evidence,
        ),
        action(group, "Full screen", "", &[(NONE, Key::F11)], WindowCommand::FullScreen),
    ];
    let alone = |(view, keys): (Layer, Keys)| action(group, view.kind().only(), back, keys, V::Maximise(view));
    let keys = LAYER_KEYS.into_iter().chain(std::iter::repeat(&[] as Keys));
    let layers = Layer::ALL.into_iter().zip(keys).map(alone);
    // After the camera's.
    all.splice(4..4, layers);
    all
}

fn maps() -> Vec<Action> {
    use SessionCommand as S;
    let group = ActionGroup::Maps;
    let first = "Drawing and explaining as at first";
    vec![
        action(group, "CAM of the next class", "", &[(NONE, Key::ArrowRight)], S::ClassNext),
        action(group, "CAM of the previous class", "", &[(NONE, Key::ArrowLeft)], S::ClassPrevious),
        action(group, "CAM of the decided class", "", &[(NONE, Key::D)], S::Class(None)),
        action(
            group,
            "Trust…",
            "Try whether the map depends on the model and on what it marks",
            &[(NONE, Key::T)],
            WindowCommand::Trust,
        ),
        action(group, "All classes on", "In the CLEAR map", &[(NONE, Key::A)], S::AllGrades(true)),
        action(group, "More opacity", "", &[(NONE, Key::CloseBracket), (NONE, Key::ArrowUp)], S::OpacityUp),
        action(group, "Less opacity", "", &[(NONE, Key::OpenBracket), (NONE, Key::ArrowDown)], S::OpacityDown),
        action(group, "Red box", "Around what the class responds to most", &[(NONE, Key::B)], S::ToggleBox),
        action(group, "Back to the first settings", first, &[], S::Defaults),
    ]
}

fn help() -> Vec<Action> {
    use WindowCommand as W;
    let group = ActionGroup::Help;
    let ends = "Closes what is open, ends what is going on, dismisses a message";
    vec![
        action(group, "Keys and mouse", "", &[(NONE, Key::F1), (NONE, Key::Questionmark)], W::Help),
        action(group, "About this model", "What it can and cannot do", &[(NONE, Key::I)], W::ModelCard),
        Action { in_menu: false, ..action(group, "Back out", ends, &[(NONE, Key::Escape)], W::Escape) },
    ]
}

/// What arrow keys do with a modifier.
fn moves() -> Vec<Action> {
    const COMMAND_ARROWS: [Keys; 4] = [
        &[(COMMAND, Key::ArrowLeft)],
        &[(COMMAND, Key::ArrowRight)],
        &[(COMMAND, Key::ArrowUp)],
        &[(COMMAND, Key::ArrowDown)],
    ];
    const SHIFT_ARROWS: [Keys; 4] =
        [&[(SHIFT, Key::ArrowLeft)], &[(SHIFT, Key::ArrowRight)], &[(SHIFT, Key::ArrowUp)], &[(SHIFT, Key::ArrowDown)]];
    let by = [(-1, 0), (1, 0), (0, -1), (0, 1)];
    let pan = |((x, y), keys): ((i8, i8), Keys)| {
        action(ActionGroup::View, "Move the picture", "", keys, ViewCommand::Pan(-x, -y))
    };
    let probe = |((x, y), keys): ((i8, i8), Keys)| {
        action(ActionGroup::View, "Move the cross-hair", "", keys, ViewCommand::MoveProbe(x, y))
    };
    let all = by.into_iter().zip(COMMAND_ARROWS).map(pan).chain(by.into_iter().zip(SHIFT_ARROWS).map(probe));
    all.map(|action| Action { in_menu: false, ..action }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_stands_for_two_commands_and_no_command_has_two_names() {
        let all = all();
        for (i, a) in all.iter().enumerate() {
            for b in &all[..i] {
                assert_ne!(a.command, b.command, "{} and {}", a.label, b.label);
                assert!(
                    a.shortcuts().all(|key| b.shortcuts().all(|other| key != other)),
                    "{} and {}",
                    a.label,
                    b.label
                );
                let is_move = !a.in_menu && !b.in_menu;
                assert!(is_move || a.label != b.label, "two things are called {}", a.label);
            }
            assert!(!a.label.is_empty() && !a.tooltip.ends_with('.'), "{}", a.label);
        }
    }
}
