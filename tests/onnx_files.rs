//! ONNX files written by hand: one network in the many ways that exporters write it, files that cannot be taken, and
//! files that want to do harm.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod common;

use assert_cmd::Command;
use common::formula::{noise, values};
use common::onnx::{Part, floats, int, integers, ints, model, node, number, part, word};
use common::{family_card, formula_input, on_cpu, relative_error};
use fovea::bundle::{Bundle, Card, Library};
use fovea::import;
use fovea::method::BackwardRule;

const INPUT: [usize; 3] = [3, 12, 10];

/// A card of three classes.
fn card() -> Card {
    family_card("graph", "network = \"resnet18\"", [3, 64, 64], 3)
}

fn sized(card: Card, [_, height, width]: [usize; 3]) -> Card {
    let text = toml::to_string(&card).unwrap().replace("height = 64", &format!("height = {height}"));
    Card::form(&text.replace("width = 64", &format!("width = {width}"))).unwrap()
}

fn read(bytes: &[u8]) -> Result<Bundle, String> {
    read_as(bytes, &sized(card(), INPUT))
}

fn read_as(bytes: &[u8], card: &Card) -> Result<Bundle, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.onnx");
    std::fs::write(&path, bytes).unwrap();
    import::read_onnx(&path, card).map_err(|error| error.to_string())
}

fn tensors() -> Vec<Part> {
    vec![
        floats("first.weight", &[4, 3, 3, 3], &values(108, 1)),
        floats("first.bias", &[4], &values(4, 2)),
        floats("last.weight", &[3, 4], &values(12, 3)),
        floats("last.bias", &[3], &values(3, 4)),
    ]
}

fn first(from: &str) -> Part {
    node("Conv", &[from, "first.weight", "first.bias"], "a", &[ints("pads", &[1, 1, 1, 1])])
}

fn last(from: &str, to: &str) -> Vec<Part> {
    vec![
        node("GlobalAveragePool", &[from], "p", &[]),
        node("Flatten", &["p"], "f", &[]),
        node("Gemm", &["f", "last.weight", "last.bias"], to, &[int("transB", 1)]),
    ]
}

/// Convolution, `between`, global average pooling, linear layer.
fn plain(between: &[Part], more: &[Part], from: &str) -> Vec<u8> {
    let nodes = [&[first("x")], between, &last(from, "y")].concat();
    model(&[1, 3, 12, 10], &[tensors(), more.to_vec()].concat(), &nodes)
}

fn relu() -> Vec<u8> {
    plain(&[node("Relu", &["a"], "r", &[])], &[], "r")
}

/// Scores, class maps and responses are those of `other`.
fn same(made: &[u8], other: &[u8], what: &str) {
    let [made, other] = [made, other].map(|bytes| {
        let network = on_cpu(&read(bytes).unwrap_or_else(|error| panic!("{what}: {error}")));
        let pass = network.forward(&formula_input(INPUT, 5)).unwrap();
        let maps = network.class_maps(&pass).unwrap().data;
        let response = network.back_project(&pass, &[0, 1, 2], BackwardRule::Guided).unwrap().data;
        [pass.scores, maps, response]
    });
    for (a, b) in made.iter().zip(&other) {
        let off = relative_error(a, b);
        assert!(off < 1e-5, "{what}: {off:e}");
    }
}

