//! What the layers on the screen are drawn from.

use super::shown::Shown;
use super::state::State;
use crate::layers::{Layer, Scene};

impl State {
    /// All that layers may look at, once there is an explanation that may be seen.
    pub fn scene(&self) -> Option<Scene<'_>> {
        Some(Scene {
            maps: self.shown()?.maps(),
            card: self.card()?,
            style: &self.preferences.style,
            other: self.compared().map(Shown::maps),
            ungradable: self.assessed().and_then(|assessed| assessed.map.as_ref()),
            // The inspector has words of its own beside the switch.
            box_says: "",
        })
    }

    /// The layers that can be seen side by side.
    pub fn layers(&self) -> Vec<Layer> {
        Layer::listed(self.compared().is_some()).collect()
    }
}
