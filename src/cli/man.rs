//! `fovea man`: a manual page for every command, for those who package the program.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use clap::{Args, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::help::{PAGES, Page};
use super::say;
use crate::guard::whole::{self, OutputSet, WriteError};

#[derive(Debug, Args)]
pub struct Arguments {
    /// The folder that the pages go into, such as /usr/share/man/man1
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Replace pages that exist
    #[arg(long)]
    force: bool,
}

/// Writes the pages, all or none.
pub fn run(arguments: &Arguments, program: Command) -> Result<()> {
    whole::sweep(&arguments.folder);
    let mut files = OutputSet::new(&arguments.folder, "fovea", arguments.force);
    for (name, page) in pages(program)? {
        files.add_file(&name, &page)?;
    }
    let written = files.finish().map_err(|error| match error {
        WriteError::Exists(_) => anyhow!("{error}; give --force to replace it"),
        error => error.into(),
    })?;
    say(format_args!("written: {} manual pages in {}", written.len(), arguments.folder.display()));
    Ok(())
}

/// The pages by their files' names.
fn pages(mut program: Command) -> Result<Vec<(String, Vec<u8>)>> {
    program.build();
    let mut pages = Vec::new();
    below(&program, "", &mut pages)?;
    Ok(pages)
}

fn below(command: &Command, words: &str, pages: &mut Vec<(String, Vec<u8>)>) -> Result<()> {
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        below(sub, format!("{words} {}", sub.get_name()).trim_start(), pages)?;
    }
    // A manual says of every option what it does, of those that short help leaves out, too.
    let whole = command.clone().mut_args(|arg| arg.hide_short_help(false));
    let man = Man::new(whole).source(concat!("fovea ", env!("CARGO_PKG_VERSION"))).manual("Fovea");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    man.render_options_section(&mut page)?;
    if let Some(known) = PAGES.iter().find(|page| page.command == words) {
        examples(known).to_writer(&mut page)?;
    }
    pages.push((man.get_filename(), page));
    Ok(())
}

fn examples(page: &Page) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES"]);
    for [line, what] in page.examples {
        roff.control("TP", []);
        roff.text([bold(*line)]);
        roff.text([roman(*what)]);
    }
    roff
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command as Process;

    #[test]
    fn every_command_has_a_page_that_groff_takes_without_a_warning() {
        let pages = pages(super::super::program()).unwrap();
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        for name in ["fovea.1", "fovea-explain.1", "fovea-node-give-up.1", "fovea-doctor.1"] {
            assert!(names.contains(&name), "{name} among {names:?}");
        }
        assert!(!names.contains(&"fovea-man.1"), "it is hidden");
        let explain = pages.iter().find(|(name, _)| name == "fovea-explain.1").map(|(_, page)| page);
        let explain = String::from_utf8_lossy(explain.unwrap());
        assert!(
            explain.contains("Multiply the brightness") && explain.contains("A folder of further models"),
            "{explain}"
        );
        let folder = tempfile::tempdir().unwrap();
        for (name, page) in &pages {
            let text = String::from_utf8_lossy(page);
            for section in [".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS", ".SH EXAMPLES"] {
                assert!(text.contains(section), "{name}: {section}");
            }
            std::fs::write(folder.path().join(name), page).unwrap();
        }
        let files = names.iter().map(|name| folder.path().join(name));
        match Process::new("groff").args(["-man", "-ww", "-z", "-Kutf8"]).args(files).output() {
            Ok(done) => assert!(done.status.success() && done.stderr.is_empty(), "{done:?}"),
            Err(_) => eprintln!("left out: groff is not installed"),
        }
    }
}
