//! Typefaces of this machine for characters that the built-in ones lack: a character becomes a font that can draw it.
//!
//! Nothing is read before such a character is to be drawn, so that a start costs nothing. What was read once is kept:
//! its bytes, or, where it could not help, only which characters it has. Must not know pixels or windows.

mod places;

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};

use ab_glyph::{Font, FontRef};

use crate::guard::{panics, regular};

/// The largest font that is read: those for Chinese have up to 30 MB.
const MOST_BYTES: u64 = 40 << 20;

/// A font of this machine, kept for as long as the program runs.
#[derive(Debug)]
pub struct SystemFont {
    /// Its file's name.
    pub name: String,
    pub bytes: &'static [u8],
    pub font: FontRef<'static>,
}

/// A file that may hold a font.
enum Candidate {
    Unread(PathBuf),
    /// Read and put away: the characters that it has, as ranges in order.
    Known(PathBuf, Vec<(u32, u32)>),
    Kept(&'static SystemFont),
    /// No font, too large, or not to be read.
    Useless,
}

struct Search {
    candidates: Vec<Candidate>,
    /// Characters that none has.
    missing: HashSet<char>,
}

static SEARCH: LazyLock<Mutex<Search>> =
    LazyLock::new(|| Mutex::new(Search::of(places::fonts(&places::folders()).into_iter())));

static BUILT_IN: LazyLock<FontRef<'static>> =
    LazyLock::new(|| FontRef::try_from_slice(dejavu::sans::regular()).expect("the built-in font can be read"));

/// `text` as it can be drawn in one line: what shows nothing is left out (among it what would turn the letters after
/// it), and what no font has is [`spelled`].
pub fn drawable(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut drawn = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        if BUILT_IN.glyph_id(c).0 != 0 || for_char(c).is_some() { drawn.push(c) } else { drawn.push_str(&spelled(c)) }
    }
    Cow::Owned(drawn)
}

/// A font of this machine that draws `c`, where there is one.
pub fn for_char(c: char) -> Option<&'static SystemFont> {
    SEARCH.lock().unwrap_or_else(PoisonError::into_inner).find(c)
}

/// Which font draws `c`: a file of this machine, or what is built in.
pub fn source(c: char) -> Option<String> {
    let is_built_in = BUILT_IN.glyph_id(c).0 != 0;
    if is_built_in { Some("built in".to_owned()) } else { for_char(c).map(|face| face.name.clone()) }
}

/// Whether `c` shows nothing: it joins, marks or turns the letters around it.
pub fn is_invisible(c: char) -> bool {
    matches!(u32::from(c), 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0xFE00..=0xFE0F | 0xFEFF | 0xE0000..=0xE01EF)
        || c.is_control()
}

/// What stands for a character that no font draws: its number tells names apart where boxes would not.
pub fn spelled(c: char) -> String {
    format!("[U+{:04X}]", u32::from(c))
}

impl Search {
    fn of(files: impl Iterator<Item = PathBuf>) -> Self {
        Self { candidates: files.map(Candidate::Unread).collect(), missing: HashSet::new() }
    }

    fn find(&mut self, c: char) -> Option<&'static SystemFont> {
        if self.missing.contains(&c) {
            return None;
        }
        let kept = self.candidates.iter().find_map(|candidate| match candidate {
            Candidate::Kept(face) if draws(&face.font, c) => Some(*face),
            _ => None,
        });
        let found = kept.or_else(|| self.candidates.iter_mut().find_map(|candidate| candidate.tried_for(c)));
        if found.is_none() {
            self.missing.insert(c);
        }
        found
    }
}

impl Candidate {
    /// Reads the file where it may have `c`, and keeps it where it does.
    fn tried_for(&mut self, c: char) -> Option<&'static SystemFont> {
        let path = match self {
            Self::Unread(path) => path.clone(),
            Self::Known(path, has) if covers(has, c) => path.clone(),
            _ => return None,
        };
        let Ok(bytes) = regular::read(&path, MOST_BYTES) else {
            *self = Self::Useless;
            return None;
        };
        // A foreign file: whatever is wrong with it must not end the program.
        let read = panics::caught(|| {
            let font = FontRef::try_from_slice(&bytes).ok()?;
            Some((draws(&font, c), ranges(&font)))
        });
        let Ok(Some((has_it, has))) = read else {
            *self = Self::Useless;
            return None;
        };
        if !has_it {
            // One that has its code and no outline (a font of coloured pictures) is not asked for it again.
            *self = Self::Known(path, without(has, c));
            return None;
        }
        // Window and report share it from now on.
        let bytes: &'static [u8] = Box::leak(bytes.into_boxed_slice());
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Ok(font) = FontRef::try_from_slice(bytes) else {
            *self = Self::Useless;
            return None;
        };
        let face: &'static SystemFont = Box::leak(Box::new(SystemFont { name, bytes, font }));
        tracing::debug!("{} draws {c:?}", face.name);
        *self = Self::Kept(face);
        Some(face)
    }
}

