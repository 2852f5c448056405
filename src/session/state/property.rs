//! Random sequences of commands, answers, delays and failures: whatever happens, the session comes to rest, and never shows
//! maps of another picture, frame, rule or model than the one on the screen.

use std::path::PathBuf;

use super::world::{FRAMES, Luck, PICTURES, World};
use crate::export::Parts;
use crate::method::{BackwardRule, CamMethod, Evidence, Magnitude};
use crate::pacs::{Archive, Connection, Query, WebPeer};
use crate::reading::Identity;
use crate::scan::measure::{Measurement, MeasurementKind};
use crate::session::cache::Cache;
use crate::session::command::{ArchiveCommand, LabCommand, ListCommand, Measuring, ReadingCommand, SessionCommand};
use crate::session::lab::Contrast;
use crate::session::message::{Event, ExportWish, PanelUse};
use crate::session::worklist::{MatrixCell, Only, SortBy};

const SEQUENCES: u64 = 10_000;
const LONGEST: usize = 60;

/// SplitMix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((x ^ (x >> 31)) % sides as u64) as usize
    }

    fn luck(&mut self) -> Luck {
        match self.roll(24) {
            0 | 1 => Luck::Bad,
            2 => Luck::DeviceLost,
            _ => Luck::Good,
        }
    }

    fn rule(&mut self) -> BackwardRule {
        BackwardRule::ALL[self.roll(BackwardRule::ALL.len())]
    }

    fn list_command(&mut self, picture: PathBuf) -> ListCommand {
        let is_on = self.roll(2) == 0;
        match self.roll(10) {
            9 => ListCommand::Cell(MatrixCell {
                alone: Some(self.roll(3)).filter(|_| is_on),
                truth: Some(self.roll(11)).filter(|class| *class < 9),
                said: Some(self.roll(10)),
            }),
            0 => ListCommand::Reversed(is_on),
            1 => ListCommand::Search(["", "png", "patient", "4"][self.roll(4)].to_owned()),
            2 => ListCommand::Grade(Some(self.roll(10)).filter(|_| is_on)),
            3 => ListCommand::Only(Only::ALL[self.roll(Only::ALL.len())], is_on),
            4 => ListCommand::ShowAll,
            5 => ListCommand::Identity(picture, Identity { patient: self.roll(3).to_string(), ..Identity::default() }),
            6 => ListCommand::Pattern(["{patient}", "", "{nonsense}"][self.roll(3)].to_owned()),
            7 => ListCommand::GradeAll(is_on),
            _ => ListCommand::InSight { first: self.roll(3), last: self.roll(9) },
        }
    }

    fn lab_command(&mut self) -> LabCommand {
        let part = [0.0, 0.3, 1.0, f64::NAN, -5.0][self.roll(5)];
        match self.roll(9) {
            8 => LabCommand::Gallery(PathBuf::from("g.pdf")),
            0 => LabCommand::Forget,
            1 => LabCommand::Contrast(Contrast::Target(self.roll(3))),
            2 => LabCommand::Contrast(Contrast::Class(self.roll(12))),
            3 => LabCommand::Point(Some(part)),
            4 => LabCommand::Prevalence(Some(part).filter(|_| self.roll(2) == 0)),
            _ => LabCommand::Labels(PathBuf::from(["l.csv", "other.csv"][self.roll(2)])),
        }
    }

    fn archive_command(&mut self) -> ArchiveCommand {
        let connection = |name: &str| {
            let peer = WebPeer { url: "http://x/y".to_owned(), ..WebPeer::default() };
            Box::new(Connection { name: name.to_owned(), archive: Archive::Web(peer) })
        };
        match self.roll(10) {
            0..3 => ArchiveCommand::Search(Query::default()),
            3..6 => ArchiveCommand::Fetch { row: self.roll(3), keep: None },
            6 => ArchiveCommand::Test(connection("x")),
            7 => [ArchiveCommand::Stop, ArchiveCommand::Leave][self.roll(2)].clone(),
            8 => [ArchiveCommand::Choose("b".to_owned()), ArchiveCommand::Delete("a".to_owned())][self.roll(2)].clone(),
            _ => ArchiveCommand::Keep(None, connection(["a", "b"][self.roll(2)])),
        }
    }

    fn measuring(&mut self) -> Measuring {
        let at = self.roll(9) as f64;
        let made = Measurement { kind: MeasurementKind::Length, points_px: vec![[at, 0.0], [1.0, at]] };
        match self.roll(6) {
            0 => Measuring::Change(self.roll(3), made),
            1 => Measuring::Select(Some(self.roll(3))),
            2 => Measuring::Delete,
            3 => Measuring::Clear,
            _ => Measuring::Add(made),
        }
    }

    fn event(&mut self) -> Event {
        let picture = PathBuf::from(PICTURES[self.roll(PICTURES.len())]);
        Event::Command(match self.roll(56) {
            0 | 1 => {
                let (from, to) = (self.roll(PICTURES.len()), self.roll(PICTURES.len()) + 1);
                SessionCommand::Open(PICTURES[from.min(to - 1)..to].iter().map(PathBuf::from).collect())
            }
            2..5 => SessionCommand::Show(picture),
            5..8 => SessionCommand::Next,
            8 => SessionCommand::Previous,
            9 => SessionCommand::Reload,
            10 => SessionCommand::Cancel,
            11 => SessionCommand::Model(["a", "odd", "broken"][self.roll(3)].to_owned()),
            12 => SessionCommand::UseCpu,
            13..17 => SessionCommand::Rule(self.rule()),
            17..19 => SessionCommand::Compare(Some(self.rule())),
            19 => SessionCommand::Compare(None),
            20 => SessionCommand::Evidence(Evidence::ALL[self.roll(2)]),
            21 => SessionCommand::CamMethod(CamMethod::ALL[self.roll(2)]),
            22 => [SessionCommand::FrameNext, SessionCommand::Frame(self.roll(FRAMES as usize) as u32)][self.roll(2)]
                .clone(),
            23 => SessionCommand::Smoothing(self.roll(4) as f32),
            24 => SessionCommand::Magnitude(Magnitude::ALL[self.roll(3)]),
            25 => SessionCommand::Class(Some(self.roll(10)).filter(|class| *class < 5)),
            26 => [SessionCommand::Defaults, SessionCommand::AnswerAnyway][self.roll(2)].clone(),
            27 => [SessionCommand::ModelInput, SessionCommand::Sort(SortBy::ALL[self.roll(SortBy::ALL.len())])]
                [self.roll(2)]
            .clone(),
            28 => return Event::Draw(PanelUse::Clipboard),
            // Frames are stepped through, and pictures with frames gone to.
            29..31 => SessionCommand::Frame(self.roll(FRAMES as usize) as u32),
            31 | 32 => SessionCommand::Show(PathBuf::from(PICTURES[5])),
            33 => SessionCommand::ReadFirst(self.roll(2) == 0),
            34 | 35 => ReadingCommand::Grade(self.roll(10)).into(),
            36 => [ReadingCommand::Accept, ReadingCommand::Ungradable][self.roll(2)].clone().into(),
            37 => [ReadingCommand::Flag, ReadingCommand::Ask][self.roll(2)].clone().into(),
            38..41 => SessionCommand::List(self.list_command(picture)),
            41..44 => match self.roll(4) {
                0 => SessionCommand::OtherEye,
                1 => SessionCommand::Prior,
                2 => SessionCommand::Beside(None),
                _ => SessionCommand::Beside(Some(picture)),
            },
            44 => SessionCommand::KeepView(self.roll(2) == 0),
            45 => SessionCommand::Measure(self.measuring()),
            49 | 50 => SessionCommand::Trust,
            46..49 => self.lab_command().into(),
            51..55 => self.archive_command().into(),
            _ => {
                let (folder, name) = (PathBuf::from("f"), "n".to_owned());
                return Event::Export(ExportWish { folder, name, parts: Parts::ALL, replace: false });
            }
        })
    }
}

