//! Texts that programs read: cards, settings and descriptions, line by line and word by word.

use super::choices::Choices;

/// Numbers that are none, or too large, or nearly something.
const NUMBERS: [&str; 24] = [
    "-1",
    "0",
    "nan",
    "inf",
    "-inf",
    "1e308",
    "-1e308",
    "1e-45",
    "4294967295",
    "4294967296",
    "2147483648",
    "65536",
    "1001",
    "9223372036854775807",
    "18446744073709551615",
    "-9223372036854775808",
    "0.5",
    "1",
    "2",
    "64",
    "0x10",
    "1_000",
    "true",
    "1e400",
];
const WORDS: [&str; 21] = [
    "",
    "\u{1b}[31m",
    "..",
    "../../etc/passwd",
    "/dev/zero",
    "a\\u0000b",
    "\\u001b[31m",
    ".hidden",
    "x/y",
    "C:\\\\x",
    "conv-stack",
    "densenet",
    "graph",
    "described",
    "network.json",
    "softmax",
    "each-finding",
    "threshold",
    "#12",
    "\u{202e}x",
    "0",
];

/// Whole cards, settings or descriptions to begin with, and lines that could stand among theirs.
pub fn changed(c: &mut Choices<'_>, seed: &str, lines: &[&str]) -> Vec<u8> {
    let mut text = seed.to_owned();
    for _ in 0..c.below(5) {
        text = match c.below(6) {
            0 => rearranged(c, &text, lines),
            1 => nested(c, &text),
            _ => reworded(c, &text),
        };
    }
    let mut bytes = text.into_bytes();
    c.perhaps_mangle(8, &mut bytes, b"\"\"\"\n[[a]]\n");
    bytes
}

fn rearranged(c: &mut Choices<'_>, text: &str, new: &[&str]) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    if c.once_in(5) {
        lines.truncate(c.below(lines.len()));
    }
    for _ in 0..c.within(1, 3) {
        c.rearrange(&mut lines, |c| if new.is_empty() { "" } else { c.of(new) });
    }
    lines.join("\n")
}

/// Brackets as deep, or a value as long, as hardly a parser wants them.
fn nested(c: &mut Choices<'_>, text: &str) -> String {
    let (open, close) =
        c.one(&[("[", "]"), ("{a=", "}"), ("{\"a\":", "}"), ("[[", "]]"), ("a.", "b"), ("x", ""), ("\"", "\"")]);
    let depth = c.one(&[1, 3, 60, 120, 130, 5_000, 60_000]);
    let inside = [open.repeat(depth), if close.is_empty() { String::new() } else { close.repeat(depth) }].concat();
    let places: Vec<usize> = text.match_indices(['=', ':', ',', '\n']).map(|(at, found)| at + found.len()).collect();
    let at = if places.is_empty() { 0 } else { c.one(&places) };
    [&text[..at], &inside, &text[at..]].concat()
}

/// Another number where one stood, another text where one stood, a word twice, or none.
fn reworded(c: &mut Choices<'_>, text: &str) -> String {
    let tokens = tokens(text);
    if tokens.is_empty() {
        return c.of(&NUMBERS).to_owned();
    }
    // Numbers first: it is they that become sizes.
    let numbers: Vec<usize> = (0..tokens.len()).filter(|n| is_number(tokens[*n])).collect();
    let at = if numbers.is_empty() || c.once_in(3) { c.below(tokens.len()) } else { c.one(&numbers) };
    let token = tokens[at];
    let new = match c.below(5) {
        4 => String::new(),
        3 => format!("{token}{token}"),
        2 => tokens[c.below(tokens.len())].to_owned(),
        _ if is_number(token) => c.of(&NUMBERS).to_owned(),
        _ if token.starts_with('"') => format!("\"{}\"", c.of(&WORDS)),
        _ => c.of(&["[", "]", "{", "}", "=", ",", "\n", "\"", "'''", "true", "null", "#"]).to_owned(),
    };
    [tokens[..at].concat(), new, tokens[at + 1..].concat()].concat()
}

fn is_number(token: &str) -> bool {
    token.bytes().all(|b| b.is_ascii_digit() || b".-+_e".contains(&b)) && token.bytes().any(|b| b.is_ascii_digit())
}

/// Numbers, texts in quotes, words, and whatever stands between, one sign each.
fn tokens(text: &str) -> Vec<&str> {
    let (mut tokens, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
        let length = if first == '"' {
            rest[1..].find('"').map_or(rest.len(), |end| end + 2)
        } else if is_part(first) {
            rest.find(|c| !is_part(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after;
    }
    tokens
}
