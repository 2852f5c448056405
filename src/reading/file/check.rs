//! What a foreign file must be before a row of it is read: a file of readings, of a known format, undamaged, with our own
//! tables and nothing else, and of a size that a day's work can have.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension};

use super::error::Fault;
use super::schema::{APPLICATION_ID, FORMAT, TABLES};
use crate::guard::regular;

/// A day of 1,200 pictures takes about one of these MiB.
pub const MOST_BYTES: u64 = 256 << 20;
/// More than a reader sees in a life, and as much as fits into memory with ease.
const MOST_PICTURES: i64 = 1_000_000;
/// With this a journal ends that names a journal of several databases.
const JOURNAL_MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

/// Holds the file at `path`, and what a killed program may have left beside it, against their sizes.
///
/// The file is looked at and not opened: a program that closes a file gives up every lock that it holds on it.
pub fn outside(path: &Path) -> Result<(), Fault> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(Fault::Other);
    }
    if metadata.len() == 0 {
        return Err(Fault::Other);
    }
    let beside = ["-journal", "-wal"].map(|ending| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    });
    let sizes = beside.iter().map(|beside| std::fs::metadata(beside).map_or(0, |found| found.len()));
    if let Some(bytes) = sizes.chain([metadata.len()]).find(|bytes| *bytes > MOST_BYTES) {
        return Err(Fault::TooLarge(bytes));
    }
    match names_others(&beside[0]) {
        true => Err(Fault::damaged("the journal beside it is another program's")),
        false => Ok(()),
    }
}

/// Whether a journal names one of several databases. We write none; SQLite deletes the file that such a one names.
fn names_others(journal: &Path) -> bool {
    let Ok((mut file, bytes)) = regular::open(journal) else { return false };
    let mut end = [0; 8];
    let read = bytes >= 8 && file.seek(SeekFrom::End(-8)).is_ok() && file.read_exact(&mut end).is_ok();
    read && end == JOURNAL_MAGIC
}

/// Nothing that stands in a file shall do anything.
pub fn distrust(connection: &Connection) -> Result<(), Fault> {
    use DbConfig::{
        SQLITE_DBCONFIG_DEFENSIVE, SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW,
        SQLITE_DBCONFIG_TRUSTED_SCHEMA,
    };
    connection.set_db_config(SQLITE_DBCONFIG_DEFENSIVE, true)?;
    for off in [SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW, SQLITE_DBCONFIG_TRUSTED_SCHEMA] {
        connection.set_db_config(off, false)?;
    }
    connection.execute_batch("PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;")?;
    Ok(())
}

/// Whose file it is, as its header says.
pub fn header(connection: &Connection) -> Result<(), Fault> {
    let number = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i32>(0));
    if number("application_id")? != APPLICATION_ID {
        return Err(Fault::Other);
    }
    match number("user_version")? {
        FORMAT => Ok(()),
        found if found > FORMAT => Err(Fault::Newer { found, known: FORMAT }),
        found => Err(Fault::damaged(format_args!("there is no format {found}"))),
    }
}

/// What stands in it. The tables come first: what a check has to do follows from them.
pub fn inside(connection: &Connection) -> Result<(), Fault> {
    tables(connection)?;
    let says: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if says != "ok" {
        // Above it stands that it is of this database.
        return Err(Fault::damaged(says.lines().last().unwrap_or_default()));
    }
    let orphan = connection.query_row("PRAGMA foreign_key_check", [], |row| row.get::<_, String>(0)).optional()?;
    if let Some(table) = orphan {
        return Err(Fault::damaged(format_args!("its table {table} points to rows that are not there")));
    }
    let pictures: i64 = connection.query_row("SELECT count(*) FROM picture", [], |row| row.get(0))?;
    match pictures {
        0..=MOST_PICTURES => Ok(()),
        _ => Err(Fault::damaged(format_args!("it lists {pictures} pictures"))),
    }
}

fn tables(connection: &Connection) -> Result<(), Fault> {
    let mut rows = connection.prepare("SELECT type, name, sql FROM sqlite_schema")?;
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let mut found = 0;
    for row in rows {
        let (kind, name, sql): (String, String, Option<String>) = row?;
        match (kind.as_str(), sql) {
            ("table", Some(sql)) if TABLES.contains(&(&name, &sql)) => found += 1,
            // Those that SQLite makes itself for `UNIQUE`.
            ("index", None) if name.starts_with("sqlite_autoindex_") => {}
            _ => return Err(Fault::damaged(format_args!("its {kind} `{name}` is not as this program makes it"))),
        }
    }
    if found == TABLES.len() { Ok(()) } else { Err(Fault::damaged("some of its tables are missing")) }
}
