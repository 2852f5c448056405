//! Local contrast normalisation inside the retinal disc: what is left when the slow changes of light are taken away.

use crate::maps::neighbours;

/// Size of the planes in pixels.
#[derive(Debug, Clone, Copy)]
pub struct PlaneSize {
    pub width: usize,
    pub height: usize,
}

/// The figures of the card's `local-contrast` step.
#[derive(Debug, Clone, Copy)]
pub struct LocalContrast {
    pub dark: f32,
    pub margin: u32,
    pub cell: u32,
    pub gain: f32,
    pub limit: f32,
}

/// Replaces each plane `[height, width]` of `planes` by its local contrast; 0 outside the disc.
pub fn apply(planes: &mut [f32], size: PlaneSize, settings: LocalContrast) {
    let disc = disc(planes, size, settings);
    let (cell, area) = (settings.cell as usize, size.width * size.height);
    let weight = smoothed_cells(&disc, None, size, cell);
    for plane in planes.chunks_exact_mut(area) {
        let total = smoothed_cells(plane, Some(&disc), size, cell);
        let mean: Vec<f32> = total.iter().zip(&weight).map(|(t, w)| t / w.max(1e-6)).collect();
        subtract(plane, &mean, &disc, size, settings);
    }
}

/// 1 where the brightest channel exceeds `dark` in the whole neighbourhood of `margin` pixels, else 0.
fn disc(planes: &[f32], size: PlaneSize, settings: LocalContrast) -> Vec<f32> {
    let area = size.width * size.height;
    let lit = (0..area)
        .map(|i| if planes.iter().skip(i).step_by(area).any(|v| *v > settings.dark) { 1.0 } else { 0.0 })
        .collect::<Vec<f32>>();
    let margin = settings.margin as usize;
    let along_rows: Vec<f32> = lit.chunks_exact(size.width).flat_map(|row| lowest_nearby(row, margin)).collect();
    let mut shrunk = vec![0.0; area];
    for x in 0..size.width {
        let column: Vec<f32> = along_rows.iter().skip(x).step_by(size.width).copied().collect();
        for (y, v) in lowest_nearby(&column, margin).into_iter().enumerate() {
            shrunk[y * size.width + x] = v;
        }
    }
    shrunk
}

/// The minimum over a window of `margin` on both sides, for values of 0 and 1.
fn lowest_nearby(line: &[f32], margin: usize) -> Vec<f32> {
    let mut dark_before = vec![0usize; line.len() + 1];
    for (i, v) in line.iter().enumerate() {
        dark_before[i + 1] = dark_before[i] + usize::from(*v < 0.5);
    }
    (0..line.len())
        .map(|i| {
            let (from, to) = (i.saturating_sub(margin), (i + margin + 1).min(line.len()));
            if dark_before[to] == dark_before[from] { 1.0 } else { 0.0 }
        })
        .collect()
}

/// Means over cells of `cell`×`cell`, each value times its weight, then twice the mean of 5×5 cells with zeros beyond.
fn smoothed_cells(plane: &[f32], weight: Option<&[f32]>, size: PlaneSize, cell: usize) -> Vec<f32> {
    let (columns, rows) = (size.width / cell, size.height / cell);
    let mut cells = vec![0.0; columns * rows];
    for y in 0..rows * cell {
        for x in 0..columns * cell {
            let i = y * size.width + x;
            cells[(y / cell) * columns + x / cell] += plane[i] * weight.map_or(1.0, |w| w[i]);
        }
    }
    let share = 1.0 / (cell * cell) as f32;
    cells.iter_mut().for_each(|v| *v *= share);
    let once = mean_of_five(&cells, columns, rows);
    mean_of_five(&once, columns, rows)
}

fn mean_of_five(cells: &[f32], columns: usize, rows: usize) -> Vec<f32> {
    let mut mean = Vec::with_capacity(cells.len());
    for y in 0..rows {
        for x in 0..columns {
            let (x0, x1) = (x.saturating_sub(2), (x + 3).min(columns));
            let sum: f32 = (y.saturating_sub(2)..(y + 3).min(rows))
                .map(|row| cells[row * columns + x0..row * columns + x1].iter().sum::<f32>())
                .sum();
            mean.push(sum / 25.0);
        }
    }
    mean
}

fn subtract(plane: &mut [f32], mean: &[f32], disc: &[f32], size: PlaneSize, settings: LocalContrast) {
    let cell = f64::from(settings.cell);
    let (columns, rows) = (size.width / settings.cell as usize, size.height / settings.cell as usize);
    let across: Vec<_> = (0..size.width).map(|x| neighbours((x as f64 + 0.5) / cell, columns)).collect();
    for (y, line) in plane.chunks_exact_mut(size.width).enumerate() {
        let (top, bottom, down) = neighbours((y as f64 + 0.5) / cell, rows);
        let (upper, lower) = (&mean[top * columns..][..columns], &mean[bottom * columns..][..columns]);
        for (x, value) in line.iter_mut().enumerate() {
            let (left, right, along) = across[x];
            let a = upper[left] + (upper[right] - upper[left]) * along;
            let b = lower[left] + (lower[right] - lower[left]) * along;
            let contrast = (*value - (a + (b - a) * down)) * settings.gain;
            *value = contrast.clamp(-settings.limit, settings.limit) * disc[y * size.width + x];
        }
    }
}
