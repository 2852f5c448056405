//! Files of readings: rows that lie, tables that are others, and pages of a database whose numbers do not fit.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use fovea::reading::agreement::{Comparison, ReaderPair};
use fovea::reading::table::{self, TableOptions};
use fovea::reading::{Answer, Change, Contents, FrameOf, Identity, Place, Reading, ReadingFile, ReadingsHeader};
use rusqlite::Connection;
use serde_json::json;

use super::choices::Choices;

const PAGE: usize = 4096;

/// A new one, and one of a morning.
static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let head = ReadingsHeader {
        reader: "Eva".into(),
        opened: vec!["/day".into(), "/day/7/7.png".into()],
        model: "retina-dr".into(),
        classes: ["none", "mild"].map(str::to_owned).to_vec(),
        ordered: true,
        ..ReadingsHeader::default()
    };
    let made = |name: &str, changes: &[Change]| {
        let path = folder.path().join(name);
        ReadingFile::create(&path, &head).unwrap().keep_all(changes).unwrap();
        std::fs::read(path).unwrap()
    };
    vec![made("new", &[]), made("morning", &(0..60).flat_map(changes).collect::<Vec<_>>())]
});

fn changes(n: usize) -> Vec<Change> {
    let of = FrameOf { path: PathBuf::from(format!("/day/{}/{n}.png", n / 2)), frame: 0 };
    let comment = "word ".repeat(if n == 7 { 2000 } else { n % 9 });
    let reading = Reading { class: Some(n % 2), comment, box_px: Some([1.0, 2.0, 3.0, 4.0]), ..Reading::default() };
    let answer = Answer {
        model: "ab".repeat(32),
        class: n % 2,
        probability: 0.5,
        probabilities: vec![0.5, 0.5],
        headline: "mild".into(),
        gradable: Some(true),
        is_refused: false,
        agrees: None,
    };
    let identity = Identity { patient: format!("p{}", n / 2), ..Identity::default() };
    vec![
        Change::Identity(of.clone(), identity),
        Change::Reading(of.clone(), reading),
        Change::Answer(of.clone(), answer),
        Change::Seen(of.clone(), n as u32),
        Change::Measurements(of.clone(), Some(json!([{ "mm": n }]))),
        Change::Place(Place { at: Some(of), view: json!({ "zoom": 1 }) }),
    ]
}

/// Values at which a reader stumbles.
const VALUES: [&str; 18] = [
    "NULL",
    "-1",
    "0",
    "2",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "1e308",
    "9e999",
    "''",
    "'/../../etc/passwd'",
    "'a' || char(0, 27, 8238) || 'b'",
    "x'ff00fe'",
    "CAST(x'fffe' AS TEXT)",
    "'[1,null,\"a\"]'",
    "printf('%.*c', 3000, '[')",
    "zeroblob(70000)",
    "'{\"a\":1e999}'",
];
const COLUMNS: [(&str, &str); 24] = [
    ("head", "reader"),
    ("head", "ordered"),
    ("head", "id"),
    ("class", "number"),
    ("class", "name"),
    ("folder", "id"),
    ("folder", "path"),
    ("folder", "beside"),
    ("opened", "folder"),
    ("opened", "file"),
    ("picture", "folder"),
    ("picture", "file"),
    ("picture", "frame"),
    ("picture", "eye"),
    ("reading", "class"),
    ("reading", "judgement"),
    ("reading", "box_left"),
    ("reading", "picture"),
    ("answer", "class"),
    ("answer", "probability"),
    ("answer", "probabilities"),
    ("seen", "number"),
    ("measurement", "json"),
    ("place", "view"),
];
const STATEMENTS: [&str; 16] = [
    "VACUUM",
    "PRAGMA journal_mode = WAL",
    "PRAGMA user_version = 2",
    "PRAGMA application_id = 0",
    "CREATE VIEW v AS SELECT * FROM v",
    "CREATE TRIGGER t AFTER INSERT ON reading BEGIN DELETE FROM head; END",
    "CREATE TABLE more (x)",
    "CREATE INDEX i ON answer (headline)",
    "DROP TABLE seen",
    "DELETE FROM folder",
    "DELETE FROM head",
    "UPDATE sqlite_schema SET rootpage = 1 + rootpage % 9 WHERE name = 'answer'",
    "UPDATE sqlite_schema SET sql = replace(sql, 'INTEGER', 'ANY')",
    "UPDATE sqlite_schema SET sql = 'CREATE TABLE seen (a CHECK (hex(randomblob(1e8)) > 1))' WHERE name = 'seen'",
    "INSERT INTO class SELECT value, 'x' FROM (WITH RECURSIVE n(value) AS (SELECT 9 UNION ALL SELECT value + 1 FROM n LIMIT 3000) SELECT value FROM n)",
    "INSERT INTO picture (folder, file, frame, patient, said_by_reader) SELECT folder, file || 'x', frame, '', 1 FROM picture",
];

