//! Foreign files as bytes: regular ones alone, and none larger than was asked for.
//!
//! A pipe has no end and a device none that counts: opening the one blocks, and of the other gigabytes are read before
//! anything is refused. So what a path leads to is looked at first, and its size before its content.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// Opens the file at `path` and says how many bytes it has.
///
/// # Errors
/// As the system gives them; what is no regular file is `InvalidInput`, a folder `IsADirectory`.
pub fn open(path: &Path) -> Result<(File, u64)> {
    let check = |metadata: std::fs::Metadata| match metadata.is_file() {
        true => Ok(metadata.len()),
        false if metadata.is_dir() => Err(Error::new(ErrorKind::IsADirectory, "it is a folder, not a file")),
        false => Err(Error::new(ErrorKind::InvalidInput, "it is a pipe or a device, not a file")),
    };
    check(std::fs::metadata(path)?)?;
    let file = File::open(path)?;
    // Another may have come in its place meanwhile.
    let bytes = check(file.metadata()?)?;
    Ok((file, bytes))
}

/// The content of the file at `path`.
///
/// # Errors
/// Like [`open`]; a file of more than `most_bytes` is `FileTooLarge`.
pub fn read(path: &Path, most_bytes: u64) -> Result<Vec<u8>> {
    let (file, found) = open(path)?;
    let too_large = |found: u64| {
        let says = format!("it is {found} bytes large where at most {most_bytes} are read");
        Err(Error::new(ErrorKind::FileTooLarge, says))
    };
    if found > most_bytes {
        return too_large(found);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(found).unwrap_or(0));
    // It may grow while it is read.
    file.take(most_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most_bytes { too_large(bytes.len() as u64) } else { Ok(bytes) }
}

/// Like [`read`], as text.
///
/// # Errors
/// Like [`read`]; bytes that are no UTF-8 are `InvalidData`.
pub fn read_text(path: &Path, most_bytes: u64) -> Result<String> {
    let no_text = |_| Error::new(ErrorKind::InvalidData, "it is no text in UTF-8");
    String::from_utf8(read(path, most_bytes)?).map_err(no_text)
}

/// Whether a regular file lies at `path` that is not empty.
pub fn is_filled(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|data| data.is_file() && data.len() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_or_no_file_is_refused_unread() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        std::fs::write(&file, "four").unwrap();
        assert_eq!(read_text(&file, 4).unwrap(), "four");
        assert_eq!(read(&file, 3).unwrap_err().kind(), ErrorKind::FileTooLarge);
        assert_eq!(read(folder.path(), 9).unwrap_err().kind(), ErrorKind::IsADirectory);
        assert_eq!(read(&folder.path().join("b"), 9).unwrap_err().kind(), ErrorKind::NotFound);
        std::fs::write(&file, [0xff]).unwrap();
        assert_eq!(read_text(&file, 4).unwrap_err().kind(), ErrorKind::InvalidData);
        // Of five gigabytes none is read.
        File::create(&file).unwrap().set_len(5 << 30).unwrap();
        assert_eq!(read(&file, 1 << 30).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }

    #[cfg(unix)]
    #[test]
    fn pipes_and_devices_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        for path in [pipe.as_path(), Path::new("/dev/zero")] {
            assert_eq!(read(path, 9).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }
}
