use std::time::Instant;

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use super::*;
use crate::reading::entry::{Answer, FrameOf, Judgement, Place, Reading};
use crate::reading::identity::{Eye, Identity};

fn head(folder: &Path) -> ReadingsHeader {
    let classes = ["none", "mild", "moderate"].map(str::to_owned).to_vec();
    let (opened, created) = (vec![folder.to_owned()], "2026-01-02T03:04:05Z".to_owned());
    ReadingsHeader {
        reader: "Eva".into(),
        opened,
        model: "retina-dr".into(),
        classes,
        ordered: true,
        blind: true,
        created,
    }
}

fn frame(path: impl Into<PathBuf>) -> FrameOf {
    FrameOf { path: path.into(), frame: 0 }
}

fn answer(probability: f32) -> Answer {
    Answer {
        model: "ab".repeat(32),
        class: 1,
        probability,
        probabilities: vec![0.1, probability, 0.3, 0.0, 1e-9],
        headline: "mild, 60 %".into(),
        gradable: None,
        is_refused: false,
        agrees: Some(true),
    }
}

/// Changes of all kinds, over a few pictures, so that they meet.
struct Dice<'a> {
    rng: ChaCha8Rng,
    folder: &'a Path,
}

impl Dice<'_> {
    fn below(&mut self, count: usize) -> usize {
        self.rng.random_range(0..count)
    }

    fn maybe<T>(&mut self, of: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.rng.random_bool(0.6).then(|| of(self))
    }

    fn text(&mut self) -> String {
        let all = ["", "a", "soft exudates, temporal", "Müller; '\"--", "=1+1", "two\nlines\u{0}\u{202e}", "眼底"];
        (*all.choose(&mut self.rng).unwrap_or(&"")).to_owned()
    }

    fn frame(&mut self) -> FrameOf {
        let names = ["a.png", "b/left.jpg", "c/left.jpg", "c/d/e.dcm", "../beside.png", "ü .png", "a\\b.png"];
        let name = names[self.below(names.len())];
        let path = match self.below(6) {
            0 => Path::new("/elsewhere").join(name),
            1 => PathBuf::from("/top.png"),
            _ => self.folder.join(name),
        };
        FrameOf { path, frame: [0, 0, 0, 1, u32::MAX][self.below(5)] }
    }

    fn identity(&mut self) -> Identity {
        Identity {
            patient: self.text(),
            eye: [None, Some(Eye::Left), Some(Eye::Right)][self.below(3)],
            taken: self.maybe(Self::text),
            is_private: false,
        }
    }

    fn reading(&mut self) -> Reading {
        Reading {
            class: self.maybe(|dice| dice.below(5)),
            revised: self.maybe(|dice| dice.below(5)),
            ungradable: self.rng.random(),
            flagged: self.rng.random(),
            comment: self.text(),
            judgement: [None, Some(Judgement::Accepted), Some(Judgement::Overruled)][self.below(3)],
            box_px: self.maybe(|dice| std::array::from_fn(|_| dice.rng.random_range(-9.0..4000.0))),
            seconds: self.maybe(|dice| dice.rng.random_range(0.0..1e4)),
            answer_seen_before: self.rng.random(),
            at: self.maybe(Self::text),
        }
    }

    fn answer(&mut self) -> Answer {
        Answer {
            model: self.text(),
            class: self.below(9),
            probability: self.rng.random(),
            probabilities: (0..self.below(6)).map(|_| self.rng.random::<f32>().powi(9)).collect(),
            headline: self.text(),
            gradable: self.maybe(|dice| dice.rng.random()),
            is_refused: self.rng.random(),
            agrees: self.maybe(|dice| dice.rng.random()),
        }
    }

    fn change(&mut self) -> Change {
        let of = self.frame();
        match self.below(12) {
            0 => {
                let mut head = head(self.folder);
                head.opened = (0..self.below(4)).map(|_| self.frame().path).collect();
                head.classes.truncate(self.below(4));
                (head.reader, head.blind) = (self.text(), self.rng.random());
                Change::Head(head)
            }
            1 => Change::Pictures((0..self.below(5)).map(|_| (self.frame(), self.identity())).collect()),
            2 => Change::Identity(of, self.identity()),
            3..6 => Change::Reading(of, self.reading()),
            6 => Change::Answer(of, self.answer()),
            7 => Change::Seen(of, self.rng.random()),
            8 => Change::AnswerSeen(of),
            9 => Change::Measurements(of, self.maybe(|dice| json!([{ "mm": dice.below(9), "of": dice.text() }, null]))),
            10 => Change::Measurements(of, Some(json!(null))),
            _ => {
                Change::Place(Place { at: self.maybe(Self::frame), view: json!({ "zoom": 0.5, "sort": self.text() }) })
            }
        }
    }
}