thread_local! {
    static WORKSHOP: RefCell<tempfile::TempDir> = RefCell::new(tempfile::tempdir().unwrap());
}

pub fn make(c: &mut Choices<'_>) -> Vec<u8> {
    let seed = &SEEDS[c.below(SEEDS.len())];
    let mut bytes = match c.below(3) {
        0 => seed.clone(),
        _ => by_statements(c, seed),
    };
    if c.once_in(2) {
        for _ in 0..c.within(1, 3) {
            page(c, &mut bytes);
        }
    }
    c.perhaps_mangle(5, &mut bytes, seed);
    bytes
}

/// What somebody with a database program can do to it.
fn by_statements(c: &mut Choices<'_>, seed: &[u8]) -> Vec<u8> {
    WORKSHOP.with_borrow(|workshop| {
        let path = workshop.path().join("made");
        std::fs::write(&path, seed).unwrap();
        let connection = Connection::open(&path).unwrap();
        let loose = "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; \
                     PRAGMA writable_schema = ON;";
        connection.execute_batch(loose).unwrap();
        for _ in 0..c.within(1, 3) {
            let sql = if c.once_in(3) {
                STATEMENTS[c.below(STATEMENTS.len())].to_owned()
            } else {
                let (table, column) = COLUMNS[c.below(COLUMNS.len())];
                let value = c.of(&VALUES);
                let row = c.below(3);
                format!("UPDATE {table} SET {column} = {value} WHERE rowid % 3 = {row}")
            };
            // Much of it is refused already here.
            let _ = connection.execute_batch(&sql);
        }
        drop(connection);
        std::fs::read(&path).unwrap()
    })
}

/// Numbers of the file's header, or of a page's.
fn page(c: &mut Choices<'_>, bytes: &mut [u8]) {
    /// Places in the file's header with the bytes that each takes.
    const HEADER: [(usize, usize); 14] = [
        (16, 2),
        (18, 1),
        (19, 1),
        (20, 1),
        (24, 4),
        (28, 4),
        (32, 4),
        (36, 4),
        (40, 4),
        (44, 4),
        (52, 4),
        (56, 4),
        (64, 4),
        (92, 4),
    ];
    let pages = (bytes.len() / PAGE).max(1);
    let number = c.below(pages);
    // The first page's own header stands behind that of the file.
    let start = number * PAGE + if number == 0 { 100 } else { 0 };
    let cells = bytes.get(start + 3..start + 5).map_or(0, |two| u16::from_be_bytes([two[0], two[1]])) as usize;
    let (at, width) = match c.below(4) {
        0 => c.one(&HEADER),
        // Kind, free blocks, how many cells, where they begin, what is between them, the last child.
        1 => {
            let (offset, width) = c.one(&[(0, 1), (1, 2), (3, 2), (5, 2), (7, 1), (8, 4)]);
            (start + offset, width)
        }
        // Where a cell lies.
        2 => (start + 8 + 2 * c.below(cells.clamp(1, 500)), 2),
        // A cell's length, its row, the kinds of its values.
        _ => {
            let at = start + 8 + 2 * c.below(cells.clamp(1, 500));
            let cell = bytes.get(at..at + 2).map_or(0, |two| u16::from_be_bytes([two[0], two[1]])) as usize;
            (number * PAGE + cell + c.below(12), 1)
        }
    };
    let value = if c.once_in(3) { c.below(pages + 2) as u64 } else { c.odd() };
    if let Some(place) = bytes.get_mut(at..at + width) {
        place.copy_from_slice(&value.to_be_bytes()[8 - width..]);
    }
}

/// Opens it, and does all with it that a day does.
pub fn read(path: &Path) -> Result<(), String> {
    let answer = opened(path);
    for ending in ["-journal", "-wal", "-shm"] {
        let mut beside = path.as_os_str().to_owned();
        beside.push(ending);
        let _ = std::fs::remove_file(beside);
    }
    answer
}

fn opened(path: &Path) -> Result<(), String> {
    // To wait for the disk takes longer than all the rest: one file in eight is written to.
    let sum = std::fs::read(path).unwrap().iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    let mut file = ReadingFile::open(path).map_err(|error| error.to_string())?;
    let mut contents = file.read().map_err(|error| error.to_string())?;
    for options in [false, true].map(|with_patients| TableOptions { with_patients }) {
        let readers = ReaderPair::of(&contents, &contents)?;
        table::csv(&contents, options)?;
        table::json(&contents, Some(&readers), options)?;
    }
    let found = Comparison::with_model(&contents);
    assert!(found.blind.accuracy.value.is_none_or(f64::is_finite));
    if sum % 8 != 0 {
        return Ok(());
    }
    let change = changes(contents.entries.len() % 60).swap_remove(1);
    file.keep(&change).map_err(|error| error.to_string())?;
    contents.apply(change);
    let again: Contents = file.read().map_err(|error| error.to_string())?;
    assert!(again == contents, "what was kept is not what is read");
    Ok(())
}
