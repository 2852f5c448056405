//! Everything a user can do, as values: menu, keyboard and tests all go through here.
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

/// What a view shows.
pub use crate::layers::Layer;

/// A command, by who carries it out.
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

/// For the window, its dialogs and the desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowCommand {
    OpenFiles,
    OpenFolder,
    OpenTyped,
    /// Opens the dialog for studies from an archive.
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
    /// Gives the keyboard to the reader's comment.
    Comment,
    SaveReadings,
    Table,
    /// A table of labels for the open list.
    Labels,
    /// Shows what the labels tell about the model.
    Evidence,
    /// A figure of correct and wrong examples.
    Gallery,
    /// Whether the map on the screen can be trusted.
    Trust,
    /// Gives the keyboard to the list's search.
    Search,
    /// Whose picture is on the screen.
    Identity,
    /// How files are named.
    NamePattern,
    AnswerSidebar,
    /// Closes or ends the innermost thing.
    Escape,
    Quit,
}

/// For camera and cross-hair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewCommand {
    Fit,
    ActualSize,
    ZoomIn,
    ZoomOut,
    Pan(i8, i8),
    MoveProbe(i8, i8),
    /// What the mouse draws from now on; the same again, or none, makes it move the picture.
    Tool(Option<MeasurementKind>),
    Maximise(Layer),
    HideOverlays(bool),
}

/// What the reader says.
#[derive(Debug, Clone, PartialEq)]
pub enum ReadingCommand {
    /// The next digit is the reader's grade, or no longer is.
    Ask,
    Grade(usize),
    /// The reader agrees with the model's answer.
    Accept,
    Ungradable,
    Flag,
    Comment(String),
    /// The reader's own box in source pixels: left, top, right, bottom.
    Box(Option<[f64; 4]>),
    /// The reader's name.
    Reader(String),
    /// Opens a file of readings together with its pictures.
    Open(PathBuf),
    /// Saves a copy of all readings.
    Save(PathBuf),
    /// Writes all readings as a table: `.csv` or `.json`.
    Table(PathBuf),
}

/// For the list of pictures.
#[derive(Debug, Clone, PartialEq)]
pub enum ListCommand {
    /// Reverses the order.
    Reversed(bool),
    Search(String),
    /// Shows one grade alone, or all.
    Grade(Option<usize>),
    Only(Only, bool),
    /// Shows only the pictures in a cell of the matrix of labels and answers; the same again shows all.
    Cell(MatrixCell),
    /// Drops search and filter.
    ShowAll,
    /// Whose picture it is, according to the reader.
    Identity(PathBuf, Identity),
    /// How this reader's files are named; empty for the usual patterns.
    Pattern(String),
    /// Shows patients by the names in their files.
    ShowNames(bool),
    /// Grades all pictures while nothing else is wanted.
    GradeAll(bool),
    /// Rows that can be seen.
    InSight {
        first: usize,
        last: usize,
    },
    /// Deletes the results of earlier grading kept on this machine.
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

/// For labels, and what they tell about the model.
#[derive(Debug, Clone, PartialEq)]
pub enum LabCommand {
    /// Reads a table of labels for the open list.
    Labels(PathBuf),
    Forget,
    /// The question that curve and operating point are about.
    Contrast(Contrast),
    /// The probability from which a yes counts as one; the program's own where `None`.
    Point(Option<f64>),
    /// Writes a figure of examples: this PDF, with an SVG and a PNG beside it.
    Gallery(PathBuf),
    /// The prevalence; that of the labels where `None`.
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

/// For archives, and studies fetched from them.
#[derive(Debug, Clone, PartialEq)]
pub enum ArchiveCommand {
    /// Searches the chosen archive for studies.
    Search(Query),
    /// Fetches the study in this row of the results, and opens it; into a folder if a copy is to be kept.
    Fetch {
        row: usize,
        keep: Option<PathBuf>,
    },
    /// Asks whether this archive answers.
    Test(Box<Connection>),
    /// Cancels the request.
    Stop,
    /// Cancels it, and forgets the results.
    Leave,
    /// The archive that is searched, by the name of its connection.
    Choose(String),
    /// Saves a connection in the settings, replacing the one of this name.
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

/// For pictures, model and maps.
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
    /// An outline of the lit field, in maps on black.
    Outline(bool),
    /// How bright the picture is beneath maps on black.
    Backdrop(f32),
    /// Hatches where the picture cannot be graded.
    Hatch(bool),
    Rule(BackwardRule),
    /// A second rule beside the one in use, or none.
    Compare(Option<BackwardRule>),
    /// Tests whether the map on the screen can be trusted.
    Trust,
    Evidence(Evidence),
    CamMethod(CamMethod),
    /// An index into the model's layers.
    CamLayer(usize),
    Magnitude(Magnitude),
    /// Back to the default settings.
    Defaults,
    // For the grey picture on the screen.
    WindowLevel {
        centre: f64,
        width: f64,
    },
    /// As fractions of a view.
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
    /// Shows this picture beside the one on the screen, or none.
    Beside(Option<PathBuf>),
    /// Shows the patient's other eye beside it, or hides it.
    OtherEye,
    /// Shows the last earlier picture of the same eye beside it, or hides it.
    Prior,
    Measure(Measuring),
    /// Keeps zoom and class from picture to picture.
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
    /// Adds a measurement and selects it.
    Add(Measurement),
    /// The one at this index.
    Change(usize, Measurement),
    Select(Option<usize>),
    /// The selected one.
    Delete,
    Clear,
}
