//! `fovea node`: what it is told, and the lines that it prints.

mod config;
mod status;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand};

use super::signals::Stop;
use super::{Limit, say};
use crate::export::dicom::Profile;
use crate::export::iso_date;
use crate::network::DeviceChoice;
use crate::node::queue::{Bounds, Queue};
use crate::node::{self, AUTO, Destination, Models, NodeSettings};
use crate::pacs::server::Rules;
use crate::pacs::{Patience, Peer, Tls, WebPeer};

/// Where health and figures are told where nobody says otherwise.
const MONITOR: &str = "127.0.0.1:11180";
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    node: Node,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show the state of a node: what it reports while it runs, else what its folder holds
    Status(status::Arguments),
    /// Send again what destinations rejected for good
    Retry(Retry),
    /// Drop what is still to be sent to a destination, for instance one that no longer exists
    GiveUp(GiveUp),
}

#[derive(Debug, Args)]
struct Retry {
    /// Only to this destination, by the name that `fovea node status` shows
    #[arg(value_name = "DESTINATION")]
    destination: Option<String>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
struct GiveUp {
    /// Its name as `fovea node status` shows it
    #[arg(value_name = "DESTINATION")]
    destination: String,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
struct Place {
    /// The folder of queue and audit log [default: the user's data folder]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl Place {
    fn folder(&self) -> Result<PathBuf> {
        let usual = || node::user_folder().context("this system names no data folder; give --folder DIR");
        self.folder.clone().map_or_else(usual, Ok)
    }
}

#[derive(Debug, Args)]
struct Node {
    /// Read all other options from a TOML file
    ///
    /// They have the same names there: `aet = "FOVEA"`, `to = ["HOST:PORT:AET"]`.
    #[arg(long, value_name = "FILE", exclusive = true)]
    config: Option<PathBuf>,
    /// This node's AE title, as called and as calling
    #[arg(long, default_value = "FOVEA", value_name = "AET", value_parser = ae_title)]
    aet: String,
    /// Receive pictures by C-STORE on this port
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// The address to listen on
    #[arg(long, default_value = "0.0.0.0", value_name = "ADDRESS")]
    listen: IpAddr,
    /// Also process the pictures that appear in this folder and below
    #[arg(long, value_name = "FOLDER")]
    watch: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
    /// The address that serves /healthz, /metrics and /status
    #[arg(long, default_value = MONITOR, value_name = "ADDRESS:PORT")]
    monitor: SocketAddr,
    /// Do not serve them
    #[arg(long)]
    no_monitor: bool,
    // Last: their headings hold for whatever follows.
    #[command(flatten)]
    to: To,
    #[command(flatten)]
    answers: Answers,
    #[command(flatten)]
    limits: Limits,
}

/// Where answers go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Destinations")]
struct To {
    /// Send answers there by C-STORE; can be given several times
    #[arg(long, value_name = "HOST:PORT:AET", value_parser = address)]
    to: Vec<(String, u16, String)>,
    /// As --to, over TLS; can be given several times
    #[arg(long, value_name = "HOST:PORT:AET", value_parser = address)]
    to_tls: Vec<(String, u16, String)>,
    /// Send answers there by STOW-RS; can be given several times
    ///
    /// The address of the service, such as `https://pacs.example/dicom-web`.
    #[arg(long, value_name = "URL")]
    to_web: Vec<String>,
    /// Write answers there as files, named by the picture's SHA-256
    #[arg(long, value_name = "FOLDER")]
    out: Vec<PathBuf>,
    /// The user name for the web service
    #[arg(long, value_name = "USER", default_value = "", hide_default_value = true)]
    web_user: String,
    /// A file that holds the password, or a bearer token if there is no user name
    #[arg(long, value_name = "FILE")]
    web_secret: Option<PathBuf>,
    /// A peer that may request storage commitment and gets the result at this address, besides those of --to
    #[arg(long, value_name = "HOST:PORT:AET", value_parser = address)]
    peer: Vec<(String, u16, String)>,
    /// Accept only TLS connections
    #[arg(long, requires = "tls_certificate")]
    tls: bool,
    /// This node's certificate, for --tls and for peers that ask for one (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Trusted certificate authorities (PEM); with --tls, callers need a certificate of theirs
    #[arg(long, value_name = "FILE")]
    tls_authorities: Option<PathBuf>,
}

/// What answers are.
#[derive(Debug, Args)]
#[command(next_help_heading = "Answers")]
struct Answers {
    /// The model; `auto` picks the right one for each picture
    ///
    /// Can be given several times; they are tried in order.
    #[arg(long, default_value = AUTO, value_name = "NAME")]
    model: Vec<String>,
    /// The compute device
    #[arg(long, value_enum, default_value = "auto")]
    device: DeviceChoice,
    /// Send no answer for pictures that no model is meant for, or that cannot be read
    #[arg(long)]
    silent: bool,
    /// De-identify the answers; with other dates and UIDs, they no longer match their pictures
    #[arg(long)]
    de_identify: bool,
}

/// Who may come, and how much.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
struct Limits {
    /// Accept this calling AE title; can be given several times [default: all]
    #[arg(long, value_name = "AET", value_parser = ae_title)]
    from: Vec<String>,
    /// Accept this address; can be given several times [default: all]
    #[arg(long, value_name = "ADDRESS")]
    from_address: Vec<IpAddr>,
    /// Maximum number of simultaneous associations
    #[arg(long, default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    most_associations: u16,
    /// Maximum size of an object, in MB
    #[arg(long, default_value_t = 512, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..=1024))]
    most_object: u64,
    /// Maximum number of waiting pictures; beyond it, senders are told to try again later
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    most_waiting: u64,
    /// Maximum disk space for pictures and answers, in GB
    #[arg(long, default_value_t = 20, value_name = "GB", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    most_disk: u64,
    /// Keep pictures for this many days after their answers were delivered
    #[arg(long, default_value_t = 0, value_name = "DAYS", value_parser = clap::value_parser!(u64).range(0..=3650))]
    keep: u64,
    /// Time limit for each answer of a peer
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    patience: u64,
}

pub fn run(arguments: Arguments, folders: &[PathBuf], limit: Limit) -> Result<()> {
    match arguments.action {
        None => match &arguments.node.config {
            Some(file) => serve(config::read(file)?, folders, limit),
            None => serve(arguments.node, folders, limit),
        },
        Some(Action::Status(arguments)) => status::run(&arguments),
        Some(Action::Retry(Retry { destination, place })) => {
            let count = touched(&place)?.retry(destination.as_deref())?;
            say(format_args!("{count} object{} sent again", if count == 1 { " is" } else { "s are" }));
            Ok(())
        }
        Some(Action::GiveUp(GiveUp { destination, place })) => {
            let count = touched(&place)?.give_up(&destination)?;
            say(format_args!("{count} object{} dropped", if count == 1 { "" } else { "s" }));
            Ok(())
        }
    }
}

fn touched(place: &Place) -> Result<Queue> {
    let folder = place.folder()?;
    Queue::touch(&folder)?.with_context(|| format!("no node has ever run in {}", folder.display()))
}

fn serve(node: Node, folders: &[PathBuf], limit: Limit) -> Result<()> {
    let settings = settings(node, folders, limit)?;
    let stop = Stop::watch("the picture at hand")?;
    // A line each, as `journald` and people want them.
    let line: node::Say = Arc::new(|what: &str| say(format_args!("{} {what}", iso_date(std::time::SystemTime::now()))));
    node::run(settings, &stop.flag, &line)
}

fn settings(node: Node, folders: &[PathBuf], limit: Limit) -> Result<NodeSettings> {
    let folder = node.place.folder()?;
    let Node { aet, port, listen, watch, to, answers, limits, monitor, no_monitor, .. } = node;
    let patience = Patience { answer: Duration::from_secs(limits.patience), ..Patience::default() };
    let own = to.own_tls();
    let receive = port.map(|port| Rules {
        listen: SocketAddr::new(listen, port),
        ae_title: aet.clone(),
        callers: limits.from,
        addresses: limits.from_address,
        most_associations: usize::from(limits.most_associations),
        most_object_bytes: limits.most_object * 1_000_000,
        patience,
        arrivals: folder.join("arrivals"),
        tls: to.tls.then(|| own.clone()),
    });
    let profile = if answers.de_identify { Profile::DeIdentified } else { Profile::Kept };
    Ok(NodeSettings {
        receive,
        watch,
        destinations: to.destinations(&aet, &own)?,
        peers: to.peer.iter().map(|peer| of(peer, &aet, None)).collect(),
        patience,
        models: Models { names: answers.model, folders: folders.to_vec(), device: answers.device },
        profile,
        is_silent: answers.silent,
        bounds: Bounds { most_pictures: limits.most_waiting, most_bytes: limits.most_disk * 1_000_000_000 },
        keep: Duration::from_secs(limits.keep * 86_400),
        limit_bytes: limit.bytes(),
        monitor: (!no_monitor).then_some(monitor),
        folder,
    })
}

impl To {
    fn own_tls(&self) -> Tls {
        Tls {
            authorities: self.tls_authorities.clone(),
            certificate: self.tls_certificate.clone(),
            key: self.tls_key.clone(),
        }
    }

