//! A batch normalisation behind a convolution becomes part of it: w' = w γ/√(σ²+ε), b' = β + (b − μ) γ/√(σ²+ε). So does
//! a factor for each channel.

use super::Draft;
use crate::bundle::WeightTensor;
use crate::bundle::blueprint::Op;
use crate::network::load::{scale_and_shift, scaled};

pub(in crate::network) fn fold_norms(mut draft: Draft) -> Draft {
    let readers = draft.blueprint.readers();
    let mut gone = vec![false; draft.blueprint.nodes.len()];
    for (n, gone) in gone.iter_mut().enumerate() {
        let node = &draft.blueprint.nodes[n];
        let Some(maker) = draft.only_maker(&readers, node.from[0]) else { continue };
        let Op::Conv(mut conv) = draft.blueprint.nodes[maker].op else { continue };
        let (scale, mut shift) = match node.op {
            Op::Norm { epsilon } => scale_and_shift(&draft.weights, &node.name, epsilon),
            Op::Scale => {
                let factors = &draft.weights[&node.name].values;
                (factors.iter().map(|factor| f64::from(*factor)).collect(), vec![0.0; factors.len()])
            }
            _ => continue,
        };
        let name = draft.blueprint.nodes[maker].name.clone();
        if conv.bias {
            let bias = &draft.weights[&format!("{name}.bias")].values;
            shift.iter_mut().zip(bias).zip(&scale).for_each(|((s, b), f)| *s += (f64::from(*b) * f) as f32);
        }
        if let Some(weight) = draft.weights.remove(&format!("{name}.weight")) {
            draft.weights.insert(format!("{name}.weight"), scaled(weight, &scale));
        }
        draft.weights.insert(format!("{name}.bias"), WeightTensor { shape: vec![shift.len()], values: shift });
        conv.bias = true;
        draft.blueprint.nodes[maker].op = Op::Conv(conv);
        *gone = true;
    }
    draft.without(&gone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::blueprint::{Conv, Node};
    use crate::network::rewrite::check::{assert_same, drafted};

    #[test]
    fn a_folded_normalisation_changes_nothing() {
        let conv = |bias| Op::Conv(Conv { bias, ..Conv::square(4, 3, 1) });
        let norm = Op::Norm { epsilon: 1e-3 };
        let node = |name: &str, op, from| Node { name: name.to_owned(), op, from: vec![from] };
        // The second normalisation follows one that is read twice.
        let nodes = vec![
            node("a", conv(true), 0),
            node("b", norm, 1),
            node("c", conv(false), 2),
            node("d", norm, 2),
            Node { name: String::new(), op: Op::Add, from: vec![3, 4] },
            node("e", conv(true), 5),
            node("f", Op::Scale, 6),
        ];
        let draft = drafted(nodes, [2, 9, 7]);
        let folded = fold_norms(draft.clone());
        assert_eq!(folded.blueprint.nodes.len(), 5);
        assert_same(draft, folded);
    }
}
