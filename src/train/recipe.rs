//! The recipes that the program brings: each a TOML file of a model card without figures, and a `[schedule]`.

use serde::Deserialize;

use super::plan::{NO_PLAN, Plan};
use super::schedule::Objective;
use super::{Schedule, TrainError};
use crate::bundle::Card;
use crate::bundle::steps::Step;
use crate::input::byte_steps;

const RECIPES: [(&str, &str); 3] = [
    ("cxr-pneumonia", include_str!("recipes/cxr-pneumonia.toml")),
    ("mnist", include_str!("recipes/mnist.toml")),
    ("retina-dr", include_str!("recipes/retina-dr.toml")),
];

/// What is trained and how.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub name: String,
    /// The card of the model to be; its checksum is empty and it has no results.
    pub card: Card,
    pub schedule: Schedule,
    /// The model that training begins with, in words for the card; see [`Recipe::begun_from`].
    pub parent: Option<String>,
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

    /// The network to be, step by step.
    ///
    /// # Errors
    /// A card of a family that cannot be trained here; recipes that were read have none.
    pub fn plan(&self) -> Result<Plan, TrainError> {
        let refused = || TrainError::Recipe { recipe: self.name.clone(), reason: NO_PLAN.to_owned() };
        Plan::of(&self.card).ok_or_else(refused)
    }

    fn parse(name: &str, text: &str) -> Result<Self, String> {
        let mut table: toml::Table = toml::from_str(text).map_err(|error| error.to_string())?;
        let schedule = table.remove("schedule").ok_or("it has no [schedule]")?;
        let schedule = Schedule::deserialize(schedule).map_err(|error| error.to_string())?;
        schedule.check()?;
        let card = Card::parse(&toml::to_string(&table).map_err(|error| error.to_string())?)?;
        Self { name: name.to_owned(), card, schedule, parent: None }.checked()
    }

    /// Refuses a card and a schedule that do not fit together.
    pub(super) fn checked(self) -> Result<Self, String> {
        let plan = Plan::of(&self.card).ok_or(NO_PLAN)?;
        if let Some(head) = self.schedule.lesion_head
            && plan.place_of(head).is_none()
        {
            return Err(format!("the network has nothing at `schedule.lesion-head.stride` {}", head.stride));
        }
        fits(&self.card, &self.schedule)?;
        Ok(self)
    }

    /// The card's steps, where examples are kept before the last of them.
    pub(super) fn remaining_steps(&self) -> Vec<Step> {
        let is_framed = self.schedule.augmentation.camera.is_some();
        if is_framed { self.card.preprocessing.clone() } else { Vec::new() }
    }
}

/// Refuses a schedule of other classes, kinds of lesion or pictures than the card's.
fn fits(card: &Card, schedule: &Schedule) -> Result<(), String> {
    let classes = card.classes.len();
    if schedule.class_shares.as_ref().is_some_and(|shares| shares.len() != classes) {
        return Err(format!("`schedule.class-shares` must have {classes} entries"));
    }
    if let Objective::Ordinal(parts) = &schedule.objective {
        let kinds = schedule.lesion_head.map_or(parts.lesion_weights.len(), |head| head.kinds);
        if parts.cuts.len() + 1 != classes || parts.lesion_weights.len() != kinds || parts.focus_kinds > kinds {
            return Err("`schedule.objective` needs a cut less than classes, and a weight for each kind".to_owned());
        }
    }
    let framing = byte_steps(&card.preprocessing);
    let stays = |step: &Step| byte_steps(std::slice::from_ref(step)) == 0;
    let is_colour = card.architecture.input()[0] == 3;
    if schedule.augmentation.camera.is_some() && !(is_colour && card.preprocessing[framing..].iter().all(stays)) {
        return Err("`schedule.augmentation.camera` needs colours, and no cut behind `unit-range`".to_owned());
    }
    Ok(())
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
