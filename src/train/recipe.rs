//! The recipes that the program brings: each a TOML file of a model card without figures, and a `[schedule]`.

use serde::Deserialize;

use super::{Schedule, TrainError};
use crate::bundle::Card;
use crate::bundle::card::{ConvStackSizes, Layer};

const RECIPES: [(&str, &str); 3] = [
    ("cxr-pneumonia", include_str!("recipes/cxr-pneumonia.toml")),
    ("mnist", include_str!("recipes/mnist.toml")),
    ("retina-dr", include_str!("recipes/retina-dr.toml")),
];

const NO_CONV_STACK: &str = "`architecture.family` must be `conv-stack`, the one family that can be trained here";

/// What is trained and how.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub name: String,
    /// The card of the model to be; its checksum is empty and it has no results.
    pub card: Card,
    pub schedule: Schedule,
}

impl Recipe {
    /// The names of all recipes.
    pub fn names() -> impl Iterator<Item = &'static str> {
        RECIPES.iter().map(|(name, _)| *name)
    }

    /// # Errors
    /// No recipe of this name.
    pub fn find(name: &str) -> Result<Self, TrainError> {
        let Some((_, text)) = RECIPES.iter().find(|(known, _)| *known == name) else {
            let known = Self::names().collect::<Vec<_>>().join(", ");
            return Err(TrainError::Unknown { wanted: name.to_owned(), known });
        };
        Self::parse(name, text).map_err(|reason| TrainError::Recipe { recipe: name.to_owned(), reason })
    }

    /// The sizes of the network to be.
    ///
    /// # Errors
    /// A card of a family that cannot be trained here; recipes that were read have none.
    pub fn sizes(&self) -> Result<&ConvStackSizes, TrainError> {
        let refused = || TrainError::Recipe { recipe: self.name.clone(), reason: NO_CONV_STACK.to_owned() };
        self.card.conv_stack().ok_or_else(refused)
    }

    fn parse(name: &str, text: &str) -> Result<Self, String> {
        let mut table: toml::Table = toml::from_str(text).map_err(|error| error.to_string())?;
        let schedule = table.remove("schedule").ok_or("it has no [schedule]")?;
        let schedule = Schedule::deserialize(schedule).map_err(|error| error.to_string())?;
        schedule.check()?;
        let card = Card::parse(&toml::to_string(&table).map_err(|error| error.to_string())?)?;
        let sizes = card.conv_stack().ok_or(NO_CONV_STACK)?;
        let head = schedule.lesion_head.map(|head| sizes.layers.get(head.layer));
        if head.is_some_and(|layer| !matches!(layer, Some(Layer::Conv { .. }))) {
            return Err("`schedule.lesion-head.layer` must be a convolution".to_owned());
        }
        Ok(Self { name: name.to_owned(), card, schedule })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_is_valid_and_named_as_its_card() {
        for name in Recipe::names() {
            let recipe = Recipe::find(name).unwrap();
            assert_eq!(recipe.card.name, name);
            assert!(recipe.card.results.is_empty());
        }
        assert!(matches!(Recipe::find("cifar"), Err(TrainError::Unknown { .. })));
    }
}
