//! What is minimised: cross-entropy, or for ordered grades the loss of `training/retina_loss.py`.

use burn_tensor::{Device, Tensor, TensorData, activation};

use super::network::Outputs;
use super::schedule::{Objective, Ordinal};

/// Added to every grade of the bell that stands for the true one.
const BELL_FLOOR: f32 = 0.01;
/// Keeps the logarithm finite where no evidence lies in lesions.
const LESION_FLOOR: f32 = 1e-4;
/// Keeps it finite where a grade has no part of the response.
const SHARE_FLOOR: f32 = 1e-3;

/// Examples after augmentation.
#[derive(Debug, Clone)]
pub struct Batch {
    /// `[batch, channels, height, width]`
    pub values: Vec<f32>,
    pub classes: Vec<usize>,
    /// `[batch, kinds, rows, columns]`; empty where lesions are not known.
    pub cells: Vec<f32>,
    /// 1 where a kind was looked for, `[batch, kinds]`.
    pub known: Vec<f32>,
    /// Kinds, rows and columns.
    pub grid: Option<[usize; 3]>,
}

/// A loss with the weights of its classes.
#[derive(Debug)]
pub struct Loss<'a> {
    objective: &'a Objective,
    /// 1/√(examples of the class), 1 on average over the examples.
    class_weights: Vec<f32>,
}

impl<'a> Loss<'a> {
    /// `counts` says how many examples each class has.
    pub fn new(objective: &'a Objective, counts: &[usize]) -> Self {
        let raw: Vec<f32> = counts.iter().map(|n| if *n == 0 { 0.0 } else { (*n as f32).powf(-0.5) }).collect();
        let examples: usize = counts.iter().sum();
        let sum: f32 = raw.iter().zip(counts).map(|(w, n)| w * *n as f32).sum();
        let class_weights = raw.iter().map(|w| w * examples as f32 / sum).collect();
        Self { objective, class_weights }
    }

    /// The loss of one batch, `[1]`.
    pub fn of(&self, outputs: &Outputs, batch: &Batch) -> Tensor<1> {
        let log_p = activation::log_softmax(outputs.scores.clone(), 1);
        match self.objective {
            Objective::Classes { weighted } => {
                let weight = |class: usize| if *weighted { self.class_weights[class] } else { 1.0 };
                cross_entropy(log_p, |class, k| if class == k { weight(class) } else { 0.0 }, batch)
            }
            Objective::Ordinal(parts) => Self::ordinal(parts, log_p, outputs, batch),
        }
    }

    fn ordinal(parts: &Ordinal, log_p: Tensor<2>, outputs: &Outputs, batch: &Batch) -> Tensor<1> {
        let [_, grades] = log_p.dims();
        let device = log_p.device();
        // Neighbours share the target, so that one grade off is not as wrong as four.
        let target = of_pairs(|class, k| bell(parts.softness, class, k, grades), grades, batch, &device);
        // The sum over probabilities of squared distance draws the mode, not only the mean, to the true grade.
        let squares = of_pairs(|class, k| (k as f32 - class as f32).powi(2), grades, batch, &device);
        let each = log_p.clone().exp() * squares.mul_scalar(parts.distance) - target.clone() * log_p.clone();
        let mut total = each.sum_dim(1).mean();
        for (below, weight) in parts.cuts.iter().enumerate() {
            let first = below + 1;
            let side = |from: usize, count: usize| log_sum_exp(log_p.clone().narrow(1, from, count));
            // ln(P(grade ≥ first) / P(grade < first))
            let odds = side(first, grades - first) - side(0, first);
            let truth = column(batch.classes.iter().map(|c| f32::from(u8::from(*c >= first))).collect(), &device);
            total = total + binary_cross_entropy(odds, truth, None).mean().mul_scalar(parts.binary * weight);
        }
        if let Some(shares) = &outputs.shares {
            let some = shares.dims()[0];
            let each = target.narrow(0, 0, some) * shares.clone().add_scalar(SHARE_FLOOR).log();
            total = total - each.sum_dim(1).mean().mul_scalar(parts.share);
        }
        let (Some(lesions), Some(grid)) = (&outputs.lesions, batch.grid) else { return total };
        total = total + spots(lesions.clone(), batch, grid, parts).mul_scalar(parts.lesions);
        total + away_from_lesions(outputs.maps.clone(), batch, grid, parts)
    }
}

/// Mean over the batch of −Σ target(class, k) ln p_k.
fn cross_entropy(log_p: Tensor<2>, target: impl Fn(usize, usize) -> f32, batch: &Batch) -> Tensor<1> {
    let [examples, classes] = log_p.dims();
    let targets = of_pairs(target, classes, batch, &log_p.device());
    (targets * log_p).sum().div_scalar(-(examples as f64))
}

/// A value for each example's true class and each class, `[batch, classes]`.
fn of_pairs(value: impl Fn(usize, usize) -> f32, classes: usize, batch: &Batch, device: &Device) -> Tensor<2> {
    let values = batch.classes.iter().flat_map(|class| (0..classes).map(|k| value(*class, k)).collect::<Vec<_>>());
    let values = TensorData::new(values.collect::<Vec<f32>>(), [batch.classes.len(), classes]);
    Tensor::from_data(values, device)
}

