//! CLEAR's table (Kumar et al. 2017): the accuracy on full images, on their strongly attentive pixels alone, and on images
//! without these. The paper does not say when a pixel is strongly attentive, so several definitions are swept.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cells::{columns, figure, mean, words};
use super::fill::{Fill, Filler};
use super::section::{Axis, Line, Named, Plot, PlotKind, Section};
use super::subject::Subject;
use super::truth::{Order, Strong, kept_and_removed};
use crate::explain::{ExplainError, Explainer, Settings, clear};
use crate::scan::Scan;
use crate::statistics::{Confusion, Figure, MayGoOn, Unit, Units};
use crate::table::Table;

/// What CLEAR published: data set, and accuracy in percent on full images, on strong features alone and without them.
pub const PUBLISHED: [(&str, [f64; 3]); 2] = [("MNIST", [99.26, 79.89, 43.45]), ("SVHN", [92.60, 69.12, 54.46])];

/// Whose response is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Response {
    /// R(x|c) of the decided class.
    Decided,
    /// D(x), the largest of all classes.
    Dominant,
}

impl Response {
    pub fn name(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Dominant => "dominant",
        }
    }
}

/// When a pixel is strongly attentive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    pub response: Response,
    pub strong: Strong,
}

impl Definition {
    /// Both responses, each cut at parts of its maximum and at parts of the pixels.
    pub fn sweep() -> Vec<Self> {
        let strong = [0.05, 0.1, 0.2, 0.3, 0.5, 0.7].map(Strong::OfMaximum);
        let top = [0.02, 0.05, 0.1, 0.2, 0.3, 0.5].map(Strong::TopShare);
        let all = strong.into_iter().chain(top);
        all.flat_map(|strong| [Response::Decided, Response::Dominant].map(|response| Self { response, strong }))
            .collect()
    }
}

/// What was decided of a picture's strong pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Features {
    pub definition: Definition,
    /// Of the field's pixels.
    pub share: f64,
    /// The decided class on the strong pixels alone, without them, and the same of as many pixels by chance.
    pub kept: usize,
    pub removed: usize,
    pub random_kept: usize,
    pub random_removed: usize,
}

/// One labelled picture.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PictureFeatures {
    pub image: String,
    /// Empty where it is not known.
    pub patient: String,
    pub truth: usize,
    pub decided: usize,
    pub features: Vec<Features>,
}

impl PictureFeatures {
    /// Asks again of `scan`, whose class is `truth`, for each definition, under the rule and magnitude that the card
    /// recommends; `None` where it may not go on. `seed` is of the pixels that chance chooses.
    ///
    /// # Errors
    /// A picture that the model cannot read, or a device that fails.
    pub fn of(
        explainer: &Explainer,
        scan: &Scan,
        (image, patient, truth): (&str, &str, usize),
        (definitions, fill, seed): (&[Definition], Fill, u64),
        may_go_on: &MayGoOn<'_>,
    ) -> Result<Option<Self>, ExplainError> {
        let subject = Subject::new(explainer, scan, &[])?;
        let explanation = explainer.explain(scan, &Settings::recommended(&explainer.card))?;
        let response = &explanation.response;
        let decided = response.class(subject.class).map_or_else(|| vec![0.0; subject.field.len()], <[f32]>::to_vec);
        let dominant = clear::dominant(response, &vec![true; response.classes]).response;
        let filler = Filler::new(&subject.picture, &subject.field, fill);
        let by_chance = Order::random(&subject.field, subject.picture.width, 1, seed);
        let mut features = Vec::new();
        for definition in definitions {
            if !may_go_on() {
                return Ok(None);
            }
            let map = match definition.response {
                Response::Decided => &decided,
                Response::Dominant => &dominant,
            };
            let mask = definition.strong.mask(map, &subject.field);
            let count = mask.iter().filter(|is_strong| **is_strong).count();
            let [kept, removed] = kept_and_removed(&subject, &filler, &mask)?;
            let [random_kept, random_removed] = kept_and_removed(&subject, &filler, &by_chance.first(count))?;
            features.push(Features {
                definition: *definition,
                share: count as f64 / by_chance.blocks().max(1) as f64,
                kept: kept.decided,
                removed: removed.decided,
                random_kept: random_kept.decided,
                random_removed: random_removed.decided,
            });
        }
        let (image, patient) = (image.to_owned(), patient.to_owned());
        Ok(Some(Self { image, patient, truth, decided: subject.class, features }))
    }
}

