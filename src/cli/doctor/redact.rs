//! Leaves out of a report who uses the machine and what it is called.

use std::ffi::OsString;
use std::path::{MAIN_SEPARATOR, PathBuf};

/// What stands for a name that was left out.
const USER: &str = "USER";
const HOST: &str = "HOST";

/// What must not be told.
#[derive(Debug, Default)]
pub struct Redaction {
    home: Option<String>,
    users: Vec<String>,
    hosts: Vec<String>,
}

impl Redaction {
    /// The home folder, the user's names and those of the machine, as this system has them.
    pub fn of_this_machine() -> Self {
        let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
        let of_home = home.as_ref().and_then(|home| home.file_name()).map(OsString::from);
        let users = ["USER", "LOGNAME", "USERNAME", "SUDO_USER"].into_iter().filter_map(std::env::var_os);
        let hosts = ["HOSTNAME", "HOST", "COMPUTERNAME"].into_iter().filter_map(|name| std::env::var(name).ok());
        let files = ["/proc/sys/kernel/hostname", "/etc/hostname"].into_iter();
        let hosts = hosts.chain(files.filter_map(|file| std::fs::read_to_string(file).ok()));
        let users = users.chain(of_home).map(|user| user.to_string_lossy().into_owned());
        Self::new(home, users, hosts)
    }

    fn new(home: Option<PathBuf>, users: impl Iterator<Item = String>, hosts: impl Iterator<Item = String>) -> Self {
        // A home of `/` is no one's, and a name of one letter tells nobody's.
        let home = home.map(|home| home.to_string_lossy().into_owned()).filter(|home| home.len() > 1);
        let is_name = |name: &String| name.chars().count() > 1 && name != "localhost";
        let hosts = hosts.flat_map(|host| {
            let host = host.trim().to_owned();
            let first = host.split('.').next().unwrap_or_default().to_owned();
            [host, first]
        });
        let sorted = |names: &mut dyn Iterator<Item = String>| {
            let mut names: Vec<String> = names.map(|name| name.trim().to_owned()).filter(is_name).collect();
            // The longer first: one may begin with another.
            names.sort_by_key(|name| std::cmp::Reverse(name.len()));
            names.dedup();
            names
        };
        Self { home, users: sorted(&mut { users }), hosts: sorted(&mut { hosts }) }
    }

    /// `text` with `~` for the home folder, and without names of user and machine.
    pub fn of(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if let Some(home) = &self.home {
            text = replaced(&text, home, "~", |c| c == MAIN_SEPARATOR || !is_of_a_name(c));
        }
        for (names, stands) in [(&self.users, USER), (&self.hosts, HOST)] {
            for name in names {
                text = replaced(&text, name, stands, |c| !is_of_a_name(c));
            }
        }
        text
    }
}

/// Whether a name goes on with this letter.
fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric()
}

/// `text` with `by` in the place of `word`, whatever its case, where `may_end` holds of what follows it and no name goes on
/// before it.
fn replaced(text: &str, word: &str, by: &str, may_end: impl Fn(char) -> bool) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let goes_on = kept.chars().next_back().is_some_and(is_of_a_name);
        match after(rest, word).filter(|left| !goes_on && left.chars().next().is_none_or(&may_end)) {
            Some(left) => {
                kept.push_str(by);
                rest = left;
            }
            None => {
                kept.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    kept
}

/// What follows `word` at the beginning of `text`, whatever its case.
fn after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let mut rest = text.chars();
    for wanted in word.chars() {
        if !rest.next()?.to_lowercase().eq(wanted.to_lowercase()) {
            return None;
        }
    }
    Some(rest.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redaction(home: &str, users: &[&str], hosts: &[&str]) -> Redaction {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>().into_iter();
        Redaction::new(Some(home.into()), owned(users), owned(hosts))
    }

    #[cfg(unix)]
    #[test]
    fn home_user_and_host_are_not_told() {
        let of = redaction("/home/anna", &["anna"], &["eye-clinic-3.example.org\n"]);
        for (text, told) in [
            ("/home/anna/.config/fovea", "~/.config/fovea"),
            ("/home/anna", "~"),
            ("/home/annabel/x", "/home/annabel/x"),
            ("/scratch/anna/maps and /mnt/ANNA_2", "/scratch/USER/maps and /mnt/USER_2"),
            ("annals of Joanna", "annals of Joanna"),
            ("eye-clinic-3 answers, eye-clinic-3.example.org, too", "HOST answers, HOST, too"),
            ("cannot write /home/anna/a: é", "cannot write ~/a: é"),
        ] {
            assert_eq!(of.of(text), told);
        }
    }

    #[test]
    fn what_names_nobody_stays() {
        let of = redaction("/", &["", "x"], &["localhost", "\n"]);
        assert_eq!(of.of("/x/localhost"), "/x/localhost");
        let of = redaction("/root", &["ÄNNE"], &[]);
        assert_eq!(of.of("/srv/änne/İ"), "/srv/USER/İ");
    }

    #[test]
    fn the_report_of_this_machine_tells_neither() {
        let redaction = Redaction::of_this_machine();
        let text = super::super::clock::all(super::super::probes(Vec::new()), std::time::Duration::from_secs(30))
            .without(&redaction)
            .text();
        if let Some(home) = &redaction.home {
            assert!(!text.contains(home.as_str()), "{home} in {text}");
        }
        assert!(text.contains("retina-dr") && text.contains("memory") && text.contains('~'), "{text}");
    }
}
