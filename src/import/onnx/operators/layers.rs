//! Convolutions, linear layers (which are convolutions here) and normalisations.

use super::sizes;
use crate::bundle::blueprint::{Conv, Op, ValueId};
use crate::import::onnx::constant::Constant;
use crate::import::onnx::file::Node;
use crate::import::onnx::walk::{Axes, Map, Walk};

/// Zeros above, below, left and right, as the attributes `pads` and `auto_pad` say for these sides.
pub(super) fn padding(
    node: &Node,
    sides: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
) -> Result<[usize; 4], String> {
    let auto = node.string("auto_pad");
    if matches!(auto.as_str(), "" | "NOTSET" | "VALID") {
        let [above, left, below, right] = if auto == "VALID" { [0; 4] } else { sizes(node, "pads", 0)? };
        return Ok([above, below, left, right]);
    }
    let both = |axis: usize| {
        let step = stride[axis].max(1);
        let reach = dilation[axis].checked_mul(kernel[axis].saturating_sub(1)).and_then(|reach| reach.checked_add(1));
        let all = reach.and_then(|reach| ((sides[axis].div_ceil(step).saturating_sub(1)) * step).checked_add(reach));
        let rest = all.map(|all| all.saturating_sub(sides[axis])).ok_or("its kernel is far too large")?;
        match auto.as_str() {
            "SAME_UPPER" => Ok([rest / 2, rest - rest / 2]),
            "SAME_LOWER" => Ok([rest - rest / 2, rest / 2]),
            _ => Err(format!("its `auto_pad` is `{auto}`")),
        }
    };
    let ([above, below], [left, right]) = (both(0)?, both(1)?);
    Ok([above, below, left, right])
}

pub(super) fn conv(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let map = walk.map(node, 0)?;
    let weight = walk.needed(node, 1)?;
    let [outputs, _, high, wide] = *weight.dims.as_slice() else {
        return Err(format!("kernels of {:?} are not of two dimensions", weight.dims));
    };
    if map.axes != Axes::ChannelsFirst {
        return Err("a convolution reads channels before rows and columns".to_owned());
    }
    let bias = walk.constant(node, 2)?;
    let id = walk.settled_before_padding(&map)?;
    let [channels, height, width] = walk.shapes[id];
    let groups = usize::try_from(node.int("group", 1)).map_err(|_| "its `group` is negative")?;
    let (kernel, stride) = ([high, wide], sizes(node, "strides", 1)?);
    let dilation = sizes(node, "dilations", 1)?;
    let own = padding(node, [height, width], kernel, stride, dilation)?;
    let mut around = [0; 4];
    for (sum, (own, before)) in around.iter_mut().zip(own.into_iter().zip(map.padding)) {
        *sum = own.checked_add(before).ok_or("its padding is far too large")?;
    }
    if groups == 0 || weight.dims[1].checked_mul(groups) != Some(channels) {
        return Err(format!("kernels of {:?} do not fit {channels} channels in {groups} groups", weight.dims));
    }
    let conv = Conv { outputs, kernel, stride, padding: around, dilation, groups, bias: bias.is_some() };
    let id = layer(walk, node, id, conv, weight, bias)?;
    walk.set_fresh(node, Map::new(id, Axes::ChannelsFirst));
    Ok(())
}

/// A convolution with its tensors.
fn layer(
    walk: &mut Walk<'_>,
    node: &Node,
    from: ValueId,
    conv: Conv,
    weight: Constant,
    bias: Option<Constant>,
) -> Result<ValueId, String> {
    let name = walk.name_for(node, 1);
    let values = weight.as_floats()?.to_vec();
    let id = walk.push(&name, Op::Conv(conv), vec![from])?;
    walk.keep(format!("{name}.weight"), weight.dims, values)?;
    if let Some(bias) = bias {
        let values = bias.as_floats()?.to_vec();
        if values.len() != conv.outputs {
            return Err(format!("a bias of {:?} does not fit {} outputs", bias.dims, conv.outputs));
        }
        walk.keep(format!("{name}.bias"), vec![conv.outputs], values)?;
    }
    Ok(id)
}

