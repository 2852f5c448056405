//! What changes the order and number of axes, and parts of the channels.

use super::{axes_of, axis_of, integers_of, run_of, unsqueezed};
use crate::bundle::blueprint::{Conv, Op};
use crate::import::onnx::constant::{Constant, resolved};
use crate::import::onnx::file::Node;
use crate::import::onnx::walk::{Axes, Map, Walk};

/// The same values under other dimensions, where these only add or drop axes of one.
fn with_dims(walk: &Walk<'_>, map: Map, dims: &[usize]) -> Result<Map, String> {
    let old = walk.dims(&map);
    let [channels, height, width] = walk.shapes[map.id];
    let is_cell = height * width == 1;
    let axes = match dims {
        _ if dims == old => map.axes,
        _ if map.padding != [0; 4] => return Err("padding is possible in front of a convolution alone".to_owned()),
        [1, all] if *all == channels * height * width => match map.axes {
            Axes::ChannelsLast | Axes::FlatChannelsLast if !is_cell => Axes::FlatChannelsLast,
            _ => Axes::Flat,
        },
        [all] if *all == channels && is_cell => Axes::Row,
        [1, c, h, w] if [*c, *h, *w] == [channels, height, width] && (is_cell || map.axes != Axes::ChannelsLast) => {
            Axes::ChannelsFirst
        }
        [1, h, w, c] if is_cell && [*c, *h, *w] == [channels, 1, 1] => Axes::ChannelsLast,
        _ => return Err(format!("values of {old:?} as {dims:?} have no way back here")),
    };
    Ok(Map { axes, ..map })
}

pub(super) fn flatten(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let map = walk.map(node, 0)?;
    let dims = walk.dims(&map);
    let axis = axis_of(node.int("axis", 1), dims.len() + 1)?;
    let [before, after] = [&dims[..axis], &dims[axis..]].map(|part| part.iter().product::<usize>());
    let map = with_dims(walk, map, &[before, after])?;
    walk.set(node, map);
    Ok(())
}

pub(super) fn reshape(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let map = walk.map(node, 0)?;
    let sides = integers_of(walk, node, "shape", 1)?.ok_or("its shape is not known")?;
    let dims = resolved(&walk.dims(&map), &sides)?;
    if let Some(map) = regrouped(walk, node, &map, &dims)? {
        walk.set(node, map);
        return Ok(());
    }
    let map = with_dims(walk, map, &dims)?;
    walk.set(node, map);
    Ok(())
}

/// The two ends of a channel shuffle (ShuffleNet): channels into groups, and back in another order.
fn regrouped(walk: &mut Walk<'_>, node: &Node, map: &Map, dims: &[usize]) -> Result<Option<Map>, String> {
    let [channels, height, width] = walk.shapes[map.id];
    match (map.axes, dims) {
        (Axes::ChannelsFirst, [1, count, each, h, w])
            if *count > 0 && count * each == channels && [*h, *w] == [height, width] =>
        {
            Ok(Some(Map { axes: Axes::Groups { count: *count, turned: false }, ..map.clone() }))
        }
        (Axes::Groups { count, turned }, [1, c, h, w]) if [*c, *h, *w] == [channels, height, width] => {
            let map = Map { axes: Axes::ChannelsFirst, ..map.clone() };
            let each = channels / count;
            let wanted: Vec<usize> = (0..channels).map(|n| n % count * each + n / count).collect();
            Ok(Some(if turned { some_channels(walk, node, &map, &wanted)? } else { map }))
        }
        _ => Ok(None),
    }
}

pub(super) fn squeeze(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let map = walk.map(node, 0)?;
    let dims = walk.dims(&map);
    let gone = axes_of(walk, node, 1, dims.len())?;
    let gone = gone.unwrap_or_else(|| (1..dims.len()).filter(|axis| dims[*axis] == 1).collect());
    if gone.iter().any(|axis| dims[*axis] != 1) {
        return Err(format!("axes {gone:?} of {dims:?} are not of one"));
    }
    let rest: Vec<usize> = (0..dims.len()).filter(|axis| !gone.contains(axis)).map(|axis| dims[axis]).collect();
    let map = with_dims(walk, map, &rest)?;
    walk.set(node, map);
    Ok(())
}

pub(super) fn unsqueeze(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let map = walk.map(node, 0)?;
    let dims = unsqueezed(walk, node, walk.dims(&map))?;
    let map = with_dims(walk, map, &dims)?;
    walk.set(node, map);
    Ok(())
}

pub(super) fn transpose(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let map = walk.map(node, 0)?;
    let order = node.attribute("perm").map(|attribute| attribute.ints.clone()).unwrap_or_default();
    let axes = match (map.axes, order.as_slice()) {
        (Axes::ChannelsFirst, [0, 2, 3, 1]) => Axes::ChannelsLast,
        (Axes::ChannelsLast, [0, 3, 1, 2]) => Axes::ChannelsFirst,
        (Axes::Groups { count, turned }, [0, 2, 1, 3, 4]) => Axes::Groups { count, turned: !turned },
        (axes, order) if order.iter().enumerate().all(|(n, axis)| n as i64 == *axis) && !order.is_empty() => axes,
        _ => return Err("channels can stand before rows and columns or behind them, nowhere else".to_owned()),
    };
    walk.set(node, Map { axes, ..map });
    Ok(())
}

pub(super) fn shape(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let dims = walk.dims(&walk.map(node, 0)?);
    let (start, end) = (node.int("start", 0), node.int("end", dims.len() as i64));
    let part = &dims[run_of(start, end, dims.len())];
    walk.set_constant(node, Constant::integers(part.iter().map(|side| *side as i64).collect()))
}

