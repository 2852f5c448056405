//! Files of every kind that is read, made to do harm: mostly sound in their structure, wrong in a few places. No reader
//! may panic, hang or ask for senseless memory; whether it takes or refuses the file is its own affair.
//!
//!     cargo test --release --test fuzz                                 one second a target
//!     FOVEA_FUZZ_SECONDS=60 cargo test --release --test fuzz           a minute each, as the check does
//!     FOVEA_FUZZ_SECONDS=3600 FOVEA_FUZZ_SEED=7 cargo test --release --test fuzz dicom -- --nocapture
//!     FOVEA_FUZZ_CASE=0a1b2c cargo test --release --test fuzz dicom    one case again, by the bytes that it is
//!
//! A fault is printed with its case made as simple as it gets and with the file that it makes. Once it is mended, that
//! file goes to `found`, where it is read at every test. No file of a patient, nor a part of one, is ever a seed.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A panic is how a test fails.

mod bitmap;
mod cards;
mod choices;
#[path = "../common/mod.rs"]
mod common;
mod dicom;
mod elements;
#[path = "../dicom/encode.rs"]
#[allow(dead_code)] // Its other half is for the tests of DICOM.
mod encode;
mod fields;
mod found;
mod guard;
mod harness;
mod jpeg;
mod network;
mod onnx;
mod pickle;
mod png;
mod readers;
mod readings;
mod streams;
mod text;
mod tiff;
#[cfg(feature = "train")]
mod training;
mod webp;
mod whole;

use harness::{Target, run};

/// What a picture may take: the largest that is opened, in 16-bit colours, and once more while it is turned.
const PICTURE: usize = 2048;

/// Every reader of foreign bytes. A file in `found` is read by those that read its ending.
const TARGETS: &[Target] = &[
    Target { name: "png", ending: "png", memory: PICTURE, make: png::make, read: readers::picture },
    Target { name: "jpeg", ending: "jpg", memory: PICTURE, make: jpeg::make, read: readers::picture },
    Target { name: "tiff", ending: "tif", memory: PICTURE, make: tiff::make, read: readers::picture },
    Target { name: "bmp", ending: "bmp", memory: PICTURE, make: bitmap::make, read: readers::picture },
    Target { name: "webp", ending: "webp", memory: PICTURE, make: webp::make, read: readers::picture },
    Target { name: "dicom", ending: "dcm", memory: PICTURE, make: dicom::make, read: readers::radiograph },
    Target { name: "whole", ending: "whole.png", memory: 256, make: whole::make, read: whole::read },
    Target { name: "card", ending: "card.toml", memory: 256, make: cards::make_card, read: cards::read_card },
    Target {
        name: "description",
        ending: "json",
        memory: 256,
        make: cards::make_description,
        read: cards::read_description,
    },
    Target {
        name: "settings",
        ending: "settings.toml",
        memory: 64,
        make: cards::make_settings,
        read: cards::read_settings,
    },
    Target {
        name: "calibration",
        ending: "calibration.toml",
        memory: 64,
        make: cards::make_calibration,
        read: cards::read_calibration,
    },
    Target {
        name: "certificate",
        ending: "certificate.toml",
        memory: 64,
        make: cards::make_certificate,
        read: cards::read_certificate,
    },
    Target { name: "labels", ending: "csv", memory: 64, make: cards::make_labels, read: cards::read_labels },
    Target { name: "readings", ending: "fovea", memory: 128, make: readings::make, read: readings::read },
    Target { name: "checkpoint", ending: "pth", memory: 256, make: pickle::make, read: pickle::read },
    Target { name: "network", ending: "pdu", memory: 256, make: network::make, read: network::read },
    Target { name: "onnx", ending: "onnx", memory: 256, make: onnx::make, read: onnx::read },
    #[cfg(feature = "train")]
    Target { name: "digits", ending: "gz", memory: 256, make: training::make_digits, read: training::read_digits },
    #[cfg(feature = "train")]
    Target { name: "boxes", ending: "boxes.csv", memory: 64, make: training::make_boxes, read: training::read_boxes },
];

fn target(name: &str) -> &'static Target {
    TARGETS.iter().find(|target| target.name == name).unwrap()
}

/// One test for each, so that one can be run alone.
macro_rules! tests {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            run(target(stringify!($name)));
        })*
    };
}

tests!(png jpeg tiff bmp webp dicom whole card description settings calibration certificate labels readings checkpoint onnx network);
#[cfg(feature = "train")]
tests!(digits boxes);
