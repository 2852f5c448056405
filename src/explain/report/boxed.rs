//! What the red box shows, or why there is none.

use crate::bundle::Card;
use crate::bundle::question::percent;
use crate::explain::Explanation;
use crate::explain::attention::{LEAST_SHARE, NoBox};

pub fn says(card: &Card, explanation: &Explanation) -> String {
    let name = card.classes[explanation.shown_class()].full_name();
    match (explanation.attention, explanation.no_box) {
        (Some(_), _) => format!("Red box: where {name} responds most"),
        (None, Some(NoBox::Normal)) => format!("No red box: {name} says that nothing was found"),
        (None, Some(NoBox::NotHeld)) => format!("No red box: {name} is not among the most activated"),
        (None, Some(NoBox::Negligible(share))) => format!(
            "No red box: {name} holds {:.1} % of the response, less than {}",
            100.0 * share,
            percent(LEAST_SHARE as f32)
        ),
        (None, Some(NoBox::Empty) | None) => format!("No red box: {name} responds nowhere"),
    }
}
