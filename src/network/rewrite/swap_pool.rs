//! A 1×1 convolution and the average pooling behind it change places: the same values with a fraction of the work.

use super::Draft;
use crate::bundle::blueprint::{Conv, Op, PoolWindow};

pub(in crate::network) fn swap_pools(mut draft: Draft) -> Draft {
    let readers = draft.blueprint.readers();
    let nodes = &draft.blueprint.nodes;
    let is_pool = |op: &Op| matches!(op, Op::AveragePool { window: PoolWindow { padding: 0, ceil: false, .. }, .. });
    let is_point = |op: &Op| matches!(op, Op::Conv(conv) if Conv { groups: conv.groups, bias: conv.bias, ..Conv::square(conv.outputs, 1, 1) } == *conv);
    let pairs: Vec<(usize, usize)> = (0..nodes.len())
        .filter(|n| is_pool(&nodes[*n].op))
        .filter_map(|n| Some((draft.only_maker(&readers, nodes[n].from[0])?, n)))
        .filter(|(maker, _)| is_point(&nodes[*maker].op))
        .collect();
    for (conv, pool) in pairs {
        let [a, b] = [conv, pool].map(|n| (draft.blueprint.nodes[n].op, draft.blueprint.nodes[n].name.clone()));
        (draft.blueprint.nodes[conv].op, draft.blueprint.nodes[conv].name) = b;
        (draft.blueprint.nodes[pool].op, draft.blueprint.nodes[pool].name) = a;
    }
    draft
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::blueprint::Node;
    use crate::network::rewrite::check::{assert_same, drafted};

    #[test]
    fn pooling_first_changes_nothing() {
        let node = |name: &str, op, from| Node { name: name.to_owned(), op, from: vec![from] };
        let nodes = vec![
            node("a", Op::Conv(Conv::square(4, 1, 1)), 0),
            node("", Op::average_pool(PoolWindow::new(2, 2, 0)), 1),
            node("b", Op::Conv(Conv::square(4, 3, 1)), 2),
            node("", Op::average_pool(PoolWindow::new(2, 2, 0)), 3),
        ];
        let draft = drafted(nodes, [3, 11, 8]);
        let swapped = swap_pools(draft.clone());
        let ops = swapped.blueprint.nodes.iter().map(|node| matches!(node.op, Op::Conv(_))).collect::<Vec<_>>();
        assert_eq!(ops, [false, true, true, false], "a 3×3 convolution stays");
        assert_same(draft, swapped);
    }
}
