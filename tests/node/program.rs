//! A node as a process.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use fovea::pacs::Peer;

use super::archive::Archive;

/// A node's process.
pub struct Node {
    child: Child,
    pub address: Option<SocketAddr>,
    monitor: SocketAddr,
}

impl Node {
    /// Starts one in `folder`; its lines go to `log`.
    pub fn start(folder: &Path, log: &Arc<Mutex<Vec<String>>>, options: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_fovea"))
            .args(["node", "--device", "cpu", "--monitor", "127.0.0.1:0", "--folder"])
            .arg(folder)
            .args(options)
            .env("HOME", "/nonexistent")
            .env("XDG_DATA_HOME", "/nonexistent")
            .env("FOVEA_LOG", "info")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut address, mut monitor) = (None, None);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let errors = BufReader::new(child.stderr.take().unwrap()).lines();
        let error_log = Arc::clone(log);
        std::thread::spawn(move || {
            for line in errors.map_while(Result::ok) {
                error_log.lock().unwrap().push(line);
            }
        });
        while monitor.is_none() {
            let line = lines.next().unwrap_or_else(|| panic!("it ended: {:?}", log.lock().unwrap())).unwrap();
            if let Some((_, at)) = line.split_once("listens at ") {
                address = at.parse().ok();
            }
            if let Some((_, at)) = line.split_once("figures at http://") {
                monitor = at.parse().ok();
            }
            log.lock().unwrap().push(line);
        }
        let log = Arc::clone(log);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                log.lock().unwrap().push(line);
            }
        });
        Self { child, address, monitor: monitor.unwrap() }
    }

    pub fn receiving(folder: &Path, log: &Arc<Mutex<Vec<String>>>, archive: &Archive) -> Self {
        let destination = archive.destination();
        let options =
            ["--port", "0", "--listen", "127.0.0.1", "--from", "SENDER", "--model", "mnist", "--to", &destination];
        Self::start(folder, log, &options)
    }

    pub fn peer(&self) -> Peer {
        let address = self.address.unwrap();
        Peer {
            host: address.ip().to_string(),
            port: address.port(),
            ae_title: "FOVEA".to_owned(),
            own_ae_title: "SENDER".to_owned(),
            tls: None,
        }
    }

    pub fn get(&self, path: &str) -> String {
        let mut response = ureq::get(format!("http://{}{path}", self.monitor)).call().unwrap();
        response.body_mut().read_to_string().unwrap()
    }

    pub fn queue(&self) -> serde_json::Value {
        let status: serde_json::Value = serde_json::from_str(&self.get("/status")).unwrap();
        status["queue"].clone()
    }

    pub fn explained(&self) -> u64 {
        self.queue()["totals"]["outcome:explained"].as_u64().unwrap_or(0)
    }

    /// Pictures that are not done.
    pub fn waits(&self) -> u64 {
        let queue = self.queue();
        queue["waiting"].as_u64().unwrap() + queue["answered"].as_u64().unwrap()
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it as a service manager does.
    pub fn end(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
