//! Where the optic disc is, if it is seen: a bright spot of its size from which vessels go up and down.

use super::plane::Plane;

/// The best place for an optic disc.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Disc {
    /// In the square's pixels.
    pub x: usize,
    pub y: usize,
    /// How much it is like one; an arbitrary scale on which limits are set by counting.
    pub likeness: f64,
}

/// The most disc-like place of a field. `light` is what a disc is brighter in, `green` what vessels are darker in, both
/// 0–1; `lit` is the field and `inside` the field without its rim.
pub fn find(light: &Plane, green: &Plane, lit: &Plane, inside: &Plane) -> Option<Disc> {
    let side = light.side;
    // Of a field of 45° to 50° a disc takes about a ninth of the diameter.
    let odd = |part: f64| ((side as f64 * part) as usize) | 1;
    let (disc, around, tall) = (odd(0.085), odd(0.28), odd(0.25));
    let spot = light.means(lit, disc, disc).with(&light.means(lit, around, around), |a, b| a - b);
    let soft = green.means(lit, 3, 3);
    const REACH: usize = 3;
    let upright = Plane::from_fn(side, |x, y| {
        if x < REACH || x + REACH >= side {
            return 0.0;
        }
        let here = soft.at(x, y);
        ((soft.at(x - REACH, y) - here).min(soft.at(x + REACH, y) - here)).max(0.0) / (here + 0.05)
    });
    let vessels = upright.means(inside, odd(0.12), tall);
    let (mut count, mut spots, mut lines) = (0.0f64, 0.0f64, 0.0f64);
    for ((inside, spot), vessel) in inside.values.iter().zip(&spot.values).zip(&vessels.values) {
        if *inside > 0.0 {
            count += 1.0;
            spots += f64::from(spot * spot);
            lines += f64::from(*vessel);
        }
    }
    if count < 1.0 {
        return None;
    }
    let (spread, usual) = ((spots / count).sqrt() + 0.004, lines / count + 0.002);
    let likeness = spot.with(&vessels, |spot, vessel| {
        let bright = f64::from(spot) / spread;
        let lined = (f64::from(vessel) / usual).min(4.0);
        (bright.max(0.0) * lined.max(0.0).sqrt()) as f32
    });
    let best = (0..side * side).filter(|i| inside.values[*i] > 0.0);
    let best = best.max_by(|a, b| likeness.values[*a].total_cmp(&likeness.values[*b]))?;
    Some(Disc { x: best % side, y: best / side, likeness: f64::from(likeness.values[best]) })
}
