//! Where responses gather: on the border, in the corners, on burned-in marks, against what the area alone would get; and
//! the mean map of all pictures.

use serde::Serialize;

use super::looks::{BORDER, CORNER, Gathered, MAP_SIDE};
use crate::statistics::{Figure, MayGoOn, Measure, Units};

/// A place is said to draw the response where its share is so many times that of its area, and surely above it.
pub const GATHERS: f64 = 1.5;
/// Of fewer pictures nothing is said.
const LEAST_PICTURES: usize = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    Border,
    Corners,
    Marks,
}

impl Place {
    pub const ALL: [Self; 3] = [Self::Border, Self::Corners, Self::Marks];

    pub fn title(self) -> &'static str {
        match self {
            Self::Border => "the border (the outer tenth of the frame)",
            Self::Corners => "the four corners (a fifth of width and height each)",
            Self::Marks => "burned-in marks",
        }
    }

    /// Share of the response and of the area; `None` where the picture has no such place.
    fn of(self, gathered: &Gathered) -> Option<(f64, f64)> {
        match self {
            Self::Border => Some((gathered.border.into(), 1.0 - (1.0 - 2.0 * BORDER).powi(2))),
            Self::Corners => Some((gathered.corners.into(), 4.0 * CORNER * CORNER)),
            Self::Marks => (gathered.marks_area > 0.0).then(|| (gathered.marks.into(), gathered.marks_area.into())),
        }
    }
}

/// How much of the response lies in a place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Share {
    pub place: Place,
    /// Pictures that have this place and a response.
    pub n: usize,
    /// The mean part of the response that lies there.
    pub share: Figure,
    /// The mean part of the frame that it is.
    pub area: Option<f64>,
    /// The one over the other: 1 where the response lies anywhere.
    pub ratio: Figure,
    pub gathers: bool,
}

/// The shares of all places. `None` once `may_go_on` says no.
pub fn shares(
    responses: &[Option<&Gathered>],
    units: &Units,
    draws: usize,
    may_go_on: &MayGoOn<'_>,
) -> Option<Vec<Share>> {
    let share = |place: Place| {
        let of = |(at, response): (usize, &Option<&Gathered>)| {
            let (share, area) = place.of((*response)?)?;
            Some((at, share, area))
        };
        let parts: Vec<(usize, f64, f64)> = responses.iter().enumerate().filter_map(of).collect();
        let sums = |weights: &[u32]| {
            parts.iter().fold((0.0, 0.0, 0.0), |(n, shares, areas), (at, share, area)| {
                let weight = f64::from(weights[*at]);
                (n + weight, shares + weight * share, areas + weight * area)
            })
        };
        let share: Measure<'_> = Box::new(|weights| {
            let (n, shares, _) = sums(weights);
            (n > 0.0).then(|| shares / n)
        });
        let ratio: Measure<'_> = Box::new(|weights| {
            let (_, shares, areas) = sums(weights);
            (areas > 0.0).then(|| shares / areas)
        });
        let figures = units.measured(&[share, ratio], draws, may_go_on)?;
        let ratio = figures[1];
        let is_sure = ratio.interval.is_some_and(|[low, _]| low > 1.0);
        let area = parts.iter().map(|(_, _, area)| area).sum::<f64>() / parts.len().max(1) as f64;
        Some(Share {
            place,
            n: parts.len(),
            share: figures[0],
            area: (!parts.is_empty()).then_some(area),
            ratio,
            gathers: is_sure && parts.len() >= LEAST_PICTURES && ratio.value.is_some_and(|ratio| ratio >= GATHERS),
        })
    };
    Place::ALL.into_iter().map(share).collect()
}

/// Means of maps and of what was seen, cell by cell.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct MeanMap {
    /// How many pictures it is of.
    pub n: usize,
    /// Rows and columns.
    pub side: usize,
    /// Sums to 1.
    pub response: Vec<f64>,
    /// The model's inputs, 0 to 1.
    pub seen: Vec<f64>,
}

impl MeanMap {
    pub fn add(&mut self, gathered: &Gathered) {
        let Some(shares) = gathered.shares().filter(|shares| shares.len() == gathered.seen.len()) else { return };
        if self.n == 0 {
            *self = Self { n: 0, side: MAP_SIDE, response: vec![0.0; shares.len()], seen: vec![0.0; shares.len()] };
        }
        self.n += 1;
        // Means as they grow, so that no sum has to be divided at the end.
        let part = 1.0 / self.n as f64;
        self.response.iter_mut().zip(&shares).for_each(|(mean, share)| *mean += part * (share - *mean));
        let seen = gathered.seen.iter().map(|v| f64::from(*v) / 255.0);
        self.seen.iter_mut().zip(seen).for_each(|(mean, v)| *mean += part * (v - *mean));
    }
}
