//! Where maps point: regions that people marked, on the model's grid, and how well each map finds them.

mod figures;
mod regions;
mod summary;

pub use self::figures::{
    Found, Marked, PicturePlaces, Placed, Pointer, RegionGroup, STEPS, TOLERANCE, found_by, iou, threshold,
};
pub use self::regions::{Extent, MARKED, MEDIUM_BELOW, Region, SMALL_BELOW, Size, SourceGrid};
pub use self::summary::{HIT_FROM, PlaceFigures, Places};
use super::Subject;

impl Subject<'_> {
    /// From the picture's pixels to the model's grid.
    pub fn grid(&self) -> SourceGrid {
        SourceGrid {
            source_px: self.scan.size_px(),
            source_from_model: self.source_from_model,
            model_size: self.size(),
        }
    }
}
