//! Health and metrics over HTTP: `/healthz`, `/metrics` (Prometheus text format 0.0.4), `/status` (JSON). Read-only, and
//! nothing in it tells whose pictures these are.

use std::fmt::Write;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tiny_http::{Header, Method, Request, Response, Server};

use super::live::{Live, Status};
use super::queue::Queue;

const REST: Duration = Duration::from_millis(200);
/// How long `fovea node status` waits for an answer.
const PATIENCE: Duration = Duration::from_secs(3);
const MOST_STATUS_BYTES: u64 = 1 << 20;

/// Listens at `at`.
///
/// # Errors
/// An address in use.
pub fn open(at: SocketAddr) -> Result<Server> {
    let listener = TcpListener::bind(at)
        .with_context(|| format!("the monitor cannot listen at {at}; give another --monitor, or --no-monitor"))?;
    Server::from_listener(listener, None).map_err(|error| anyhow!("the monitor cannot listen at {at}: {error}"))
}

/// Answers requests, one after another, until the node stops.
pub fn run(server: &Server, queue: &Queue, live: &Live, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        if let Ok(Some(request)) = server.recv_timeout(REST) {
            answer(request, queue, live);
        }
    }
}

fn answer(request: Request, queue: &Queue, live: &Live) {
    let status = || match queue.counts() {
        Ok(counts) => live.status(counts),
        Err(error) => Status { is_healthy: false, fault: Some(error.to_string()), ..live.status(Default::default()) },
    };
    let path = request.url().split('?').next().unwrap_or_default().to_owned();
    let (code, kind, text) = match (request.method(), path.as_str()) {
        (Method::Get | Method::Head, "/healthz") => match status().fault {
            None => (200, "text/plain", "ok\n".to_owned()),
            Some(fault) => (503, "text/plain", format!("{fault}\n")),
        },
        (Method::Get | Method::Head, "/metrics") => (200, "text/plain; version=0.0.4", metrics(&status())),
        (Method::Get | Method::Head, "/status") => {
            (200, "application/json", serde_json::to_string(&status()).unwrap_or_default())
        }
        (Method::Get | Method::Head, _) => (404, "text/plain", "there are /healthz, /metrics and /status\n".to_owned()),
        _ => (405, "text/plain", "this address only answers GET\n".to_owned()),
    };
    let mut response = Response::from_string(text).with_status_code(code);
    if let Ok(header) = Header::from_bytes("Content-Type", kind) {
        response.add_header(header);
    }
    // The client may be gone.
    let _ = request.respond(response);
}

/// The status of the node running at `at`; `None` where nobody answers.
pub fn ask(at: SocketAddr) -> Option<Status> {
    let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).proxy(None).build();
    let mut response = ureq::Agent::new_with_config(config).get(format!("http://{at}/status")).call().ok()?;
    let bytes = response.body_mut().with_config().limit(MOST_STATUS_BYTES).read_to_vec().ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Prometheus text format.
pub fn metrics(status: &Status) -> String {
    let mut text = String::new();
    let queue = &status.queue;
    let total = |name: &str| queue.totals.get(name).copied().unwrap_or(0);
    let labelled = |prefix: &str, label: &str| -> Vec<(String, u64)> {
        let of = |(name, count): (&String, &u64)| {
            name.strip_prefix(prefix).map(|value| (format!("{{{label}=\"{}\"}}", escaped(value)), *count))
        };
        queue.totals.iter().filter_map(of).collect()
    };
    let at = |get: &dyn Fn(&str) -> u64| -> Vec<(String, u64)> {
        let names: std::collections::BTreeSet<&String> = status.reach.keys().chain(queue.destinations.keys()).collect();
        names.into_iter().map(|name| (format!("{{destination=\"{}\"}}", escaped(name)), get(name))).collect()
    };
    let plain = |value: u64| vec![(String::new(), value)];
    let counts = |name: &str| queue.destinations.get(name).cloned().unwrap_or_default();
    let reach = |name: &str| status.reach.get(name).cloned().unwrap_or_default();
    let mut family = |name: &str, kind: &str, help: &str, values: Vec<(String, u64)>| {
        let _ = writeln!(text, "# HELP fovea_{name} {help}\n# TYPE fovea_{name} {kind}");
        for (labels, value) in values {
            let _ = writeln!(text, "fovea_{name}{labels} {value}");
        }
    };
    family("up", "gauge", "Whether all parts of the node do what they should.", plain(u64::from(status.is_healthy)));
    family("uptime_seconds", "gauge", "Since the node was started.", plain(status.up_s.unwrap_or(0)));
    family("pictures_arrived_total", "counter", "Pictures that came.", plain(total("arrived")));
    family("pictures_again_total", "counter", "Pictures that had come before.", plain(total("again")));
    family("pictures_total", "counter", "Pictures by what became of them.", labelled("outcome:", "outcome"));
    family("work_milliseconds_total", "counter", "Time that answers took.", plain(total("took_ms")));
    family("pictures_waiting", "gauge", "Pictures that are to be answered.", plain(queue.waiting));
    let at_hand_ms = status.at_hand_ms.unwrap_or(0);
    family("at_hand_milliseconds", "gauge", "Time that the picture at hand has taken so far.", plain(at_hand_ms));
    family("pictures_unsent", "gauge", "Answered pictures that not all destinations have.", plain(queue.answered));
    family("queue_bytes", "gauge", "Files of both.", plain(queue.bytes));
    family("queue_full", "gauge", "Whether senders are told to try again later.", plain(u64::from(queue.is_full())));
    family("objects_sent_total", "counter", "Objects that a destination took.", labelled("sent:", "destination"));
    family(
        "objects_postponed_total",
        "counter",
        "Times a destination asked for patience.",
        labelled("postponed:", "destination"),
    );
    family("objects_waiting", "gauge", "Objects that a destination is to have.", at(&|name| counts(name).open));
    family(
        "objects_set_aside",
        "gauge",
        "Objects that a destination refused for good.",
        at(&|name| counts(name).set_aside),
    );
    family("destination_failures", "gauge", "Failures in a row.", at(&|name| u64::from(reach(name).failures)));
    if let Some(bytes) = status.resident_bytes {
        family("resident_memory_bytes", "gauge", "Memory that the process holds.", plain(bytes));
    }
    text
}

/// Escapes a label value.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
