//! What changes rows and columns: pooling, upsampling and padding.

use super::layers::padding;
use super::{axes_of, integers_of, sizes};
use crate::bundle::blueprint::{Op, PoolWindow};
use crate::import::onnx::file::Node;
use crate::import::onnx::walk::{Axes, Map, Walk};

/// A pooling node that is square and the same on all sides.
struct Pooled {
    map: Map,
    /// Height and width of what it reads.
    sides: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    /// Above, below, left and right.
    around: [usize; 4],
    ceil: bool,
}

impl Pooled {
    fn of(walk: &Walk<'_>, node: &Node) -> Result<Self, String> {
        let map = walk.map(node, 0)?;
        if map.axes != Axes::ChannelsFirst {
            return Err("pooling reads channels before rows and columns".to_owned());
        }
        if sizes(node, "dilations", 1)? != [1, 1] {
            return Err("pooling with gaps has no way back here".to_owned());
        }
        if node.outputs.iter().skip(1).any(|name| !name.is_empty()) {
            return Err("its switches are read by the network itself".to_owned());
        }
        let [_, height, width] = walk.shapes[map.id];
        let (kernel, stride) = (sizes(node, "kernel_shape", 0)?, sizes(node, "strides", 1)?);
        let around = padding(node, [height, width], kernel, stride, [1, 1])?;
        Ok(Self { map, sides: [height, width], kernel, stride, around, ceil: node.int("ceil_mode", 0) != 0 })
    }

    fn changes_nothing(&self) -> bool {
        self.kernel == [1, 1] && self.stride == [1, 1] && self.around == [0; 4]
    }

    /// Height and width of what it makes, as ONNX has it.
    fn after(&self) -> Option<[usize; 2]> {
        let after = |axis: usize, around: usize| {
            let rest = self.sides[axis].checked_add(around)?.checked_sub(self.kernel[axis])?;
            let stride = self.stride[axis].max(1);
            Some(if self.ceil { rest.div_ceil(stride) } else { rest / stride } + 1)
        };
        let [above, below, left, right] = self.around;
        Some([after(0, above.checked_add(below)?)?, after(1, left.checked_add(right)?)?])
    }

    /// The window that does the same; padding at the end alone is what `ceil` leaves out, where it
    /// does not count.
    fn window(&self, may_leave_out: bool) -> Result<PoolWindow, String> {
        let ([size, wide], [stride, across], [above, below, left, right]) = (self.kernel, self.stride, self.around);
        if size != wide || stride != across {
            return Err(format!("a window of {size}×{wide} with strides of {stride} and {across} is not square"));
        }
        let even = PoolWindow { size, stride, padding: above, ceil: self.ceil };
        if [below, left, right] == [above; 3] {
            return Ok(even);
        }
        let cut = PoolWindow { padding: 0, ceil: true, ..even };
        let found = Op::MaxPool(cut).shape(&[[1, self.sides[0], self.sides[1]]])?;
        if may_leave_out && above == 0 && left == 0 && self.after() == Some([found[1], found[2]]) {
            return Ok(cut);
        }
        Err(format!("its padding of {:?} is not the same on all sides", self.around))
    }
}

pub(super) fn max_pool(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let pooled = Pooled::of(walk, node)?;
    if pooled.changes_nothing() {
        walk.set(node, pooled.map);
        return Ok(());
    }
    let window = pooled.window(true)?;
    let id = walk.settled(&pooled.map)?;
    let id = walk.push("", Op::MaxPool(window), vec![id])?;
    walk.set(node, Map::new(id, Axes::ChannelsFirst));
    Ok(())
}

pub(super) fn average_pool(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let pooled = Pooled::of(walk, node)?;
    if pooled.changes_nothing() {
        walk.set(node, pooled.map);
        return Ok(());
    }
    if pooled.around == [0; 4] && pooled.kernel == pooled.sides {
        return global_average(walk, node);
    }
    let counts_padding = node.int("count_include_pad", 0) != 0;
    let window = pooled.window(!counts_padding)?;
    let id = walk.settled(&pooled.map)?;
    let id = walk.push("", Op::AveragePool { window, counts_padding }, vec![id])?;
    walk.set(node, Map::new(id, Axes::ChannelsFirst));
    Ok(())
}

pub(super) fn global_average(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let map = walk.map(node, 0)?;
    let id = walk.settled(&map)?;
    let [_, height, width] = walk.shapes[id];
    // A mean of one cell is that cell.
    let id = if height * width == 1 { id } else { walk.push("", Op::GlobalAveragePool, vec![id])? };
    walk.set(node, Map::new(id, map.axes));
    Ok(())
}

