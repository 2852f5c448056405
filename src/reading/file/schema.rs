//! The tables of a file of readings, as `docs/readings.md` tells researchers of them.
//!
//! `STRICT` and `CHECK` are there for foreign files: an integrity check holds every row against them before one is read.

/// `fovR`: the application id in the header of every file of readings.
pub const APPLICATION_ID: i32 = 0x666f_7652;
/// Grows with every change of the tables; files of a newer one are refused.
pub const FORMAT: i32 = 1;

/// Each table by name, with the statement that makes it. What the statements say is compared letter by letter.
pub const TABLES: [(&str, &str); 10] = [
    (
        "head",
        "CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), reader TEXT NOT NULL, model TEXT NOT NULL, \
         ordered INTEGER NOT NULL CHECK (ordered IN (0, 1)), blind INTEGER NOT NULL CHECK (blind IN (0, 1)), \
         created TEXT NOT NULL) STRICT",
    ),
    ("class", "CREATE TABLE class (number INTEGER PRIMARY KEY CHECK (number >= 0), name TEXT NOT NULL) STRICT"),
    (
        "folder",
        "CREATE TABLE folder (id INTEGER PRIMARY KEY, path ANY NOT NULL UNIQUE CHECK (octet_length(path) <= 32768), \
         beside ANY CHECK (octet_length(beside) <= 32768)) STRICT",
    ),
    (
        "opened",
        "CREATE TABLE opened (number INTEGER PRIMARY KEY, folder INTEGER NOT NULL REFERENCES folder, \
         file ANY CHECK (octet_length(file) <= 32768)) STRICT",
    ),
    (
        "picture",
        "CREATE TABLE picture (id INTEGER PRIMARY KEY, folder INTEGER NOT NULL REFERENCES folder, \
         file ANY NOT NULL CHECK (octet_length(file) <= 32768), \
         frame INTEGER NOT NULL CHECK (frame BETWEEN 0 AND 4294967295), patient TEXT NOT NULL, \
         eye TEXT CHECK (eye IN ('right', 'left')), taken TEXT, \
         said_by_reader INTEGER NOT NULL CHECK (said_by_reader IN (0, 1)), UNIQUE (folder, file, frame)) STRICT",
    ),
    (
        "reading",
        "CREATE TABLE reading (picture INTEGER PRIMARY KEY REFERENCES picture, class INTEGER CHECK (class >= 0), \
         revised INTEGER CHECK (revised >= 0), ungradable INTEGER NOT NULL CHECK (ungradable IN (0, 1)), \
         flagged INTEGER NOT NULL CHECK (flagged IN (0, 1)), \
         comment TEXT NOT NULL CHECK (octet_length(comment) <= 1048576), \
         judgement TEXT CHECK (judgement IN ('accepted', 'overruled')), \
         box_left REAL, box_top REAL, box_right REAL, box_bottom REAL, seconds REAL, \
         answer_seen_before INTEGER NOT NULL CHECK (answer_seen_before IN (0, 1)), at TEXT) STRICT",
    ),
    (
        "answer",
        "CREATE TABLE answer (picture INTEGER PRIMARY KEY REFERENCES picture, model TEXT NOT NULL, \
         class INTEGER NOT NULL CHECK (class >= 0), probability REAL NOT NULL, \
         probabilities TEXT NOT NULL CHECK (octet_length(probabilities) <= 1048576), \
         headline TEXT NOT NULL CHECK (octet_length(headline) <= 1048576), \
         gradable INTEGER CHECK (gradable IN (0, 1)), refused INTEGER NOT NULL CHECK (refused IN (0, 1)), \
         agrees INTEGER CHECK (agrees IN (0, 1))) STRICT",
    ),
    (
        "seen",
        "CREATE TABLE seen (picture INTEGER PRIMARY KEY REFERENCES picture, \
         number INTEGER CHECK (number BETWEEN 0 AND 4294967295), \
         answer_seen INTEGER NOT NULL CHECK (answer_seen IN (0, 1))) STRICT",
    ),
    (
        "measurement",
        "CREATE TABLE measurement (picture INTEGER PRIMARY KEY REFERENCES picture, \
         json TEXT NOT NULL CHECK (octet_length(json) <= 1048576)) STRICT",
    ),
    (
        "place",
        "CREATE TABLE place (id INTEGER PRIMARY KEY CHECK (id = 1), folder INTEGER REFERENCES folder, \
         file ANY CHECK (octet_length(file) <= 32768), frame INTEGER CHECK (frame BETWEEN 0 AND 4294967295), \
         view TEXT NOT NULL CHECK (octet_length(view) <= 1048576)) STRICT",
    ),
];
