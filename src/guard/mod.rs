//! What stands between this program and a world that may be broken or hostile: files that are read, files that are written,
//! memory, and faults. Must not know pictures, models or windows.

pub mod apart;
pub mod checksum;
pub mod memory;
pub mod panics;
pub mod regular;
pub mod whole;
