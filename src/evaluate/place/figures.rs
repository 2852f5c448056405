//! How well a map finds regions, picture by picture: counts small enough to be kept.

use image::{ImageBuffer, Luma};
use imageproc::distance_transform::euclidean_squared_distance_transform;
use serde::{Deserialize, Serialize};

use super::regions::{Region, Size};
use crate::evaluate::subject::Subject;
use crate::method::MapKind;
use crate::statistics::MayGoOn;

/// How near to a region a map's largest value must lie to hit it, as a part of the grid's longer side: the 15 pixels of
/// pictures of 500 that Zhang et al. 2018 allow.
pub const TOLERANCE: f64 = 0.03;
/// At how many steps of a map's maximum its pixels are counted. They lie closer to each other further below, where maps of
/// single bright pixels need them.
pub const STEPS: usize = 20;
/// Sigma of the map that is always bright in the middle, as a part of each side.
const MIDDLE: f64 = 0.25;

/// The part of a map's maximum at which a step's pixels begin, the first step being 1.
pub fn threshold(step: usize) -> f64 {
    (step as f64 / STEPS as f64).powi(2)
}

/// What points at places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pointer {
    Map(MapKind),
    /// A Gaussian in the middle of the model's frame, whatever the picture.
    Middle,
    /// A map that is the same everywhere in the field.
    Chance,
}

impl Pointer {
    /// For programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Map(kind) => kind.name(),
            Self::Middle => "middle",
            Self::Chance => "chance",
        }
    }

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Map(kind) => kind.title(),
            Self::Middle => "always the middle",
            Self::Chance => "chance",
        }
    }
}

/// Regions that are looked for together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegionGroup {
    /// All marks of disease.
    Lesions,
    Size(Size),
    Kind(String),
}

impl RegionGroup {
    pub fn name(&self) -> &str {
        match self {
            Self::Lesions => "all lesions",
            Self::Size(size) => size.name(),
            Self::Kind(kind) => kind,
        }
    }

    fn has(&self, region: &Region) -> bool {
        match self {
            Self::Lesions => region.is_lesion(),
            Self::Size(size) => region.is_lesion() && region.size == *size,
            Self::Kind(kind) => region.kind == *kind,
        }
    }
}

/// Where the regions of one group lie in a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Marked {
    pub group: RegionGroup,
    pub regions: usize,
    /// Of the model's grid.
    pub pixels: usize,
}

/// How well one map finds one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Whether the largest value lies in a region, or no farther than [`TOLERANCE`] from one: 1 or 0; of chance how probable
    /// that is.
    pub pointing: f64,
    /// The part of the map's positive values that lies in regions; 0 of a map without any.
    pub energy: f64,
    /// How many pixels of regions reach each of the [`STEPS`] - 1 inner steps ([`threshold`]).
    pub inside: Vec<usize>,
}

/// One map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Placed {
    pub by: Pointer,
    /// How many pixels reach each step.
    pub above: Vec<usize>,
    /// One for each group of the picture.
    pub found: Vec<Found>,
}

/// All figures of one picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PicturePlaces {
    pub image: String,
    /// Empty where it is not known.
    pub patient: String,
    pub marked: Vec<Marked>,
    pub maps: Vec<Placed>,
}

impl PicturePlaces {
    /// How well the maps of `subject`, the middle and chance find `regions`; `None` where it may not go on.
    pub fn of(
        subject: &Subject<'_>,
        (image, patient): (&str, &str),
        regions: &[Region],
        may_go_on: &MayGoOn<'_>,
    ) -> Option<Self> {
        let (height, width) = subject.size();
        let groups = groups(regions, (height, width));
        let middle = middle((height, width));
        let even: Vec<f32> = subject.field.iter().map(|is_in| f32::from(*is_in)).collect();
        let maps = subject.maps.iter().map(|map| (Pointer::Map(map.kind), map.values.as_slice()));
        let all = maps.chain([(Pointer::Middle, middle.as_slice()), (Pointer::Chance, even.as_slice())]);
        let mut placed = Vec::new();
        for (by, map) in all {
            if !may_go_on() {
                return None;
            }
            let mut found = placed_by(by, map, &groups);
            if by == Pointer::Chance {
                let pointing = groups.iter().map(|group| chance_of_pointing(group, &subject.field));
                found.found.iter_mut().zip(pointing).for_each(|(found, pointing)| found.pointing = pointing);
            }
            placed.push(found);
        }
        let marked = groups.into_iter().map(|group| group.marked).collect();
        Some(Self { image: image.to_owned(), patient: patient.to_owned(), marked, maps: placed })
    }
}

