//! What was found once and is mended: every file of the folder `found` through the readers of its ending. Each comes from
//! a case, some made smaller by hand, and each is small.

use std::path::Path;

use super::TARGETS;

/// A file that is larger was not made simple enough.
const MOST_BYTES: usize = 2048;

#[test]
fn what_was_found_stays_mended() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/found");
    let elsewhere = tempfile::tempdir().unwrap();
    let mut faults = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.as_ref().unwrap().file_name().into_string().unwrap();
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(bytes.len() < MOST_BYTES, "{name} has {} bytes", bytes.len());
        let readers = TARGETS.iter().filter(|target| name.ends_with(&format!(".{}", target.ending)));
        let mut count = 0;
        for target in readers {
            // Some readers set a damaged file aside.
            let path = elsewhere.path().join(&name);
            std::fs::write(&path, &bytes).unwrap();
            faults.extend(target.read(&path).err().map(|fault| format!("{name} ({}): {fault}", target.name)));
            count += 1;
        }
        assert!(count > 0, "nothing reads {name}");
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
