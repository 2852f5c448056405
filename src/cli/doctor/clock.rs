//! Probes that run beside each other, each by a clock of its own.

use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::finding::{Finding, Report, Section};
use crate::guard::panics;

/// Something that is looked at.
pub struct Probe {
    section: &'static str,
    /// Of a probe that gives no answer, what is said not to.
    about: &'static str,
    look: Box<dyn FnOnce() -> Vec<Finding> + Send>,
}

impl Probe {
    pub fn new(
        section: &'static str,
        about: &'static str,
        look: impl FnOnce() -> Vec<Finding> + Send + 'static,
    ) -> Self {
        Self { section, about, look: Box::new(look) }
    }
}

/// What all find within `patience`, those of one section together. A probe that takes longer, or panics, is a fault.
pub fn all(probes: Vec<Probe>, patience: Duration) -> Report {
    let until = Instant::now() + patience;
    let begun: Vec<Begun> = probes.into_iter().map(begin).collect();
    let mut sections: Vec<Section> = Vec::new();
    for Begun { section, about, answer } in begun {
        let left = until.saturating_duration_since(Instant::now());
        let late = || vec![Finding::fault(about, format!("no answer within {:.1} s", patience.as_secs_f64()))];
        let findings = answer.recv_timeout(left).unwrap_or_else(|_| late());
        match sections.last_mut().filter(|last| last.name == section) {
            Some(last) => last.findings.extend(findings),
            None => sections.push(Section { name: section, findings }),
        }
    }
    Report { sections }
}

struct Begun {
    section: &'static str,
    about: &'static str,
    answer: Receiver<Vec<Finding>>,
}

/// A probe that hangs holds its thread, which ends with the program.
fn begin(Probe { section, about, look }: Probe) -> Begun {
    let (sender, answer) = channel();
    std::thread::spawn(move || {
        let found = panics::caught(look);
        let _ = sender.send(found.unwrap_or_else(|reason| vec![Finding::fault(about, format!("a panic: {reason}"))]));
    });
    Begun { section, about, answer }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_that_hangs_or_panics_is_a_line_and_holds_nobody_up() {
        let (_never, hangs) = channel::<()>();
        let probes = vec![
            Probe::new("one", "works", || vec![Finding::fine("two", "2")]),
            Probe::new("one", "hangs", move || {
                let _ = hangs.recv();
                Vec::new()
            }),
            Probe::new("two", "panics", || panic!("driver 7")),
        ];
        let report = all(probes, Duration::from_millis(500));
        let text = report.text();
        let lines = [
            "one\n",
            "  two            2\n",
            "! hangs          no answer within 0.5 s\n",
            "two\n",
            "! panics         a panic: driver 7",
        ];
        assert!(text.starts_with(&lines.concat()) && report.faults() == 2, "{text}");
    }
}
