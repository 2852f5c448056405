//! The whole way of a picture that was opened, of every size, depth and exposure: measures, a network, the report.

use std::path::Path;
use std::sync::LazyLock;

use fovea::bundle::{Advice, Card, Library, advise, assess};
use fovea::explain::{Explainer, Settings, report};
use fovea::export::{Pictures, Record, npz};
use fovea::layers::Style;
use fovea::method::{Cam, CamMethod};
use fovea::network::device;
use fovea::{input, scan};
use image::{DynamicImage, ImageFormat};

use super::choices::Choices;

static EXPLAINER: LazyLock<Explainer> = LazyLock::new(|| {
    let bundle = Library::open(&[]).unwrap().load("mnist").unwrap();
    Explainer::new(bundle, &device::cpu()).unwrap()
});
/// Of all models that come along: what they measure and how they prepare.
static CARDS: LazyLock<Vec<Card>> = LazyLock::new(|| Library::open(&[]).unwrap().usable().cloned().collect());

/// A sound file of strange sizes: what it says of itself is right.
pub fn make(c: &mut Choices<'_>) -> Vec<u8> {
    let (width, height) = match c.below(8) {
        0 => (1, 1),
        1 => c.one(&[(1, 5000), (5000, 1), (2, 3000), (3000, 3)]),
        2 => c.one(&[(3, 3), (2, 1), (1, 2), (28, 28), (27, 29)]),
        _ => (c.within(1, 300) as u32, c.within(1, 300) as u32),
    };
    let area = (width * height) as usize;
    let bytes = filled(c, 6 * area, width as usize);
    let words = |count: usize| bytes.iter().cycle().take(count).map(|b| u16::from(*b) * 257).collect::<Vec<_>>();
    let picture = match c.below(5) {
        0 => DynamicImage::from(image::GrayImage::from_raw(width, height, bytes[..area].to_vec()).unwrap()),
        1 => image::RgbImage::from_raw(width, height, bytes[..3 * area].to_vec()).unwrap().into(),
        2 => image::RgbaImage::from_raw(width, height, bytes[..4 * area].to_vec()).unwrap().into(),
        3 => image::ImageBuffer::<image::Luma<u16>, _>::from_raw(width, height, words(area)).unwrap().into(),
        _ => image::ImageBuffer::<image::Rgb<u16>, _>::from_raw(width, height, words(3 * area)).unwrap().into(),
    };
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

/// Black, white, one lit pixel, a disc, or anything.
fn filled(c: &mut Choices<'_>, count: usize, width: usize) -> Vec<u8> {
    match c.below(6) {
        0 => vec![0; count],
        1 => vec![255; count],
        2 => vec![c.byte(); count],
        3 => {
            let mut bytes = vec![0; count];
            let at = c.below(count);
            bytes[at] = 255;
            bytes
        }
        4 => (0..count).map(|i| if (i % (3 * width)).abs_diff(3 * width / 2) < width { 180 } else { 2 }).collect(),
        _ => c.noise(count),
    }
}

pub fn read(path: &Path) -> Result<(), String> {
    let scan = scan::open(path).map_err(|error| error.to_string())?;
    let measures = input::measure(&scan);
    let (width, height) = scan.size_px();
    let card = &CARDS[(width ^ height) as usize % CARDS.len()];
    let _ = (advise(card, &measures, || Library::open(&[]).ok()), assess(card, &measures));
    // A black picture has no retina.
    let prepared = input::prepare(&scan, &card.preprocessing);
    assert!(prepared.is_ok_and(|input| input.values.iter().all(|v| v.is_finite())) || card.name == "retina-dr");
    let method = [CamMethod::Cam, CamMethod::GradCam][(width + height) as usize % 2];
    let settings = Settings { cam: Cam { method, layer: None }, ..Settings::recommended(&EXPLAINER.card) };
    let explanation = EXPLAINER.explain(&scan, &settings).map_err(|error| error.to_string())?;
    let (style, card) = (Style::default(), &EXPLAINER.card);
    let advice = Advice { why: "it is none, and its reason".to_owned(), instead: None };
    let says = report(card, &explanation, Some(&advice), None, true);
    let model = (card, EXPLAINER.sha256.as_str());
    let record = Record::new("a.png".to_owned(), model, &explanation, &says, &style, 0.0).of_scan(&scan, None);
    let text = serde_json::to_string(&record).map_err(|error| error.to_string())?;
    serde_json::from_str::<serde_json::Value>(&text).map_err(|error| error.to_string())?;
    npz(&explanation).map_err(|error| error.to_string())?;
    let picture = scan.to_rgb8();
    let pictures = Pictures::new(&picture, card, &explanation, &style).with_report(says);
    pictures.panel("a\u{202e}\n\u{0}.png").map_err(|error| error.to_string())?;
    let check = |_: &str, layer: &[u8]| {
        let size = image::load_from_memory(layer).map(|layer| (layer.width(), layer.height()));
        assert_eq!(size.ok(), Some((width, height)));
        Ok(())
    };
    pictures.each_layer(check).map_err(|error| error.to_string())
}