/// The regions of one group on the grid.
struct Grouped {
    marked: Marked,
    mask: Vec<bool>,
    /// Which pixels lie in a region or near enough.
    near: Vec<bool>,
}

/// The groups that lie within the model's frame, at least in part.
fn groups(regions: &[Region], (height, width): (usize, usize)) -> Vec<Grouped> {
    let mut names = vec![RegionGroup::Lesions];
    names.extend(Size::ALL.map(RegionGroup::Size));
    for region in regions {
        let group = RegionGroup::Kind(region.kind.clone());
        if !names.contains(&group) {
            names.push(group);
        }
    }
    let grouped = |group: RegionGroup| {
        let own: Vec<&Region> =
            regions.iter().filter(|region| group.has(region) && !region.extent.is_empty()).collect();
        let mut mask = vec![false; height * width];
        own.iter().for_each(|region| region.extent.mark(&mut mask, width));
        let pixels = mask.iter().filter(|is_in| **is_in).count();
        let near = (pixels > 0).then(|| near(&mask, (height, width)))?;
        Some(Grouped { marked: Marked { group, regions: own.len(), pixels }, mask, near })
    };
    names.into_iter().filter_map(grouped).collect()
}

fn near(mask: &[bool], (height, width): (usize, usize)) -> Vec<bool> {
    let bytes = mask.iter().map(|is_in| if *is_in { 255 } else { 0 }).collect();
    let Some(image) = ImageBuffer::<Luma<u8>, Vec<u8>>::from_raw(width as u32, height as u32, bytes) else {
        return mask.to_vec();
    };
    let most = (TOLERANCE * height.max(width) as f64).powi(2);
    euclidean_squared_distance_transform(&image).into_raw().into_iter().map(|squared| squared <= most).collect()
}

fn middle((height, width): (usize, usize)) -> Vec<f32> {
    let off = |at: usize, side: usize| ((at as f64 + 0.5) / side as f64 - 0.5) / MIDDLE;
    let value = |i: usize| (-0.5 * (off(i / width, height).powi(2) + off(i % width, width).powi(2))).exp() as f32;
    (0..height * width).map(value).collect()
}

fn placed_by(by: Pointer, map: &[f32], groups: &[Grouped]) -> Placed {
    let value = |v: f32| if v.is_finite() { v.max(0.0) } else { 0.0 };
    let peak = map.iter().map(|v| value(*v)).fold(0.0, f32::max);
    // The highest step that a pixel reaches.
    let step = |v: f32| if peak > 0.0 { ((value(v) / peak).sqrt() * STEPS as f32) as usize } else { 0 };
    let counts = |is_in: &dyn Fn(usize) -> bool| {
        let mut counts = [0usize; STEPS + 1];
        map.iter().enumerate().filter(|(at, _)| is_in(*at)).for_each(|(_, v)| counts[step(*v)] += 1);
        (1..STEPS).map(|from| counts[from..].iter().sum()).collect::<Vec<usize>>()
    };
    let largest = map.iter().position(|v| peak > 0.0 && *v == peak);
    let whole: f64 = map.iter().map(|v| f64::from(value(*v))).sum();
    let found = |group: &Grouped| {
        let inside = map.iter().zip(&group.mask).filter(|(_, is_in)| **is_in).map(|(v, _)| f64::from(value(*v)));
        Found {
            pointing: f64::from(largest.is_some_and(|at| group.near[at])),
            energy: if whole > 0.0 { inside.sum::<f64>() / whole } else { 0.0 },
            inside: counts(&|at| group.mask[at]),
        }
    };
    Placed { by, above: counts(&|_| true), found: groups.iter().map(found).collect() }
}