#[test]
fn what_is_kept_is_what_the_changes_make() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.fovea");
    for life in 0..20 {
        let _ = std::fs::remove_file(&path);
        let mut dice = Dice { rng: ChaCha8Rng::seed_from_u64(life), folder: folder.path() };
        let mut expected = Contents { head: head(folder.path()), ..Contents::default() };
        let mut file = ReadingFile::create(&path, &expected.head).unwrap();
        for _ in 0..8 {
            let changes: Vec<Change> = (0..dice.below(20)).map(|_| dice.change()).collect();
            file.keep_all(&changes).unwrap();
            changes.into_iter().for_each(|change| expected.apply(change));
            if dice.below(3) == 0 {
                drop(file);
                file = ReadingFile::open(&path).unwrap();
            }
            assert_eq!(file.read().unwrap(), expected, "life {life}");
        }
        drop(file);
        assert_eq!(ReadingFile::look(&path).unwrap(), expected, "life {life}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside the file");
}

#[test]
fn a_batch_that_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.fovea");
    let mut file = ReadingFile::create(&path, &head(folder.path())).unwrap();
    let before = file.read().unwrap();
    for bad in [
        Reading { seconds: Some(f64::NAN), ..Reading::default() },
        Reading { comment: "x".repeat(2 << 20), ..Reading::default() },
    ] {
        let changes = [Change::Seen(frame("/new/a.png"), 1), Change::Reading(frame("/new/b.png"), bad)];
        let error = file.keep_all(&changes).unwrap_err();
        assert!(matches!(error.fault, Fault::Unfit(_)), "{error}");
        assert_eq!(file.read().unwrap(), before);
    }
    // The folder that went with the batch is made again.
    file.keep(&Change::Seen(frame("/new/a.png"), 1)).unwrap();
    assert_eq!(file.read().unwrap().entries[0].0, frame("/new/a.png"));
}

#[test]
fn a_file_belongs_to_one_program_and_nothing_is_made_over_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.fovea");
    let file = ReadingFile::create(&path, &head(folder.path())).unwrap();
    for second in [ReadingFile::open(&path).map(drop), ReadingFile::look(&path).map(drop)] {
        let error = second.unwrap_err();
        assert!(matches!(error.fault, Fault::Busy), "{error}");
    }
    assert!(matches!(ReadingFile::create(&path, &head(folder.path())).unwrap_err().fault, Fault::Exists));
    drop(file);
    ReadingFile::look(&path).unwrap();
}

#[cfg(unix)]
#[test]
fn a_file_that_is_protected_is_read_and_not_written() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.fovea");
    drop(ReadingFile::create(&path, &head(folder.path())).unwrap());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    // The system's own administrator may write all the same.
    if std::fs::OpenOptions::new().write(true).open(&path).is_ok() {
        // A file whose writing needs a newer SQLite is protected for everybody.
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[18] = 3;
        std::fs::write(&path, bytes).unwrap();
    }
    let mut file = ReadingFile::open(&path).unwrap();
    assert!(file.is_read_only() && file.read().unwrap().head.reader == "Eva");
    let error = file.keep(&Change::Seen(frame("/a.png"), 1)).unwrap_err();
    assert!(matches!(error.fault, Fault::ReadOnly), "{error:?}");
}

#[test]
fn a_folder_that_moved_with_its_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    std::fs::create_dir_all(first.join("eyes")).unwrap();
    std::fs::create_dir_all(first.join("lists")).unwrap();
    std::fs::write(first.join("eyes/a.png"), "").unwrap();
    let mut file = ReadingFile::create(&first.join("lists/day.fovea"), &head(&first.join("eyes"))).unwrap();
    file.keep(&Change::Pictures(vec![(frame(first.join("eyes/a.png")), Identity::default())])).unwrap();
    drop(file);
    let at = |file: &ReadingFile| {
        let contents = file.read().unwrap();
        assert_eq!(contents.entries[0].0.path, contents.head.opened[0].join("a.png"));
        contents.head.opened[0].clone()
    };
    std::fs::rename(&first, &second).unwrap();
    let moved = ReadingFile::open(&second.join("lists/day.fovea")).unwrap();
    assert_eq!(at(&moved), second.join("eyes"));
    drop(moved);
    // The file alone, once more.
    let alone = folder.path().join("day.fovea");
    std::fs::rename(second.join("lists/day.fovea"), &alone).unwrap();
    assert_eq!(at(&ReadingFile::open(&alone).unwrap()), second.join("eyes"));
    // What lies nowhere stays where it was.
    std::fs::remove_dir_all(&second).unwrap();
    assert_eq!(at(&ReadingFile::open(&alone).unwrap()), second.join("eyes"));
}