/// Where the channels stand among the dimensions.
fn channel_axis(map: &Map) -> Option<usize> {
    match map.axes {
        Axes::ChannelsFirst | Axes::Flat => Some(1),
        Axes::ChannelsLast => Some(3),
        Axes::FlatChannelsLast | Axes::Plane | Axes::Row | Axes::Groups { .. } => None,
    }
}

pub(super) fn concat(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let maps = (0..node.inputs.len()).map(|n| walk.map(node, n)).collect::<Result<Vec<_>, _>>()?;
    let [first, ..] = maps.as_slice() else { return Err("it reads nothing".to_owned()) };
    let (axes, rank) = (first.axes, walk.dims(first).len());
    let axis = axis_of(node.attribute("axis").map_or(1, |attribute| attribute.int), rank)?;
    if channel_axis(first) != Some(axis) || maps.iter().any(|map| map.axes != axes) {
        return Err("maps can stand behind one another channel by channel alone".to_owned());
    }
    let parts = maps.iter().map(|map| walk.settled(map)).collect::<Result<Vec<_>, _>>()?;
    let id = if parts.len() == 1 { parts[0] } else { walk.push("", Op::Concat, parts)? };
    walk.set(node, Map::new(id, axes));
    Ok(())
}

/// Some channels, in order: a convolution of 1×1 whose kernels are ones and zeros.
fn some_channels(walk: &mut Walk<'_>, node: &Node, map: &Map, wanted: &[usize]) -> Result<Map, String> {
    if map.axes == Axes::Flat && walk.shapes[map.id][1..] != [1, 1] {
        return Err("parts of values one behind the other have no way back here".to_owned());
    }
    let id = walk.settled(map)?;
    let channels = walk.shapes[id][0];
    let fits = |count: usize| count.checked_mul(channels).is_some_and(|all| all <= 1 << 24);
    if wanted.is_empty() || !fits(wanted.len()) || wanted.iter().any(|channel| *channel >= channels) {
        return Err(format!("it takes channels that are not there; there are {channels}"));
    }
    let mut values = vec![0.0; wanted.len() * channels];
    wanted.iter().enumerate().for_each(|(n, channel)| values[n * channels + channel] = 1.0);
    let name = walk.unique(node.path());
    walk.keep(format!("{name}.weight"), vec![wanted.len(), channels, 1, 1], values)?;
    let conv = Conv { bias: false, ..Conv::square(wanted.len(), 1, 1) };
    let id = walk.push(&name, Op::Conv(conv), vec![id])?;
    Ok(Map::new(id, map.axes))
}

/// One channel, or some of them.
pub(super) fn gather(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let map = walk.map(node, 0)?;
    let axis = axis_of(node.int("axis", 0), walk.dims(&map).len())?;
    let indices = walk.needed(node, 1)?;
    // PyTorch writes `as_strided` of one cell so: all values, in their order, under new axes.
    if map.axes == Axes::Row && indices.as_integers()?.iter().enumerate().all(|(n, index)| n as i64 == *index) {
        let map = with_dims(walk, map, &indices.dims)?;
        walk.set(node, map);
        return Ok(());
    }
    let channels = walk.shapes[map.id][0];
    if channel_axis(&map) != Some(axis) || map.axes == Axes::Flat {
        return Err("only channels can be taken from a map".to_owned());
    }
    let wanted = indices.as_integers()?.iter().map(|index| axis_of(*index, channels)).collect::<Result<Vec<_>, _>>()?;
    let mut made = some_channels(walk, node, &map, &wanted)?;
    if indices.dims.is_empty() {
        made.axes = Axes::Plane;
    }
    walk.set(node, made);
    Ok(())
}

pub(super) fn slice(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let map = walk.map(node, 0)?;
    let rank = walk.dims(&map).len();
    let list = |n: usize, name: &str| integers_of(walk, node, name, n);
    let (starts, ends) = (list(1, "starts")?.unwrap_or_default(), list(2, "ends")?.unwrap_or_default());
    let (axes, steps) = (list(3, "axes")?.unwrap_or_else(|| vec![0]), list(4, "steps")?.unwrap_or_else(|| vec![1]));
    let ([start], [end], [axis], [1]) = (starts.as_slice(), ends.as_slice(), axes.as_slice(), steps.as_slice()) else {
        return Err("one run of channels can be cut out, nothing else".to_owned());
    };
    if channel_axis(&map) != Some(axis_of(*axis, rank)?) {
        return Err("only channels can be cut out of a map".to_owned());
    }
    let wanted: Vec<usize> = run_of(*start, *end, walk.shapes[map.id][0]).collect();
    let made = some_channels(walk, node, &map, &wanted)?;
    walk.set(node, made);
    Ok(())
}

pub(super) fn split(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let map = walk.map(node, 0)?;
    let axis = axis_of(node.int("axis", 0), walk.dims(&map).len())?;
    let channels = walk.shapes[map.id][0];
    if channel_axis(&map) != Some(axis) || node.outputs.is_empty() {
        return Err("only channels can be split".to_owned());
    }
    let given = integers_of(walk, node, "split", 1)?;
    let even = channels.div_ceil(node.outputs.len());
    let mut at = 0usize;
    for (n, name) in node.outputs.iter().enumerate() {
        let wanted = given.as_ref().map_or(Some(even as i64), |given| given.get(n).copied());
        let wanted = wanted.and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
        let end = at.saturating_add(wanted).min(channels);
        let made = some_channels(walk, node, &map, &(at..end).collect::<Vec<_>>())?;
        walk.set_output(name, made);
        at = end;
    }
    Ok(())
}
