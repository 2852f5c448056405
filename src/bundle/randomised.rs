//! A model whose last layers have lost what they learned: what a map is worth that stays the same there (Adebayo et al.
//! 2018, cascading randomisation).

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::weights::needed_tensors;
use super::{Bundle, Card};

/// Layers of a deep network are randomised in groups: so many at most.
pub const MOST_GROUPS: usize = 8;

/// Layers that lose their weights together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerGroup {
    /// The layers' names, from the one nearest to the answer.
    pub layers: Vec<String>,
    /// The tensors' names.
    pub tensors: Vec<String>,
}

impl LayerGroup {
    /// For people: the first and the last layer.
    pub fn name(&self) -> String {
        match self.layers.as_slice() {
            [] => String::new(),
            [layer] => layer.clone(),
            [first, .., last] => format!("{first} to {last}"),
        }
    }
}

/// The layers of a card's network from the last to the first, in at most [`MOST_GROUPS`] groups of about as many layers;
/// the last layer stands alone.
///
/// # Panics
/// Where the card was not checked ([`Card::parse`]).
pub fn layer_groups(card: &Card) -> Vec<LayerGroup> {
    let mut layers: Vec<(String, Vec<String>)> = Vec::new();
    for spec in needed_tensors(card).into_iter().rev() {
        let layer = spec.name.rsplit_once('.').map_or(spec.name.as_str(), |(layer, _)| layer).to_owned();
        match layers.iter_mut().find(|(known, _)| *known == layer) {
            Some((_, tensors)) => tensors.push(spec.name),
            None => layers.push((layer, vec![spec.name])),
        }
    }
    let group = |part: &[(String, Vec<String>)]| LayerGroup {
        layers: part.iter().map(|(layer, _)| layer.clone()).collect(),
        tensors: part.iter().flat_map(|(_, tensors)| tensors.clone()).collect(),
    };
    let Some((last, rest)) = layers.split_first() else { return Vec::new() };
    let count = rest.len().min(MOST_GROUPS - 1);
    let bounds: Vec<usize> = (0..=count).map(|n| n * rest.len() / count.max(1)).collect();
    let groups = bounds.windows(2).map(|part| group(&rest[part[0]..part[1]]));
    std::iter::once(group(std::slice::from_ref(last))).chain(groups).collect()
}

impl Bundle {
    /// The same network with the values of every tensor of `groups` in an order that chance gives: what they are stays,
    /// with mean, deviation and sign, where they stand is lost. A tensor loses its order the same way whatever else
    /// does, so that models of one seed build on each other. No file has such weights: the checksum is empty.
    pub fn randomised(&self, groups: &[LayerGroup], seed: u64) -> Self {
        let mut weights = self.weights.clone();
        for name in groups.iter().flat_map(|group| &group.tensors) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            // Its place in the alphabet.
            rng.set_stream(self.weights.range::<String, _>(..name).count() as u64);
            if let Some(tensor) = weights.get_mut(name) {
                tensor.values.shuffle(&mut rng);
            }
        }
        Self { card: self.card.clone(), weights, sha256: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::Library;

    #[test]
    fn the_last_layers_go_first_and_lose_the_order_of_their_values_alone() {
        let bundle = Library::open(&[]).unwrap().load("mnist").unwrap();
        let groups = layer_groups(&bundle.card);
        let all: Vec<&String> = groups.iter().flat_map(|group| &group.tensors).collect();
        assert!((2..=MOST_GROUPS).contains(&groups.len()) && groups[0].layers.len() == 1, "{groups:?}");
        assert_eq!(all.len(), bundle.weights.len());
        let last = &groups[0];
        let some = bundle.randomised(&groups[..1], 5);
        for (name, tensor) in &bundle.weights {
            assert_eq!(some.weights[name] == *tensor, !last.tensors.contains(name), "{name}");
        }
        let more = bundle.randomised(&groups[..2], 5);
        assert!(last.tensors.iter().all(|name| more.weights[name] == some.weights[name]), "models build on each other");
        let sorted = |bundle: &Bundle, name: &str| {
            let mut values = bundle.weights[name].values.clone();
            values.sort_by(f32::total_cmp);
            values
        };
        assert!(all.iter().all(|name| sorted(&bundle, name) == sorted(&more, name)));
        assert_ne!(some.weights, bundle.randomised(&groups[..1], 6).weights);
    }
}
