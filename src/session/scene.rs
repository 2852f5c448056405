//! What the layers on the screen are drawn from.

use super::picture::Picture;
use super::shown::Shown;
use super::state::State;
use crate::bundle::Card;
use crate::layers::{Layer, Scene};

impl State {
    /// Everything that layers draw from, once there is an explanation that may be seen.
    pub fn scene(&self) -> Option<Scene<'_>> {
        Some(Scene {
            maps: self.shown()?.maps(),
            card: self.card()?,
            style: &self.preferences.style,
            other: self.compared().map(Shown::maps),
            ungradable: self.assessed().and_then(|assessed| assessed.map.as_ref()),
            outline: self.current().map_or(&[], |current| self.outline_of(&current.picture)),
            // The inspector has words of its own beside the switch.
            box_says: "",
        })
    }

    /// The outline of the lit field of `picture`, if wanted and the model reads retinas.
    pub(super) fn outline_of<'a>(&self, picture: &'a Picture) -> &'a [(f64, f64)] {
        let reads_a_retina = self.card().is_some_and(Card::reads_a_retina);
        let lit = picture.lit.as_ref().filter(|_| self.preferences.style.outline && reads_a_retina);
        lit.map_or(&[], |lit| &lit.contour)
    }

    /// The layers that can be seen side by side.
    pub fn layers(&self) -> Vec<Layer> {
        Layer::listed(self.compared().is_some()).collect()
    }
}
