//! What is shown in all sizes: scenes with drawn phantoms, each of one thing that a reader has to see at a glance.

use std::path::{Path, PathBuf};

use fovea::method::BackwardRule;
use fovea::pacs::Query;
use fovea::session::worklist::SortBy;
use fovea::session::{ArchiveCommand, Command, LabCommand, ReadingCommand, SessionCommand, WindowCommand};

use super::archive;

/// A window's contents.
pub struct Scene {
    pub name: &'static str,
    pub model: &'static str,
    /// Puts its pictures into a folder; the first is opened.
    pub pictures: fn(&Path) -> Vec<PathBuf>,
    /// Done once the first picture is explained.
    pub then: fn() -> Vec<Command>,
}

const EYES: &str = "retina-dr";
const CHESTS: &str = "cxr-pneumonia";

pub fn all() -> Vec<Scene> {
    vec![
        Scene { name: "refused", model: CHESTS, pictures: |_| vec![sample("phantom-moderate.jpg")], then: Vec::new },
        Scene { name: "undecided", model: EYES, pictures: |_| vec![sample("phantom-mild.jpg")], then: Vec::new },
        Scene { name: "disagreement", model: EYES, pictures: |_| vec![sample("phantom-moderate.jpg")], then: Vec::new },
        Scene {
            name: "two-rules",
            model: EYES,
            pictures: |_| vec![sample("phantom-severe.jpg")],
            then: || vec![SessionCommand::Compare(Some(BackwardRule::Linear)).into()],
        },
        Scene { name: "long-name", model: EYES, pictures: long_names, then: Vec::new },
        Scene { name: "two-eyes", model: EYES, pictures: day, then: || vec![SessionCommand::OtherEye.into()] },
        Scene { name: "prior", model: EYES, pictures: day, then: || vec![SessionCommand::Prior.into()] },
        Scene { name: "evidence", model: EYES, pictures: labelled, then: evidence },
        Scene {
            name: "trust",
            model: EYES,
            pictures: |_| vec![sample("phantom-severe.jpg")],
            then: || vec![WindowCommand::Trust.into()],
        },
        Scene { name: "pacs", model: EYES, pictures: |_| vec![sample("phantom-mild.jpg")], then: search },
        Scene { name: "day", model: EYES, pictures: day, then: a_reader_at_work },
    ]
}

pub fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples").join(name)
}

/// Patients of a day, the first with an earlier visit.
fn day(folder: &Path) -> Vec<PathBuf> {
    let names = [
        ("P01-OS-2024-05-02.jpg", "phantom-moderate.jpg"),
        ("P01-OD-2024-05-02.jpg", "phantom-healthy-right.jpg"),
        ("P01-OS-2022-03-11.jpg", "phantom-healthy-left.jpg"),
        ("P02-OS-2024-05-02.jpg", "phantom-severe.jpg"),
        ("P03-OD-2024-05-02.jpg", "phantom-healthy-right.jpg"),
        ("P03-OS-2024-05-02.jpg", "phantom-healthy-left.jpg"),
    ];
    copied(folder, names)
}

/// A grade of one's own, a flag and a comment.
fn a_reader_at_work() -> Vec<Command> {
    vec![
        ReadingCommand::Grade(2).into(),
        ReadingCommand::Flag.into(),
        ReadingCommand::Comment("haemorrhages nasal of the disc".to_owned()).into(),
        SessionCommand::Sort(SortBy::Patient).into(),
    ]
}

/// What is true of the drawn eyes; a few of them are called what they are not.
pub fn labels_file() -> PathBuf {
    std::env::temp_dir().join("fovea-labels.csv")
}

pub fn labelled(folder: &Path) -> Vec<PathBuf> {
    let drawn = [("healthy-left", 0), ("healthy-right", 0), ("mild", 1), ("moderate", 2), ("severe", 3)];
    let mut table = "image,grade\n".to_owned();
    let mut all = Vec::new();
    for copy in 0..6_u8 {
        for (at, (kind, grade)) in drawn.iter().enumerate() {
            let path = folder.join(format!("eye-{copy:02}-{kind}.jpg"));
            let eye = image::open(sample(&format!("phantom-{kind}.jpg"))).unwrap();
            // Each a little darker or lighter, and turned, so that no two are alike.
            let eye = eye.brighten(9 * i32::from(copy % 5) - 18).huerotate(3 * i32::from(copy) - 18);
            let eye = if copy % 3 == 0 { eye.fliph() } else { eye };
            eye.resize(712, 712, image::imageops::FilterType::Triangle)
                .blur(f32::from(copy % 4) * 0.9 + 0.1)
                .into_rgb8()
                .save(&path)
                .unwrap();
            let grade = grade + i32::from((usize::from(copy) + at) % 9 == 0);
            table += &format!("eye-{copy:02}-{kind},{grade}\n");
            all.push(path);
        }
    }
    std::fs::write(labels_file(), table).unwrap();
    all
}

fn evidence() -> Vec<Command> {
    vec![LabCommand::Labels(labels_file()).into(), SessionCommand::Sort(SortBy::Apart).into()]
}

fn search() -> Vec<Command> {
    vec![
        ArchiveCommand::Keep(None, Box::new(archive::connection())).into(),
        WindowCommand::Archive.into(),
        ArchiveCommand::Search(Query::default()).into(),
    ]
}

fn copied<const N: usize>(folder: &Path, names: [(&str, &str); N]) -> Vec<PathBuf> {
    let copied = |(name, of): (&str, &str)| {
        let path = folder.join(name);
        std::fs::copy(sample(of), &path).unwrap();
        path
    };
    names.into_iter().map(copied).collect()
}

fn long_names(folder: &Path) -> Vec<PathBuf> {
    let names = [
        "眼科医院门诊部-二〇二六年十一月二十六日-糖尿病视网膜病变筛查-左眼-黄斑居中-第一次检查-复核后.jpg",
        "眼科医院门诊部-二〇二六年十一月二十六日-糖尿病视网膜病变筛查-右眼-黄斑居中-第一次检查-复核后.jpg",
        "山田さん-右目-眼底写真.jpg",
        "a-very-long-name-as-archives-give-them-0123456789-abcdef-left-eye-macula-centred-visit-0007.jpg",
    ];
    let of = ["phantom-moderate.jpg", "phantom-severe.jpg", "phantom-mild.jpg", "phantom-healthy-left.jpg"];
    copied(folder, std::array::from_fn::<_, 4, _>(|at| (names[at], of[at])))
}
