//! Going on from a trained model: what a recipe takes from it, and which models it cannot go on from. Must not know Burn's
//! tensors or the data.

use super::learned::common_length;
use super::plan::{NO_PLAN, Plan};
use super::{Recipe, TrainError};
use crate::bundle::Bundle;
use crate::bundle::card::Training;

/// Behind a child's title.
const FINE_TUNED: &str = ", fine-tuned on one folder";

impl Recipe {
    /// This recipe, begun from `parent`: card, preprocessing, gate and explanation are the parent's, the schedule is the
    /// recipe's, shorter and slower. What the parent knows of itself is not said of its child.
    ///
    /// # Errors
    /// A parent of a family that cannot be trained here, or of other classes.
    pub fn begun_from(mut self, parent: &Bundle) -> Result<Self, TrainError> {
        let name = &parent.card.name;
        let refused = |reason: String| TrainError::Parent { parent: name.clone(), recipe: self.name.clone(), reason };
        let Some(plan) = Plan::of(&parent.card) else {
            return Err(refused(format!("it is a `{}`, and {NO_PLAN}", parent.card.architecture.family())));
        };
        let names = |card: &crate::bundle::Card| card.classes.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
        let (theirs, ours) = (names(&parent.card), names(&self.card));
        if theirs != ours {
            let (theirs, ours) = (theirs.join(", "), ours.join(", "));
            return Err(refused(format!("its classes are {theirs}, the recipe's are {ours}")));
        }
        let equal_kernels = self.schedule.equal_kernels && common_length(&parent.weights, &plan).is_some();
        let mut card = parent.card.clone();
        card.version.clone_from(&self.card.version);
        card.title = format!("{}{FINE_TUNED}", parent.card.title.trim_end_matches(FINE_TUNED));
        card.limits = vec![format!(
            "Begun from `{name}` and fine-tuned on the pictures of one folder; other cameras, clinics and populations were not measured."
        )];
        card.limits.extend(parent.card.limits.iter().map(|limit| format!("Of `{name}`: {limit}")));
        card.explanation.chosen_by = format!("as for `{name}`, of which it was said: {}", card.explanation.chosen_by);
        card.weights.sha256.clear();
        card.results.clear();
        card.training = Training {
            data: self.card.training.data.clone(),
            licence: parent.card.training.licence.clone(),
            command: String::new(),
            notes: Vec::new(),
        };
        self.parent = Some(format!(
            "begun from `{name}` version {} (weights with the SHA-256 {}), trained on: {}",
            parent.card.version, parent.sha256, parent.card.training.data
        ));
        let name = self.name.clone();
        self.card = card;
        self.schedule = self.schedule.fine_tuning();
        self.schedule.equal_kernels = equal_kernels;
        self.checked().map_err(|reason| TrainError::Recipe { recipe: name, reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::Library;
    use crate::bundle::card::Architecture;
    use crate::bundle::family::{GraphSizes, NamedGraph};

    fn begun(recipe: &str, parent: &Bundle) -> Result<Recipe, String> {
        Recipe::find(recipe).unwrap().begun_from(parent).map_err(|error| error.to_string())
    }

    fn bundle(name: &str) -> Bundle {
        Library::open(&[]).unwrap().load(name).unwrap()
    }

    #[test]
    fn a_child_keeps_its_parents_card_and_says_nothing_of_its_figures() {
        let parent = bundle("retina-dr");
        let child = begun("retina-dr", &parent).unwrap();
        assert_eq!(child.card.gate, parent.card.gate);
        assert_eq!(child.card.preprocessing, parent.card.preprocessing);
        assert_eq!(child.card.explanation.rule, parent.card.explanation.rule);
        assert_eq!(child.card.training.licence, parent.card.training.licence);
        assert_eq!(child.card.title, format!("{}, fine-tuned on one folder", parent.card.title));
        assert!(child.card.results.is_empty() && !child.card.has_weights());
        assert!(child.parent.unwrap().contains(&parent.sha256));
        assert!(child.schedule.freeze_norms && child.schedule.equal_kernels);
    }

    #[test]
    fn a_parent_with_a_bias_keeps_it() {
        let mut parent = bundle("retina-dr");
        let last = Plan::of(&parent.card).unwrap().last.name;
        parent.weights.get_mut(&format!("{last}.bias")).unwrap().values[0] = 0.1;
        assert!(!begun("retina-dr", &parent).unwrap().schedule.equal_kernels);
    }

    #[test]
    fn parents_that_do_not_fit_are_refused_in_a_sentence() {
        let refusal = begun("retina-dr", &bundle("mnist")).unwrap_err();
        assert_eq!(
            refusal,
            "`mnist` cannot be gone on from by the recipe `retina-dr`: its classes are 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, the recipe's are 0, 1, 2, 3, 4; name another model as --from, or train without one"
        );
        let mut parent = bundle("retina-dr");
        let sizes = GraphSizes { network: NamedGraph::ResNet18, input: [3, 512, 512], norm_epsilon: None };
        parent.card.architecture = Architecture::Graph(sizes);
        assert!(
            begun("retina-dr", &parent).unwrap_err().contains("it is a `graph`, and only networks of convolutions")
        );
    }
}