/// ln Σ e^x over each row, `[batch, 1]`.
fn log_sum_exp(x: Tensor<2>) -> Tensor<2> {
    let most = x.clone().max_dim(1).detach();
    (x - most.clone()).exp().sum_dim(1).log() + most
}

/// How much grade `k` belongs to the truth `class`: a bell over the grades that sums to 1.
fn bell(softness: f32, class: usize, k: usize, grades: usize) -> f32 {
    let height = |k: usize| {
        let away = k as f32 - class as f32;
        (-away * away / (2.0 * softness * softness)).exp() + BELL_FLOOR
    };
    height(k) / (0..grades).map(height).sum::<f32>()
}

fn column(values: Vec<f32>, device: &Device) -> Tensor<2> {
    let rows = values.len();
    Tensor::from_data(TensorData::new(values, [rows, 1]), device)
}

/// −(w y ln σ(x) + (1 − y) ln(1 − σ(x))) of every value, with w = 1 where no `weights` are given.
fn binary_cross_entropy<const D: usize>(x: Tensor<D>, y: Tensor<D>, weights: Option<Tensor<D>>) -> Tensor<D> {
    // ln(1 + e^−x) without overflow.
    let softplus = x.clone().abs().neg().exp().log1p() + activation::relu(x.clone().neg());
    let negative = y.clone().neg().add_scalar(1.0);
    let positive = match weights {
        Some(weights) => y * weights,
        None => y,
    };
    (positive + negative.clone()) * softplus + negative * x
}

/// The lesion head's mean binary cross-entropy over the cells of those kinds that were looked for.
fn spots(logits: Tensor<4>, batch: &Batch, [kinds, rows, columns]: [usize; 3], parts: &Ordinal) -> Tensor<1> {
    let (examples, device) = (batch.classes.len(), logits.device());
    let truth = TensorData::new(batch.cells.clone(), [examples, kinds, rows, columns]);
    let weights = TensorData::new(parts.lesion_weights.clone(), [1, kinds, 1, 1]);
    let known = TensorData::new(batch.known.clone(), [examples, kinds, 1, 1]);
    let (truth, weights) = (Tensor::from_data(truth, &device), Tensor::<4>::from_data(weights, &device));
    let each = binary_cross_entropy(logits, truth, Some(weights)) * Tensor::from_data(known, &device);
    let count = batch.known.iter().sum::<f32>() * (rows * columns) as f32;
    each.sum().div_scalar(count.max(1.0))
}

/// Evidence for the referable grades (2 and above) should lie in lesion cells, its strongest cell too: `focus` times
/// the part outside minus `peak` times ln Σ softmax(evidence) · cells, mean over the pictures of grade 2 and above that
/// have such cells.
fn away_from_lesions(maps: Tensor<4>, batch: &Batch, grid: [usize; 3], parts: &Ordinal) -> Tensor<1> {
    let [examples, classes, height, width] = maps.dims();
    let device = maps.device();
    let cells = pooled(batch, grid, [height, width], parts.focus_kinds);
    let counts: Vec<f32> = cells
        .chunks_exact(height * width)
        .zip(&batch.classes)
        .map(|(cells, class)| f32::from(u8::from(*class >= 2 && cells.iter().any(|v| *v > 0.0))))
        .collect();
    let used = counts.iter().sum::<f32>().max(1.0);
    let cells = Tensor::<2>::from_data(TensorData::new(cells, [examples, height * width]), &device);
    let evidence = maps.narrow(1, 2, classes - 2).sum_dim(1).reshape([examples, height * width]);
    let outside = (evidence.clone() * cells.clone().neg().add_scalar(1.0)).sum_dim(1);
    let outside = outside / evidence.clone().sum_dim(1).clamp_min(1e-3);
    let inside = (activation::softmax(evidence, 1) * cells.add_scalar(LESION_FLOOR)).sum_dim(1).log();
    let away = outside.mul_scalar(parts.focus) - inside.mul_scalar(parts.peak);
    (away * column(counts, &device)).sum().div_scalar(used)
}

/// The largest value of the first `kinds` of lesion that were looked for, within every cell of a coarser grid,
/// `[batch, rows, columns]`.
fn pooled(batch: &Batch, [all, rows, columns]: [usize; 3], [height, width]: [usize; 2], kinds: usize) -> Vec<f32> {
    let (down, across) = (rows / height, columns / width);
    let mut coarse = vec![0.0f32; batch.classes.len() * height * width];
    let pictures = batch.cells.chunks_exact(all * rows * columns).zip(batch.known.chunks_exact(all));
    for ((cells, known), coarse) in pictures.zip(coarse.chunks_exact_mut(height * width)) {
        for (i, value) in cells.iter().take(kinds * rows * columns).enumerate() {
            let value = value * known[i / (rows * columns)];
            let (row, column) = (i / columns % rows / down, i % columns / across);
            if row < height && column < width {
                let cell = &mut coarse[row * width + column];
                *cell = cell.max(value);
            }
        }
    }
    coarse
}