#[test]
fn one_network_is_the_same_however_it_is_written() {
    let expected = relu();
    let clip = [node("Clip", &["a", "zero"], "r", &[])];
    same(&plain(&clip, &[floats("zero", &[], &[0.0])], "r"), &expected, "ReLU as Clip");

    let mean = [
        vec![first("x"), node("Relu", &["a"], "r", &[])],
        vec![node("ReduceMean", &["r"], "f", &[ints("axes", &[2, 3]), int("keepdims", 0)])],
        vec![node("Transpose", &["last.weight"], "t", &[ints("perm", &[1, 0])])],
        vec![node("MatMul", &["f", "t"], "m", &[]), node("Add", &["m", "last.bias"], "y", &[])],
    ];
    same(&model(&[0, 3, 0, 0], &tensors(), &mean.concat()), &expected, "ReduceMean and MatMul");

    let convolution = [
        vec![first("x"), node("Relu", &["a"], "r", &[])],
        vec![node("Unsqueeze", &["last.weight"], "w", &[ints("axes", &[2, 3])])],
        vec![node("Conv", &["r", "w", "last.bias"], "m", &[]), node("GlobalAveragePool", &["m"], "y", &[])],
    ];
    same(&model(&[1, 3, 12, 10], &tensors(), &convolution.concat()), &expected, "a 1×1 convolution");

    let padded = [
        vec![node(
            "Constant",
            &[],
            "around",
            &[[part(1, b"value"), part(5, &integers("", &[0, 0, 1, 1, 0, 0, 1, 1]))].concat()],
        )],
        vec![node("Pad", &["x", "around"], "padded", &[])],
        vec![node("Conv", &["padded", "first.weight", "first.bias"], "a", &[])],
        vec![node("Relu", &["a"], "r", &[])],
        last("r", "scores"),
        vec![node("Softmax", &["scores"], "y", &[])],
    ];
    same(&model(&[1, 3, 12, 10], &tensors(), &padded.concat()), &expected, "padding apart, probabilities at the end");

    let behind = [
        vec![node("Transpose", &["x"], "t", &[ints("perm", &[0, 3, 1, 2])]), first("t")],
        vec![node("Relu", &["a"], "r", &[]), node("Transpose", &["r"], "b", &[ints("perm", &[0, 2, 3, 1])])],
        vec![node("ReduceMean", &["b"], "f", &[ints("axes", &[1, 2]), int("keepdims", 0)])],
        vec![node("Gemm", &["f", "last.weight", "last.bias"], "y", &[int("transB", 1)])],
    ];
    same(&model(&[1, 12, 10, 3], &tensors(), &behind.concat()), &expected, "channels behind");

    let same_upper = [
        vec![node("Conv", &["x", "first.weight", "first.bias"], "a", &[word("auto_pad", "SAME_UPPER")])],
        vec![node("Identity", &["a"], "i", &[]), node("Dropout", &["i"], "d", &[]), node("Relu", &["d"], "r", &[])],
        last("r", "y"),
    ];
    same(&model(&[1, 3, 12, 10], &tensors(), &same_upper.concat()), &expected, "SAME and steps that change nothing");

    let shapes = [
        vec![first("x"), node("Relu", &["a"], "r", &[]), node("GlobalAveragePool", &["r"], "p", &[])],
        vec![
            node("Shape", &["p"], "s", &[]),
            node("Gather", &["s", "zero"], "n", &[]),
            node("Unsqueeze", &["n", "axis"], "u", &[]),
        ],
        vec![node("Concat", &["u", "rest"], "to", &[int("axis", 0)]), node("Reshape", &["p", "to"], "f", &[])],
        vec![node("Gemm", &["f", "last.weight", "last.bias"], "y", &[int("transB", 1)])],
    ];
    let zero = [number(2, 7), part(8, b"zero"), part(9, &[0; 8])].concat();
    let more = [tensors(), vec![zero, integers("axis", &[0]), integers("rest", &[-1])]].concat();
    same(&model(&[1, 3, 12, 10], &more, &shapes.concat()), &expected, "a shape that is worked out");
}

#[test]
fn activations_and_gates_are_found_in_their_parts() {
    let silu = [node("Sigmoid", &["a"], "s", &[]), node("Mul", &["a", "s"], "r", &[])];
    let swapped = [node("Sigmoid", &["a"], "s", &[]), node("Mul", &["s", "a"], "r", &[])];
    same(&plain(&silu, &[], "r"), &plain(&swapped, &[], "r"), "SiLU");
    let learned = [node("PRelu", &["a", "slope"], "r", &[])];
    let leaky = [node("LeakyRelu", &["a"], "r", &[])]; // 0.01 where nothing is said
    same(&plain(&learned, &[floats("slope", &[1, 1, 1], &[0.01])], "r"), &plain(&leaky, &[], "r"), "a learned slope");
    let constants = ["three", "six", "zero"].iter().zip([3.0, 6.0, 0.0]).map(|(name, v)| floats(name, &[], &[v]));
    let parts = [
        node("Add", &["a", "three"], "b", &[]),
        node("Clip", &["b", "zero", "six"], "c", &[]),
        node("Mul", &["a", "c"], "d", &[]),
        node("Div", &["d", "six"], "r", &[]),
    ];
    let whole = plain(&[node("HardSwish", &["a"], "r", &[])], &[], "r");
    same(&plain(&parts, &constants.collect::<Vec<_>>(), "r"), &whole, "HardSwish");

    let gate = |swapped: bool| {
        let of = if swapped { ["g", "r"] } else { ["r", "g"] };
        [
            node("Relu", &["a"], "r", &[]),
            node("GlobalAveragePool", &["r"], "q", &[]),
            node("Conv", &["q", "squeeze.weight"], "e", &[]),
            node("Concat", &["e", "e"], "twice", &[int("axis", 1)]),
            node("Conv", &["twice", "excite.weight"], "f", &[]),
            node("Sigmoid", &["f"], "g", &[]),
            node("Mul", &of, "o", &[]),
        ]
    };
    let kernel = |name, inputs| floats(name, &[4, inputs, 1, 1], &values(4 * inputs as usize, 8));
    let squeeze = [kernel("squeeze.weight", 4), kernel("excite.weight", 8)];
    same(&plain(&gate(false), &squeeze, "o"), &plain(&gate(true), &squeeze, "o"), "a gate");

    let shuffled = [
        node("Reshape", &["a", "groups"], "b", &[]),
        node("Transpose", &["b"], "c", &[ints("perm", &[0, 2, 1, 3, 4])]),
        node("Reshape", &["c", "whole"], "r", &[]),
    ];
    let sides = [integers("groups", &[1, 2, 2, 12, 10]), integers("whole", &[-1, 4, 12, 10])];
    // Channels 0 to 3 become 0, 2, 1, 3: here by a Gather.
    let taken = [node("Gather", &["a", "order"], "r", &[int("axis", 1)])];
    same(&plain(&shuffled, &sides, "r"), &plain(&taken, &[integers("order", &[0, 2, 1, 3])], "r"), "a shuffle");

    // Nothing comes back to what a gate alone reads.
    let network = on_cpu(&read(&plain(&gate(false), &squeeze, "o")).unwrap());
    let inside = network.layers().iter().position(|layer| layer.name == "squeeze").unwrap();
    let pass = network.forward_with(&formula_input(INPUT, 5), Some(inside)).unwrap();
    let maps = network.gradient_maps(&pass, &[0, 1, 2], true).unwrap().unwrap();
    assert_eq!(maps.data, [0.0; 3]);
}

