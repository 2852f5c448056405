//! What `--help` shows of a command: its usual options and some examples. `--help-all` shows every option.
//!
//! An option that is not listed here is under `--help-all` alone, so that a new one lengthens no page by itself.

use anyhow::{Result, bail};
use clap::{Arg, ArgAction, Command};

use super::print::say;

/// The help of one command.
pub struct Page {
    /// The words that call it, without `fovea`; empty for the program itself.
    pub command: &'static str,
    /// The ids of the arguments that `--help` shows.
    usual: &'static [&'static str],
    /// Command lines, and what each does.
    pub examples: &'static [[&'static str; 2]],
}

pub const PAGES: [Page; 19] = [
    Page {
        command: "",
        usual: &["paths", "model", "device", "version"],
        examples: &[
            ["fovea scans/", "open a folder of pictures in the window"],
            ["fovea explain eye.jpg", "write grade, maps and record of one picture"],
            ["fovea help explain", "show the help of a command"],
        ],
    },
    Page {
        command: "explain",
        usual: &[
            "paths",
            "model",
            "out",
            "out_format",
            "class",
            "device",
            "no_layers",
            "report",
            "dicom",
            "shard",
            "resume",
            "force",
        ],
        examples: &[
            ["fovea explain eye.jpg", "one picture; the files go into explained/"],
            ["fovea explain scans/ --out maps --resume", "a folder; what was finished before is skipped"],
            ["fovea explain chest.dcm --model cxr-pneumonia --dicom", "a radiograph, with DICOM objects of the maps"],
        ],
    },
    Page {
        command: "evaluate",
        usual: &["paths", "labels", "model", "out", "groups", "truth", "against", "device", "resume", "force"],
        examples: &[
            ["fovea evaluate scans/ --labels grades.csv", "measure retina-dr; the report goes into evaluation/"],
            ["fovea evaluate scans/ --labels grades.csv --groups camera,sex", "figures by camera and sex, too"],
        ],
    },
    Page {
        command: "models",
        usual: &["name"],
        examples: &[
            ["fovea models", "one line per model, with its measured performance"],
            ["fovea models retina-dr", "the whole model card"],
        ],
    },
    Page {
        command: "train",
        usual: &["recipe", "data", "labels", "from", "out", "epochs", "device", "force"],
        examples: TRAIN_EXAMPLES,
    },
    Page {
        command: "import",
        usual: &["file", "card", "out", "force"],
        examples: &[
            ["fovea import net.onnx --card model.toml --out models/mine", "an ONNX file"],
            ["fovea import net.pth --as resnet50 --card model.toml --out models/mine", "a PyTorch checkpoint"],
        ],
    },
    Page {
        command: "calibrate",
        usual: &["paths", "labels", "model", "coverage", "device", "force"],
        examples: &[
            ["fovea calibrate scans/ --labels grades.csv", "sets that hold the true grade 9 times in 10"],
            ["fovea calibrate scans/ --labels grades.csv --coverage 0.95", "19 times in 20"],
        ],
    },
    Page {
        command: "readings",
        usual: &["file", "csv", "json", "against", "with_patients", "force"],
        examples: &[
            ["fovea readings anna.fovea", "a summary, and agreement with the model"],
            ["fovea readings anna.fovea --against ben.fovea", "agreement of two readers, too"],
            ["fovea readings anna.fovea --csv anna.csv", "a table of all pictures"],
        ],
    },
    Page {
        command: "report",
        usual: &["readings", "out", "report_theme", "with_patients", "force"],
        examples: &[
            ["fovea report anna.fovea --out anna.pdf", "patients as numbers"],
            ["fovea report anna.fovea --out anna.pdf --with-patients", "patients as in the worklist"],
        ],
    },
    Page {
        command: "node",
        usual: &["config", "aet", "port", "watch", "to", "to_web", "out", "model", "from", "folder"],
        examples: &[
            ["fovea node --port 11112 --from PACS --to 10.0.0.5:104:PACS", "answer what PACS sends"],
            ["fovea node --watch incoming/ --out answers/", "answer what appears in a folder"],
            ["fovea node --config node.toml", "take the options from a file"],
        ],
    },
    Page {
        command: "node status",
        usual: &["folder", "monitor", "json"],
        examples: &[["fovea node status", "as text"], ["fovea node status --json", "for other programs"]],
    },
    Page {
        command: "node retry",
        usual: &["destination", "folder"],
        examples: &[
            ["fovea node retry", "to all destinations"],
            ["fovea node retry PACS@10.0.0.5:104", "to one, by the name that `status` shows"],
        ],
    },
    Page {
        command: "node give-up",
        usual: &["destination", "folder"],
        examples: &[
            ["fovea node give-up PACS@10.0.0.5:104", "a destination that no longer exists"],
            ["fovea node give-up PACS@10.0.0.5:104 --folder /srv/fovea", "of the node in this folder"],
        ],
    },
    Page {
        command: "devices",
        usual: &[],
        examples: &[
            ["fovea devices", "GPUs and CPU, and which of them `auto` picks"],
            ["fovea explain eye.jpg --device cpu", "choose one"],
        ],
    },
    Page {
        command: "cache",
        usual: &["clear", "place"],
        examples: &[["fovea cache", "how many grades, and where"], ["fovea cache --clear", "forget them"]],
    },
    Page {
        command: "doctor",
        usual: &["json"],
        examples: &[
            ["fovea doctor", "a report to read, or to paste into a bug report"],
            ["fovea doctor --json", "the same for other programs"],
        ],
    },
    Page {
        command: "completions",
        usual: &["shell"],
        examples: &[
            ["fovea completions bash > ~/.local/share/bash-completion/completions/fovea", "for bash"],
            ["fovea completions fish > ~/.config/fish/completions/fovea.fish", "for fish"],
        ],
    },
    Page {
        command: "man",
        usual: &["folder", "force"],
        examples: &[
            ["fovea man ~/.local/share/man/man1", "for this user"],
            ["fovea man pages/ --force", "replace the pages in a folder"],
        ],
    },
    Page {
        command: "help",
        usual: &["command"],
        examples: &[
            ["fovea help explain", "as `fovea explain --help`"],
            ["fovea help node status", "a command of a command"],
        ],
    },
];

