//! Text under character sets with code extensions (PS3.5 6.1.2.5), as names from Japan, Korea and China have it: escape
//! sequences switch from one set to another, and the parser follows none of them.

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

const ESCAPE: char = '\u{1b}';

/// What stands behind an escape character, and the set that it begins under the name by which the parser knows it. `None`
/// of ASCII and its Japanese twin.
const DESIGNATIONS: [(&str, Option<&str>); 18] = [
    ("(B", None),
    ("(J", None),
    ("$B", Some("ISO_IR 87")),
    ("$@", Some("ISO_IR 87")),
    ("$(D", Some("ISO_IR 87")),
    (")I", Some("ISO_IR 13")),
    ("$)C", Some("ISO_IR 149")),
    ("$)A", Some("GB18030")),
    ("-A", Some("ISO_IR 100")),
    ("-B", Some("ISO_IR 101")),
    ("-C", Some("ISO_IR 109")),
    ("-D", Some("ISO_IR 110")),
    ("-F", Some("ISO_IR 126")),
    ("-G", Some("ISO_IR 127")),
    ("-H", Some("ISO_IR 138")),
    ("-L", Some("ISO_IR 144")),
    ("-T", Some("ISO_IR 166")),
    ("-M", Some("ISO_IR 100")),
];

/// `text` with its escape sequences followed; what lies behind an unknown one is left out.
pub fn unescaped(text: &str) -> String {
    let mut parts = text.split(ESCAPE);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |whole, part| {
        let known = DESIGNATIONS.iter().find_map(|(sign, set)| Some((part.strip_prefix(sign)?, sign, set)));
        let part = match known {
            Some((rest, _, None)) => rest.to_owned(),
            Some((rest, sign, Some(set))) => under(set, sign, rest).unwrap_or_default(),
            None => String::new(),
        };
        whole + &part
    })
}

/// `text`, whose bytes became characters one by one, as what it is under `set`. The parser itself decodes it, in a data set
/// of these two attributes.
fn under(set: &str, sign: &str, text: &str) -> Option<String> {
    let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c))).collect::<Result<_, _>>().ok()?;
    // Of the sets that are escaped to, this one alone keeps its escapes.
    let bytes = if set == "ISO_IR 87" { [b"\x1b", sign.as_bytes(), &bytes, b"\x1b(B"].concat() } else { bytes };
    let mut data_set = Vec::new();
    for (tag, vr, value) in [([8, 0, 5, 0], b"CS", set.as_bytes()), ([0x10, 0, 0, 0x40], b"LT", &bytes)] {
        let padded = [value, if value.len() % 2 == 1 { b" " } else { b"" }].concat();
        let length = u16::try_from(padded.len()).ok()?;
        data_set.extend([&tag[..], vr, &length.to_le_bytes(), &padded].concat());
    }
    let syntax = dicom_transfer_syntax_registry::entries::EXPLICIT_VR_LITTLE_ENDIAN.erased();
    let object = InMemDicomObject::read_dataset_with_ts(data_set.as_slice(), &syntax).ok()?;
    let decoded = object.get(tags::PATIENT_COMMENTS)?.to_str().ok()?.into_owned();
    let is_padded = bytes.len() % 2 == 1 && decoded.ends_with(' ');
    Some(if is_padded { decoded[..decoded.len() - 1].to_owned() } else { decoded })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the parser gives bytes of which it knows no better.
    fn latin(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| char::from(*byte)).collect()
    }

    #[test]
    fn the_standards_own_examples_are_read() {
        // PS3.5 H.3.1, H.3.2 and I.2.
        let kanji = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B";
        assert_eq!(unescaped(&latin(kanji)), "Yamada^Tarou=山田^太郎=やまだ^たろう");
        let korean = b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf";
        assert_eq!(unescaped(&latin(korean)), "Hong^Gildong=洪^吉洞=홍^길동");
        // The first set is the parser's own affair.
        assert_eq!(unescaped("ﾔﾏﾀﾞ^ﾀﾛｳ=\u{1b}$B;3ED\u{1b}(J^x"), "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^x");
    }

    #[test]
    fn whatever_is_escaped_nothing_breaks() {
        assert_eq!(unescaped("Doe^Jane"), "Doe^Jane");
        assert_eq!(unescaped("a\u{1b}"), "a");
        assert_eq!(unescaped("a\u{1b}?b\u{1b}(Bc"), "ac");
        assert!(unescaped("\u{1b}$B山").is_empty() && !unescaped("\u{1b}$B;").contains('\u{1b}'));
        assert!(unescaped(&format!("\u{1b}$B{}", ";3".repeat(70_000))).is_empty());
    }
}
