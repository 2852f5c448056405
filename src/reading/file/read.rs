//! From rows to what is known of each picture.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row};

use super::error::Fault;
use super::folders::{Folders, PathCell};
use crate::reading::entry::{Answer, Contents, Entry, FrameOf, Judgement, Place, Reading, ReadingsHeader};
use crate::reading::identity::{Eye, Identity};

pub fn contents(connection: &Connection, folders: &Folders) -> Result<Contents, Fault> {
    let mut read = Read { connection, folders, entries: Vec::new(), index: HashMap::new() };
    let head = read.head()?;
    read.pictures()?;
    read.fill("SELECT * FROM reading", |entry, row| {
        entry.reading = reading(row)?;
        Ok(())
    })?;
    read.fill("SELECT * FROM answer", |entry, row| {
        entry.answer = Some(answer(row)?);
        Ok(())
    })?;
    read.fill("SELECT * FROM seen", |entry, row| {
        (entry.order, entry.answer_seen) = (row.get(1)?, row.get(2)?);
        Ok(())
    })?;
    read.fill("SELECT * FROM measurement", |entry, row| {
        entry.measurements = Some(json(row, 1)?);
        Ok(())
    })?;
    let place = read.place()?;
    Ok(Contents { head, entries: read.entries, place })
}

struct Read<'a> {
    connection: &'a Connection,
    folders: &'a Folders,
    entries: Vec<(FrameOf, Entry)>,
    /// By the picture's number.
    index: HashMap<i64, usize>,
}

impl Read<'_> {
    fn head(&self) -> Result<ReadingsHeader, Fault> {
        let head = |row: &Row<'_>| {
            let (reader, model, created) = (row.get(0)?, row.get(1)?, row.get(4)?);
            let (ordered, blind) = (row.get(2)?, row.get(3)?);
            Ok(ReadingsHeader { reader, opened: Vec::new(), model, classes: Vec::new(), ordered, blind, created })
        };
        let sql = "SELECT reader, model, ordered, blind, created FROM head";
        let mut head = self.connection.query_row(sql, [], head)?;
        let mut rows = self.connection.prepare("SELECT name FROM class ORDER BY number")?;
        head.classes = rows.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let mut rows = self.connection.prepare("SELECT folder, file FROM opened ORDER BY number")?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let path = match row.get::<_, Option<PathCell>>(1)? {
                None => self.folders.folder(row.get(0)?).cloned(),
                Some(file) => self.folders.path(row.get(0)?, &file),
            };
            head.opened.push(path.ok_or_else(no_folder)?);
        }
        Ok(head)
    }

    fn pictures(&mut self) -> Result<(), Fault> {
        let sql = "SELECT id, folder, file, frame, patient, eye, taken, said_by_reader FROM picture ORDER BY id";
        let mut rows = self.connection.prepare(sql)?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let path = self.folders.path(row.get(1)?, &row.get(2)?).ok_or_else(no_folder)?;
            let eye = match row.get::<_, Option<String>>(5)?.as_deref() {
                None => None,
                Some("right") => Some(Eye::Right),
                Some("left") => Some(Eye::Left),
                Some(_) => return Err(Fault::damaged("there is no such eye")),
            };
            let identity = Identity { patient: row.get(4)?, eye, taken: row.get(6)?, is_private: false };
            self.index.insert(row.get(0)?, self.entries.len());
            let of = FrameOf { path, frame: row.get(3)? };
            self.entries.push((of, Entry { identity, identity_by_reader: row.get(7)?, ..Entry::default() }));
        }
        Ok(())
    }

    /// Gives each row of a table to the entry of its picture.
    fn fill(&mut self, sql: &str, take: impl Fn(&mut Entry, &Row<'_>) -> Result<(), Fault>) -> Result<(), Fault> {
        let mut rows = self.connection.prepare(sql)?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let entry = self.index.get(&row.get(0)?).and_then(|index| self.entries.get_mut(*index));
            let (_, entry) = entry.ok_or_else(|| Fault::damaged("a row tells of a picture that is not there"))?;
            take(entry, row)?;
        }
        Ok(())
    }

    fn place(&self) -> Result<Place, Fault> {
        let place = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, json(row, 3)));
        let sql = "SELECT folder, file, frame, view FROM place";
        let Some((folder, file, frame, view)) = self.connection.query_row(sql, [], place).optional()? else {
            return Ok(Place::default());
        };
        let at = match (folder, file, frame) {
            (Some(folder), Some(file), Some(frame)) => {
                Some(FrameOf { path: self.folders.path(folder, &file).ok_or_else(no_folder)?, frame })
            }
            _ => None,
        };
        Ok(Place { at, view: view? })
    }
}

fn no_folder() -> Fault {
    Fault::damaged("a folder that it names is not there")
}

fn reading(row: &Row<'_>) -> Result<Reading, Fault> {
    let edges = [row.get(7)?, row.get(8)?, row.get(9)?, row.get(10)?];
    let judgement = match row.get::<_, Option<String>>(6)?.as_deref() {
        None => None,
        Some("accepted") => Some(Judgement::Accepted),
        Some("overruled") => Some(Judgement::Overruled),
        Some(_) => return Err(Fault::damaged("there is no such judgement")),
    };
    Ok(Reading {
        class: row.get::<_, Option<i64>>(1)?.map(index).transpose()?,
        revised: row.get::<_, Option<i64>>(2)?.map(index).transpose()?,
        ungradable: row.get(3)?,
        flagged: row.get(4)?,
        comment: row.get(5)?,
        judgement,
        box_px: edges.iter().all(Option::is_some).then(|| edges.map(Option::unwrap_or_default)),
        seconds: row.get(11)?,
        answer_seen_before: row.get(12)?,
        at: row.get(13)?,
    })
}

fn answer(row: &Row<'_>) -> Result<Answer, Fault> {
    let probabilities: String = row.get(4)?;
    Ok(Answer {
        model: row.get(1)?,
        class: index(row.get(2)?)?,
        probability: row.get(3)?,
        probabilities: serde_json::from_str(&probabilities).map_err(Fault::damaged)?,
        headline: row.get(5)?,
        gradable: row.get(6)?,
        is_refused: row.get(7)?,
        agrees: row.get(8)?,
    })
}

fn index(number: i64) -> Result<usize, Fault> {
    usize::try_from(number).map_err(|_| Fault::damaged(format_args!("there is no class {number}")))
}

fn json(row: &Row<'_>, column: usize) -> Result<serde_json::Value, Fault> {
    serde_json::from_str(&row.get::<_, String>(column)?).map_err(Fault::damaged)
}
