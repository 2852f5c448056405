//! A typeface with the letters of one page only, whole enough for a browser to take it.
//!
//! `subsetter` cuts outlines for PDF and leaves out what PDF does not ask for; that is put back here: which letter is which
//! glyph, a name, and the heights of lines.

use std::collections::BTreeSet;

use ab_glyph::Font;
use subsetter::GlyphRemapper;
use write_fonts::FontBuilder;
use write_fonts::tables::cmap::Cmap;
use write_fonts::tables::name::{Name, NameRecord};
use write_fonts::tables::os2::Os2;
use write_fonts::tables::post::Post;
use write_fonts::types::{GlyphId, NameId, Tag, Version16Dot16};

use super::text::Typeface;
use crate::guard::panics;

/// The file of `typeface` with `letters` alone; `None` where it cannot be cut. Found typefaces are foreign files.
pub fn subset(typeface: Typeface, letters: &BTreeSet<char>) -> Option<Vec<u8>> {
    panics::caught(|| cut(typeface, letters)).ok().flatten()
}

fn cut(typeface: Typeface, letters: &BTreeSet<char>) -> Option<Vec<u8>> {
    let font = typeface.font();
    let mut glyphs = GlyphRemapper::new();
    let mappings: Vec<(char, GlyphId)> =
        letters.iter().map(|c| (*c, GlyphId::new(u32::from(glyphs.remap(font.glyph_id(*c).0))))).collect();
    let cut = subsetter::subset(typeface.bytes(), 0, &glyphs).ok()?;
    let mut whole = FontBuilder::new();
    whole.add_table(&Cmap::from_mappings(mappings).ok()?).ok()?;
    whole.add_table(&os2(typeface, letters)).ok()?;
    whole.add_table(&name()).ok()?;
    // Version 3: no names of glyphs.
    whole.add_table(&Post { version: Version16Dot16::VERSION_3_0, ..Post::default() }).ok()?;
    for (tag, table) in tables(&cut)? {
        if !whole.contains(tag) {
            whole.add_raw(tag, table);
        }
    }
    Some(whole.build())
}

/// The tables of a font file, as its directory has them.
fn tables(file: &[u8]) -> Option<Vec<(Tag, &[u8])>> {
    let count = u16::from_be_bytes(file.get(4..6)?.try_into().ok()?);
    let table = |record: &[u8]| {
        let number = |at: usize| Some(u32::from_be_bytes(record.get(at..at + 4)?.try_into().ok()?) as usize);
        let (start, length) = (number(8)?, number(12)?);
        Some((Tag::new(record.first_chunk()?), file.get(start..start.checked_add(length)?)?))
    };
    file.get(12..)?.chunks_exact(16).take(usize::from(count)).map(table).collect()
}

fn os2(typeface: Typeface, letters: &BTreeSet<char>) -> Os2 {
    let font = typeface.font();
    let code = |c: Option<&char>| c.map_or(0, |c| u16::try_from(u32::from(*c)).unwrap_or(u16::MAX));
    let (ascent, descent) = (font.ascent_unscaled() as i16, font.descent_unscaled() as i16);
    Os2 {
        us_weight_class: 400,
        us_width_class: 5,
        ach_vend_id: Tag::new(b"    "),
        us_first_char_index: code(letters.first()),
        us_last_char_index: code(letters.last()),
        s_typo_ascender: ascent,
        s_typo_descender: descent,
        us_win_ascent: ascent.max(0) as u16,
        us_win_descent: descent.saturating_neg().max(0) as u16,
        ..Os2::default()
    }
}

fn name() -> Name {
    let record = |id: u16, text: &str| NameRecord::new(3, 1, 0x409, NameId::new(id), text.to_owned().into());
    Name::new(vec![record(1, "Report"), record(2, "Regular"), record(4, "Report"), record(6, "Report")])
}
