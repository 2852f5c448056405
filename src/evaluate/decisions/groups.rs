//! The same figures for each subgroup of pictures, and the gaps between subgroups.

use std::collections::BTreeMap;

use serde::Serialize;

use super::measures::{Small, View};
use crate::statistics::{Figure, MayGoOn, Measure, Units};

/// Of fewer pictures no figures are given.
pub const LEAST_GROUP: usize = 20;

/// The figures of some pictures.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Short {
    pub n: usize,
    pub majority: Option<f64>,
    #[serde(flatten)]
    pub figures: BTreeMap<Small, Figure>,
}

/// What one column of the table tells apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Column {
    pub name: String,
    /// The largest first.
    pub groups: Vec<Subgroup>,
    pub gaps: BTreeMap<Small, Gap>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Subgroup {
    /// Empty: the table says nothing.
    pub name: String,
    pub n: usize,
    /// `None` of too few pictures: fewer than [`LEAST_GROUP`].
    pub figures: Option<Short>,
}

/// The group with the largest value less that with the smallest, which are the same two in all draws: so an interval that
/// holds 0 says that they may be alike. Of many groups the two that happen to lie farthest apart are taken, though.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gap {
    pub largest: String,
    pub smallest: String,
    #[serde(flatten)]
    pub difference: Figure,
}

/// The figures of each of several sets of pictures.
pub fn shorts(
    view: &View<'_>,
    sets: &[Vec<usize>],
    units: &Units,
    draws: usize,
    may_go_on: &MayGoOn<'_>,
) -> Option<Vec<Short>> {
    let (mut kinds, mut measures) = (Vec::new(), Vec::new());
    for (set, pictures) in sets.iter().enumerate() {
        for small in Small::ALL {
            if let Some(measure) = view.measure(small, pictures) {
                kinds.push((set, small));
                measures.push(measure);
            }
        }
    }
    let found = units.measured(&measures, draws, may_go_on)?;
    let short = |pictures: &Vec<usize>| Short {
        n: pictures.len(),
        majority: view.majority(pictures),
        figures: BTreeMap::new(),
    };
    let mut shorts: Vec<Short> = sets.iter().map(short).collect();
    for ((set, small), figure) in kinds.into_iter().zip(found) {
        shorts[set].figures.insert(small, figure);
    }
    Some(shorts)
}

/// The groups of the column with number `at`.
pub fn column(view: &View<'_>, at: usize, units: &Units, draws: usize, may_go_on: &MayGoOn<'_>) -> Option<Column> {
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (picture, case) in view.judged.iter().enumerate() {
        members.entry(case.groups.get(at).map_or("", String::as_str)).or_default().push(picture);
    }
    let mut members: Vec<(&str, Vec<usize>)> = members.into_iter().collect();
    members.sort_by_key(|(_, pictures)| std::cmp::Reverse(pictures.len()));
    let enough = members.partition_point(|(_, pictures)| pictures.len() >= LEAST_GROUP);
    let sets: Vec<Vec<usize>> = members[..enough].iter().map(|(_, pictures)| pictures.clone()).collect();
    let shorts = shorts(view, &sets, units, draws, may_go_on)?;
    let gaps = gaps(view, &members[..enough], &shorts, units, draws, may_go_on)?;
    let mut shorts = shorts.into_iter();
    let group = |(name, pictures): &(&str, Vec<usize>)| Subgroup {
        name: (*name).to_owned(),
        n: pictures.len(),
        figures: shorts.next(),
    };
    let groups = members.iter().map(group).collect();
    Some(Column { name: view.cases.columns[at].clone(), groups, gaps })
}

fn gaps(
    view: &View<'_>,
    members: &[(&str, Vec<usize>)],
    shorts: &[Short],
    units: &Units,
    draws: usize,
    may_go_on: &MayGoOn<'_>,
) -> Option<BTreeMap<Small, Gap>> {
    let (mut ends, mut measures): (Vec<(Small, &str, &str)>, Vec<Measure<'_>>) = (Vec::new(), Vec::new());
    for small in Small::ALL {
        let value = |group: &usize| Some((shorts[*group].figures.get(&small)?.value?, *group));
        let named = (0..members.len()).filter(|group| !members[*group].0.is_empty());
        let mut values: Vec<(f64, usize)> = named.filter_map(|group| value(&group)).collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        let [(_, smallest), .., (_, largest)] = values[..] else { continue };
        let of = |group: usize| view.measure(small, &members[group].1);
        let (Some(high), Some(low)) = (of(largest), of(smallest)) else { continue };
        ends.push((small, members[largest].0, members[smallest].0));
        measures.push(Box::new(move |drawn| Some(high(drawn)? - low(drawn)?)));
    }
    let found = units.measured(&measures, draws, may_go_on)?;
    let gap = |((small, largest, smallest), difference): ((Small, &str, &str), Figure)| {
        (small, Gap { largest: largest.to_owned(), smallest: smallest.to_owned(), difference })
    };
    Some(ends.into_iter().zip(found).map(gap).collect())
}
