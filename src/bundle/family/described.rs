//! A network that a bundle describes itself, step by step, in a file beside its card: what an import of ONNX makes.

use serde::{Deserialize, Serialize};

use crate::bundle::blueprint::{Blueprint, Head, Node};
use crate::guard::checksum::sha256_hex;

/// The file's usual name.
pub const FILE: &str = "network.json";
/// Bytes that such a file may have.
pub const MOST_BYTES: u64 = 4 << 20;
/// Of the file's layout; another one is refused.
const FORMAT: u32 = 1;

/// The sizes of the `described` family: which file holds them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DescribedNetwork {
    /// The description beside the card; empty where the card is a form that an import fills.
    pub file: String,
    /// Of that file, lower-case hexadecimal.
    pub sha256: String,
    /// Channels, height and width of the input.
    pub input: [usize; 3],
    /// What the file holds; read together with the card.
    #[serde(skip)]
    network: Option<Blueprint>,
}

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    format: u32,
    input: [usize; 3],
    nodes: Vec<Node>,
    head: Head,
}

impl DescribedNetwork {
    /// The description of `network`, in the file of the usual name.
    ///
    /// # Errors
    /// A network that cannot be described.
    pub fn of(network: Blueprint) -> Result<Self, String> {
        network.check_description()?;
        let (file, sha256) = (FILE.to_owned(), sha256_hex(&written(&network)?));
        Ok(Self { file, sha256, input: network.input, network: Some(network) })
    }

    /// Reads the file's `bytes`, which must be what the card says.
    ///
    /// # Errors
    /// A checksum that differs, and a description that is none or does not fit together.
    pub fn load(&mut self, bytes: &[u8]) -> Result<(), String> {
        let file = &self.file;
        if sha256_hex(bytes) != self.sha256 {
            return Err(format!("{file} is not the file that belongs to this card: its SHA-256 differs"));
        }
        let wrong = |reason: String| format!("{file} does not describe a network: {reason}");
        let read: Description = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
        if read.format != FORMAT {
            return Err(wrong(format!("its format is {}, this program reads {FORMAT}", read.format)));
        }
        let network = Blueprint { input: read.input, nodes: read.nodes, head: read.head };
        network.check_description().map_err(wrong)?;
        if network.input != self.input {
            return Err(format!("`architecture.input` is {:?}, that of {file} is {:?}", self.input, network.input));
        }
        self.network = Some(network);
        Ok(())
    }

    /// # Errors
    /// A card whose description was not read, or is not there.
    pub fn blueprint(&self) -> Result<Blueprint, String> {
        self.network.clone().ok_or_else(|| match self.file.as_str() {
            "" => "it has no `[architecture]`; `fovea import MODEL.onnx --card CARD` takes one from an ONNX file"
                .to_owned(),
            file => format!("the network's description {file} was not read with it"),
        })
    }

    /// Name and content of the file that stands beside the card.
    ///
    /// # Errors
    /// Like [`Self::blueprint`].
    pub fn to_file(&self) -> Result<(&str, Vec<u8>), String> {
        Ok((&self.file, written(&self.blueprint()?)?))
    }
}

/// One step a line.
fn written(network: &Blueprint) -> Result<Vec<u8>, String> {
    let text = |result: serde_json::Result<String>| result.map_err(|error| error.to_string());
    let nodes = network.nodes.iter().map(|node| text(serde_json::to_string(node))).collect::<Result<Vec<_>, _>>()?;
    let (input, head) = (text(serde_json::to_string(&network.input))?, text(serde_json::to_string(&network.head))?);
    let nodes = nodes.join(",\n");
    Ok(format!("{{\"format\":{FORMAT},\"input\":{input},\n\"nodes\":[\n{nodes}\n],\n\"head\":{head}}}\n").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::blueprint::{Activation, Conv, HeadKind, Op};
    use crate::bundle::family::{GraphSizes, NamedGraph};

    fn named(network: NamedGraph) -> Blueprint {
        GraphSizes { network, input: [3, 96, 96], norm_epsilon: None }.blueprint().unwrap()
    }

    #[test]
    fn a_description_is_read_back_as_it_was() {
        for name in [NamedGraph::ConvNextTiny, NamedGraph::InceptionV3, NamedGraph::MobileNetV3Small] {
            let made = DescribedNetwork::of(named(name)).unwrap();
            let (file, bytes) = made.to_file().unwrap();
            let mut read = DescribedNetwork { network: None, ..made.clone() };
            assert!(read.blueprint().unwrap_err().contains(file));
            read.load(&bytes).unwrap();
            assert_eq!(read, made);
        }
    }

    #[test]
    fn descriptions_that_do_not_fit_are_refused() {
        let made = DescribedNetwork::of(named(NamedGraph::ResNet18)).unwrap();
        let bytes = made.to_file().unwrap().1;
        let refusal = |text: String, input| {
            let mut card = DescribedNetwork { sha256: sha256_hex(text.as_bytes()), input, ..made.clone() };
            card.load(text.as_bytes()).unwrap_err()
        };
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(refusal(text.replacen("\"format\":1", "\"format\":9", 1), made.input).contains("format is 9"));
        assert!(refusal(text.replacen("\"from\":[0]", "\"from\":[7]", 1), made.input).contains("not there yet"));
        assert!(refusal(text.replacen("layer1.0.conv1", "conv1", 1), made.input).contains("`conv1`"));
        assert!(refusal(text.replacen("\"outputs\":64", "\"outputs\":63", 1), made.input).contains("step"));
        let other_head = |head: &str| refusal(text.replacen("\"kind\":\"linear\"", head, 1), made.input);
        let head = "\"kind\":{\"conv\":{\"kernel\":1099511627777,\"relu\":false,\"bias-in-map\":false}}";
        assert!(other_head(head).contains("kernel of 1099511627777"));
        assert!(refusal(text.replacen("layer1.0.conv1", "a\\u001b[31m", 1), made.input).contains("control characters"));
        assert!(refusal("{".to_owned(), made.input).contains("does not describe"));
        assert!(refusal(text, [3, 64, 64]).contains("`architecture.input`"));
        let mut other = DescribedNetwork { sha256: "0".repeat(64), ..made };
        assert!(other.load(&bytes).unwrap_err().contains("SHA-256"));
        assert!(DescribedNetwork::default().blueprint().unwrap_err().contains("fovea import"));
    }

    #[test]
    fn values_that_nobody_reads_are_refused() {
        let conv =
            |name: &str, from| Node { name: name.to_owned(), op: Op::Conv(Conv::square(2, 3, 1)), from: vec![from] };
        let relu = Node { name: String::new(), op: Op::Activation(Activation::Relu), from: vec![0] };
        let head = Head { name: "fc".to_owned(), kind: HeadKind::Linear };
        let network = Blueprint { input: [3, 8, 8], nodes: vec![conv("a", 0), relu, conv("b", 1)], head };
        assert!(DescribedNetwork::of(network).unwrap_err().contains("value 2"));
    }
}
