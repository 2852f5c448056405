//! What the tensors of a checkpoint are called here: torchvision's present names.
//!
//! Three habits are undone: a state dict under a key of its own beside optimiser and epoch, prefixes of wrappers
//! (`module.` of DataParallel, `densenet121.` of CheXNet's re-implementations), and torchvision's names of before 2018
//! (`norm.1`, `conv.2`) with a classifier that is a Sequential of one linear layer.

use super::checkpoint::Stored;

/// Keys that a state dict is kept under.
const STATE_DICTS: [&str; 4] = ["state_dict.", "model_state_dict.", "model_state.", "model."];
/// What is no weight.
const COUNTER: &str = "num_batches_tracked";

/// Every tensor of the network with its name here; what lies beside the state dict is left out.
pub fn translated(stored: Vec<Stored>) -> Vec<(String, Stored)> {
    let key = STATE_DICTS.into_iter().find(|key| stored.iter().any(|tensor| tensor.name.starts_with(key)));
    let inside = |tensor: Stored| {
        let name = tensor.name.strip_prefix(key.unwrap_or_default())?;
        let name = current(without_wrappers(name));
        Some((name, tensor))
    };
    stored.into_iter().filter(|tensor| !tensor.name.ends_with(COUNTER)).filter_map(inside).collect()
}

fn without_wrappers(name: &str) -> &str {
    let mut rest = name;
    loop {
        rest = match rest.split_once('.') {
            Some((first, after)) if is_wrapper(first) => after,
            _ => return rest,
        };
    }
}

fn is_wrapper(part: &str) -> bool {
    let depth = part.strip_prefix("densenet");
    matches!(part, "module" | "model" | "backbone")
        || is_graph(part)
        || depth.is_some_and(|d| d.chars().all(|c| c.is_ascii_digit()))
}

fn is_graph(part: &str) -> bool {
    ["resnet", "vgg", "squeezenet"].iter().any(|name| part.starts_with(name))
}

/// `norm.1` is `norm1`, `classifier.0` is `classifier`.
fn current(name: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in name.split('.') {
        match (parts.last_mut(), part) {
            (Some(last), "1" | "2") if last == "norm" || last == "conv" => last.push_str(part),
            (Some(last), "0") if last == "classifier" || last == "fc" => {}
            _ => parts.push(part.to_owned()),
        }
    }
    parts.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_wrapped_names_become_torchvisions() {
        let here = |name: &str| current(without_wrappers(name));
        let layer = "features.denseblock4.denselayer16.";
        assert_eq!(here(&format!("module.densenet121.{layer}norm.1.weight")), format!("{layer}norm1.weight"));
        assert_eq!(here(&format!("{layer}conv.2.weight")), format!("{layer}conv2.weight"));
        assert_eq!(here(&format!("{layer}norm2.running_var")), format!("{layer}norm2.running_var"));
        assert_eq!(here("densenet121.classifier.0.bias"), "classifier.bias");
        assert_eq!(here("features.transition1.norm.weight"), "features.transition1.norm.weight");
        assert_eq!(here("module.classifier.weight"), "classifier.weight");
    }
}