/// A program without training names the command alone.
const TRAIN_EXAMPLES: &[[&str; 2]] = &[
    ["fovea train retina-dr --data IDRiD/ --out models/mine", "from the data set's own folders"],
    ["fovea train retina-dr --data eyes/ --labels eyes.csv --from retina-dr --out models/mine", "go on from a model"],
];

/// `program` with `--help` and `--help-all` as they are described above, for it and all commands below it.
pub fn dressed(program: Command) -> Command {
    let flag = |id: &'static str, action, order| Arg::new(id).long(id).action(action).global(true).display_order(order);
    let short = flag("help", ArgAction::HelpShort, 998).short('h').help("Print help");
    let long = flag("help-all", ArgAction::HelpLong, 999).help("Print help with every option");
    let program = program.disable_help_flag(true).disable_help_subcommand(true);
    paged(program, "").arg(short).arg(long)
}

fn paged(command: Command, name: &str) -> Command {
    let page = PAGES.iter().find(|page| page.command == name);
    let usual = page.map_or(&[][..], |page| page.usual);
    let command = command.mut_args(|arg| {
        let is_usual = usual.contains(&arg.get_id().as_str());
        arg.hide_short_help(!is_usual)
    });
    let command = match page {
        Some(page) => command.after_help(text(page)),
        None => command,
    };
    command.mut_subcommands(|below| {
        let name = format!("{name} {}", below.get_name());
        paged(below, name.trim_start())
    })
}

/// The examples of a page, each in one line where it fits with what it does, else in two.
fn text(page: &Page) -> String {
    const WIDTH: usize = 98;
    let longest = page.examples.iter().map(|[line, _]| line.len()).max().unwrap_or(0);
    let in_one = page.examples.iter().all(|[_, what]| longest + 4 + what.len() <= WIDTH);
    let mut text = "Examples:".to_owned();
    for [line, what] in page.examples {
        text += &if in_one { format!("\n  {line:<longest$}  {what}") } else { format!("\n  {line}\n      {what}") };
    }
    text
}

