//! `fovea completions`: a script that lets a shell complete our words.

use anyhow::{Context, Result};
use clap::Args;
use clap_complete::Shell;

use super::print;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Prints the script.
pub fn run(arguments: &Arguments, program: clap::Command) -> Result<()> {
    print::bytes(&script(arguments.shell, program)).context("the script could not be printed")
}

fn script(shell: Shell, mut program: clap::Command) -> Vec<u8> {
    let mut script = Vec::new();
    let name = program.get_name().to_owned();
    clap_complete::generate(shell, &mut program, name, &mut script);
    script
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[cfg(unix)]
    #[test]
    fn bash_takes_the_script_and_completes_commands_and_options() {
        let script = String::from_utf8(script(Shell::Bash, super::super::program())).unwrap();
        // What bash does at a tab: it finds our function by `complete -p`, and asks it with these words.
        let asked = |words: &str| {
            let words: Vec<&str> = words.split(' ').collect();
            let at = words.len() - 1;
            let line = format!(
                "set -eu; {script}\ncomplete -p fovea >&2; COMP_WORDS=({}); COMP_CWORD={at}; \
                 _fovea fovea '{}' '{}' || true; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
                words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
                words[at],
                words[at - 1],
            );
            let done = Command::new("bash").args(["--norc", "-c", &line]).output().unwrap();
            let errors = String::from_utf8_lossy(&done.stderr).into_owned();
            assert!(
                done.status.success() && errors.starts_with("complete ") && errors.ends_with("-F _fovea fovea\n"),
                "{errors}"
            );
            assert_eq!(errors.lines().count(), 1, "{errors}");
            String::from_utf8(done.stdout).unwrap()
        };
        assert_eq!(asked("fovea eval"), "evaluate\n");
        assert_eq!(asked("fovea explain --no-lay"), "--no-layers\n");
        assert_eq!(asked("fovea explain --device c"), "cpu\n");
    }

    #[test]
    fn every_shell_gets_a_script_with_all_commands() {
        for shell in [Shell::Bash, Shell::Elvish, Shell::Fish, Shell::PowerShell, Shell::Zsh] {
            let script = String::from_utf8(script(shell, super::super::program())).unwrap();
            for word in ["explain", "calibrate", "doctor", "answer-anyway"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }
}
