//! What training reads beside pictures: MNIST's packed digits, and tables of boxes around lesions.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use fovea::evaluate::place::SourceGrid;
use fovea::geometry::Transform;
use fovea::train::{Recipe, lesions, read};

use super::choices::Choices;
use super::text;

const PICTURES: u32 = 2051;
const LABELS: u32 = 2049;

fn packed(numbers: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    numbers.iter().for_each(|number| gz.write_all(&number.to_be_bytes()).unwrap());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

pub fn make_digits(c: &mut Choices<'_>) -> Vec<u8> {
    let mut numbers = vec![PICTURES, 3, 28, 28];
    if c.once_in(2) {
        let (place, odd) = (c.below(4), c.odd() as u32);
        numbers[place] = odd;
    }
    if c.once_in(8) {
        numbers.truncate(c.below(4));
    }
    let area = numbers.iter().skip(1).map(|n| *n as usize).fold(1, usize::saturating_mul);
    let length = if c.once_in(4) { c.below(3000) } else { area.min(1 << 20) };
    let mut bytes = packed(&numbers, &c.noise(length));
    c.perhaps_mangle(5, &mut bytes, &[0xff; 9]);
    bytes
}

/// Three digits to learn from, the same to measure on.
pub fn read_digits(path: &Path) -> Result<(), String> {
    let folder = path.with_extension("folder");
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    for part in ["train", "t10k"] {
        let labels = packed(&[LABELS, 3], &[1, 2, 9]);
        std::fs::copy(path, folder.join(format!("{part}-images-idx3-ubyte.gz"))).map_err(|error| error.to_string())?;
        let place = folder.join(format!("{part}-labels-idx1-ubyte.gz"));
        std::fs::write(place, labels).map_err(|error| error.to_string())?;
    }
    let recipe = Recipe::find("mnist").map_err(|error| error.to_string())?;
    read::read(&recipe, &folder, None).map(drop).map_err(|error| error.to_string())
}

pub fn make_boxes(c: &mut Choices<'_>) -> Vec<u8> {
    let seed = "image,lesion,x_min,y_min,x_max,y_max\na.jpg,haemorrhage,0.1,0.2,0.3,0.4\nb/c.png,optic_disc,0,0,1,1\n";
    text::changed(c, seed, &["a,hard_exudates,nan,0,1,inf", "a,x,-1e308,0,1e308,1", ",,,,,", "\""])
}

/// A table, and its boxes on a grid.
pub fn read_boxes(path: &Path) -> Result<(), String> {
    let boxes = lesions::read_boxes(path).map_err(|error| error.to_string())?.unwrap_or_default();
    for source_px in [(1, 1), (4288, 2848), (7, 30_000)] {
        let source_from_model = Transform::IDENTITY;
        let grid = lesions::Grid { shape: [5, 32, 32], source_px, source_from_model, model_px: (512, 512) };
        let boxes_on = SourceGrid { source_px, source_from_model, model_size: (512, 512) };
        let mut mask = vec![false; 512 * 512];
        for boxes in boxes.values() {
            drop(grid.of_boxes(boxes));
            boxes_on.of_boxes(boxes).iter().for_each(|region| region.extent.mark(&mut mask, 512));
        }
    }
    Ok(())
}
