//! GPU drivers, asked by a child: some hang, and some take their process with them.

use std::time::Duration;

use super::finding::Finding;
use crate::cli::devices::{Devices, Gpu};
use crate::guard::apart::{self, Failure};

/// The child's work.
const WORK: &str = "devices";
/// No machine has so many GPUs.
const MOST_BYTES: usize = 1 << 16;
const ADVICE: &str = "update the driver, or work with --device cpu";

pub fn apart(name: &str) -> Option<apart::ApartWork> {
    (name == WORK).then_some(|_| serde_json::to_vec(&Devices::find()).map_err(|error| error.to_string()))
}

/// GPUs, CPU, and what `auto` takes.
pub fn devices(patience: Duration) -> Vec<Finding> {
    // The child is ended before this probe's own clock runs out, and then has a line that says what to do.
    let patience = patience.mul_f64(0.9);
    let found = match apart::within(WORK, &[], MOST_BYTES, patience) {
        None => Ok(Devices::find()),
        Some(Ok(bytes)) => serde_json::from_slice(&bytes).map_err(|_| Failure::BrokeDown),
        Some(Err(failure)) => Err(failure),
    };
    match found {
        Ok(found) => lines(&found),
        Err(Failure::Says(reason)) => vec![Finding::fault("gpu", format!("the driver fails: {reason}; {ADVICE}"))],
        Err(Failure::BrokeDown) => vec![Finding::fault("gpu", format!("the driver crashed its process; {ADVICE}"))],
        Err(Failure::Killed) => {
            vec![Finding::fault("gpu", "asking the driver was ended from outside; try again".to_owned())]
        }
        Err(Failure::TookTooLong) => {
            let seconds = patience.as_secs_f64();
            vec![Finding::fault("gpu", format!("the driver gave no answer within {seconds:.1} s; {ADVICE}"))]
        }
    }
}

fn lines(found: &Devices) -> Vec<Finding> {
    let gpu = |gpu: &Gpu| {
        let driver = if gpu.driver.is_empty() { "unknown" } else { &gpu.driver };
        Finding::fine("gpu", format!("{} ({}, driver {driver}): {}", gpu.name, gpu.api, gpu.kind()))
    };
    let mut lines: Vec<Finding> = found.gpus.iter().map(gpu).collect();
    if lines.is_empty() {
        let says = if cfg!(feature = "gpu") {
            "none found (Vulkan, Metal or DirectX 12)"
        } else {
            "this program was built without the feature `gpu`"
        };
        lines.push(Finding::missing("gpu", says));
    }
    lines.push(Finding::fine("cpu", &found.cpu));
    lines.push(Finding::fine("auto takes", found.taken()));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_name_driver_and_choice() {
        let gpu = |name: &str, is_hardware, is_taken| Gpu {
            name: name.to_owned(),
            api: "vulkan".to_owned(),
            driver: "radv Mesa 25.0.7".to_owned(),
            is_hardware,
            is_taken,
        };
        let gpus = vec![gpu("llvmpipe", false, false), gpu("AMD Radeon", true, true)];
        let found = Devices { gpus, cpu: "CPU (Flex, 2 threads)".to_owned() };
        let says: Vec<String> = lines(&found).into_iter().map(|line| line.says).collect();
        assert_eq!(says[1], "AMD Radeon (vulkan, driver radv Mesa 25.0.7): GPU");
        assert_eq!(says[2..], ["CPU (Flex, 2 threads)", "AMD Radeon"]);
    }

    #[test]
    fn the_child_says_what_it_found() {
        let answer = apart(WORK).unwrap()(&[]).unwrap();
        let found: Devices = serde_json::from_slice(&answer).unwrap();
        assert!(found.cpu.contains("Flex"));
        assert!(apart("other").is_none());
    }
}