    fn destinations(&self, aet: &str, own: &Tls) -> Result<Vec<Destination>> {
        let plain = self.to.iter().map(|peer| Destination::Dimse(of(peer, aet, None)));
        let encrypted = self.to_tls.iter().map(|peer| Destination::Dimse(of(peer, aet, Some(own.clone()))));
        let web = self.to_web.iter().map(|url| {
            if !(url.starts_with("http://") || url.starts_with("https://")) {
                bail!("--to-web needs an address that begins with https:// or http://");
            }
            let (user, secret) = (self.web_user.clone(), self.web_secret.clone());
            let tls = self.tls_authorities.is_some() || self.tls_certificate.is_some();
            Ok(Destination::Web(WebPeer { url: url.clone(), user, secret, tls: tls.then(|| own.clone()) }))
        });
        let out = self.out.iter().map(|folder| {
            let folder = std::path::absolute(folder).map_err(|error| anyhow!("{}: {error}", folder.display()))?;
            Ok(Destination::Folder(folder))
        });
        plain.chain(encrypted).map(Ok).chain(web).chain(out).collect()
    }
}

fn of((host, port, ae_title): &(String, u16, String), own: &str, tls: Option<Tls>) -> Peer {
    Peer { host: host.clone(), port: *port, ae_title: ae_title.clone(), own_ae_title: own.to_owned(), tls }
}

/// An AE title: up to 16 characters, none of them a backslash or a control character (PS3.5 6.2).
fn ae_title(text: &str) -> Result<String, String> {
    let title = text.trim();
    let is_fine = !title.is_empty() && title.len() <= 16 && title.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    if is_fine && !title.contains('\\') {
        Ok(title.to_owned())
    } else {
        Err("an AE title has 1 to 16 plain characters and no backslash".to_owned())
    }
}

/// `HOST:PORT:AET`; a host of IPv6 stands in brackets.
fn address(text: &str) -> Result<(String, u16, String), String> {
    let parts = || {
        let (place, title) = text.rsplit_once(':')?;
        let (host, port) = place.rsplit_once(':')?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let port = port.parse::<u16>().ok().filter(|port| *port > 0)?;
        Some((host.to_owned(), port, title.to_owned())).filter(|(host, ..)| !host.is_empty())
    };
    let (host, port, title) = parts().ok_or("give host, port and AE title, like 10.0.0.5:104:PACS")?;
    Ok((host, port, ae_title(&title)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_three_parts() {
        let of = |host: &str, port, title: &str| Ok((host.to_owned(), port, title.to_owned()));
        assert_eq!(address("10.0.0.5:104:PACS"), of("10.0.0.5", 104, "PACS"));
        assert_eq!(address("[::1]:104:MY PACS"), of("::1", 104, "MY PACS"));
        for wrong in ["host:104", "host:x:PACS", ":104:PACS", "host:0:PACS", "host:104:", "host:104:SEVENTEEN_LETTERS"]
        {
            assert!(address(wrong).is_err(), "{wrong}");
        }
        assert!(ae_title("A\\B").is_err() && ae_title(" FOVEA ").as_deref() == Ok("FOVEA"));
    }
}
