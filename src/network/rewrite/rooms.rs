//! Concatenations that append to one another fill one buffer: nothing is copied again and again (DenseNet's blocks).

use crate::bundle::blueprint::{Node, Op, Shape, ValueId};

/// Channels of the buffer that each concatenation writes into; 0 for other nodes. `shapes` are those of all values.
pub(in crate::network) fn rooms(nodes: &[Node], shapes: &[Shape]) -> Vec<usize> {
    let mut rooms = vec![0; nodes.len()];
    for n in (0..nodes.len()).rev().filter(|n| nodes[*n].op == Op::Concat) {
        rooms[n] = rooms[n].max(shapes[n + 1][0]);
        // Two that append to the same one each need a buffer of their own: the first comes last here and copies.
        if let Some(before) = appended(nodes, n)
            && rooms[before] == 0
        {
            rooms[before] = rooms[n];
        }
    }
    rooms
}

/// The value whose buffer holds `value` in the end.
pub(in crate::network) fn home(nodes: &[Node], rooms: &[usize], value: ValueId) -> ValueId {
    let next = (value..nodes.len()).rev().find(|n| {
        value > 0
            && nodes[*n].op == Op::Concat
            && appended(nodes, *n) == Some(value - 1)
            && rooms[value - 1] == rooms[*n]
    });
    next.map_or(value, |n| home(nodes, rooms, n + 1))
}

/// The concatenation that `n` appends to.
fn appended(nodes: &[Node], n: usize) -> Option<usize> {
    let before = nodes[n].from[0].checked_sub(1)?;
    let only_once = !nodes[n].from[1..].contains(&(before + 1));
    (nodes[before].op == Op::Concat && only_once).then_some(before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::blueprint::Conv;
    use crate::network::rewrite::check::{assert_plans_agree, drafted};

    #[test]
    fn one_buffer_changes_nothing() {
        let conv = |from| Node { name: format!("c{from}"), op: Op::Conv(Conv::square(2, 3, 1)), from: vec![from] };
        let concat = |from: [usize; 2]| Node { name: String::new(), op: Op::Concat, from: from.to_vec() };
        // 2 = [0, 1], 4 = [2, 3], 6 = [4, 5], and another that appends to 2.
        let nodes = vec![
            conv(0),
            concat([0, 1]),
            conv(2),
            concat([2, 3]),
            conv(4),
            concat([4, 5]),
            concat([2, 1]),
            concat([6, 7]),
        ];
        let draft = drafted(nodes, [3, 6, 5]);
        let shapes = draft.blueprint.shapes().unwrap();
        let nodes = &draft.blueprint.nodes;
        let found = rooms(nodes, &shapes);
        assert_eq!([found[1], found[3], found[5], found[7]], [7, 16, 16, 16], "{found:?}");
        assert_eq!([1, 2, 4, 6].map(|value| home(nodes, &found, value)), [1, 7, 8, 8]);
        assert_plans_agree(draft);
    }
}
