//! What makes a network faster and changes none of its values: each rewrite in a file of its own, with a test that the
//! network with it equals the one without.

mod chains;
mod fold_norm;
mod rooms;
mod swap_pool;

#[cfg(test)]
mod check;

pub(super) use self::chains::chains;
pub(super) use self::fold_norm::fold_norms;
pub(super) use self::rooms::{home, rooms};
pub(super) use self::swap_pool::swap_pools;
use crate::bundle::WeightMap;
use crate::bundle::blueprint::{Blueprint, ValueId};

/// A network on its way to a device.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub blueprint: Blueprint,
    pub weights: WeightMap,
}

impl Draft {
    /// The node that makes a value, where nothing but one other node reads it.
    fn only_maker(&self, readers: &[usize], value: ValueId) -> Option<usize> {
        (readers[value] == 1).then(|| value.checked_sub(1)).flatten()
    }

    /// Without the nodes that are `gone`: what they read takes the place of what they made.
    fn without(mut self, gone: &[bool]) -> Self {
        let nodes = std::mem::take(&mut self.blueprint.nodes);
        let mut now: Vec<ValueId> = vec![0];
        for (mut node, gone) in nodes.into_iter().zip(gone) {
            node.from.iter_mut().for_each(|id| *id = now[*id]);
            if *gone {
                now.push(node.from[0]);
            } else {
                self.blueprint.nodes.push(node);
                now.push(self.blueprint.nodes.len());
            }
        }
        self
    }
}
