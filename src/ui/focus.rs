//! Where the keyboard is: the ring around what has it, and the way back when what lay above is closed.

use egui::{Context, CornerRadius, Id, Key, Stroke, StrokeKind};

use super::theme;

/// Where the keyboard focus is, remembered from frame to frame.
#[derive(Debug, Default)]
pub struct Place {
    /// What had the focus at the end of the last frame.
    last: Option<Id>,
    /// Whether that was a text field.
    was_typing: bool,
    /// What had the focus before a menu or dialog opened.
    below: Option<Id>,
    was_covered: bool,
}

impl Place {
    /// Whether text was being typed when this frame began; egui takes the keyboard away at Escape before anyone is asked.
    pub fn was_typing(&self) -> bool {
        self.was_typing
    }

    /// At the end of a frame; `is_covered` says that a menu, a list of choices or a dialog is open.
    pub fn settle(&mut self, ctx: &Context, is_covered: bool) {
        let focused = ctx.memory(|memory| memory.focused());
        if is_covered && !self.was_covered {
            self.below = self.last;
        }
        let escaped = ctx.input(|input| input.events.iter().any(is_escape));
        let back = if self.was_covered && !is_covered {
            self.below.take()
        } else if escaped && !is_covered && !self.was_typing && focused.is_none() {
            // Escape ended something else; the focus stays where it was.
            self.last
        } else {
            None
        };
        if let Some(back) = back.filter(|_| !ctx.text_edit_focused()) {
            ctx.memory_mut(|memory| memory.request_focus(back));
        }
        self.last = ctx.memory(|memory| memory.focused());
        self.was_typing = ctx.text_edit_focused();
        self.was_covered = is_covered;
    }
}

fn is_escape(event: &egui::Event) -> bool {
    matches!(event, egui::Event::Key { key: Key::Escape, pressed: true, .. })
}

/// Draws the ring around what has the keyboard, whatever it is: the same in menu, toolbar, sidebars and dialogs.
pub fn ring(ctx: &Context) {
    let Some(response) = ctx.memory(|memory| memory.focused()).and_then(|id| ctx.read_response(id)) else { return };
    let seen = response.interact_rect;
    if !seen.is_positive() {
        return;
    }
    // Within the window, also where a control reaches to its edge.
    let rect = response.rect.expand(2.0).intersect(ctx.content_rect().shrink(1.0));
    let painter = ctx.layer_painter(response.layer_id).with_clip_rect(seen.expand(4.0));
    let visuals = ctx.global_style().visuals.clone();
    let (ring, rim) = (theme::focus_ring(&visuals), visuals.extreme_bg_color);
    for (width, colour) in [(4.0, rim), (2.0, ring)] {
        painter.rect_stroke(rect, CornerRadius::same(3), Stroke::new(width, colour), StrokeKind::Middle);
    }
}
