//! Everything that a user can do, as values: menu, keyboard and tests all go through here.
//!
//! Must not know keys or widgets.

use std::path::PathBuf;

use super::lab::Contrast;
use super::worklist::{MatrixCell, Only, SortBy};
use crate::compose::{CamColours, Palette};
use crate::method::{BackwardRule, CamMethod, Evidence, Magnitude};
use crate::pacs::{Connection, Query};
use crate::reading::Identity;
use crate::scan::measure::{Measurement, MeasurementKind};

/// A view shows one layer.
pub use crate::layers::Layer;

/// Something to do, by who does it.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    Window(WindowCommand),
    View(ViewCommand),
    Session(SessionCommand),
}

impl From<WindowCommand> for Command {
    fn from(command: WindowCommand) -> Self {
        Self::Window(command)
    }
}

impl From<ViewCommand> for Command {
    fn from(command: ViewCommand) -> Self {
        Self::View(command)
    }
}

impl From<SessionCommand> for Command {
    fn from(command: SessionCommand) -> Self {
        Self::Session(command)
    }
}

impl From<ReadingCommand> for SessionCommand {
    fn from(command: ReadingCommand) -> Self {
        Self::Read(command)
    }
}

impl From<ReadingCommand> for Command {
    fn from(command: ReadingCommand) -> Self {
        Self::Session(command.into())
    }
}

/// Of the window, its dialogs and the desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowCommand {
    OpenFiles,
    OpenFolder,
    OpenTyped,
    /// Studies of an archive.
    Archive,
    Export,
    CopyPanel,
    FullScreen,
    Help,
    ModelCard,
    More,
    ProbeChart,
    Ruler,
    ListSidebar,
    /// The words of the reader get the keyboard.
    Comment,
    SaveReadings,
    Table,
    /// A table of labels for the open list.
    Labels,
    /// What labels tell about the model.
    Evidence,
    /// A figure of right and wrong examples.
    Gallery,
    /// Whether the map on the screen can be trusted.
    Trust,
    /// The list's search gets the keyboard.
    Search,
    /// Whose picture is on the screen.
    Identity,
    /// How files are named.
    NamePattern,
    AnswerSidebar,
    /// The innermost thing ends.
    Escape,
    Quit,
}

/// Of the camera and the cross-hair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewCommand {
    Fit,
    ActualSize,
    ZoomIn,
    ZoomOut,
    Pan(i8, i8),
    MoveProbe(i8, i8),
    /// What the mouse draws from now on; the same again, or none, and it moves the picture.
    Tool(Option<MeasurementKind>),
    Maximise(Layer),
    HideOverlays(bool),
}

/// Of the reader.
#[derive(Debug, Clone, PartialEq)]
pub enum ReadingCommand {
    /// The next digit is the reader's grade, or no longer is.
    Ask,
    Grade(usize),
    /// The model's answer is the reader's too.
    Accept,
    Ungradable,
    Flag,
    Comment(String),
    /// The reader's own box in source pixels: left, top, right, bottom.
    Box(Option<[f64; 4]>),
    /// Who reads.
    Reader(String),
    /// Opens a file of readings with what it is about.
    Open(PathBuf),
    /// Keeps a copy of all readings.
    Save(PathBuf),
    /// Writes all readings as a table: `.csv` or `.json`.
    Table(PathBuf),
}

/// Of the list of pictures.
#[derive(Debug, Clone, PartialEq)]
pub enum ListCommand {
    /// The other way round than usual.
    Reversed(bool),
    Search(String),
    /// Shows one grade alone, or all.
    Grade(Option<usize>),
    Only(Only, bool),
    /// Shows what stands in a cell of the matrix of labels and answers; the same again, and all.
    Cell(MatrixCell),
    /// Drops search and filter.
    ShowAll,
    /// Whose picture it is, by the reader.
    Identity(PathBuf, Identity),
    /// How this reader's files are named; empty for the usual ways.
    Pattern(String),
    /// Shows patients by what their files call them.
    ShowNames(bool),
    /// Grades all pictures while nothing else is wanted.
    GradeAll(bool),
    /// Rows that can be seen.
    InSight {
        first: usize,
        last: usize,
    },
    /// What earlier days' grading has left on this machine.
    ClearResults,
}

