//! The program's readers, each from a file to an answer in words: what `Target::read` calls.

use std::path::Path;

use fovea::scan;

/// Pictures beyond this are not turned into colours: it is the decoders that are wanted.
const MOST_SHOWN: u64 = 1 << 22;

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// A picture of any format, all the way to the colours that a model is given.
pub fn picture(path: &Path) -> Result<(), String> {
    shown(&scan::open(path).map_err(said)?)
}

fn shown(scan: &scan::Scan) -> Result<(), String> {
    let (width, height) = scan.size_px();
    if u64::from(width) * u64::from(height) <= MOST_SHOWN {
        assert_eq!(scan.to_rgb8().dimensions(), (width, height));
        if let Some(grey) = scan.grey() {
            let _ = grey.value(width - 1, height - 1);
            let _ = grey.default_display();
        }
    }
    Ok(())
}

/// A radiograph: its first frames, one that it hardly has, and what it says of a person.
pub fn radiograph(path: &Path) -> Result<(), String> {
    let personal = scan::personal(path).map_err(said);
    let first = scan::open(path).map_err(said);
    if let Ok(file) = scan::Encoded::read(path, 0) {
        let _ = file.origin();
    }
    for frame in [1, 2, u32::MAX] {
        if let Ok(scan) = scan::open_frame(path, frame) {
            shown(&scan)?;
        }
    }
    shown(&first?)?;
    personal.map(drop)
}
