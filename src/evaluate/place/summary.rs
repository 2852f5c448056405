//! How well maps find regions over many pictures. The threshold of IoU is chosen on one half of the patients and measured
//! on the other, both ways (Saporta et al. 2022 choose theirs on a validation set).

use serde::Serialize;
use serde_json::Value;

use super::figures::{PicturePlaces, Pointer, RegionGroup, STEPS, TOLERANCE, iou, threshold};
use super::regions::{MEDIUM_BELOW, SMALL_BELOW};
use crate::evaluate::cells::{columns, figure, mean};
use crate::evaluate::section::{Axis, Named, Plot, PlotKind, Section, Span};
use crate::statistics::{Figure, Unit, Units};
use crate::table::Table;

/// From this IoU on a picture's regions count as hit: the lowest that Wang et al. 2017 (ChestX-ray8) count.
pub const HIT_FROM: f64 = 0.1;

/// Where maps point, over a set of pictures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Places {
    /// Pictures with marks.
    pub n: usize,
    /// What the intervals resample.
    pub unit: Unit,
    pub figures: Vec<PlaceFigures>,
}

/// How well one map finds one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlaceFigures {
    pub by: Pointer,
    pub group: RegionGroup,
    /// Pictures that have such regions, and how many these are.
    pub n: usize,
    pub regions: usize,
    pub pointing: Figure,
    pub energy: Figure,
    pub iou: Figure,
    /// Pictures with an IoU of [`HIT_FROM`] at least.
    pub hit_rate: Figure,
    /// As parts of the maximum, those chosen on either half and measured on the other.
    pub thresholds: [Option<f64>; 2],
}

impl Places {
    /// Of `pictures`, all of one model; those without marks are passed over.
    pub fn of(pictures: &[PicturePlaces]) -> Self {
        let pictures: Vec<&PicturePlaces> = pictures.iter().filter(|picture| !picture.marked.is_empty()).collect();
        let units = Units::of(pictures.iter().map(|picture| picture.patient.as_str()));
        let mut groups: Vec<&RegionGroup> =
            pictures.iter().flat_map(|p| &p.marked).map(|marked| &marked.group).collect();
        groups.sort();
        groups.dedup();
        let mut pointers: Vec<Pointer> = pictures.iter().flat_map(|p| &p.maps).map(|placed| placed.by).collect();
        pointers.sort();
        pointers.dedup();
        let figures =
            groups.iter().flat_map(|group| pointers.iter().map(|by| figures(&pictures, &units, *by, group))).collect();
        Self { n: pictures.len(), unit: units.unit, figures }
    }

    /// The figures of one map and one group.
    pub fn find(&self, by: Pointer, group: &RegionGroup) -> Option<&PlaceFigures> {
        self.figures.iter().find(|figures| figures.by == by && figures.group == *group)
    }

    /// Sentences, a table and a plot.
    pub fn section(&self) -> Section {
        let over = match self.unit {
            Unit::Patients => "patients",
            Unit::Pictures => "pictures, since the table names no patients",
        };
        let percent = |part: f64| part * 100.0;
        let says = vec![
            format!(
                "Where maps of the decided class point in {} pictures with marked regions; intervals of 95 % are drawn over \
                 {over}. Chance is a map that is the same everywhere in the field; the middle is a Gaussian that is always in \
                 the centre.",
                self.n
            ),
            format!(
                "Pointing game: the largest value lies in a region, or at most {} % of the grid's side beside it. Energy: the \
                 part of the map inside regions. IoU and hit rate (IoU from {HIT_FROM} on): at the threshold, a part of the \
                 map's maximum, that serves one half of the {} best, measured on the other half, both ways. Regions are small \
                 below {} % of the picture's area, medium below {} %; a retina's optic disc is no lesion.",
                percent(TOLERANCE),
                over.split(',').next().unwrap_or_default(),
                percent(SMALL_BELOW),
                percent(MEDIUM_BELOW)
            ),
        ];
        let caption = "How well each map finds each group of regions, beside chance and the middle.";
        Section {
            title: "Do the maps point at the lesions?".to_owned(),
            says,
            tables: vec![Named::new("places", caption, self.table())],
            plots: self.plots(),
            pictures: Vec::new(),
        }
    }

    fn table(&self) -> Table {
        let names = ["pointing", "energy", "iou", "hit_rate"].map(columns).concat();
        let first = ["regions_of", "map", "pictures", "regions"].map(str::to_owned);
        let mut table = Table::new(first.into_iter().chain(names).chain(["threshold_a".into(), "threshold_b".into()]));
        for found in &self.figures {
            let first: [Value; 4] =
                [found.group.name().into(), found.by.name().into(), found.n.into(), found.regions.into()];
            let cells = [found.pointing, found.energy, found.iou, found.hit_rate].map(figure).concat();
            let thresholds = found.thresholds.map(|threshold| threshold.map_or(Value::Null, Value::from));
            table.push(first.into_iter().chain(cells).chain(thresholds));
        }
        table
    }

