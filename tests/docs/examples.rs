//! The examples, run where they can be and parsed in any case.

use super::pages::{self, Block};
#[cfg(unix)]
use super::stage::Stage;
use super::words::{call, fault};

/// A command with what the page shows below it.
struct Example {
    place: String,
    line: String,
    shown: Option<Vec<String>>,
    can_run: bool,
}

fn is_shell(block: &Block) -> bool {
    ["sh", "bash", "console"].contains(&block.language.as_str())
}

/// Lines that end with a backslash are joined with the next.
fn examples(block: &Block) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut open = String::new();
    let is_console = block.language == "console";
    for line in &block.lines {
        let begins = line.strip_prefix("$ ").filter(|_| is_console);
        if is_console && begins.is_none() && open.is_empty() {
            let last = examples.last_mut().unwrap_or_else(|| panic!("{}: commands begin with `$ `", block.place));
            last.shown.get_or_insert_default().push(line.clone());
            continue;
        }
        open += begins.unwrap_or(line);
        if open.ends_with('\\') {
            open.pop();
            continue;
        }
        let line = std::mem::take(&mut open);
        if !line.trim().is_empty() {
            examples.push(Example { place: block.place.clone(), line, shown: None, can_run: block.can_run });
        }
    }
    examples
}

/// Whether `printed` is what `shown` says: `[..]` for any words, a line of `...` for any lines.
fn fits(printed: &[&str], shown: &[String]) -> bool {
    match (printed, shown) {
        (_, [dots, rest @ ..]) if dots.trim() == "..." => (0..=printed.len()).any(|at| fits(&printed[at..], rest)),
        ([first, printed @ ..], [line, shown @ ..]) => line_fits(first, line) && fits(printed, shown),
        ([], []) => true,
        _ => false,
    }
}

fn line_fits(printed: &str, shown: &str) -> bool {
    let parts: Vec<&str> = shown.trim_end().split("[..]").collect();
    let Some((first, rest)) = parts.split_first() else { return printed.is_empty() };
    let Some(mut left) = printed.trim_end().strip_prefix(first) else { return false };
    for (index, part) in rest.iter().enumerate() {
        let is_last = index + 1 == rest.len();
        let at = if is_last && left.ends_with(part) { Some(left.len() - part.len()) } else { left.find(part) };
        let Some(at) = at else { return false };
        left = &left[at + part.len()..];
    }
    left.is_empty()
}

#[test]
fn examples_do_what_the_pages_say() {
    let (mut wrong, mut run, mut parsed) = (Vec::new(), 0, 0);
    for page in pages::all() {
        #[cfg(unix)]
        let mut stage = None::<Stage>;
        for block in page.blocks() {
            if !is_shell(&block) {
                let ours = block.lines.iter().find(|line| line.trim_start().starts_with("fovea "));
                wrong.extend(ours.map(|line| format!("{}: `{line}` stands in a block that is no `sh`", block.place)));
                continue;
            }
            for example in examples(&block) {
                let Some(call) = call(&example.line) else { continue };
                let faults = fault(&call).map(|fault| format!("{}: {}: {fault}", example.place, example.line));
                if faults.is_some() || !example.can_run || cfg!(not(unix)) {
                    parsed += 1;
                    wrong.extend(faults);
                    continue;
                }
                run += 1;
                #[cfg(unix)]
                if let Err(fault) = stage.get_or_insert_with(Stage::set).run(&example.line, |printed| {
                    let lines: Vec<&str> = printed.lines().collect();
                    example.shown.as_ref().is_none_or(|shown| fits(&lines, shown))
                }) {
                    wrong.push(format!("{}: {}\n{fault}", example.place, example.line));
                }
            }
        }
        if let Some((line, _)) = page.prose().find(|(_, line)| line.starts_with("    fovea ")) {
            wrong.push(format!("{}:{line}: an example needs a fence", page.path.display()));
        }
    }
    println!("{run} examples run, {parsed} parsed alone");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(run + parsed > 15, "the pages have lost their examples");
}

#[test]
fn what_is_printed_is_held_against_what_is_shown() {
    let shown = ["a [..] ms".to_owned(), "...".to_owned(), "end".to_owned()];
    assert!(fits(&["a 12 ms", "x", "y", "end"], &shown) && fits(&["a 12 ms", "end"], &shown));
    assert!(!fits(&["a 12 s", "end"], &shown) && !fits(&["a 12 ms", "x"], &shown) && !fits(&["a 12 ms"], &shown));
}
