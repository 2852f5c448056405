//! Command lines as words, and what clap says of them.

use clap::Command;
use fovea::cli;

/// The words of a line up to a comment or a pipe; variables stand as 1, since most are numbers.
pub fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut word, mut quote) = (None::<String>, None::<char>);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(mark), _) if mark == letter => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, '|' | '>' | '<' | ';' | '&') => break,
            (None, _) if letter.is_whitespace() => words.extend(word.take()),
            (None | Some('"'), '$') => {
                while letters.next_if(|next| next.is_alphanumeric() || "_{}".contains(*next)).is_some() {}
                word.get_or_insert_default().push('1');
            }
            // What parallel and xargs put in.
            (_, '{') if letters.next_if_eq(&'}').is_some() => word.get_or_insert_default().push('1'),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// The words of a line from its `fovea` on, where it calls the program, by itself or through another (`uvx`, `srun`).
pub fn call(line: &str) -> Option<Vec<String>> {
    let words = words(line);
    let of_cargo = (words.first().is_some_and(|word| word == "cargo")
        && words.get(1).is_some_and(|word| word == "run"))
    .then(|| words.iter().position(|word| word == "--example" || word == "--"))
    .flatten()
    .filter(|at| words[*at] == "--");
    if let Some(at) = of_cargo {
        return Some(["fovea".to_owned()].into_iter().chain(words[at + 1..].iter().cloned()).collect());
    }
    let at = words.iter().position(|word| word == "fovea")?;
    let is_first = words[..at].iter().all(|word| word.contains('='));
    let follows = words.get(at + 1).is_some_and(|word| cli::program().find_subcommand(word).is_some());
    (is_first || follows).then(|| words[at..].to_vec())
}

/// What is wrong with a call.
pub fn fault(call: &[String]) -> Option<String> {
    if cfg!(not(feature = "train")) && call.get(1).is_some_and(|word| word == "train") {
        return None;
    }
    let error = cli::program().try_get_matches_from(call).err()?;
    // Help and version are "errors" that are asked for.
    error.use_stderr().then(|| error.to_string())
}

/// Every long option that any command has.
fn options(command: &Command, found: &mut Vec<String>) {
    found.extend(command.get_arguments().filter_map(|argument| argument.get_long()).map(|long| format!("--{long}")));
    command.get_subcommands().for_each(|below| options(below, found));
}

/// What clap does not know: its own, another program's, and the word between the program and itself.
const OTHERS: [&str; 9] = [
    "--help",
    "--version",
    "--help-all",
    "--apart",
    "--release",
    "--features",
    "--no-default-features",
    "--locked",
    "--all-targets",
];

#[test]
fn no_page_speaks_of_an_option_or_a_command_that_is_not_there() {
    let mut command = cli::program();
    command.build();
    let mut known = Vec::new();
    options(&command, &mut known);
    let mut wrong = Vec::new();
    for page in super::pages::all().iter().filter(|page| !page.path.ends_with("CHANGELOG.md")) {
        for (line, span) in page.spans() {
            // What other programs are called with is not ours.
            let is_ours = span.starts_with("--") || span.starts_with("fovea ");
            let option = |word: &&str| word.starts_with("--") && word.len() > 2;
            for word in span.split([' ', '=', ',', '|', '[', ']', '(', ')']).filter(option).filter(|_| is_ours) {
                if !known.iter().any(|name| name == word) && !OTHERS.contains(&word) {
                    wrong.push(format!("{}:{line}: {word}", page.path.display()));
                }
            }
            let name = span.strip_prefix("fovea ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
            if !name.is_empty()
                && name.chars().all(|c| c.is_ascii_lowercase())
                && command.find_subcommand(name).is_none()
            {
                wrong.push(format!("{}:{line}: fovea {name}", page.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "these are not there:\n{}", wrong.join("\n"));
}

#[test]
fn lines_are_taken_apart_as_a_shell_does() {
    assert_eq!(words("fovea explain 'a b' --out=\"c d\" # why"), ["fovea", "explain", "a b", "--out=c d"]);
    assert_eq!(words("fovea a --shard \"$A/${B}\" | head"), ["fovea", "a", "--shard", "1/1"]);
    assert_eq!(words("parallel fovea a --shard {}/20 ::: 1")[3..5], ["--shard", "1/20"]);
    assert_eq!(call("cargo run --release -- explain x").unwrap(), ["fovea", "explain", "x"]);
    assert_eq!(call("A=1 fovea explain x").unwrap().len(), 3);
    assert!(call("pip install fovea").is_none() && call("cargo run --release --example gate -- --own x").is_none());
    assert!(fault(&["fovea", "explain", "x", "--no-such"].map(str::to_owned)).is_some());
}
