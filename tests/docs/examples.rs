//! The examples, run where they can be and parsed in any case.

use super::pages::{self, Block, Page};
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

/// The examples of a page that call the program.
fn of(page: &Page) -> Vec<Example> {
    let all = page.blocks().iter().filter(|block| is_shell(block)).flat_map(examples).collect::<Vec<_>>();
    all.into_iter().filter(|example| call(&example.line).is_some()).collect()
}

#[test]
fn examples_name_commands_and_options_that_there_are() {
    let (mut wrong, mut run, mut parsed) = (Vec::new(), 0, 0);
    for page in pages::all() {
        for example in of(&page) {
            *(if example.can_run { &mut run } else { &mut parsed }) += 1;
            let fault = call(&example.line).and_then(|call| fault(&call));
            wrong.extend(fault.map(|fault| format!("{}: {}: {fault}", example.place, example.line)));
        }
        for block in page.blocks().iter().filter(|block| !is_shell(block)) {
            let ours = block.lines.iter().find(|line| line.trim_start().starts_with("fovea "));
            wrong.extend(ours.map(|line| format!("{}: `{line}` stands in a block that is no `sh`", block.place)));
        }
        if let Some((line, _)) = page.prose().find(|(_, line)| line.starts_with("    fovea ")) {
            wrong.push(format!("{}:{line}: an example needs a fence", page.path.display()));
        }
    }
    println!("{run} examples can be run, {parsed} are parsed alone");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(run > 15, "the pages have lost their examples");
}

#[test]
#[cfg(unix)]
fn examples_do_what_the_pages_say() {
    let mut wrong = Vec::new();
    for page in pages::all() {
        let mut stage = None::<Stage>;
        for Example { place, line, shown, .. } in of(&page).into_iter().filter(|example| example.can_run) {
            let is_shown = |printed: &str| {
                let printed: Vec<&str> = printed.lines().collect();
                shown.as_ref().is_none_or(|shown| fits(&printed, shown))
            };
            let done = stage.get_or_insert_with(Stage::set).run(&line, is_shown);
            wrong.extend(done.err().map(|fault| format!("{place}: {line}\n{fault}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_printed_is_held_against_what_is_shown() {
    let shown = ["a [..] ms".to_owned(), "...".to_owned(), "end".to_owned()];
    assert!(fits(&["a 12 ms", "x", "y", "end"], &shown) && fits(&["a 12 ms", "end"], &shown));
    assert!(!fits(&["a 12 s", "end"], &shown) && !fits(&["a 12 ms", "x"], &shown) && !fits(&["a 12 ms"], &shown));
}
