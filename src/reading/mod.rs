//! What readers say of pictures: whose pictures they are, what was seen and when, grades, flags, words and measurements, the
//! file that keeps them, and how far readers and model agree.
//!
//! Must not know windows or networks.

pub mod agreement;
mod below;
pub mod entry;
pub mod file;
pub mod identity;
mod save;
pub mod table;

/// The ending of a file of readings.
pub const READINGS: &str = "fovea";

pub use self::entry::{Answer, Change, Contents, Entry, FrameOf, Judgement, Place, Reading, ReadingsHeader};
pub use self::file::{FileError, ReadingFile};
pub use self::identity::{Eye, Identity, Pattern};
pub use self::save::{save, write_table};