/// A linear layer: a convolution as large as the map that it reads. `matrix` is `[outputs, inputs]`.
fn linear(walk: &mut Walk<'_>, node: &Node, map: &Map, matrix: Constant, bias: Option<Constant>) -> Result<(), String> {
    let id = walk.settled(map)?;
    let [channels, height, width] = walk.shapes[id];
    let (kernel, axes) = match map.axes {
        Axes::Flat | Axes::FlatChannelsLast => ([height, width], Axes::Flat),
        Axes::ChannelsLast => ([1, 1], Axes::ChannelsLast),
        _ => return Err("a linear layer reads one axis of values, or channels behind rows and columns".to_owned()),
    };
    let [outputs, inputs] = *matrix.dims.as_slice() else {
        return Err(format!("weights of {:?} are no matrix", matrix.dims));
    };
    if inputs != channels * kernel[0] * kernel[1] {
        return Err(format!("weights of {:?} do not fit {channels}×{}×{}", matrix.dims, kernel[0], kernel[1]));
    }
    let mut weight = matrix;
    if map.axes == Axes::FlatChannelsLast {
        weight.dims = vec![outputs, kernel[0], kernel[1], channels];
        weight = weight.transposed(&[0, 3, 1, 2])?;
    }
    weight.dims = vec![outputs, channels, kernel[0], kernel[1]];
    let conv = Conv { kernel, padding: [0; 4], bias: bias.is_some(), ..Conv::square(outputs, 1, 1) };
    let id = layer(walk, node, id, conv, weight, bias)?;
    walk.set_fresh(node, Map::new(id, axes));
    Ok(())
}

pub(super) fn gemm(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    if node.int("transA", 0) != 0 {
        return Err("its first input is transposed".to_owned());
    }
    let map = walk.map(node, 0)?;
    let scaled = |constant: Constant, factor: f32| {
        let values = constant.as_floats()?.iter().map(|value| value * factor).collect();
        Ok::<_, String>(Constant::floats(constant.dims, values))
    };
    let mut matrix = scaled(walk.needed(node, 1)?, node.float("alpha", 1.0))?;
    if node.int("transB", 0) == 0 {
        matrix = matrix.transposed(&[1, 0])?;
    }
    let bias = walk.constant(node, 2)?.map(|bias| scaled(bias, node.float("beta", 1.0))).transpose()?;
    linear(walk, node, &map, matrix, bias)
}

pub(super) fn matrix_product(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let map = walk.map(node, 0)?;
    let matrix = walk.needed(node, 1)?.transposed(&[1, 0])?;
    linear(walk, node, &map, matrix, None)
}

pub(super) fn batch_norm(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let map = walk.map(node, 0)?;
    let id = walk.settled(&map)?;
    let [channels, height, width] = walk.shapes[id];
    if map.axes != Axes::ChannelsFirst && (map.axes != Axes::Flat || height * width > 1) {
        return Err("a batch normalisation reads channels before rows and columns".to_owned());
    }
    let epsilon = f64::from(node.float("epsilon", 1e-5));
    let name = walk.name_for(node, 1);
    for (n, part) in ["weight", "bias", "running_mean", "running_var"].into_iter().enumerate() {
        let values = vector(&walk.needed(node, n + 1)?, channels)?;
        walk.keep(format!("{name}.{part}"), vec![channels], values)?;
    }
    let id = walk.push(&name, Op::Norm { epsilon }, vec![id])?;
    walk.set(node, Map::new(id, map.axes));
    Ok(())
}

pub(super) fn layer_norm(walk: &mut Walk<'_>, node: &Node) -> Result<(), String> {
    let map = walk.map(node, 0)?;
    let id = walk.settled(&map)?;
    let [channels, height, width] = walk.shapes[id];
    let rank = walk.dims(&map).len();
    let is_over_channels = super::axis_of(node.int("axis", -1), rank)? == rank - 1
        && (map.axes == Axes::ChannelsLast || map.axes == Axes::Flat && height * width == 1);
    if !is_over_channels {
        return Err("a layer normalisation is possible over the channels of each cell alone".to_owned());
    }
    let weight = vector(&walk.needed(node, 1)?, channels)?;
    let bias = walk.constant(node, 2)?.map_or(Ok(vec![0.0; channels]), |bias| vector(&bias, channels))?;
    let epsilon = f64::from(node.float("epsilon", 1e-5));
    let name = walk.name_for(node, 1);
    walk.keep(format!("{name}.weight"), vec![channels], weight)?;
    walk.keep(format!("{name}.bias"), vec![channels], bias)?;
    let id = walk.push(&name, Op::LayerNorm { epsilon }, vec![id])?;
    walk.set(node, Map::new(id, map.axes));
    Ok(())
}

fn vector(constant: &Constant, channels: usize) -> Result<Vec<f32>, String> {
    let values = constant.as_floats()?.to_vec();
    if values.len() == channels {
        Ok(values)
    } else {
        Err(format!("{:?} values do not fit {channels} channels", constant.dims))
    }
}