pub(super) fn global_max(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let map = walk.map(node, 0)?;
    let id = walk.settled(&map)?;
    let [_, height, width] = walk.shapes[id];
    if height != width {
        return Err(format!("a maximum of all of {height}×{width} cells is possible where these are a square"));
    }
    let id = if height == 1 { id } else { walk.push("", Op::MaxPool(PoolWindow::new(height, 1, 0)), vec![id])? };
    walk.set(node, Map::new(id, map.axes));
    Ok(())
}

/// A mean or maximum over rows and columns together.
pub(super) fn reduce(
    walk: &mut Walk<'_>,
    node: &Node,
    whole: impl Fn(&mut Walk<'_>, &Node) -> Result<(), String>,
) -> Result<(), String> {
    let map = walk.map(node, 0)?;
    let mut axes = axes_of(walk, node, 1, walk.dims(&map).len())?.unwrap_or_default();
    axes.sort_unstable();
    let is_whole = match map.axes {
        Axes::ChannelsFirst => axes == [2, 3],
        Axes::ChannelsLast => axes == [1, 2],
        _ => false,
    };
    if !is_whole {
        return Err("it is possible over all rows and columns alone".to_owned());
    }
    whole(walk, node)?;
    if node.int("keepdims", 1) == 0
        && let Some(name) = node.outputs.first()
        && let super::Value::Map(map) = walk.value(name)?
    {
        walk.set(node, Map { axes: Axes::Flat, ..map });
    }
    Ok(())
}

/// Every cell as often as a whole number says (`nearest`).
pub(super) fn resize(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let map = walk.map(node, 0)?;
    let dims = walk.dims(&map);
    let is_upsample = node.kind == "Upsample";
    let scales = walk.constant(node, if is_upsample { 1 } else { 2 })?;
    let wanted = if is_upsample { None } else { walk.constant(node, 3)? };
    let wanted = match (scales, wanted) {
        (_, Some(sides)) => sides.as_integers()?.iter().map(|side| *side as f64).collect::<Vec<_>>(),
        (Some(scales), None) if scales.dims == [dims.len()] => {
            scales.as_floats()?.iter().zip(&dims).map(|(scale, side)| f64::from(*scale) * *side as f64).collect()
        }
        _ => return Err("its factors are not known".to_owned()),
    };
    let factors: Vec<f64> = wanted.iter().zip(&dims).map(|(wanted, side)| wanted / *side as f64).collect();
    let (mode, place) = (node.string("mode"), node.string("coordinate_transformation_mode"));
    let is_nearest = matches!(mode.as_str(), "" | "nearest") && place != "align_corners";
    let begins_with_ceil = node.string("nearest_mode") == "ceil";
    match factors.as_slice() {
        [1.0, 1.0, 1.0, 1.0] => {
            walk.set(node, map);
            Ok(())
        }
        [1.0, 1.0, high, wide] if high == wide && high.fract() == 0.0 && (2.0..=16.0).contains(high) => {
            if map.axes != Axes::ChannelsFirst || !is_nearest || begins_with_ceil {
                return Err("only upsampling by the nearest value has a way back here".to_owned());
            }
            let id = walk.settled(&map)?;
            let id = walk.push("", Op::Upsample { factor: *high as usize }, vec![id])?;
            walk.set(node, Map::new(id, map.axes));
            Ok(())
        }
        _ => Err(format!(
            "rows and columns can become twice, three times as many and so on; here the factors are {factors:?}"
        )),
    }
}

/// Zeros around a map, which the next convolution takes over.
pub(super) fn pad(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let map = walk.map(node, 0)?;
    let sides = integers_of(walk, node, "pads", 1)?.ok_or("its padding is not known")?;
    let value = walk.constant(node, 2)?.map_or(Some(node.float("value", 0.0)), |value| value.scalar());
    let sides = sides.iter().map(|side| usize::try_from(*side).ok()).collect::<Option<Vec<_>>>();
    let (Some(sides), "" | "constant", Some(0.0)) = (sides, node.string("mode").as_str(), value) else {
        return Err("only zeros around a map are possible".to_owned());
    };
    let padding = match (map.axes, sides.as_slice()) {
        (Axes::ChannelsFirst, [0, 0, above, left, 0, 0, below, right]) => [*above, *below, *left, *right],
        (Axes::ChannelsLast, [0, above, left, 0, 0, below, right, 0]) => [*above, *below, *left, *right],
        _ => return Err("only rows and columns can be padded".to_owned()),
    };
    if map.padding != [0; 4] || padding.iter().any(|side| *side > 1024) {
        return Err("so much padding is not possible".to_owned());
    }
    walk.set(node, Map { padding, ..map });
    Ok(())
}
