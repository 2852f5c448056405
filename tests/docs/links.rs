//! Links lead to pages, headings and files that are there, and none leads out of the book.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use super::pages::{self, Page};

/// A link with the line it stands in.
pub struct Link<'a> {
    pub line: usize,
    pub target: &'a str,
}

/// `[text](target)` and `![text](target)` outside of code.
pub fn links(page: &Page) -> Vec<Link<'_>> {
    let mut found = Vec::new();
    for (line, text) in page.prose() {
        // What stands between backticks is code.
        for text in text.split('`').step_by(2) {
            let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
            found.extend(targets.map(|target| Link { line, target }));
        }
    }
    found
}

/// The name by which a heading is linked to, as GitHub and mdBook make it.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(page: &Page) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let headings = page.prose().filter(|(_, line)| line.starts_with('#'));
    headings
        .map(|(_, line)| {
            let name = anchor(line.trim_start_matches('#').trim());
            let times = seen.entry(name.clone()).and_modify(|times| *times += 1).or_insert(0);
            if *times == 0 { name } else { format!("{name}-{times}") }
        })
        .collect()
}

/// `path` without `.` and `..`.
pub fn straight(path: &Path) -> PathBuf {
    let mut straight = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(straight.pop()),
            Component::Normal(name) => straight.push(name),
            _ => {}
        }
    }
    straight
}

/// What is wrong with a link of `page`.
fn fault(page: &Page, target: &str, pages: &[Page]) -> Option<String> {
    if target.starts_with("https://") {
        return None;
    }
    let (file, heading) = target.split_once('#').map_or((target, None), |(file, heading)| (file, Some(heading)));
    let path = if file.is_empty() { page.path.clone() } else { straight(&page.path.with_file_name("").join(file)) };
    if !pages::root().join(&path).exists() {
        return Some(format!("there is no {}", path.display()));
    }
    if page.path.starts_with("docs") && !path.starts_with("docs") {
        return Some("it leads out of the book".to_owned());
    }
    let heading = heading?;
    let there = pages.iter().find(|page| page.path == path).map(anchors).unwrap_or_default();
    (!there.iter().any(|name| name == heading)).then(|| format!("{} has no heading {heading}", path.display()))
}

#[test]
fn links_lead_somewhere() {
    let pages = pages::all();
    let mut wrong = Vec::new();
    for page in &pages {
        for link in links(page) {
            let faults = fault(page, link.target, &pages);
            wrong
                .extend(faults.map(|fault| format!("{}:{}: {}: {fault}", page.path.display(), link.line, link.target)));
        }
        // Pages that are named, not linked to.
        for (line, span) in page.spans().iter().filter(|(_, span)| span.starts_with("docs/") && !span.contains('*')) {
            if !pages::root().join(span).exists() {
                wrong.push(format!("{}:{line}: there is no {span}", page.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_of_contents_holds_every_page_once() {
    let summary = pages::summary();
    let mut listed: Vec<&str> = links(&summary).iter().map(|link| link.target).collect();
    listed.sort_unstable();
    let book = pages::book();
    let mut there: Vec<&str> = book.iter().filter_map(|page| page.path.file_name()?.to_str()).collect();
    there.sort_unstable();
    assert_eq!(listed, there);
}

#[test]
fn the_readme_is_short() {
    let readme = pages::all().into_iter().find(|page| page.path.ends_with("README.md")).unwrap();
    let words = readme.text.split_whitespace().count();
    assert!(words <= 900, "{words} words; 900 are enough");
}

#[test]
fn what_is_wrong_with_a_link_is_found() {
    let page = |path: &str, text: &str| Page { path: path.into(), text: text.to_owned() };
    let own = page("docs/window.md", "# The window\n\n## Grey, and more\n[a](#grey-and-more) `[b](nowhere.md)`\n");
    let pages = [page("docs/window.md", &own.text)];
    assert_eq!(links(&own).iter().map(|link| link.target).collect::<Vec<_>>(), ["#grey-and-more"]);
    assert_eq!(fault(&own, "#grey-and-more", &pages), None);
    for broken in ["#gone", "gone.md", "../README.md", "window.md#gone", "http://example.com"] {
        assert!(fault(&own, broken, &pages).is_some(), "{broken}");
    }
}