/// Runs one random life; returns what went wrong, and the last events.
fn live(seed: u64) -> Result<(), String> {
    let mut dice = Dice(seed);
    let mut world = World::new();
    if dice.roll(4) == 0 {
        // A cache that holds next to nothing.
        world.state.cache = Cache::new(60);
    }
    let mut history: Vec<String> = Vec::new();
    let steps = dice.roll(LONGEST) + 4;
    for step in 0.. {
        let is_open = step < steps;
        if !is_open && world.is_quiet() {
            break;
        }
        if step > 100 * LONGEST {
            return Err(format!("it never comes to rest: {:?}\n{}", world.state.busy(), history.join("\n")));
        }
        match dice.roll(if is_open { 10 } else { 7 }) {
            0..3 => world.deliver(),
            3..5 if world.worker_has_work() => world.work(dice.luck()),
            5..7 if !world.pool.is_empty() => {
                let which = dice.roll(world.pool.len());
                world.pool_done(which, dice.luck());
            }
            3..7 => {}
            _ => {
                if dice.roll(20) == 0 {
                    // Somebody retrains the model under its old name.
                    world.newest_a = 2 - world.newest_a;
                }
                let event = dice.event();
                history.push(format!("{event:?}"));
                world.event(event);
            }
        }
        world.check().map_err(|wrong| format!("{wrong}\n{}", history.join("\n")))?;
    }
    world.check_rest().map_err(|wrong| format!("{wrong}\n{}", history.join("\n")))
}

#[test]
fn whatever_happens_it_comes_to_rest_and_shows_what_belongs_together() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                for seed in (0..SEQUENCES).filter(|seed| seed % threads == thread) {
                    if let Err(wrong) = live(seed) {
                        panic!("seed {seed}: {wrong}");
                    }
                }
            });
        }
    });
}
