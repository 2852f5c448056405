//! Where pictures lie: each by its folder and its path in there, so that a whole folder can move.
//!
//! A folder is known by its full path and by its path relative to the file of readings. If both are moved or copied
//! together, the second finds the pictures; if the file alone is moved, the first does.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, Result};

/// Pictures looked for before a folder counts as moved.
const SAMPLES: usize = 16;

/// A path in a table: text, or bytes where it is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathCell(pub PathBuf);

impl ToSql for PathCell {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        let value = match self.0.to_str() {
            Some(text) if cfg!(windows) => Value::Text(text.replace('\\', "/")),
            Some(text) => Value::Text(text.to_owned()),
            None => Value::Blob(self.0.as_os_str().as_encoded_bytes().to_vec()),
        };
        Ok(ToSqlOutput::Owned(value))
    }
}

impl FromSql for PathCell {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Text(_) => Ok(Self(value.as_str()?.into())),
            ValueRef::Blob(bytes) => Ok(Self(of_bytes(bytes))),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

#[cfg(unix)]
fn of_bytes(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(bytes).into()
}

/// What is no Unicode comes from another system, where such a name means nothing.
#[cfg(not(unix))]
fn of_bytes(bytes: &[u8]) -> PathBuf {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// The folders that a file of readings names.
#[derive(Debug, Clone)]
pub struct Folders {
    /// The folder of the file of readings itself.
    home: PathBuf,
    by_path: HashMap<PathBuf, i64>,
    by_id: HashMap<i64, PathBuf>,
}

impl Folders {
    /// None yet, of a file of readings at the absolute path `file`.
    pub fn beside(file: &Path) -> Self {
        let home = file.parent().unwrap_or(file).to_owned();
        Self { home, by_path: HashMap::new(), by_id: HashMap::new() }
    }

    /// Those that the file of readings at `file` names, as they lie now.
    pub fn read(connection: &Connection, file: &Path) -> Result<Self> {
        let mut folders = Self::beside(file);
        let mut rows = connection.prepare("SELECT id, path, beside FROM folder ORDER BY id")?;
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let rows: Vec<(i64, PathCell, Option<PathCell>)> = rows.collect::<Result<_>>()?;
        for (id, PathCell(path), beside) in &rows {
            let near = beside.as_ref().map(|PathCell(beside)| plain(&folders.home.join(beside)));
            let is_free = |near: &PathBuf| near != path && rows.iter().all(|(_, other, _)| other.0 != *near);
            let found = match near.filter(is_free) {
                Some(near) if holds(connection, *id, &near)? => near,
                _ => path.clone(),
            };
            folders.insert(*id, found);
        }
        Ok(folders)
    }

    fn insert(&mut self, id: i64, path: PathBuf) {
        self.by_path.insert(path.clone(), id);
        self.by_id.insert(id, path);
    }

    /// Writes down where those folders lie now that were found elsewhere.
    pub fn settle(&self, connection: &Connection) -> Result<()> {
        let mut known = connection.prepare("SELECT path, beside FROM folder WHERE id = ?1")?;
        let mut settle = connection.prepare("UPDATE folder SET path = ?2, beside = ?3 WHERE id = ?1")?;
        for (id, path) in &self.by_id {
            let now = (PathCell(path.clone()), self.way_to(path));
            let was: (PathCell, Option<PathCell>) = known.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
            if was != now {
                settle.execute((id, &now.0, &now.1))?;
            }
        }
        Ok(())
    }

    /// The folder `from` lies at `to` from now on. One that is not known stays so.
    pub fn moved(&mut self, connection: &Connection, from: &Path, to: &Path) -> Result<()> {
        let Some(id) = self.by_path.get(from).copied().filter(|_| !self.by_path.contains_key(to)) else {
            return Ok(());
        };
        let cell = PathCell(to.to_owned());
        connection.execute("UPDATE folder SET path = ?2, beside = ?3 WHERE id = ?1", (id, &cell, self.way_to(to)))?;
        self.by_path.remove(from);
        self.insert(id, to.to_owned());
        Ok(())
    }

    /// The number of the folder `path`, which is new where it was not known.
    pub fn number(&mut self, connection: &Connection, path: &Path) -> Result<i64> {
        if let Some(id) = self.by_path.get(path) {
            return Ok(*id);
        }
        let cell = PathCell(path.to_owned());
        connection.execute("INSERT INTO folder (path, beside) VALUES (?1, ?2)", (&cell, self.way_to(path)))?;
        let id = connection.last_insert_rowid();
        self.insert(id, path.to_owned());
        Ok(id)
    }

    /// All ways to name the file `path` by a folder that is known and the path in there, the shortest such path first.
    pub fn named<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = (i64, PathCell)> + 'a {
        path.ancestors().skip(1).filter_map(|above| {
            let id = self.by_path.get(above)?;
            Some((*id, PathCell(path.strip_prefix(above).ok()?.to_owned())))
        })
    }

    /// A file's path. `None` where the folder is not known.
    pub fn path(&self, folder: i64, file: &PathCell) -> Option<PathBuf> {
        Some(self.by_id.get(&folder)?.join(&file.0))
    }

    /// A folder's path.
    pub fn folder(&self, id: i64) -> Option<&PathBuf> {
        self.by_id.get(&id)
    }

    /// How one comes to `folder` from the file of readings; `None` where they have nothing in common.
    fn way_to(&self, folder: &Path) -> Option<PathCell> {
        let folder = plain(&std::path::absolute(folder).ok()?);
        let common = |(a, b): &(Component<'_>, Component<'_>)| a == b;
        let shared = self.home.components().zip(folder.components()).take_while(common);
        let shared: Vec<Component<'_>> = shared.map(|(a, _)| a).collect();
        if !shared.iter().any(|part| matches!(part, Component::Normal(_))) {
            return None;
        }
        let up = self.home.components().skip(shared.len()).map(|_| Component::ParentDir);
        let way: PathBuf = up.chain(folder.components().skip(shared.len())).collect();
        Some(PathCell(if way.as_os_str().is_empty() { ".".into() } else { way }))
    }
}

/// Whether what was in the folder `id` lies in `place`.
fn holds(connection: &Connection, id: i64, place: &Path) -> Result<bool> {
    let mut files = connection.prepare("SELECT file FROM picture WHERE folder = ?1 ORDER BY id LIMIT ?2")?;
    let files = files.query_map((id, SAMPLES as i64), |row| row.get(0))?;
    let files: Vec<PathCell> = files.collect::<Result<_>>()?;
    let is_there = |file: &PathCell| place.join(&file.0).exists();
    Ok(if files.is_empty() { place.is_dir() } else { files.iter().any(is_there) })
}

/// An absolute path without `.` and `..`, by its words alone.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = plain.pop(),
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_a_folder_leads_there() {
        let folders = Folders::beside(Path::new("/home/eva/day/a.fovea"));
        for (folder, way) in
            [("/home/eva/day", "."), ("/home/eva/day/x/y", "x/y"), ("/home/eva/z", "../z"), ("/home", "../..")]
        {
            let found = folders.way_to(Path::new(folder)).unwrap();
            assert_eq!(found.0, Path::new(way));
            assert_eq!(plain(&folders.home.join(found.0)), Path::new(folder));
        }
        assert_eq!(folders.way_to(Path::new("/mnt/x")), None);
    }
}
