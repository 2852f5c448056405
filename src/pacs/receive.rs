//! Receiving an object: written fragment by fragment, and there complete or not at all.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::Parcel;
use super::association::{Association, Body};
use super::message::{CommandSet, element, status};
use super::parcel::{head, identity, settle};
use super::wire::Broken;

/// Ending of files that are arriving. One found when nobody receives is incomplete.
pub const ENDING: &str = "arriving";
/// Write buffer for fragments.
const BUFFER_BYTES: usize = 1 << 18;

/// A file that is removed on drop unless it was kept.
struct Arriving {
    path: PathBuf,
    is_kept: bool,
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if !self.is_kept {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Receives the data set of `request`, a C-STORE under the context `id`, into a file in `folder`, flushed to the disk.
/// Returns the object, or the status to answer with.
///
/// # Errors
/// An association that breaks; no file is left then.
pub fn receive(
    association: &mut Association<'_>,
    id: u8,
    request: &CommandSet,
    folder: &Path,
    most_bytes: u64,
) -> Result<Result<Parcel, u16>, Broken> {
    let (class, syntax) = match association.context(id) {
        Some(context) => (context.class.clone(), context.syntax.clone()),
        None => return Err(Broken::nonsense("an object under no presentation context")),
    };
    if !request.has_data_set() {
        return Ok(Err(status::CANNOT_UNDERSTAND));
    }
    let refusal = match (request.uid_of(element::AFFECTED_CLASS), request.uid_of(element::AFFECTED_INSTANCE)) {
        (_, None) => status::INVALID_INSTANCE,
        (said, Some(_)) if said != Some(class.as_str()) => status::CLASS_NOT_SUPPORTED,
        (_, Some(instance)) => {
            let parcel = |file| Parcel {
                sop_class_uid: class.clone(),
                sop_instance_uid: instance.to_owned(),
                transfer_syntax_uid: syntax.clone(),
                file,
            };
            match begin(folder, &parcel(PathBuf::new())) {
                Ok((arriving, file)) => {
                    let parcel = parcel(arriving.path.clone());
                    return finish(association, id, (arriving, file), parcel, most_bytes);
                }
                Err(_) => status::OUT_OF_RESOURCES,
            }
        }
    };
    association.skip_data(id, most_bytes)?;
    Ok(Err(refusal))
}

/// Creates the file with its header.
fn begin(folder: &Path, parcel: &Parcel) -> std::io::Result<(Arriving, File)> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let name = format!("{}-{}-{number}.{ENDING}", now.as_nanos(), std::process::id());
    let path = folder.join(name);
    let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
    let arriving = Arriving { path, is_kept: false };
    let head = head(&parcel.sop_class_uid, &parcel.sop_instance_uid, &parcel.transfer_syntax_uid);
    file.write_all(&head.map_err(std::io::Error::other)?)?;
    Ok((arriving, file))
}

fn finish(
    association: &mut Association<'_>,
    id: u8,
    (mut arriving, file): (Arriving, File),
    parcel: Parcel,
    most_bytes: u64,
) -> Result<Result<Parcel, u16>, Broken> {
    let mut sink = BufWriter::with_capacity(BUFFER_BYTES, &file);
    let body = association.data(id, &mut sink, most_bytes)?;
    match body {
        Body::TooLarge => return Ok(Err(status::CANNOT_UNDERSTAND)),
        Body::NotWritten => {
            // Dropping the buffer must not try to write again.
            drop(sink.into_parts());
            return Ok(Err(status::OUT_OF_RESOURCES));
        }
        Body::Whole => {}
    }
    if sink.flush().is_err() || settle(&file).is_err() {
        return Ok(Err(status::OUT_OF_RESOURCES));
    }
    drop(sink);
    // The object must be what was announced.
    let says = identity(&arriving.path).map(|says| (says.sop_class_uid, says.sop_instance_uid));
    let is_it =
        says.is_some_and(|(class, instance)| class == parcel.sop_class_uid && instance == parcel.sop_instance_uid);
    if !is_it {
        return Ok(Err(status::NOT_OF_ITS_CLASS));
    }
    arriving.is_kept = true;
    Ok(Ok(parcel))
}

/// Removes incomplete files from `folder`; creates the folder where it does not exist.
///
/// # Errors
/// A folder that cannot be created or read.
pub fn sweep(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == ENDING) {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}