/// The table over a set of pictures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StrongFeatures {
    pub n: usize,
    /// What the intervals resample.
    pub unit: Unit,
    /// What takes the place of pixels.
    pub fill: Fill,
    /// The accuracy of who always answers the commonest class.
    pub majority: Option<f64>,
    pub full: Figure,
    pub by_definition: Vec<DefinitionFigures>,
}

/// Accuracies under one definition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DefinitionFigures {
    pub definition: Definition,
    pub share: Figure,
    pub kept: Figure,
    pub removed: Figure,
    pub random_kept: Figure,
    pub random_removed: Figure,
}

impl StrongFeatures {
    /// Of `pictures`, all of one model of `classes` and the same definitions.
    pub fn of(pictures: &[PictureFeatures], classes: usize, fill: Fill) -> Self {
        let units = Units::of(pictures.iter().map(|picture| picture.patient.as_str()));
        let pairs = pictures.iter().map(|picture| (picture.truth, picture.decided));
        let first = pictures.first();
        let figures = |at: usize| {
            let of = |value: &dyn Fn(&PictureFeatures, &Features) -> f64| {
                let one = |picture: &PictureFeatures| Some(value(picture, picture.features.get(at)?));
                mean(&units, &pictures.iter().map(one).collect::<Vec<_>>())
            };
            let accuracy = |decided: fn(&Features) -> usize| {
                of(&|picture, features| f64::from(decided(features) == picture.truth))
            };
            Some(DefinitionFigures {
                definition: first?.features.get(at)?.definition,
                share: of(&|_, features| features.share),
                kept: accuracy(|features| features.kept),
                removed: accuracy(|features| features.removed),
                random_kept: accuracy(|features| features.random_kept),
                random_removed: accuracy(|features| features.random_removed),
            })
        };
        let right = |picture: &PictureFeatures| Some(f64::from(picture.truth == picture.decided));
        Self {
            n: pictures.len(),
            unit: units.unit,
            fill,
            majority: Confusion::of(classes, pairs).majority_baseline(),
            full: mean(&units, &pictures.iter().map(right).collect::<Vec<_>>()),
            by_definition: (0..first.map_or(0, |picture| picture.features.len())).filter_map(figures).collect(),
        }
    }

    /// The definition whose two accuracies lie nearest to `published` (strong features alone, and without them; parts of
    /// 1), by the sum of the two distances.
    pub fn nearest(&self, published: [f64; 2]) -> Option<&DefinitionFigures> {
        let off = |figures: &DefinitionFigures| {
            let one = |figure: Figure, published: f64| figure.value.map_or(f64::INFINITY, |v| (v - published).abs());
            one(figures.kept, published[0]) + one(figures.removed, published[1])
        };
        self.by_definition.iter().min_by(|a, b| off(a).total_cmp(&off(b)))
    }

    /// Sentences, the table and a plot.
    pub fn section(&self) -> Section {
        let majority = self.majority.map_or_else(|| "not known".to_owned(), |majority| format!("{majority:.3}"));
        let says = vec![
            format!(
                "CLEAR's experiment on {} labelled pictures: accuracy {} on full images, beside {majority} of who always \
                 answers the commonest class. Below, strongly attentive pixels are kept alone or removed; what takes the \
                 place of others: {}.",
                self.n,
                words(self.full),
                self.fill.name()
            ),
            "When a pixel counts as strongly attentive the paper leaves open; several definitions are swept, of the decided \
             class's response and of the dominant one. Published for MNIST: 99.26 % on full images, 79.89 % on strong \
             features alone, 43.45 % without them."
                .to_owned(),
        ];
        let caption = "Accuracy with strong pixels alone and without them, beside as many pixels by chance.";
        Section {
            title: "Are the strong features what decides?".to_owned(),
            says,
            tables: vec![Named::new("strong-features", caption, self.table())],
            plots: self.plots(),
            pictures: Vec::new(),
        }
    }