impl ListCommand {
    pub fn into_session(self) -> SessionCommand {
        SessionCommand::List(self)
    }
}

impl From<ListCommand> for Command {
    fn from(command: ListCommand) -> Self {
        Self::Session(command.into_session())
    }
}

/// Of labels, and of what they tell about the model.
#[derive(Debug, Clone, PartialEq)]
pub enum LabCommand {
    /// Reads a table of labels for the open list.
    Labels(PathBuf),
    Forget,
    /// What curve and point are about.
    Contrast(Contrast),
    /// The probability from which a yes counts as one; the program's own where `None`.
    Point(Option<f64>),
    /// Makes a figure of examples and writes it: this PDF, with an SVG and a PNG beside it.
    Gallery(PathBuf),
    /// The part of people of whom yes is true; that in the labels where `None`.
    Prevalence(Option<f64>),
}

impl From<LabCommand> for SessionCommand {
    fn from(command: LabCommand) -> Self {
        Self::Lab(command)
    }
}

impl From<LabCommand> for Command {
    fn from(command: LabCommand) -> Self {
        Self::Session(command.into())
    }
}

/// Of archives, and of studies that are fetched from them.
#[derive(Debug, Clone, PartialEq)]
pub enum ArchiveCommand {
    /// Looks for studies in the chosen archive.
    Search(Query),
    /// Fetches the study in this row of what was found, and opens it; into a folder where a copy is to be kept.
    Fetch {
        row: usize,
        keep: Option<PathBuf>,
    },
    /// Asks whether this archive answers.
    Test(Box<Connection>),
    /// Ends what is asked for.
    Stop,
    /// Ends it, and forgets what was found.
    Leave,
    /// The archive that is searched, by the name of its connection.
    Choose(String),
    /// A connection in the settings, in the place of that with this name.
    Keep(Option<String>, Box<Connection>),
    Delete(String),
}

impl From<ArchiveCommand> for SessionCommand {
    fn from(command: ArchiveCommand) -> Self {
        Self::Archive(command)
    }
}

impl From<ArchiveCommand> for Command {
    fn from(command: ArchiveCommand) -> Self {
        Self::Session(command.into())
    }
}

/// Of pictures, model and maps.
#[derive(Debug, Clone, PartialEq)]
pub enum SessionCommand {
    Open(Vec<PathBuf>),
    Show(PathBuf),
    Next,
    Previous,
    Sort(SortBy),
    List(ListCommand),
    Lab(LabCommand),
    Archive(ArchiveCommand),
    Reload,
    Cancel,
    /// The answer about a picture that the model does not read.
    AnswerAnyway,
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
    /// What the reader says of the picture on the screen.
    Read(ReadingCommand),
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
    /// The box of the map of one class.
    CamBox(bool),
    ToggleBox,
    /// A line where the lit field ends, in maps on black.
    Outline(bool),
    /// How bright the picture is beneath maps on black.
    Backdrop(f32),
    /// Hatches where the picture cannot be graded.
    Hatch(bool),
    Rule(BackwardRule),
    /// A second rule beside the one in use, or none.
    Compare(Option<BackwardRule>),
    /// Tries whether the map on the screen can be trusted.
    Trust,
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
    /// This picture beside the one on the screen, or none.
    Beside(Option<PathBuf>),
    /// The patient's other eye beside it; where it stands there, none.
    OtherEye,
    /// The last earlier picture of the same eye beside it; where it stands there, none.
    Prior,
    Measure(Measuring),
    /// Zoom and class stay from picture to picture.
    KeepView(bool),
    /// Whose picture it is: read from the file now, or forgotten.
    Personal(bool),
    /// The picture as the network receives it.
    ModelInput,
    DismissNotice(u64),
}

/// A change to the measurements on the picture on the screen.
#[derive(Debug, Clone, PartialEq)]
pub enum Measuring {
    /// Which is then selected.
    Add(Measurement),
    /// The one at this place in their order.
    Change(usize, Measurement),
    Select(Option<usize>),
    /// The selected one.
    Delete,
    Clear,
}