#[cfg(unix)]
#[test]
fn a_study_that_lies_elsewhere_today_has_its_readings() {
    let folder = tempfile::tempdir().unwrap();
    let (path, before, now) = (folder.path().join("a.fovea"), Path::new("/tmp/one/s"), Path::new("/tmp/two/s"));
    let flagged = Reading { flagged: true, ..Reading::default() };
    let mut file = ReadingFile::create(&path, &head(before)).unwrap();
    file.keep(&Change::Reading(frame(before.join("a.dcm")), flagged.clone())).unwrap();
    file.folder_moved(before, now).unwrap();
    file.folder_moved(Path::new("/never/seen"), now).unwrap();
    file.keep(&Change::Reading(frame(now.join("b.dcm")), flagged.clone())).unwrap();
    drop(file);
    let contents = ReadingFile::open(&path).unwrap().read().unwrap();
    assert_eq!(contents.head.opened, [now]);
    let pictures: Vec<&Path> = contents.entries.iter().map(|(of, _)| of.path.as_path()).collect();
    assert_eq!(pictures, [now.join("a.dcm"), now.join("b.dcm")]);
    assert!(contents.entries.iter().all(|(_, entry)| entry.reading == flagged));
}

#[test]
fn names_that_are_no_text_come_back() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let name = std::ffi::OsStr::from_bytes(b"\xff\xfe/left \xf0.png");
    let path = folder.path().join("day.fovea");
    let mut file = ReadingFile::create(&path, &head(folder.path())).unwrap();
    let of = FrameOf { path: folder.path().join(name), frame: 3 };
    file.keep_all(&[Change::Seen(of.clone(), 1), Change::Place(Place { at: Some(of.clone()), view: json!(1) })])
        .unwrap();
    drop(file);
    let contents = ReadingFile::look(&path).unwrap();
    assert_eq!((&contents.entries[0].0, contents.place.at), (&of, Some(of.clone())));
}

#[test]
fn what_is_no_file_of_readings_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.fovea");
    let refused = || ReadingFile::open(&path).map(drop).unwrap_err();
    assert!(matches!(refused().fault, Fault::Missing));
    for text in
        ["", "not a database, though long enough to be looked at: one needs a hundred bytes or more, they say...."]
    {
        std::fs::write(&path, text).unwrap();
        assert!(matches!(refused().fault, Fault::Other), "{text:?}");
    }
    std::fs::File::create(&path).unwrap().set_len(5 << 30).unwrap();
    assert!(matches!(refused().fault, Fault::TooLarge(_)));
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(matches!(refused().fault, Fault::Other));
    std::fs::remove_dir(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE head (reader)").unwrap();
    assert!(matches!(refused().fault, Fault::Other));
}

/// A small file whose owner did something to it.
fn changed(path: &Path, sql: &str) -> Result<Contents, FileError> {
    let _ = std::fs::remove_file(path);
    let mut file = ReadingFile::create(path, &head(Path::new("/day"))).unwrap();
    file.keep(&Change::Answer(frame("/day/a.png"), answer(0.6))).unwrap();
    drop(file);
    let connection = Connection::open(path).unwrap();
    let loose = "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF; PRAGMA writable_schema = ON;";
    connection.execute_batch(loose).unwrap();
    connection.execute_batch(sql).unwrap();
    drop(connection);
    ReadingFile::open(path)?.read()
}

