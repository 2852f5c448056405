//! Cards, descriptions of networks, settings, calibrations and tables of labels.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use fovea::bundle::family::DescribedNetwork;
use fovea::bundle::measures::Measures;
use fovea::bundle::{Card, Library, calibration, certificate};
use fovea::bundle::{advise, assess, library, weights};
use fovea::evaluate::Truths;
use fovea::guard::checksum::sha256_hex;
use fovea::scan::{Pixels, Scan};
use fovea::session::preferences::Preferences;
use fovea::{input, labels};

use super::choices::Choices;
use super::common::{card, dense::TINY, dense::dense_card, family_card, reference_card};
use super::text::changed;

/// The cards that come along, and small ones of every family.
static CARDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let shipped = [
        include_str!("../../models/mnist/model.toml"),
        include_str!("../../models/retina-dr/model.toml"),
        include_str!("../../models/cxr-pneumonia/model.toml"),
        include_str!("../../models/chexnet/model.toml"),
    ];
    let graph = |name: &str| family_card("graph", &format!("network = \"{name}\""), [3, 64, 64], 3);
    let small = [
        reference_card(true),
        dense_card(TINY, [33, 46], 3),
        graph("resnet18"),
        graph("mobilenet-v3-small"),
        graph("efficientnet-lite0"),
    ];
    let small = small.iter().map(|card| toml::to_string(card).unwrap());
    small.chain(shipped.map(str::to_owned)).collect()
});

const LINES: [&str; 16] = [
    "[architecture]",
    "[[architecture.layers]]",
    "kind = \"conv\"",
    "channels = 4294967295",
    "kernel = 99999",
    "stride = 0",
    "size = 0",
    "input = [3, 1000000, 1000000]",
    "input = [0, 0, 0]",
    "step = \"resize\"",
    "preprocessing = [{ step = \"local-contrast\", dark = nan, margin = 0, cell = 1, gain = inf, limit = -1.0 }]",
    "preprocessing = [{ step = \"crop-margins\", fraction = 0.4999999 }, { step = \"grey\" }]",
    "preprocessing = [{ step = \"crop-to-retina\", threshold = 0, coverage = 0.0, bright-part = 0.0, floor = 255 }]",
    "operating-points = [0.5]",
    "[gate]",
    "[[classes]]",
];

pub fn make_card(c: &mut Choices<'_>) -> Vec<u8> {
    let seed = &CARDS[c.below(CARDS.len())];
    changed(c, seed, &LINES)
}

/// A card, and all that is done with one before there are weights.
pub fn read_card(path: &Path) -> Result<(), String> {
    let form = library::read_form(path);
    let card = library::read_card(path).map_err(|error| error.to_string())?;
    assert!(form.is_ok());
    let again = toml::to_string(&card).map_err(|error| error.to_string())?;
    drop(again);
    let _ = (weights::most_bytes(&card), card.has_weights(), card.class_index("1"));
    for (scan, measures) in PICTURES.iter() {
        let _ = input::prepare(scan, &card.preprocessing);
        let _ = (advise(&card, measures, || None), assess(&card, measures));
    }
    Ok(())
}

/// Small, but with a lit disc, and what is measured of them.
static PICTURES: LazyLock<Vec<(Scan, Measures)>> = LazyLock::new(|| {
    let picture = |width: u32, height: u32| {
        let lit = |x: u32, y: u32| (x as f32 - width as f32 / 2.0).hypot(y as f32 - height as f32 / 2.0) < 30.0;
        let pixel = |x, y| image::Rgb(if lit(x, y) { [200, x as u8, y as u8] } else { [0; 3] });
        let scan = Scan::new(Pixels::Rgb8(image::RgbImage::from_fn(width, height, pixel)), "drawn");
        let measures = input::measure(&scan);
        (scan, measures)
    };
    vec![picture(70, 60), picture(1, 9)]
});

static DESCRIPTIONS: LazyLock<Vec<([usize; 3], String)>> = LazyLock::new(|| {
    let layers = "layers = [{ kind = \"conv\", channels = 3, kernel = 3, stride = 2 }, { kind = \"max-pool\", size = 2 }, { kind = \"classes\", kernel = 1, relu = false }]";
    let graph = |name: &str| family_card("graph", &format!("network = \"{name}\""), [3, 32, 32], 2);
    let cards =
        [card(layers, [1, 12, 12], 2), graph("resnet18"), graph("mobilenet-v3-small"), dense_card(TINY, [33, 46], 2)];
    let described = |card: &fovea::bundle::Card| {
        let network = DescribedNetwork::of(card.architecture.blueprint().ok()?).ok()?;
        Some((network.input, String::from_utf8(network.to_file().ok()?.1).ok()?))
    };
    cards.iter().filter_map(described).collect()
});

pub fn make_description(c: &mut Choices<'_>) -> Vec<u8> {
    let (_, seed) = &DESCRIPTIONS[c.below(DESCRIPTIONS.len())];
    changed(c, seed, &[])
}

