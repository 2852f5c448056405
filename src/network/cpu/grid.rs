//! Where the values of a plane lie while the taps of a convolution are summed up: with zeros around them, row behind row,
//! so that what a tap reads for one output after another lies side by side, whatever row these are in. A stride of 2 reads
//! every other row and column: those of even and of odd numbers are laid apart.

use std::ops::Range;

use crate::bundle::blueprint::Conv;

/// For some rows of a convolution's output.
#[derive(Debug)]
pub struct Grid {
    /// Height and width of what is made.
    pub after: [usize; 2],
    /// Rows that are read, and how wide they are.
    read: Range<usize>,
    width: usize,
    stride: [usize; 2],
    /// Rows and columns of zeros before the first that is read.
    above: usize,
    left: usize,
    /// Rows and columns of one part, of which there are stride × stride.
    rows: usize,
    pitch: usize,
    /// Where each tap begins to read for the first output.
    pub taps: Vec<usize>,
}

/// Height and width of what a convolution makes of these; something is left of them.
pub fn after(conv: &Conv, before: [usize; 2]) -> [usize; 2] {
    let [above, below, left, right] = conv.padding;
    let around = [above + below, left + right];
    [0, 1].map(|axis| (before[axis] + around[axis] - reach(conv, axis)) / conv.stride[axis] + 1)
}

fn reach(conv: &Conv, axis: usize) -> usize {
    conv.dilation[axis] * (conv.kernel[axis] - 1) + 1
}

impl Grid {
    /// For `made` of the rows that a convolution makes of planes of the sides `before`.
    pub fn new(conv: &Conv, before: [usize; 2], made: Range<usize>) -> Self {
        let [above, _, left, right] = conv.padding;
        let (stride, dilation) = (conv.stride, conv.dilation);
        let span = (made.len() - 1) * stride[0] + reach(conv, 0);
        let first = made.start * stride[0];
        let read = first.saturating_sub(above).min(before[0])..(first + span).saturating_sub(above).min(before[0]);
        let [rows, pitch] = [span.div_ceil(stride[0]), (before[1] + left + right).div_ceil(stride[1])];
        let tap = |n: usize| {
            let (i, j) = (n / conv.kernel[1] * dilation[0], n % conv.kernel[1] * dilation[1]);
            let part = i % stride[0] * stride[1] + j % stride[1];
            part * rows * pitch + i / stride[0] * pitch + j / stride[1]
        };
        let taps = (0..conv.kernel[0] * conv.kernel[1]).map(tap).collect();
        let (above, after) = (above.saturating_sub(first), [made.len(), after(conv, before)[1]]);
        Self { after, read, width: before[1], stride, above, left, rows, pitch, taps }
    }

    /// Sums of all outputs, those between the rows included.
    pub fn sums(&self) -> usize {
        (self.after[0] - 1) * self.pitch + self.after[1]
    }

    /// Values of a plane that is laid out, to where so many `sums` read.
    pub fn values(&self, sums: usize) -> usize {
        let reached = self.taps.iter().max().map_or(0, |most| most + sums);
        (self.stride[0] * self.stride[1] * self.rows * self.pitch).max(reached)
    }

    /// Lays out one plane; `parts` is zero where nothing is written.
    #[inline(always)]
    pub fn lay_out(&self, plane: &[f32], parts: &mut [f32]) {
        let (width, [down, across], part) = (self.width, self.stride, self.rows * self.pitch);
        for (y, row) in plane[self.read.start * width..self.read.end * width].chunks_exact(width).enumerate() {
            let y = y + self.above;
            let line = y % down * across * part + y / down * self.pitch;
            match across {
                1 => parts[line + self.left..][..width].copy_from_slice(row),
                2 => self.apart(row, &mut parts[line..]),
                _ => row
                    .iter()
                    .zip(self.left..)
                    .for_each(|(value, x)| parts[line + x % across * part + x / across] = *value),
            }
        }
    }

    /// A row's values of even and of odd columns, each into its own part.
    #[inline(always)]
    fn apart(&self, row: &[f32], parts: &mut [f32]) {
        let (even, odd) = parts.split_at_mut(self.rows * self.pitch);
        let first = self.left / 2;
        let (row, even, odd) = match row {
            // The first column is an odd one.
            [one, rest @ ..] if self.left % 2 == 1 => {
                odd[first] = *one;
                (rest, &mut even[first + 1..], &mut odd[first + 1..])
            }
            row => (row, &mut even[first..], &mut odd[first..]),
        };
        let (pairs, last) = row.as_chunks::<2>();
        pairs.iter().zip(even.iter_mut().zip(odd)).for_each(|([a, b], (even, odd))| (*even, *odd) = (*a, *b));
        if let [last] = last {
            even[pairs.len()] = *last;
        }
    }

    /// Where the sums of each row begin.
    pub fn starts(&self) -> impl Iterator<Item = usize> {
        (0..self.after[0]).map(|row| row * self.pitch)
    }
}
