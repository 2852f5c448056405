//! Everything that a user can do, as values: menu, keyboard and tests all go through here.
//!
//! Must not know keys or widgets.

use std::path::PathBuf;

use super::worklist::SortBy;
use crate::compose::{CamColours, Palette};
use crate::method::{BackwardRule, CamMethod, Evidence, Magnitude};

/// One of the three views.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    Input,
    Cam,
    Clear,
}

impl View {
    pub const ALL: [Self; 3] = [Self::Input, Self::Cam, Self::Clear];
}

/// Something to do. What asks the desktop (dialogs, clipboard, full screen) is done by the window, the rest by the
/// session.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    // Of the window.
    OpenFiles,
    OpenFolder,
    OpenTyped,
    Export,
    CopyPanel,
    FullScreen,
    Help,
    ModelCard,
    More,
    ProbeChart,
    WorklistPanel,
    Quit,
    // Of the views.
    Fit,
    ActualSize,
    ZoomIn,
    ZoomOut,
    Pan(i8, i8),
    MoveProbe(i8, i8),
    Maximise(View),
    HideOverlays(bool),
    // Of the session.
    Open(Vec<PathBuf>),
    Show(PathBuf),
    Next,
    Previous,
    Sort(SortBy),
    Reload,
    Cancel,
    Model(String),
    UseCpu,
    Class(Option<usize>),
    ClassNext,
    ClassPrevious,
    /// Switches a grade; where "read first" waits for the reader, gives it as the reader's.
    Grade(usize),
    OnlyGrade(usize),
    AllGrades(bool),
    ReadFirst(bool),
    OpacityUp,
    OpacityDown,
    CamOpacity(f32),
    Threshold(f32),
    CamColours(CamColours),
    ClearOpacity(f32),
    Gain(f32),
    Smoothing(f32),
    OnBlack(bool),
    Palette(Palette),
    Box(bool),
    ToggleBox,
    /// Hatches where the picture cannot be graded.
    Hatch(bool),
    Rule(BackwardRule),
    Evidence(Evidence),
    CamMethod(CamMethod),
    /// Of the model's layers, counted from 0.
    CamLayer(usize),
    Magnitude(Magnitude),
    /// Drawing and explaining as at first.
    Defaults,
    // Of the grey picture on the screen.
    WindowLevel {
        centre: f64,
        width: f64,
    },
    /// By fractions of a view.
    WindowDrag {
        across: f64,
        down: f64,
    },
    WindowPreset(usize),
    WindowAuto,
    WindowInvert,
    WindowReset,
    /// Counted from 0.
    Frame(u32),
    FrameNext,
    FramePrevious,
    /// Whose picture it is: read from the file now, or forgotten.
    Personal(bool),
    /// The picture as the network receives it.
    ModelInput,
    Ruler,
    DismissNotice(u64),
}