/// Prints the help of the command that `words` call, as its own `--help` does.
pub fn show(mut program: Command, words: &[String]) -> Result<()> {
    program.build();
    let mut command = &mut program;
    for word in words {
        let Some(below) = command.find_subcommand_mut(word) else {
            bail!("there is no command `{}`; `fovea help` lists all", words.join(" "));
        };
        command = below;
    }
    say(command.render_help());
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches;
    use clap::error::ErrorKind;

    use super::super::{Cli, program};
    use super::*;

    const MOST_LINES: usize = 40;
    const MOST_COLUMNS: usize = 100;

    /// Every command with its words, those that are hidden included.
    fn each(command: &mut Command, words: &str, look: &mut impl FnMut(&str, &mut Command)) {
        look(words, command);
        for below in command.get_subcommands_mut() {
            let words = format!("{words} {}", below.get_name());
            each(below, words.trim_start(), look);
        }
    }

    fn parsed(line: &str) -> Result<Cli, clap::Error> {
        let words = line.split_whitespace().take_while(|word| *word != ">");
        Cli::from_arg_matches(&program().try_get_matches_from(words)?)
    }

    fn printed(words: &[&str]) -> String {
        let shown = program().try_get_matches_from(words).unwrap_err();
        assert_eq!(shown.kind(), ErrorKind::DisplayHelp, "{words:?}");
        shown.to_string()
    }

    #[test]
    fn the_help_of_every_command_fits_a_screen_and_ends_with_examples() {
        let mut program = program();
        program.build();
        let (mut seen, mut wrong) = (Vec::new(), Vec::new());
        each(&mut program, "", &mut |words, command| {
            let page = PAGES.iter().find(|page| page.command == words);
            let page = page.unwrap_or_else(|| panic!("`{words}` has no page"));
            let help = command.render_help().to_string();
            if help.lines().count() > MOST_LINES {
                wrong.push(format!("`{words}`: {} lines", help.lines().count()));
            }
            let wide = help.lines().filter(|line| line.chars().count() > MOST_COLUMNS);
            wrong.extend(wide.map(|line| format!("`{words}` is too wide: {line}")));
            assert!((2..=3).contains(&page.examples.len()), "`{words}`");
            assert!(help.ends_with(&format!("{}\n", text(page))), "{help}");
            if words != "train" || cfg!(feature = "train") {
                for id in page.usual {
                    assert!(command.get_arguments().any(|arg| arg.get_id() == id), "`{words}` has no `{id}`");
                }
            }
            seen.push(words.to_owned());
        });
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert_eq!(seen.len(), PAGES.len(), "a page of no command: {seen:?}");
    }

    #[test]
    fn every_example_is_a_command_line() {
        for page in &PAGES {
            for [line, _] in page.examples {
                parsed(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            }
        }
    }

    #[test]
    fn both_flags_and_the_word_give_the_same_help_and_all_options_are_one_flag_away() {
        let short = printed(&["fovea", "explain", "--help"]);
        assert_eq!(short, printed(&["fovea", "explain", "-h"]));
        assert!(!short.contains("--smoothing") && short.contains("--help-all"));
        let long = printed(&["fovea", "explain", "--help-all"]);
        for option in ["--smoothing", "--models", "--limit", "--resume", "guided back-propagation"] {
            assert!(long.contains(option), "{option}");
        }
        assert!(show(program(), &["nothing".to_owned()]).unwrap_err().to_string().contains("`nothing`"));
    }

    #[test]
    fn the_command_lines_of_the_documentation_are_understood() {
        let text = include_str!("../../docs/commands.md");
        let mut in_code = false;
        for line in text.lines() {
            in_code ^= line.starts_with("```");
            let command = line.split(" # ").next().unwrap_or_default();
            if in_code && command.starts_with("fovea ") {
                parsed(command).unwrap_or_else(|error| panic!("{command}: {error}"));
            }
        }
        for page in PAGES.iter().filter(|page| !page.command.is_empty()) {
            let word = page.command.split(' ').next().unwrap_or_default();
            assert!(text.contains(&format!("## `fovea {word}`\n")), "{word}");
        }
    }
}
