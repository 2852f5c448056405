//! What the models' gates make of files that say what they are: the same pixels under other words.

use fovea::bundle::{Advice, Card, Library, advise};
use fovea::input;
use fovea::scan::{Scan, open};
use image::RgbImage;

use super::file::{EXPLICIT, File, Value, text};

const FUNDUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/samples/phantom-moderate.jpg");
const CHEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/chest-samples/phantom-chest-clear.dcm");

fn card(name: &str) -> Card {
    Library::open(&[]).unwrap().find(name).unwrap().card.unwrap()
}

fn asked(model: &str, scan: &Scan) -> Option<Advice> {
    advise(&card(model), &input::measure(scan), || Library::open(&[]).ok())
}

fn fundus() -> RgbImage {
    image::open(FUNDUS).unwrap().thumbnail(600, 600).into_rgb8()
}

/// `picture` under a modality and, where one is given, a body part.
fn written(picture: &RgbImage, modality: &str, body_part: Option<&str>) -> Scan {
    let size = (picture.width() as u16, picture.height() as u16);
    let pixels = Value::Bytes(picture.as_raw().clone());
    let file = File::with(EXPLICIT, "RGB", 3, size, [8, 8, 7], pixels);
    let planar = (0x0028_0006, super::us(0));
    let words = body_part.map(|part| (0x0018_0015, text("CS", part)));
    read(file.set([(0x0008_0060, text("CS", modality)), planar]).set(words))
}

/// The green channel alone, as red-free photographs are stored.
fn red_free(picture: &RgbImage, modality: &str) -> Scan {
    let size = (picture.width() as u16, picture.height() as u16);
    let green = picture.pixels().map(|pixel| pixel.0[1]).collect();
    let file = File::with(EXPLICIT, "MONOCHROME2", 1, size, [8, 8, 7], Value::Bytes(green));
    read(file.set([(0x0008_0060, text("CS", modality))]))
}

fn read(file: File) -> Scan {
    let folder = tempfile::tempdir().unwrap();
    open(&file.write(folder.path(), "a.dcm")).unwrap()
}

#[test]
fn a_colour_fundus_passes_under_every_modality_that_may_hold_one() {
    let picture = fundus();
    for (modality, part) in
        [("OP", None), ("OP", Some("EYE")), ("OP", Some("RETINA")), ("XC", None), ("OT", None), ("SC", Some("HEAD"))]
    {
        assert_eq!(asked("retina-dr", &written(&picture, modality, part)), None, "{modality} {part:?}");
    }
    let refused = asked("retina-dr", &written(&picture, "MR", Some("HEAD"))).unwrap();
    assert!(refused.text().contains("MR, HEAD"), "{}", refused.text());
}

#[test]
fn a_dim_fundus_passes_once_its_file_vouches_for_it() {
    // Vessels that cannot be seen: the gate of a photograph without words would refuse it.
    let picture = image::imageops::fast_blur(&fundus(), 9.0);
    assert!(asked("retina-dr", &written(&picture, "SC", None)).is_some());
    assert_eq!(asked("retina-dr", &written(&picture, "OP", None)), None);
}

#[test]
fn a_red_free_fundus_is_named_and_never_sent_to_the_chest() {
    let picture = fundus();
    for modality in ["OP", "OT", "SC"] {
        for model in ["retina-dr", "cxr-pneumonia"] {
            let refused = asked(model, &red_free(&picture, modality)).expect("it is for neither");
            assert!(refused.text().contains("red-free") || modality == "OP", "{model} {modality}: {}", refused.text());
            assert_eq!(refused.instead, None, "{model} {modality}: {}", refused.text());
        }
    }
}

/// The drawn chest, whose file says DX, CHEST and AP, with other words of the same length in their places.
fn chest(changes: &[(&str, &str)]) -> Scan {
    let mut bytes = std::fs::read(CHEST).unwrap();
    for (from, to) in changes {
        assert_eq!(from.len(), to.len());
        let at = bytes.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.dcm");
    std::fs::write(&path, bytes).unwrap();
    open(&path).unwrap()
}

#[test]
fn a_radiograph_is_known_by_its_modality_body_part_and_view() {
    assert_eq!(asked("cxr-pneumonia", &chest(&[])), None);
    for (changes, says) in [(("CHEST ", "TIBIA "), "TIBIA"), (("CHEST ", "SHIN  "), "SHIN"), (("CSDX", "CSMG"), "MG")] {
        let (from, to) = changes;
        let fix = |text: &str| text.replacen("CS", "CS\u{2}\0", usize::from(text.starts_with("CS")));
        let refused = asked("cxr-pneumonia", &chest(&[(&fix(from), &fix(to))])).expect(says);
        assert!(refused.text().contains(says), "{}", refused.text());
        assert_eq!(asked("retina-dr", &chest(&[(&fix(from), &fix(to))])).unwrap().instead, None, "{says}");
    }
    // Under the other model the file's words are enough to say where it belongs.
    assert_eq!(asked("retina-dr", &chest(&[])).unwrap().instead.as_deref(), Some("cxr-pneumonia"));
}

#[test]
fn an_age_that_the_file_gives_counts_and_is_kept_to_itself() {
    let picture = fundus();
    let grey = image::DynamicImage::ImageRgb8(picture).into_luma8();
    let size = (grey.width() as u16, grey.height() as u16);
    let of = |age: &str| {
        let file = File::with(EXPLICIT, "MONOCHROME2", 1, size, [8, 8, 7], Value::Bytes(grey.as_raw().clone()));
        let words = [(0x0018_0015, text("CS", "CHEST ")), (0x0010_1010, text("AS", age))];
        read(file.set(words))
    };
    let adult = of("047Y");
    let text = asked("cxr-pneumonia", &adult).unwrap().text();
    assert!(text.contains("older than 18 years") && !text.contains("47"), "{text}");
    let years = |age: &str| of(age).facts.unwrap().age_years;
    assert_eq!([years("047Y"), years("006M"), years("abcY")], [Some(47.0), Some(0.5), None]);
}
