//! The options of a node as a file.

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use clap::Parser;
use toml::Value;

use super::Node;
use crate::guard::regular;

const MOST_BYTES: u64 = 64 << 10;

/// So that errors name options as the command line has them.
#[derive(Debug, Parser)]
#[command(name = "fovea node", no_binary_name = true)]
struct Whole {
    #[command(flatten)]
    node: Node,
}

/// Reads the options in `file`: each as `name = value`, of several values a list, of one without a value `true`.
///
/// # Errors
/// No TOML, an option that there is none of, or a value that it does not take.
pub fn read(file: &Path) -> Result<Node> {
    let text = regular::read_text(file, MOST_BYTES).with_context(|| format!("{}", file.display()))?;
    parse(&text).with_context(|| format!("{}", file.display()))
}

fn parse(text: &str) -> Result<Node> {
    let mut words = Vec::new();
    for (name, value) in text.parse::<toml::Table>()? {
        if name == "config" {
            bail!("a configuration file cannot name another (`config`)");
        }
        match value {
            Value::Array(values) => values.iter().try_for_each(|value| option(&name, value, &mut words))?,
            value => option(&name, &value, &mut words)?,
        }
    }
    let first = |error: clap::Error| {
        let text = error.to_string();
        anyhow!("{}", text.lines().next().unwrap_or_default().trim_start_matches("error: "))
    };
    Ok(Whole::try_parse_from(words).map_err(first)?.node)
}

fn option(name: &str, value: &Value, words: &mut Vec<String>) -> Result<()> {
    let value = match value {
        Value::Boolean(true) => {
            words.push(format!("--{name}"));
            return Ok(());
        }
        Value::Boolean(false) => return Ok(()),
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        _ => bail!("`{name}` must be a string, a number, true, or a list of these"),
    };
    words.push(format!("--{name}={value}"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_in_a_file_are_those_of_the_command_line() {
        let text = "aet = \"EYE\"\nport = 11112\nto = [\"a:104:A\", \"b:104:B\"]\nsilent = true\nno-monitor = false\n";
        let node = parse(text).unwrap();
        assert_eq!((node.aet.as_str(), node.port, node.to.to.len()), ("EYE", Some(11112), 2));
        assert!(node.answers.silent && !node.no_monitor);
        let says = |text: &str| parse(text).unwrap_err().to_string();
        assert!(says("prot = 1").contains("--prot"), "{}", says("prot = 1"));
        assert!(says("port = \"x\"").contains("--port"));
        assert!(says("port = 1.5").contains("`port`"));
        assert!(says("config = \"other\"").contains("cannot name another"));
    }
}