/// The first convolution of `tensors`, padded by one, and its ReLU.
fn by_hand(input: &[f32]) -> Vec<f32> {
    let ([channels, height, width], kernels, bias) = (INPUT, values(108, 1), values(4, 2));
    let at = |c: usize, y: usize, x: usize| {
        let inside = (1..=height).contains(&y) && (1..=width).contains(&x);
        if inside { input[(c * height + y - 1) * width + x - 1] } else { 0.0 }
    };
    let tap = |o: usize, y: usize, x: usize, n: usize| {
        let (c, i, j) = (n / 9, n / 3 % 3, n % 3);
        kernels[o * 9 * channels + n] * at(c, y + i, x + j)
    };
    let one = |n: usize| {
        let (o, y, x) = (n / (height * width), n / width % height, n % width);
        (bias[o] + (0..9 * channels).map(|n| tap(o, y, x, n)).sum::<f32>()).max(0.0)
    };
    (0..4 * height * width).map(one).collect()
}

#[test]
fn a_network_without_pooling_has_scores_and_no_class_map() {
    let weight = floats("wide.weight", &[3, 480], &noise(1440, 3));
    let nodes = [
        first("x"),
        node("Relu", &["a"], "r", &[]),
        node("Flatten", &["r"], "f", &[]),
        node("Gemm", &["f", "wide.weight", "last.bias"], "y", &[int("transB", 1)]),
    ];
    let bundle = read(&model(&[1, 3, 12, 10], &[tensors(), vec![weight]].concat(), &nodes)).unwrap();
    let (network, input) = (on_cpu(&bundle), formula_input(INPUT, 5));
    let pass = network.forward(&input).unwrap();
    let features = by_hand(&input.values);
    let score = |(row, bias): (&[f32], f32)| bias + row.iter().zip(&features).map(|(w, v)| w * v).sum::<f32>();
    let expected: Vec<f32> = noise(1440, 3).chunks(480).zip(values(3, 4)).map(score).collect();
    assert!(relative_error(&pass.scores, &expected) < 1e-5);
    let maps = network.class_maps(&pass).unwrap();
    assert!(!network.has_cam() && maps.width * maps.height == 1);
    // Grad-CAM and HiResCAM have places where the network has.
    let usual = network.usual_layer().unwrap();
    assert_eq!(network.layers()[usual].shape, [4, 12, 10]);
}