    fn plots(&self) -> Vec<Named<Plot>> {
        let all = self.figures.iter().filter(|figures| figures.group == RegionGroup::Lesions);
        let span =
            |name: &str, found: Figure| Some(Span { name: name.into(), value: found.value?, interval: found.interval });
        let plot = |name: &str, label: &str, of: fn(&PlaceFigures) -> Figure| {
            let spans = all.clone().filter(|figures| figures.by != Pointer::Chance);
            let spans: Vec<Span> = spans.filter_map(|figures| span(figures.by.title(), of(figures))).collect();
            let at = self.find(Pointer::Chance, &RegionGroup::Lesions).and_then(|chance| of(chance).value);
            let (x, y) = (Axis::new(label, 0.0, 1.0), Axis::new("map", 0.0, spans.len() as f64));
            let caption = format!("{label}, all lesions; the line is chance.");
            (!spans.is_empty()).then(|| Named::new(name, caption, Plot { x, y, kind: PlotKind::Spans { spans, at } }))
        };
        let plots = [
            plot("pointing-game", "Pointing game", |figures| figures.pointing),
            plot("energy-inside", "Energy inside", |figures| figures.energy),
            plot("mean-iou", "Mean IoU", |figures| figures.iou),
        ];
        plots.into_iter().flatten().collect()
    }
}

fn figures(pictures: &[&PicturePlaces], units: &Units, by: Pointer, group: &RegionGroup) -> PlaceFigures {
    let one = |picture: &PicturePlaces| {
        let at = picture.marked.iter().position(|marked| marked.group == *group)?;
        let placed = picture.maps.iter().find(|placed| placed.by == by)?.clone();
        Some((picture.marked[at].clone(), placed.found[at].clone(), placed))
    };
    let all: Vec<_> = pictures.iter().map(|picture| one(picture)).collect();
    let iou_at = |picture: usize, step: usize| {
        all[picture].as_ref().map(|(marked, found, placed)| iou(placed, found, marked, step))
    };
    // Every second unit.
    let half =
        |which: usize| -> Vec<usize> { units.members.iter().skip(which).step_by(2).flatten().copied().collect() };
    let halves = [half(0), half(1)];
    let best = |half: &[usize]| {
        let total = |step: usize| half.iter().filter_map(|picture| iou_at(*picture, step)).sum::<f64>();
        let has_any = half.iter().any(|picture| all[*picture].is_some());
        let steps = (0..STEPS - 1).map(|step| (step, total(step)));
        let best = steps.reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.filter(|_| has_any).map(|(step, _)| step)
    };
    let chosen = [best(&halves[0]), best(&halves[1])];
    let mut held_out = vec![None; pictures.len()];
    for (half, step) in halves.iter().zip([chosen[1], chosen[0]]) {
        for picture in half {
            held_out[*picture] = step.and_then(|step| iou_at(*picture, step));
        }
    }
    let of = |value: fn(&super::Found) -> f64| {
        mean(units, &all.iter().map(|one| one.as_ref().map(|(_, found, _)| value(found))).collect::<Vec<_>>())
    };
    PlaceFigures {
        by,
        group: group.clone(),
        n: all.iter().flatten().count(),
        regions: all.iter().flatten().map(|(marked, ..)| marked.regions).sum(),
        pointing: of(|found| found.pointing),
        energy: of(|found| found.energy),
        iou: mean(units, &held_out),
        hit_rate: mean(
            units,
            &held_out.iter().map(|iou| iou.map(|iou| f64::from(iou >= HIT_FROM))).collect::<Vec<_>>(),
        ),
        thresholds: chosen.map(|step| step.map(|step| threshold(step + 1))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Found, Marked, Placed};
    use super::*;

    /// A picture whose map finds the region's ten pixels exactly from `best` on, and twice as many below.
    fn picture(patient: &str, best: usize, pointing: f64) -> PicturePlaces {
        let above = (1..STEPS).map(|step| if step >= best { 10 } else { 20 }).collect();
        let found = Found { pointing, energy: 0.25, inside: vec![10; STEPS - 1] };
        PicturePlaces {
            image: patient.to_owned(),
            patient: patient.to_owned(),
            marked: vec![Marked { group: RegionGroup::Lesions, regions: 2, pixels: 10 }],
            maps: vec![Placed { by: Pointer::Middle, above, found: vec![found] }],
        }
    }

    #[test]
    fn thresholds_are_measured_where_they_were_not_chosen() {
        // The first half's map is exact from step 5 on, the second's from step 10 on: the first chooses step 5, which gives the
        // second 0.5; the second chooses step 10, which gives the first 1.
        let pictures = [picture("a", 5, 1.0), picture("b", 10, 0.0), picture("c", 5, 1.0), picture("d", 10, 0.0)];
        let places = Places::of(&pictures);
        let found = places.find(Pointer::Middle, &RegionGroup::Lesions).unwrap();
        assert_eq!(found.thresholds, [Some(0.0625), Some(0.25)]);
        assert_eq!((found.iou.value, found.hit_rate.value), (Some(0.75), Some(1.0)));
        assert_eq!((found.pointing.value, found.energy.value), (Some(0.5), Some(0.25)));
        assert_eq!((found.n, found.regions, places.unit), (4, 8, Unit::Patients));
        let section = places.section();
        assert_eq!((section.tables[0].of.rows.len(), section.plots.len()), (1, 3));
        assert!(section.tables[0].of.csv().is_ok());
    }

    #[test]
    fn nothing_is_measured_of_nothing() {
        let none = PicturePlaces { marked: Vec::new(), ..picture("a", 5, 1.0) };
        let places = Places::of(&[none]);
        assert_eq!((places.n, places.figures.len()), (0, 0));
        // One patient alone has no other half.
        let places = Places::of(&[picture("a", 5, 1.0)]);
        assert_eq!((places.figures[0].iou.value, places.figures[0].pointing.value), (None, Some(1.0)));
    }
}
