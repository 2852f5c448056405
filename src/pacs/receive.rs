//! An object on its way in: written down fragment by fragment, and there whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::Parcel;
use super::association::{Association, Body};
use super::message::{CommandSet, element, status};
use super::parcel::{head, identity, settle};
use super::wire::Broken;

/// Of files that arrive. What still ends so when nobody receives was left half-sent.
pub const ENDING: &str = "arriving";
/// Fragments are gathered to so much.
const BUFFER_BYTES: usize = 1 << 18;

/// A file that goes away again unless it was kept.
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

/// Receives the data set of `request`, a C-STORE under the context `id`, into a file of `folder` that has reached the disk.
/// Gives the object, or the status to answer with.
///
/// # Errors
/// An association that breaks; then no file is left.
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

/// Makes the file, with its head.
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
            // What could not be written must not be tried again when the buffer goes.
            drop(sink.into_parts());
            return Ok(Err(status::OUT_OF_RESOURCES));
        }
        Body::Whole => {}
    }
    if sink.flush().is_err() || settle(&file).is_err() {
        return Ok(Err(status::OUT_OF_RESOURCES));
    }
    drop(sink);
    // What the object says of itself must be what was said of it.
    let says = identity(&arriving.path).map(|says| (says.sop_class_uid, says.sop_instance_uid));
    let is_it =
        says.is_some_and(|(class, instance)| class == parcel.sop_class_uid && instance == parcel.sop_instance_uid);
    if !is_it {
        return Ok(Err(status::NOT_OF_ITS_CLASS));
    }
    arriving.is_kept = true;
    Ok(Ok(parcel))
}

/// Removes from `folder` what was left half-sent; makes the folder where there is none.
///
/// # Errors
/// A folder that cannot be had.
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