#[test]
fn what_cannot_be_taken_is_named_and_nothing_is_written() {
    let refusal = |bytes: &[u8]| read(bytes).unwrap_err();
    let tanh = refusal(&plain(&[node("Tanh", &["a"], "t", &[])], &[], "t"));
    assert!(tanh.contains("GlobalAveragePool") && tanh.contains("none of the activations"), "{tanh}");
    let unknown = refusal(&plain(&[node("Mish\u{1b}[31m", &["a"], "t", &[])], &[], "t"));
    assert!(unknown.contains("`node of t` (Mish[31m), which makes `t`, cannot be taken"), "{unknown}");
    let branch =
        refusal(&plain(&[node("If", &["a"], "t", &[[part(1, b"then_branch"), part(6, b"")].concat()])], &[], "t"));
    assert!(branch.contains("(If)"), "{branch}");
    let lacking = refusal(&plain(&[node("Relu", &["elsewhere"], "r", &[])], &[], "r"));
    assert!(lacking.contains("nothing makes `elsewhere`"), "{lacking}");
    let shapes = refusal(&plain(&[node("MaxPool", &["a"], "r", &[ints("kernel_shape", &[3, 2])])], &[], "r"));
    assert!(shapes.contains("3×2"), "{shapes}");
    let two = family_card("graph", "network = \"resnet18\"", [3, 12, 10], 2);
    assert!(read_as(&relu(), &two).unwrap_err().contains("3 classes, the card `small` has 2"));
    let nodes =
        [vec![first("x"), node("Relu", &["a"], "r", &[])], last("r", "s"), vec![node("Sigmoid", &["s"], "y", &[])]];
    let sigmoid = refusal(&model(&[1, 3, 12, 10], &tensors(), &nodes.concat()));
    assert!(sigmoid.contains("output.activation") && sigmoid.contains("\"sigmoid\""), "{sigmoid}");
    let other_size = read_as(&relu(), &card()).unwrap_err();
    assert!(other_size.contains("`preprocessing` must resize"), "{other_size}");
}

/// Through the program: a card without `[architecture]`, a folder that is read back, and a description that was altered.
#[test]
fn the_program_makes_a_model_of_a_file_and_a_form() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let text = toml::to_string(&sized(card(), INPUT)).unwrap();
    let (before, after) = text.split_once("[architecture]").unwrap();
    let rest = after.find("\n[").map(|at| &after[at..]).unwrap();
    std::fs::write(place("form.toml"), format!("{before}{rest}")).unwrap();
    std::fs::write(place("made.onnx"), relu()).unwrap();
    let run = |more: &[&str]| {
        let mut command = Command::cargo_bin("fovea").unwrap();
        command.env("XDG_DATA_HOME", "/nonexistent").env("HOME", "/nonexistent").arg("import");
        command.arg(place("made.onnx")).arg("--card").arg(place("form.toml")).arg("--out").arg(place("models/small"));
        command.args(more).assert()
    };
    let wrong = run(&["--as", "resnet18"]).failure();
    assert!(String::from_utf8_lossy(&wrong.get_output().stderr).contains("leave out --as"));
    assert!(!place("models").exists());
    run(&[]).success();
    let bundle = Library::open(&[place("models")]).unwrap().load("small").unwrap();
    assert_eq!(bundle.card.architecture.input(), INPUT);
    assert_eq!(bundle.weights, read(&relu()).unwrap().weights);
    let file = place("models/small/network.json");
    let description = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, description.replace("first", "other")).unwrap();
    let refused = Library::open(&[place("models")]).unwrap().load("small").unwrap_err().to_string();
    assert!(refused.contains("network.json") && refused.contains("SHA-256"), "{refused}");
    // A form is no model.
    std::fs::create_dir(place("models/form")).unwrap();
    std::fs::copy(place("form.toml"), place("models/form/model.toml")).unwrap();
    let form = Library::open(&[place("models")]).unwrap().load("form").unwrap_err().to_string();
    assert!(form.contains("fovea import MODEL.onnx"), "{form}");
}

#[test]
fn files_that_lie_are_refused_and_break_nothing() {
    let good = relu();
    for end in 0..good.len() {
        let _ = read(&good[..end]);
    }
    // Every byte, changed in four ways.
    let small = good.len();
    for at in (0..small).step_by(3) {
        for change in [0x01, 0x80, 0xff, 0x7f] {
            let mut changed = good.clone();
            changed[at] ^= change;
            let _ = read(&changed);
        }
    }
    let many: Vec<u8> = std::iter::repeat_n(part(1, b""), 2_000_000).flatten().collect();
    assert!(read(&part(7, &many)).unwrap_err().contains("far too many parts"));
    let mut nested = Vec::new();
    for _ in 0..20_000 {
        nested = part(7, &part(1, &part(5, &part(6, &nested))));
        if nested.len() > 200_000 {
            break;
        }
    }
    assert!(read(&nested).is_err());
    assert!(read(&[]).unwrap_err().contains("no network"));
    assert!(read(b"not an ONNX file at all").is_err());
    let huge = floats("first.bias", &[i64::MAX, i64::MAX], &[1.0]);
    let mut lies = tensors();
    lies[1] = huge;
    let nodes = [vec![first("x"), node("Relu", &["a"], "r", &[])], last("r", "y")].concat();
    assert!(read(&model(&[1, 3, 12, 10], &lies, &nodes)).unwrap_err().contains("not possible"));
    assert!(read(&model(&[1, 3, 1 << 40, 1 << 40], &tensors(), &nodes)).is_err());
    assert!(read(&model(&[1, -3, 12, 10], &tensors(), &nodes)).is_err());
}
