//! Pictures on the pages: small, and each shown by a page.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::links::{links, straight};
use super::pages;

/// What a picture may have. History keeps every one that was ever committed.
const MOST_BYTES: u64 = 250_000;
const MOST_BYTES_TOGETHER: u64 = 2_500_000;
const MOST_PIXELS: (u32, u32) = (1920, 1080);

#[test]
fn pictures_are_small_and_shown() {
    let folder = pages::root().join("docs/screenshots");
    let shown: BTreeSet<PathBuf> = pages::all()
        .iter()
        .flat_map(|page| {
            links(page)
                .into_iter()
                .map(|link| straight(&page.path.with_file_name("").join(link.target)))
                .collect::<Vec<_>>()
        })
        .collect();
    let (mut wrong, mut together) = (Vec::new(), 0);
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::metadata(&path).unwrap().len();
        let (width, height) = image::image_dimensions(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        together += bytes;
        if bytes > MOST_BYTES || width > MOST_PIXELS.0 || height > MOST_PIXELS.1 {
            wrong.push(format!("{name}: {width}×{height} pixels in {bytes} bytes is too large"));
        }
        if !shown.contains(&PathBuf::from("docs/screenshots").join(&name)) {
            wrong.push(format!("{name}: no page shows it"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(together <= MOST_BYTES_TOGETHER, "{together} bytes together; {MOST_BYTES_TOGETHER} are enough");
}