    fn table(&self) -> Table {
        let names = ["kept", "removed", "kept_by_chance", "removed_by_chance"].map(columns).concat();
        let first = ["response", "strong", "share_of_pixels"].map(str::to_owned);
        let mut table = Table::new(first.into_iter().chain(names));
        let full = figure(self.full);
        let none = std::iter::repeat_n(Value::Null, 9);
        table.push(["any".into(), "full image".into(), 1.0.into()].into_iter().chain(full).chain(none));
        for found in &self.by_definition {
            let [share, ..] = figure(found.share);
            let Definition { response, strong } = found.definition;
            let cells = [found.kept, found.removed, found.random_kept, found.random_removed].map(figure).concat();
            table.push([response.name().into(), strong.to_string().into(), share].into_iter().chain(cells));
        }
        table
    }

    fn plots(&self) -> Vec<Named<Plot>> {
        let line = |of: fn(&DefinitionFigures) -> Figure| {
            let point = |found: &DefinitionFigures| Some((found.share.value?, of(found).value?));
            let mut points: Vec<(f64, f64)> = self.by_definition.iter().filter_map(point).collect();
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            points
        };
        let mut lines = vec![
            Line::marks("strong features alone", line(|found| found.kept)),
            Line::marks("without strong features", line(|found| found.removed)),
            Line::baseline("as many by chance, alone", line(|found| found.random_kept)),
            Line::baseline("without as many by chance", line(|found| found.random_removed)),
        ];
        lines.extend(
            self.majority.map(|majority| Line::baseline("commonest class", vec![(0.0, majority), (1.0, majority)])),
        );
        let (x, y) = (Axis::new("strong part of the pixels", 0.0, 1.0), Axis::new("accuracy", 0.0, 1.0));
        let caption = "Accuracy over the part of the pixels that counts as strong, one mark for each definition.";
        vec![Named::new("strong-features", caption, Plot { x, y, kind: PlotKind::Lines(lines) })]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::Library;
    use crate::network::device;
    use crate::scan::Pixels;

    fn picture(truth: usize, decided: usize, kept: usize, removed: usize) -> PictureFeatures {
        let definition = Definition { response: Response::Decided, strong: Strong::TopShare(0.1) };
        let features =
            vec![Features { definition, share: 0.1, kept, removed, random_kept: 0, random_removed: decided }];
        PictureFeatures { truth, decided, features, ..PictureFeatures::default() }
    }

    #[test]
    fn accuracies_by_hand() {
        let pictures = [picture(0, 0, 0, 1), picture(0, 0, 1, 1), picture(1, 1, 1, 1), picture(0, 1, 0, 0)];
        let found = StrongFeatures::of(&pictures, 2, Fill::Black);
        assert_eq!((found.full.value, found.majority), (Some(0.75), Some(0.75)));
        let one = &found.by_definition[0];
        let values = [one.kept, one.removed, one.random_kept, one.random_removed].map(|figure| figure.value.unwrap());
        assert_eq!(values, [0.75, 0.5, 0.75, 0.75]);
        assert_eq!(found.nearest([0.8, 0.4]).unwrap().definition, one.definition);
        let section = found.section();
        assert_eq!(section.tables[0].of.rows.len(), 2);
        assert!(section.tables[0].of.csv().is_ok() && section.says[0].contains("0.75"));
    }

    /// A bar reads as a one; its own pixels alone read as it does, and black without any of them does not depend on it.
    #[test]
    fn strong_pixels_of_a_drawn_digit_are_kept_and_removed() {
        let explainer = Explainer::new(Library::open(&[]).unwrap().load("mnist").unwrap(), &device::cpu()).unwrap();
        let bar = image::GrayImage::from_fn(28, 28, |x, y| {
            image::Luma([if (13..15).contains(&x) && (5..23).contains(&y) { 250 } else { 0 }])
        });
        let scan = Scan::new(Pixels::from_grey8(&bar), "drawn");
        let all = Definition { response: Response::Dominant, strong: Strong::OfMaximum(0.0) };
        let none = Definition { response: Response::Decided, strong: Strong::TopShare(0.0) };
        let how = (&[all, none][..], Fill::Black, 1);
        let found = PictureFeatures::of(&explainer, &scan, ("bar", "", 1), how, &|| true).unwrap().unwrap();
        assert_eq!(found.decided, 1);
        let [all, none] = [found.features[0], found.features[1]];
        assert_eq!((none.share, none.removed, none.random_removed), (0.0, 1, 1), "nothing is taken away");
        assert_eq!(none.kept, none.random_kept, "black is left");
        assert!(all.share > 0.2 && all.kept == 1, "{all:?}");
        assert!(PictureFeatures::of(&explainer, &scan, ("bar", "", 1), how, &|| false).unwrap().is_none());
    }
}