/// Whether `font` has `c`, and lines to draw it with.
fn draws(font: &FontRef<'_>, c: char) -> bool {
    let id = font.glyph_id(c);
    id.0 != 0 && (c.is_whitespace() || font.outline(id).is_some())
}

fn ranges(font: &FontRef<'_>) -> Vec<(u32, u32)> {
    let mut codes: Vec<u32> = font.codepoint_ids().map(|(_, c)| u32::from(c)).collect();
    codes.sort_unstable();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for code in codes {
        match ranges.last_mut() {
            Some((_, end)) if code <= *end + 1 => *end = code,
            _ => ranges.push((code, code)),
        }
    }
    ranges
}

fn covers(ranges: &[(u32, u32)], c: char) -> bool {
    let after = ranges.partition_point(|(start, _)| *start <= u32::from(c));
    after.checked_sub(1).is_some_and(|at| u32::from(c) <= ranges[at].1)
}

fn without(ranges: Vec<(u32, u32)>, c: char) -> Vec<(u32, u32)> {
    let code = u32::from(c);
    let cut = |(start, end): (u32, u32)| {
        let before = (start < code).then(|| (start, end.min(code.saturating_sub(1))));
        let after = (end > code).then(|| (start.max(code + 1), end));
        if (start..=end).contains(&code) { [before, after] } else { [Some((start, end)), None] }
    };
    ranges.into_iter().flat_map(cut).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_no_fonts_are_stepped_over_and_a_font_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let cut = &dejavu::sans::regular()[..60_000];
        let mut noise = dejavu::sans::regular().to_vec();
        noise.iter_mut().skip(12).step_by(7).for_each(|byte| *byte = byte.wrapping_mul(31).wrapping_add(97));
        let files = [
            file("text.ttf", b"no font at all"),
            file("cut.ttf", cut),
            file("noise.ttf", &noise),
            folder.path().join("absent.ttf"),
            file("good.ttf", dejavu::sans::regular()),
        ];
        let mut search = Search::of(files.into_iter());
        // A cut font may still draw what stands before the cut; a letter of Armenian does not.
        assert_eq!(search.find('Ֆ').map(|face| face.name.as_str()), Some("good.ttf"));
        assert!(search.find('\u{E123}').is_none(), "nobody has a private character");
        assert!(search.missing.contains(&'\u{E123}'));
    }

    #[test]
    fn what_was_read_in_vain_is_read_again_only_for_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ttf");
        std::fs::write(&path, dejavu::sans::regular()).unwrap();
        let mut search = Search::of([path.clone()].into_iter());
        assert!(search.find('\u{E123}').is_none());
        std::fs::remove_file(&path).unwrap();
        assert!(search.find('\u{E124}').is_none());
        assert!(matches!(search.candidates[0], Candidate::Known(..)), "it was not opened for the second");
        assert!(search.find('a').is_none() && matches!(search.candidates[0], Candidate::Useless));
    }

    #[test]
    fn what_cannot_be_drawn_is_spelled_and_what_shows_nothing_left_out() {
        assert_eq!(drawable("a plain name.jpg"), "a plain name.jpg");
        assert_eq!(drawable("a\u{202E}gpj.\u{E123}\nb"), "agpj.[U+E123]b");
    }

    #[test]
    fn ranges_hold_what_a_font_has() {
        let font = FontRef::try_from_slice(dejavu::sans::regular()).unwrap();
        let has = ranges(&font);
        assert!(['a', 'ж', 'ش', '²'].into_iter().all(|c| covers(&has, c)));
        assert!(!covers(&has, '眼') && !covers(&without(has.clone(), 'a'), 'a') && covers(&without(has, 'a'), 'b'));
    }
}