/// How well one map `[height, width]` finds `regions`, and which groups of them there are.
pub fn found_by(by: Pointer, map: &[f32], regions: &[Region], size: (usize, usize)) -> (Placed, Vec<Marked>) {
    let groups = groups(regions, size);
    let placed = placed_by(by, map, &groups);
    (placed, groups.into_iter().map(|group| group.marked).collect())
}

/// How probable it is that a place of the field lies near enough.
fn chance_of_pointing(group: &Grouped, field: &[bool]) -> f64 {
    let inside = field.iter().zip(&group.near).filter(|(is_in, _)| **is_in);
    let (near, all) =
        inside.fold((0usize, 0usize), |(near, all), (_, is_near)| (near + usize::from(*is_near), all + 1));
    near as f64 / all.max(1) as f64
}

/// Intersection over union of the pixels from step `at` (0 for the first) on with the regions of a group.
pub fn iou(placed: &Placed, found: &Found, marked: &Marked, at: usize) -> f64 {
    let both = found.inside[at];
    let either = placed.above[at] + marked.pixels - both;
    both as f64 / either.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::super::Extent;
    use super::*;

    fn region(pixels: &[usize]) -> Region {
        Region { kind: "drusen".to_owned(), size: Size::Small, extent: Extent::Pixels(pixels.to_vec()) }
    }

    #[test]
    fn pointing_energy_and_iou_by_hand() {
        // 2×4; the region is the left 2×2.
        let map = [4.0, 2.0, 1.0, 0.0, -3.0, 1.0, 2.0, 0.0];
        let groups = groups(&[region(&[0, 1, 4, 5])], (2, 4));
        let names: Vec<&str> = groups.iter().map(|group| group.marked.group.name()).collect();
        assert_eq!(names, ["all lesions", "small", "drusen"]);
        let placed = placed_by(Pointer::Middle, &map, &groups);
        let (found, marked) = (&placed.found[0], &groups[0].marked);
        assert_eq!((found.pointing, found.energy, marked.pixels), (1.0, 7.0 / 10.0, 4));
        // 0.49 of the maximum, step 14: 4, 2, 2 reach it, two of them inside: 2 / (3 + 4 - 2).
        assert_eq!((placed.above[13], found.inside[13]), (3, 2));
        assert!((iou(&placed, found, marked, 13) - 0.4).abs() < 1e-12);
        // A quarter, step 10: all five positive ones, three inside: 3 / (5 + 4 - 3).
        assert!((iou(&placed, found, marked, 9) - 0.5).abs() < 1e-12 && threshold(10) == 0.25);
        let none = placed_by(Pointer::Middle, &[-1.0; 8], &groups);
        assert_eq!((none.found[0].pointing, none.found[0].energy), (0.0, 0.0));
        assert_eq!(iou(&none, &none.found[0], marked, 3), 0.0);
    }

    #[test]
    fn near_misses_count_up_to_the_tolerance() {
        // 0.03 of 100 pixels.
        let groups = groups(&[region(&[5 * 100 + 50])], (10, 100));
        let at = |place: usize| {
            let map: Vec<f32> = (0..1000).map(|i| f32::from(i == place)).collect();
            placed_by(Pointer::Middle, &map, &groups).found[0].pointing
        };
        assert_eq!([at(5 * 100 + 53), at(5 * 100 + 54), at(8 * 100 + 50), at(7 * 100 + 53)], [1.0, 0.0, 1.0, 0.0]);
        // 29 places lie within 3 of one: of 1000, and of the 500 of a field that has the half of them from row 5 on.
        assert!((chance_of_pointing(&groups[0], &[true; 1000]) - 0.029).abs() < 1e-12);
        let lower: Vec<bool> = (0..1000).map(|i| i >= 500).collect();
        assert!((chance_of_pointing(&groups[0], &lower) - 18.0 / 500.0).abs() < 1e-12);
    }

    #[test]
    fn the_middle_is_brightest_in_the_middle() {
        let map = middle((5, 7));
        assert_eq!(map.iter().position(|v| *v == 1.0), Some(2 * 7 + 3));
        assert!(map[0] < 0.2);
    }
}
