//! The node beside the PACS: pictures arrive by C-STORE or in a folder, each is answered once, and answers are sent on.
//!
//! Only [`queue`] keeps state; every thread can be killed at any moment. [`receive`] and [`watch`] take pictures in,
//! [`worker`] answers them, [`sender`] delivers the answers, [`monitor`] reports health. No identifier of a patient is
//! written anywhere but into the objects themselves.

mod answer;
mod audit;
mod bell;
mod carrier;
mod live;
pub mod monitor;
mod pause;
pub mod queue;
mod readers;
mod receive;
mod sender;
mod watch;
mod worker;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use tiny_http::Server;

use self::answer::{Answers, ByModels};
use self::audit::Audit;
use self::bell::Bell;
use self::carrier::To;
use self::live::Live;
use self::queue::{Bounds, Queue};
use self::receive::Receiver;
use self::sender::Sending;
use self::watch::Watched;
use self::worker::Working;
use crate::export::dicom::Profile;
use crate::guard::panics;
use crate::pacs::server::{Handler, Listener, Rules};
use crate::pacs::{Patience, Peer};

pub use self::audit::NAME as AUDIT_NAME;
pub use self::carrier::Destination;
pub use self::live::{Reach, Status};
pub use self::readers::{AUTO, Models};

/// Takes a log line, which contains no identifier.
pub type Say = Arc<dyn Fn(&str) + Send + Sync>;

/// Everything a node is started with.
#[derive(Debug)]
pub struct NodeSettings {
    /// Where queue and audit are kept.
    pub folder: PathBuf,
    /// `None` where the node only watches a folder. Its `arrivals` are ignored: the queue has its own.
    pub receive: Option<Rules>,
    pub watch: Option<PathBuf>,
    pub destinations: Vec<Destination>,
    /// Peers that may ask for storage commitment, besides the destinations.
    pub peers: Vec<Peer>,
    pub patience: Patience,
    pub models: Models,
    pub profile: Profile,
    /// Whether pictures that get no explanation get no answer at all.
    pub is_silent: bool,
    pub bounds: Bounds,
    /// How long files of finished pictures are kept.
    pub keep: Duration,
    /// Memory limit for one picture.
    pub limit_bytes: u64,
    pub monitor: Option<SocketAddr>,
}

/// The default folder of the queue, if the platform has a place for it.
pub fn user_folder() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "fovea").map(|dirs| dirs.data_dir().join("node"))
}

/// Works until `stop` is set, and finishes the picture in progress. The rest is taken up at the next start.
///
/// # Errors
/// What is wrong at the start: a folder or an address in use, a model that does not exist.
pub fn run(settings: NodeSettings, stop: &AtomicBool, say: &Say) -> Result<()> {
    check(&settings)?;
    let NodeSettings { models, profile, is_silent, limit_bytes, .. } = &settings;
    let queue = Queue::open(&settings.folder, settings.bounds, settings.keep)?;
    let mut answers = ByModels::open(models.clone(), *profile, *is_silent, *limit_bytes)?;
    say(&format!("models: {}", answers.names().join(", ")));
    run_with(&settings, queue, &mut answers, stop, say)
}

/// Like [`run`], with any kind of answers.
fn run_with(
    settings: &NodeSettings,
    queue: Queue,
    answers: &mut (dyn Answers + Send),
    stop: &AtomicBool,
    say: &Say,
) -> Result<()> {
    let queue = Arc::new(queue);
    let audit = Audit::open(&settings.folder)?;
    let (listener, monitor) = listen(settings, &queue, say)?;
    let carriers: Vec<(String, To)> = settings
        .destinations
        .iter()
        .map(|to| (to.name(), To { destination: to.clone(), patience: settings.patience }))
        .collect();
    let destinations: Vec<String> = carriers.iter().map(|(name, _)| name.clone()).collect();
    greet(&queue, &destinations, say)?;
    let (live, answered) = (Live::new(destinations.iter().cloned()), Bell::default());
    let arrived = Arc::new(Bell::default());
    let sending = Sending { queue: &queue, bell: &answered, live: &live, stop, say };
    let working = Working {
        queue: &queue,
        audit: &audit,
        destinations: &destinations,
        arrived: &arrived,
        answered: &answered,
        live: &live,
        stop,
        say,
    };
    std::thread::scope(|scope| {
        for (name, carrier) in &carriers {
            scope.spawn(|| guarded(stop, say, || sender::run(&sending, name, carrier)));
        }
        scope.spawn(|| guarded(stop, say, || worker::run(&working, answers)));
        if let Some(server) = &monitor {
            scope.spawn(|| guarded(stop, say, || monitor::run(server, &queue, &live, stop)));
        }
        if let Some(folder) = &settings.watch {
            scope.spawn(|| guarded(stop, say, || Watched::new(folder).run(&queue, &arrived, stop, say)));
        }
        if let Some(listener) = &listener {
            let handler = receiver(settings, &queue, &arrived, say);
            scope.spawn(move || guarded(stop, say, || listener.run(&handler, stop)));
        }
        // The threads look at `stop` themselves; the bells wake those that rest.
        while !stop.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(100));
        }
        arrived.ring();
        answered.ring();
    });
    audit.catch_up(&queue)?;
    while queue.tidy()? {}
    let left = queue.counts()?;
    say(&format!("stopped; {} pictures wait, {} answers are not sent everywhere", left.waiting, left.answered));
    Ok(())
}

