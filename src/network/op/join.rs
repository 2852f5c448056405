//! Sums and concatenations: the signal goes to all branches of the one, and is split among those of the other.

use burn_tensor::{Tensor, s};

use super::{Kept, Operation, Prepared};
use crate::bundle::blueprint::Shape;
use crate::method::BackwardRule;

/// The sum of `count` values.
#[derive(Debug)]
pub(in crate::network) struct Add {
    pub count: usize,
}

impl Operation for Add {
    fn forward(&self, inputs: Vec<Tensor<4>>, _: bool) -> (Tensor<4>, Kept) {
        let Some(sum) = inputs.into_iter().reduce(|sum, value| sum + value) else {
            unreachable!("a checked sum has parts")
        };
        (sum, Kept::Nothing)
    }

    fn back(&self, signal: Tensor<4>, _: &Prepared, _: BackwardRule) -> Vec<Option<Tensor<4>>> {
        vec![Some(signal); self.count]
    }
}

/// Channels one behind the other.
#[derive(Debug)]
pub(in crate::network) struct Concat {
    /// Of each input.
    channels: Vec<usize>,
    /// Channels of the buffer that it writes into: at least its own, more where later concatenations append to it.
    room: usize,
}

impl Concat {
    pub fn new(inputs: &[Shape]) -> Self {
        let channels: Vec<usize> = inputs.iter().map(|shape| shape[0]).collect();
        Self { room: channels.iter().sum(), channels }
    }

    /// The same with room for those that append to it.
    pub fn with_room(self, room: usize) -> Self {
        Self { room, ..self }
    }
}

impl Operation for Concat {
    /// The first input may lie at the beginning of a buffer that has room already: then the rest is written behind it.
    fn forward(&self, inputs: Vec<Tensor<4>>, _: bool) -> (Tensor<4>, Kept) {
        let [batch, found, height, width] = inputs[0].dims();
        if self.room == self.channels.iter().sum::<usize>() && found == self.channels[0] {
            return (Tensor::cat(inputs, 1), Kept::Nothing);
        }
        let device = inputs[0].device();
        let mut parts = self.channels.iter().zip(inputs);
        let (mut buffer, mut at) = (None, 0);
        if found == self.room
            && let Some((channels, first)) = parts.next()
        {
            (buffer, at) = (Some(first), *channels);
        }
        let mut buffer = buffer.unwrap_or_else(|| Tensor::zeros([batch, self.room, height, width], &device));
        for (channels, part) in parts {
            buffer = buffer.slice_assign(s![.., at..at + channels], part);
            at += channels;
        }
        (buffer, Kept::Nothing)
    }

    fn back(&self, signal: Tensor<4>, _: &Prepared, _: BackwardRule) -> Vec<Option<Tensor<4>>> {
        let mut at = 0;
        let part = |channels: &usize| {
            at += channels;
            Some(signal.clone().narrow(1, at - channels, *channels))
        };
        self.channels.iter().map(part).collect()
    }
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use super::super::check;
    use crate::bundle::blueprint::Op;

    #[test]
    fn the_way_back_is_the_gradient() {
        check::is_the_gradient(Op::Add, &[[2, 4, 3]; 3]);
        check::is_the_gradient(Op::Concat, &[[2, 4, 3], [1, 4, 3], [3, 4, 3]]);
    }
}
