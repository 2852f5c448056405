//! Rows that are walked through by keys: lists of pictures, tables of studies.

use egui::{Context, Key, Modifiers};

/// The row that the pressed keys lead to from row `from`, with rows up to `last` of which `page` are in sight; and whether
/// one of `openers` was pressed. Consumes these keys.
pub fn walked(ctx: &Context, from: usize, last: usize, page: usize, openers: &[Key]) -> (usize, bool) {
    ctx.input_mut(|input| {
        let mut pressed = |key| input.count_and_consume_key(Modifiers::NONE, key);
        let mut row = (from + pressed(Key::ArrowDown) + page * pressed(Key::PageDown)).min(last);
        row = row.saturating_sub(pressed(Key::ArrowUp) + page * pressed(Key::PageUp));
        if pressed(Key::Home) > 0 {
            row = 0;
        }
        if pressed(Key::End) > 0 {
            row = last;
        }
        (row, openers.iter().map(|key| pressed(*key)).sum::<usize>() > 0)
    })
}
