//! `fovea node status`.

use std::net::SocketAddr;

use anyhow::{Result, bail};
use clap::Args;

use super::{MONITOR, Place, say};
use crate::node::queue::{Queue, now_ms};
use crate::node::{Status, monitor};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    place: Place,
    /// The node's monitor address
    #[arg(long, default_value = MONITOR, value_name = "ADDRESS:PORT")]
    monitor: SocketAddr,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<()> {
    // Who names a folder means its node, whatever answers at the usual address.
    let asked = if arguments.place.folder.is_none() { monitor::ask(arguments.monitor) } else { None };
    let status = match asked {
        Some(status) => status,
        None => {
            let folder = arguments.place.folder()?;
            let Some(queue) = Queue::look(&folder)? else { bail!("no node has ever run in {}", folder.display()) };
            Status::at_rest(queue.counts()?)
        }
    };
    if arguments.json {
        say(serde_json::to_string_pretty(&status)?);
    } else {
        lines(&status).iter().for_each(say);
    }
    Ok(())
}

fn lines(status: &Status) -> Vec<String> {
    let queue = &status.queue;
    let mut lines = Vec::new();
    lines.push(match (status.up_s, &status.fault) {
        (Some(up_s), None) => format!("running for {}", duration(up_s)),
        (Some(_), Some(fault)) => format!("running with a fault: {fault}"),
        (None, _) => "what its folder holds; whether it runs, its monitor would say".to_owned(),
    });
    let total = |name: &str| queue.totals.get(name).copied().unwrap_or(0);
    lines.push(format!("pictures: {} arrived, {} of them again", total("arrived") + total("again"), total("again")));
    let outcomes = queue.totals.iter().filter_map(|(name, count)| Some((name.strip_prefix("outcome:")?, count)));
    let outcomes: Vec<String> = outcomes.map(|(outcome, count)| format!("{count} {outcome}")).collect();
    if !outcomes.is_empty() {
        lines.push(format!("answered: {}", outcomes.join(", ")));
    }
    let unfiled = total("outcome:unfiled");
    if unfiled > 0 {
        let s = if unfiled == 1 { "" } else { "s" };
        lines.push(format!(
            "{unfiled} picture{s} without an answer: a UID of the picture, its study or its series is missing, so that \
             nothing can be filed with it; the node's output names the attribute"
        ));
    }
    let oldest =
        queue.oldest_ms.map(|at| format!(", the oldest for {}", duration(((now_ms() - at) / 1000).max(0) as u64)));
    lines.push(format!("waiting: {}{}", queue.waiting, oldest.unwrap_or_default()));
    let megabytes = queue.bytes as f64 / 1e6;
    lines.push(format!("not sent everywhere: {} ({megabytes:.1} MB on disk in all)", queue.answered));
    if status.up_s.is_some() && queue.is_full() {
        lines.push("FULL: senders are told to try again later".to_owned());
    }
    let names: std::collections::BTreeSet<&String> = status.reach.keys().chain(queue.destinations.keys()).collect();
    for name in names {
        let counts = queue.destinations.get(name).cloned().unwrap_or_default();
        let sent = total(&format!("sent:{name}"));
        let mut line = format!("{name}: {sent} objects sent, {} to send, {} set aside", counts.open, counts.set_aside);
        if let Some(reason) = &counts.reason {
            line += &format!(" ({reason})");
        }
        if let Some(reach) = status.reach.get(name).filter(|reach| reach.failures > 0) {
            let error = reach.error.as_deref().unwrap_or("it cannot be reached");
            line += &format!("; failed {} times in a row: {error}", reach.failures);
        }
        lines.push(line);
    }
    lines
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Reach;
    use crate::node::queue::{Counts, DestinationCounts};

    #[test]
    fn what_is_refused_or_away_is_seen() {
        let name = || "PACS@a:104".to_owned();
        let refused = DestinationCounts { open: 2, set_aside: 1, reason: Some("0xa900".to_owned()) };
        let queue = Counts {
            most_pictures: 5,
            waiting: 5,
            destinations: [(name(), refused)].into(),
            totals: [
                (format!("sent:{}", name()), 7),
                ("outcome:explained".to_owned(), 3),
                ("outcome:unfiled".to_owned(), 1),
            ]
            .into(),
            ..Counts::default()
        };
        let reach = [(name(), Reach { failures: 4, error: Some("nobody there".to_owned()) })].into();
        let status = Status { up_s: Some(7300), is_healthy: true, queue, reach, ..Status::default() };
        let said = lines(&status).join("\n");
        for part in [
            "running for 2 h",
            "3 explained",
            "1 picture without an answer",
            "FULL",
            "7 objects sent, 2 to send, 1 set aside (0xa900); failed 4",
        ] {
            assert!(said.contains(part), "{part} in {said}");
        }
    }
}
