//! Stretches of operations that are done in bands of rows by all cores (`op::Chain`).

use std::ops::Range;

use crate::bundle::blueprint::{Node, Op, Shape};
use crate::network::op::Operation;

/// More rows than this above and below a band would be computed twice for too little.
const MOST_HALO: usize = 1;

/// Nodes that stand one behind the other, each alone reading the one before, keeping height and width.
pub(in crate::network) fn chains(
    nodes: &[Node],
    shapes: &[Shape],
    readers: &[usize],
    operations: &[Option<Box<dyn Operation>>],
) -> Vec<Range<usize>> {
    let links = |n: usize| {
        let is_row_wise = matches!(nodes[n].op, Op::Conv(_) | Op::Norm { .. } | Op::Activation(_));
        let halo = operations[n].as_ref().and_then(|operation| operation.halo());
        halo.filter(|_| is_row_wise && shapes[n + 1][1..] == shapes[nodes[n].from[0]][1..])
    };
    let mut found = Vec::new();
    let mut n = 0;
    while n < nodes.len() {
        let (start, mut halo) = (n, 0);
        while n < nodes.len()
            && (n == start || (nodes[n].from == [n] && readers[n] == 1))
            && let Some(more) = links(n).filter(|more| halo + more <= MOST_HALO)
        {
            halo += more;
            n += 1;
        }
        if n - start > 1 {
            found.push(start..n);
        }
        n = n.max(start + 1);
    }
    found
}
