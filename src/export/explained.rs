//! A picture with its explanation, and all that goes with them into files: the one place where record and pictures come
//! together, for the command line, the window and the node.

use std::borrow::Cow;

use image::RgbImage;

use super::{Marks, Measured, Pictures, ReaderRecord, Record};
use crate::bundle::{Assessment, Card};
use crate::explain::{Explanation, Report};
use crate::layers::Style;
use crate::scan::{GreyDisplay, Scan};

/// What record, pictures and DICOM objects of one explained picture are made of.
#[derive(Debug, Clone, Copy)]
pub struct Explained<'a> {
    /// The picture as it was decoded.
    pub scan: &'a Scan,
    /// What record and panel call the picture: its file's name, without folders, or a hash where that may be a patient's.
    pub name: &'a str,
    /// Of the picture's file, lower-case hexadecimal.
    pub picture_sha256: Option<&'a str>,
    /// The card of the model that explained it.
    pub card: &'a Card,
    /// Of the model's weights, lower-case hexadecimal.
    pub model_sha256: &'a str,
    /// Answer and maps.
    pub explanation: &'a Explanation,
    /// By another rule, to stand beside.
    pub other: Option<&'a Explanation>,
    /// The answer in words.
    pub report: &'a Report,
    /// How fit the picture is.
    pub assessed: Option<&'a Assessment>,
    /// Where the lit field of a retina ends, in source pixels; empty where that is not known.
    pub outline: &'a [(f64, f64)],
    /// How grey values are shown; the file's own way where `None`.
    pub display: Option<&'a GreyDisplay>,
    /// How the maps are drawn.
    pub style: &'a Style,
    /// What a reader measured on the picture.
    pub measured: &'a [Measured],
    /// What a reader said of it.
    pub reader: Option<&'a ReaderRecord>,
    /// How long decoding took.
    pub decode_ms: f64,
}

impl<'a> Explained<'a> {
    /// With nothing but the explanation itself, by the model of `card` with weights of SHA-256 `model_sha256`.
    pub fn new(
        (scan, name): (&'a Scan, &'a str),
        (card, model_sha256): (&'a Card, &'a str),
        explanation: &'a Explanation,
        report: &'a Report,
        style: &'a Style,
    ) -> Self {
        Self {
            scan,
            name,
            picture_sha256: None,
            card,
            model_sha256,
            explanation,
            other: None,
            report,
            assessed: None,
            outline: &[],
            display: None,
            style,
            measured: &[],
            reader: None,
            decode_ms: 0.0,
        }
    }

    /// Everything that is known of it but maps and files.
    pub fn record(&self) -> Record {
        let (name, model) = (self.name.to_owned(), (self.card, self.model_sha256));
        let record = Record::new(name, model, self.explanation, self.report, self.style, self.decode_ms)
            .of_scan(self.scan, self.display)
            .with_quality(self.assessed)
            .with_measurements(self.measured);
        Record { reader: self.reader.cloned(), picture_sha256: self.picture_sha256.map(str::to_owned), ..record }
    }

    /// The picture in 8-bit colour, in its own size, that [`Self::pictures`] draws on.
    pub fn shown(&self) -> Cow<'a, RgbImage> {
        self.scan.to_rgb8_under(self.display)
    }

    /// What draws panel and layers over `shown`.
    pub fn pictures<'b>(&self, shown: &'b RgbImage) -> Pictures<'b>
    where
        'a: 'b,
    {
        Pictures::new(shown, self.card, self.explanation, self.style)
            .with_report(self.report.clone())
            .with_quality(self.assessed)
            .with_marks(self.marks())
            .with_outline(self.outline)
            .compared_with(self.other)
    }

    /// What stands on the picture itself besides its pixels.
    pub fn marks(&self) -> Marks {
        Marks::new(self.scan.facts.as_deref(), self.measured.to_vec())
    }
}
