//! Plain pixels out of plain maps: overlays, colour bars, legends, and the one-picture panel of a report.
//!
//! Everything is drawn in source pixels, the picture's own, from maps in their own frame and a transform between the
//! two. The viewer and the reports call the same functions. This module must not know the network library, the user
//! interface, or files.

mod bar;
mod cam;
mod clear;
mod difference;
mod grid;
mod layer;
mod legend;
mod mark;
mod palette;
mod panel;
mod panel_view;
mod resize;
mod text;
mod ungradable;
mod values;

pub use bar::{ColourBar, Tick, cam_bar, response_bar, short_number, ticks};
pub use cam::{CamColours, CamScale, CamStyle, cam_layer};
pub use clear::{ClearStyle, clear_layer, dominant_classes};
pub use difference::{Scaled, difference_bar, difference_layer};
pub use layer::{RED, box_line_px, draw_box, over};
pub use legend::{LegendEntry, legend, percent};
pub use mark::{Mark, OUTLINE, draw_edges, draw_marks, draw_outline};
pub use palette::{Palette, palette};
pub use panel::{Panel, panel};
pub use panel_view::{Caption, PanelView, spread};
pub use resize::resized;
pub use text::{Align, Face, Fit, Text, draw_text, fit, text_width};
pub use ungradable::ungradable_layer;
pub use values::class_values;
