//! From a change to rows.

use std::collections::HashMap;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Params, Statement};

use super::error::Fault;
use super::folders::{Folders, PathCell};
use crate::reading::entry::{Answer, Change, FrameOf, Judgement, Place, Reading, ReadingsHeader};
use crate::reading::identity::{Eye, Identity};

/// Whoever writes the changes of one transaction.
pub struct Writer<'a> {
    connection: &'a Connection,
    folders: &'a mut Folders,
    prepared: HashMap<&'static str, Statement<'a>>,
}

impl<'a> Writer<'a> {
    pub fn new(connection: &'a Connection, folders: &'a mut Folders) -> Self {
        Self { connection, folders, prepared: HashMap::new() }
    }

    fn statement(&mut self, sql: &'static str) -> Result<&mut Statement<'a>, Fault> {
        if !self.prepared.contains_key(sql) {
            self.prepared.insert(sql, self.connection.prepare(sql)?);
        }
        self.prepared.get_mut(sql).ok_or_else(|| Fault::System("a statement was lost".to_owned()))
    }

    fn execute(&mut self, sql: &'static str, values: impl Params) -> Result<(), Fault> {
        self.statement(sql)?.execute(values)?;
        Ok(())
    }

    pub fn write(&mut self, change: &Change) -> Result<(), Fault> {
        match change {
            Change::Head(head) => self.head(head),
            Change::Pictures(pictures) => pictures.iter().try_for_each(|(of, identity)| {
                let picture = self.picture(of)?;
                self.execute(
                    "UPDATE picture SET patient = ?2, eye = ?3, taken = ?4 WHERE id = ?1 AND NOT said_by_reader",
                    (picture, &identity.patient, eye(identity.eye), &identity.taken),
                )
            }),
            Change::Identity(of, identity) => self.identity(of, identity),
            Change::Reading(of, reading) => self.reading(of, reading),
            Change::Answer(of, answer) => self.answer(of, answer),
            Change::Seen(of, order) => {
                let picture = self.picture(of)?;
                self.execute(
                    "INSERT INTO seen VALUES (?1, ?2, 0) \
                     ON CONFLICT (picture) DO UPDATE SET number = coalesce(number, excluded.number)",
                    (picture, order),
                )
            }
            Change::AnswerSeen(of) => {
                let picture = self.picture(of)?;
                self.execute(
                    "INSERT INTO seen VALUES (?1, NULL, 1) ON CONFLICT (picture) DO UPDATE SET answer_seen = 1",
                    [picture],
                )
            }
            Change::Measurements(of, measurements) => {
                let picture = self.picture(of)?;
                match measurements {
                    None => self.execute("DELETE FROM measurement WHERE picture = ?1", [picture]),
                    Some(json) => {
                        self.execute("INSERT OR REPLACE INTO measurement VALUES (?1, ?2)", (picture, json.to_string()))
                    }
                }
            }
            Change::Place(place) => self.place(place),
        }
    }

    fn head(&mut self, head: &ReadingsHeader) -> Result<(), Fault> {
        let ReadingsHeader { reader, opened, model, classes, ordered, blind, created } = head;
        self.execute(
            "INSERT OR REPLACE INTO head VALUES (1, ?1, ?2, ?3, ?4, ?5)",
            (reader, model, ordered, blind, created),
        )?;
        self.execute("DELETE FROM class", [])?;
        for (number, name) in classes.iter().enumerate() {
            self.execute("INSERT INTO class VALUES (?1, ?2)", (number as i64, name))?;
        }
        self.execute("DELETE FROM opened", [])?;
        for (number, path) in opened.iter().enumerate() {
            let (folder, file) = match path.parent() {
                Some(folder) if path.is_file() => {
                    (folder, path.strip_prefix(folder).ok().map(|file| PathCell(file.to_owned())))
                }
                _ => (path.as_path(), None),
            };
            let folder = self.folders.number(self.connection, folder)?;
            self.execute("INSERT INTO opened VALUES (?1, ?2, ?3)", (number as i64, folder, file))?;
        }
        Ok(())
    }

    /// The picture's number, where it is listed.
    fn find(&mut self, of: &FrameOf) -> Result<Option<i64>, Fault> {
        let named: Vec<_> = self.folders.named(&of.path).collect();
        for (folder, file) in named {
            let find = self.statement("SELECT id FROM picture WHERE folder = ?1 AND file = ?2 AND frame = ?3")?;
            if let Some(id) = find.query_row((folder, file, of.frame), |row| row.get(0)).optional()? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    fn add(&mut self, of: &FrameOf) -> Result<i64, Fault> {
        let (folder, file) = self.named(&of.path)?;
        self.execute(
            "INSERT INTO picture (folder, file, frame, patient, said_by_reader) VALUES (?1, ?2, ?3, '', 0)",
            (folder, file, of.frame),
        )?;
        Ok(self.connection.last_insert_rowid())
    }

    /// A file by a known folder above it, else by its own.
    fn named(&mut self, path: &Path) -> Result<(i64, PathCell), Fault> {
        if let Some(named) = self.folders.named(path).next() {
            return Ok(named);
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let file = path.strip_prefix(folder).unwrap_or(path).to_owned();
        Ok((self.folders.number(self.connection, folder)?, PathCell(file)))
    }

    /// The picture's number; it is listed from now on.
    fn picture(&mut self, of: &FrameOf) -> Result<i64, Fault> {
        match self.find(of)? {
            Some(id) => Ok(id),
            None => self.add(of),
        }
    }

    fn identity(&mut self, of: &FrameOf, identity: &Identity) -> Result<(), Fault> {
        let picture = self.picture(of)?;
        self.execute(
            "UPDATE picture SET patient = ?2, eye = ?3, taken = ?4, said_by_reader = 1 WHERE id = ?1",
            (picture, &identity.patient, eye(identity.eye), &identity.taken),
        )
    }

    fn reading(&mut self, of: &FrameOf, reading: &Reading) -> Result<(), Fault> {
        let picture = self.picture(of)?;
        let judgement = reading.judgement.map(|judgement| match judgement {
            Judgement::Accepted => "accepted",
            Judgement::Overruled => "overruled",
        });
        finite(reading.box_px.iter().flatten().copied().chain(reading.seconds))?;
        let [left, top, right, bottom] = reading.box_px.map_or([None; 4], |edges| edges.map(Some));
        self.execute(
            "INSERT OR REPLACE INTO reading VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            (
                picture,
                reading.class.map(|class| class as i64),
                reading.revised.map(|class| class as i64),
                reading.ungradable,
                reading.flagged,
                &reading.comment,
                judgement,
                left,
                top,
                right,
                bottom,
                reading.seconds,
                reading.answer_seen_before,
                &reading.at,
            ),
        )
    }

    fn answer(&mut self, of: &FrameOf, answer: &Answer) -> Result<(), Fault> {
        let picture = self.picture(of)?;
        finite(answer.probabilities.iter().copied().chain([answer.probability]).map(f64::from))?;
        let probabilities = serde_json::to_string(&answer.probabilities);
        self.execute(
            "INSERT OR REPLACE INTO answer VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            (
                picture,
                &answer.model,
                answer.class as i64,
                answer.probability,
                probabilities.map_err(|error| Fault::Unfit(error.to_string()))?,
                &answer.headline,
                answer.gradable,
                answer.is_refused,
                answer.agrees,
            ),
        )
    }

    fn place(&mut self, place: &Place) -> Result<(), Fault> {
        let at = place.at.as_ref().map(|of| self.named(&of.path)).transpose()?;
        let (folder, file) = at.unzip();
        let frame = place.at.as_ref().map(|of| of.frame);
        self.execute(
            "INSERT OR REPLACE INTO place VALUES (1, ?1, ?2, ?3, ?4)",
            (folder, file, frame, place.view.to_string()),
        )
    }
}

fn eye(eye: Option<Eye>) -> Option<&'static str> {
    eye.map(|eye| match eye {
        Eye::Right => "right",
        Eye::Left => "left",
    })
}

/// A database takes what is no number for nothing at all.
fn finite(mut values: impl Iterator<Item = f64>) -> Result<(), Fault> {
    let all = values.all(f64::is_finite);
    if all { Ok(()) } else { Err(Fault::Unfit("one of its numbers is none".to_owned())) }
}