/// A description as its card would have it; whoever makes one makes the card too.
pub fn read_description(path: &Path) -> Result<(), String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let mut last = Err("there is no description to begin with".to_owned());
    for (input, _) in DESCRIPTIONS.iter() {
        let mut network = DescribedNetwork::default();
        (network.file, network.sha256, network.input) = ("network.json".to_owned(), sha256_hex(&bytes), *input);
        last = network.load(&bytes).and_then(|()| network.blueprint()).and_then(|network| network.tensors(2).map(drop));
        if last.is_ok() {
            break;
        }
    }
    last
}

pub fn make_settings(c: &mut Choices<'_>) -> Vec<u8> {
    let mut usual = Preferences { export_folder: Some("/tmp/x".into()), ..Preferences::default() };
    usual.remember(Path::new("/a.png"));
    let seed = toml::to_string_pretty(&usual).unwrap();
    changed(
        c,
        &seed,
        &["[window]", "width = nan", "height = -1.0", "maximised = true", "model = \"../x\"", "recent = []"],
    )
}

/// Settings, and whether they can be kept again.
pub fn read_settings(path: &Path) -> Result<(), String> {
    let (found, said) = Preferences::load(path);
    let within = |value: f32| (0.0..=1.0).contains(&value);
    assert!(
        within(found.style.cam.opacity)
            && within(found.style.clear.opacity)
            && found.text_scale.is_none_or(f32::is_finite)
    );
    found.save(&path.with_extension("again")).map_err(|error| error.to_string())?;
    let _ = std::fs::remove_file(path.with_extension("damaged.toml"));
    said.map_or(Ok(()), Err)
}

/// A model of one answer and one of findings.
static ASKED: LazyLock<Vec<Card>> = LazyLock::new(|| {
    let card = |name: &str| Library::open(&[]).unwrap().find(name).unwrap().card.unwrap();
    ["retina-dr", "chexnet"].map(card).to_vec()
});

pub fn make_calibration(c: &mut Choices<'_>) -> Vec<u8> {
    let seed = "model = \"m\"\nsha256 = \"\"\ncoverage = 0.9\nthreshold = 0.8\npictures = 9\npatients = 4\n\
                measured-coverage = [0.8, 0.9, 1.0]\nmean-size = 1.5\n";
    changed(c, seed, &["patients = -1", "coverage = 1.0"])
}

pub fn read_calibration(path: &Path) -> Result<(), String> {
    calibration::read(path, "").map(drop).map_err(|error| error.to_string())
}

pub fn make_certificate(c: &mut Choices<'_>) -> Vec<u8> {
    let seed = "model = \"m\"\nsha256 = \"\"\nversion = \"0\"\ndate = \"2026-01-01\"\non = \"drawn\"\npictures = 3\n\
                maps-tested-on = 1\n[[tests]]\ntest = \"Repeatability\"\nof = \"CAM\"\nfigure = \"SSIM\"\nvalue = 0.4\n\
                spread = [0.3, 0.5]\npassed = false\n";
    changed(c, seed, &["[[tests]]", "pictures = -1", "value = nan", "spread = [1.0]", "passed = 1"])
}

pub fn read_certificate(path: &Path) -> Result<(), String> {
    let found = certificate::read(path, "").map_err(|error| error.to_string())?;
    found.iter().flat_map(|found| &found.tests).for_each(|test| assert!(!test.verdict().is_empty()));
    Ok(())
}

pub fn make_labels(c: &mut Choices<'_>) -> Vec<u8> {
    if c.once_in(3) {
        let seed = "image,Edema,pleural_thickening,age\na.png,1,0,71\nb/c.jpg,-1,,8\n\"d \"\"e\",0.0,yes,\n";
        return changed(c, seed, &["image", "edema", "2", "-1", "Mass", ",,,,", "\"", "true"]);
    }
    let seed = "image,grade,patient,mask\na.png,1,p1,m/a.png\nb/c.jpg,\"2\",p2,../x.png\n\"d \"\"e\",0,,\n../f,3,p3,/etc/passwd\n";
    changed(
        c,
        seed,
        &["image", ",,,,", "\"", "a.png,2", "\u{feff}image,grade", "name,class", "a\\b.tif,1,p,m", "..,.,,"],
    )
}

/// A table, and what its lines are taken for.
pub fn read_labels(path: &Path) -> Result<(), String> {
    let whole = labels::read_table(path).map_err(|error| error.to_string())?;
    for card in ASKED.iter() {
        if let Ok(truths) = Truths::new(card, &whole) {
            whole.lines.iter().for_each(|line| drop(truths.of(line)));
        }
    }
    assert!(whole.lines.iter().all(|line| line.cells.len() == whole.heads.len()));
    let found = labels::read(path).map_err(|error| error.to_string())?;
    let files = ["x/a.png", "x/b/c.jpg", "d", "", ".."].map(PathBuf::from);
    let matched = labels::matched(&files, &found);
    assert!(matched.pictures.len() <= files.len());
    let folder = path.parent().unwrap();
    for mask in found.iter().filter_map(|label| label.mask.as_ref()) {
        assert!(labels::inside(folder, mask).is_none_or(|file| file.starts_with(folder.canonicalize().unwrap())));
    }
    Ok(())
}
