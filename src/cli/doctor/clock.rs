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
    fn a_probe_that_hangs_is_a_line() {
        let (_never, hangs) = channel::<()>();
        let look = move || {
            let _ = hangs.recv();
            Vec::new()
        };
        let report = all(vec![Probe::new("one", "driver", look)], Duration::from_millis(100));
        assert_eq!((report.text().as_str(), report.faults()), ("one\n! driver         no answer within 0.1 s\n", 1));
    }

    #[test]
    fn a_probe_that_panics_is_a_line_among_those_of_its_section() {
        let probes = vec![
            Probe::new("one", "works", || vec![Finding::fine("two", "2"), Finding::missing("three", "3")]),
            Probe::new("one", "panics", || panic!("driver 7")),
            Probe::new("two", "works", Vec::new),
        ];
        let report = all(probes, Duration::from_secs(60));
        let lines =
            ["one\n", "  two            2\n", "- three          3\n", "! panics         a panic: driver 7", "\ntwo\n"];
        let text = report.text();
        let mut at = 0;
        for line in lines {
            at += text[at..].find(line).unwrap_or_else(|| panic!("{line} in {text}"));
        }
        assert_eq!(report.faults(), 1);
    }
}