/// A node that lost a thread is useless: it ends, and its supervisor starts it again.
fn guarded(stop: &AtomicBool, say: &Say, thread: impl FnOnce()) {
    if let Err(reason) = panics::caught(thread) {
        say(&panics::sentence(&reason));
        stop.store(true, Ordering::Relaxed);
    }
}

/// The handler that puts arriving pictures into the queue.
fn receiver(settings: &NodeSettings, queue: &Arc<Queue>, arrived: &Arc<Bell>, say: &Say) -> Arc<dyn Handler> {
    let known = settings.destinations.iter().filter_map(|to| match to {
        Destination::Dimse(peer) => Some(peer.clone()),
        _ => None,
    });
    Arc::new(Receiver {
        queue: Arc::clone(queue),
        arrived: Arc::clone(arrived),
        peers: settings.peers.iter().cloned().chain(known).collect(),
        say: Arc::clone(say),
    })
}

/// Binds the addresses that the node listens at.
fn listen(settings: &NodeSettings, queue: &Queue, say: &Say) -> Result<(Option<Listener>, Option<Server>)> {
    let rules = settings.receive.as_ref().map(|rules| Rules { arrivals: queue.arrivals(), ..rules.clone() });
    let listener = rules.map(Listener::bind).transpose().map_err(|error| anyhow!("{error}"))?;
    let monitor = settings.monitor.map(monitor::open).transpose()?;
    if let (Some(listener), Some(rules)) = (&listener, &settings.receive) {
        say(&format!("{} listens at {}", rules.ae_title, listener.address()));
    }
    if let Some(address) = monitor.as_ref().and_then(|server| server.server_addr().to_ip()) {
        say(&format!("health and figures at http://{address}"));
    }
    Ok((listener, monitor))
}

/// Logs what is left from before, and for whom.
fn greet(queue: &Queue, destinations: &[String], say: &Say) -> Result<()> {
    let counts = queue.counts()?;
    if counts.waiting + counts.answered > 0 {
        say(&format!("taken up: {} pictures to answer, {} answers to send", counts.waiting, counts.answered));
    }
    for (name, left) in &counts.destinations {
        if !destinations.contains(name) {
            let objects = left.open + left.set_aside;
            say(&format!(
                "{objects} objects wait for {name}, which is no longer a destination; give it again, or \
                 `fovea node give-up {name}`"
            ));
        }
    }
    Ok(())
}

/// Refuses settings that cannot work before anything is opened.
fn check(settings: &NodeSettings) -> Result<()> {
    if settings.receive.is_none() && settings.watch.is_none() {
        bail!("nothing brings pictures: give --port to receive them, or --watch FOLDER");
    }
    if settings.destinations.is_empty() {
        bail!("answers have no place to go: give --to HOST:PORT:AET, --to-web URL or --out FOLDER");
    }
    let names: Vec<String> = settings.destinations.iter().map(Destination::name).collect();
    if let Some(twice) = names.iter().enumerate().find(|(index, name)| names[..*index].contains(name)) {
        bail!("{} is given twice", twice.1);
    }
    let Some(watched) = &settings.watch else { return Ok(()) };
    let watched = watched.canonicalize().with_context(|| format!("{} cannot be watched", watched.display()))?;
    if !watched.is_dir() {
        bail!("{} is no folder; give --watch a folder", watched.display());
    }
    let is_inside = |folder: &Path| std::path::absolute(folder).is_ok_and(|folder| folder.starts_with(&watched));
    let out = settings.destinations.iter().find_map(|to| match to {
        Destination::Folder(folder) if is_inside(folder) => Some(folder),
        _ => None,
    });
    if let Some(inside) = out.or(Some(&settings.folder).filter(|folder| is_inside(folder))) {
        bail!("{} lies in the folder that is watched; results are no pictures to explain", inside.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