#[test]
fn what_was_made_to_do_harm_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.fovea");
    assert!(changed(&path, "VACUUM").is_ok());
    assert!(changed(&path, "PRAGMA journal_mode = WAL; UPDATE head SET reader = 'Ben'").is_ok());
    let newer = changed(&path, "PRAGMA user_version = 2").unwrap_err();
    assert!(newer.to_string().contains("newer version"), "{newer}");
    for (sql, says) in [
        ("PRAGMA user_version = -1", "no format"),
        ("CREATE TRIGGER t AFTER INSERT ON reading BEGIN DELETE FROM picture; END", "its trigger `t`"),
        ("CREATE VIEW v AS SELECT 1", "its view `v`"),
        ("CREATE INDEX i ON reading (class + 1)", ""),
        ("ALTER TABLE head ADD COLUMN more TEXT", "its table `head`"),
        ("DROP TABLE seen", "missing"),
        ("CREATE TABLE \"a\u{1b}[2J\" (x)", "its table"),
        ("DELETE FROM head", ""),
        ("UPDATE answer SET class = -1", "CHECK"),
        ("UPDATE answer SET class = 9223372036854775807; UPDATE picture SET frame = 4294967296", "CHECK"),
        ("UPDATE answer SET probabilities = '[1, \"a\"]'", "invalid type"),
        ("UPDATE answer SET probabilities = 'x'", "expected value"),
        ("UPDATE picture SET eye = 'third'", "CHECK"),
        ("UPDATE picture SET file = 3", ""),
        ("UPDATE answer SET headline = CAST(x'ff' AS TEXT)", ""),
        ("UPDATE answer SET picture = 77", "its table answer"),
        ("UPDATE picture SET folder = 77", "its table picture"),
        ("UPDATE answer SET headline = printf('%2000000d', 1)", "CHECK"),
        ("INSERT INTO measurement VALUES (1, printf('%.*c', 300000, '['))", "recursion limit"),
    ] {
        let error = changed(&path, sql).map(drop).expect_err(sql);
        let text = error.to_string();
        assert!(matches!(error.fault, Fault::Damaged(_)) && text.contains(says), "{sql}: {error:?}");
        assert!(text.len() < 300 && !text.chars().any(char::is_control), "{text:?}");
    }
}

#[test]
fn bytes_that_fell_over_are_found_or_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.fovea");
    changed(&path, "VACUUM").unwrap();
    let whole = std::fs::read(&path).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut refused = 0;
    for round in 0..300 {
        let mut bytes = whole.clone();
        let page = rng.random_range(0..bytes.len() / 4096) * 4096;
        for _ in 0..=round % 3 {
            // Headers of pages are where it hurts.
            let at = page + rng.random_range(0..if round % 2 == 0 { 40 } else { 4096 });
            bytes[at] ^= 1 << rng.random_range(0..8);
        }
        if round % 10 == 9 {
            bytes.truncate(rng.random_range(0..bytes.len()));
        }
        std::fs::write(&path, bytes).unwrap();
        refused += usize::from(ReadingFile::open(&path).and_then(|file| file.read()).is_err());
    }
    assert!((40..300).contains(&refused), "{refused}");
}

#[test]
fn a_journal_that_names_other_files_is_not_played_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.fovea");
    changed(&path, "VACUUM").unwrap();
    let journal = folder.path().join("day.fovea-journal");
    std::fs::write(&journal, [&[0; 600][..], &[0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]].concat()).unwrap();
    let error = ReadingFile::open(&path).map(drop).unwrap_err();
    assert!(error.to_string().contains("another program's"), "{error}");
    std::fs::File::create(&journal).unwrap().set_len(1 << 30).unwrap();
    assert!(matches!(ReadingFile::open(&path).map(drop).unwrap_err().fault, Fault::TooLarge(_)));
}

#[test]
fn a_day_is_kept_and_read_in_no_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.fovea");
    let of = |n: usize| frame(folder.path().join(format!("patient-{}/{n}.png", n / 2)));
    let mut file = ReadingFile::create(&path, &head(folder.path())).unwrap();
    let identity = |n: usize| Identity { patient: (n / 2).to_string(), ..Identity::default() };
    let start = Instant::now();
    file.keep(&Change::Pictures((0..1200).map(|n| (of(n), identity(n))).collect())).unwrap();
    let listed = start.elapsed();
    file.keep_all(&(0..1200).map(|n| Change::Answer(of(n), answer(0.25))).collect::<Vec<_>>()).unwrap();
    let answered = start.elapsed() - listed;
    let start = Instant::now();
    for n in 0..20 {
        file.keep(&Change::Reading(of(n), Reading { class: Some(n % 3), ..Reading::default() })).unwrap();
    }
    let one = start.elapsed() / 20;
    drop(file);
    let start = Instant::now();
    assert_eq!(ReadingFile::open(&path).unwrap().read().unwrap().entries.len(), 1200);
    let bytes = std::fs::metadata(&path).unwrap().len();
    let said = format!(
        "listed in {listed:?}, answered in {answered:?}, one kept in {one:?}, opened in {:?}, {bytes} bytes",
        start.elapsed()
    );
    // Far from what is measured: only what grows with the square of the list shall be caught.
    assert!(listed.as_secs() < 5 && answered.as_secs() < 5 && start.elapsed().as_secs() < 5, "{said}");
}
