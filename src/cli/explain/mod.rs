//! `fovea explain`: pictures in, one line and a set of files for each out.

mod arguments;
mod done;
mod missing;
mod names;
mod repeat;
mod share;
mod sink;
mod tally;
mod wanted;
mod work;

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

pub use self::arguments::Arguments;
use self::arguments::{Drawing, MOST_GAIN, MOST_SMOOTHING_PX};
use self::done::Made;
use self::repeat::Asked;
use self::share::Share;
use self::sink::Sink;
use self::tally::Tally;
use self::wanted::Wanted;
use self::work::Work;
use super::signals::Stop;
use super::{Limit, note, progress, say};
use crate::bundle::{Card, Library};
use crate::explain::Settings;
use crate::guard::whole;
use crate::layers::Style;
use crate::ledger::{Ledger, Opening, Shard};
use crate::method::Cam;

/// Explains every picture and goes on past bad ones.
pub fn run(arguments: &Arguments, folders: &[PathBuf], limit: Limit) -> Result<()> {
    let stop = Stop::watch("the pictures at hand")?;
    if let Some(record) = &arguments.from {
        let asked = Asked::read(record, arguments, folders)?;
        whole::sweep(&arguments.out);
        return again(asked, folders, limit, &stop);
    }
    let (bundle, calibration) = Library::open(folders)?.find(&arguments.model)?.load_calibrated()?;
    let settings = settings(arguments, &bundle.card)?;
    let style = style(&arguments.drawing, &bundle.card)?;
    let all = wanted::all(&arguments.paths)?;
    if all.own > 0 {
        note(format_args!("passed over, being drawn by this program: {}", all.own));
    }
    let shard = arguments.shard()?;
    let is_ours = |wanted: &&Wanted| shard.is_none_or(|shard| shard.holds(&wanted.file));
    let pictures: Vec<&Wanted> = all.pictures.iter().filter(is_ours).collect();
    let format = arguments.out_format;
    let secret = done::secret(arguments.dicom(), arguments.dicom_salt.as_deref())?;
    let model = (bundle.sha256.as_str(), calibration.as_ref());
    let made = Made::new(String::new(), model, (&settings, &style), (arguments, &secret));
    let key = made.key_of_run(format);
    if arguments.missing {
        return missing::run(&pictures, &arguments.out, &key, &stop);
    }
    // Rows are gathered in a ledger, of all pictures where nobody shares them.
    let own = shard.or_else(|| format.has_rows().then_some(Shard::WHOLE));
    let ledger = own.map(|shard| ledger(shard, &pictures, arguments, key.clone())).transpose()?;
    let rows = ledger.as_ref().filter(|_| format.has_rows());
    let sink = rows.map(|ledger| Sink::open(ledger, format, (&bundle, &key), pictures.len())).transpose()?;
    whole::sweep(&arguments.out);
    let bar = progress(pictures.len());
    let work = Work::new(
        (bundle, calibration),
        settings,
        style,
        arguments,
        folders,
        (limit.memory(), pictures.len()),
        bar.clone(),
    );
    let in_flight = work.in_flight();
    let share = Share::new(work, ledger, sink.as_ref(), &arguments.out);
    let mut tally = Tally::beside(all.problems.into_iter().map(Into::into).collect());
    let one = |index: usize| share.one(pictures[index]);
    super::pool::in_order(
        pictures.len(),
        in_flight,
        one,
        || stop.is_asked() || share.is_ended(),
        |answer| {
            tally.count(answer, &bar);
            bar.inc(1);
        },
    );
    bar.finish_and_clear();
    if tally.is_final(pictures.len())
        && let Some(ledger) = share.ledger
    {
        sink.as_ref().map_or(Ok(()), |sink| sink.finish(&ledger))?;
        ledger.finish()?;
    }
    tally.conclude(pictures.len(), &stop, shard.is_some())
}

/// What this shard has done so far. Lines of pictures that it no longer holds do not count.
fn ledger(shard: Shard, pictures: &[&Wanted], arguments: &Arguments, key: String) -> Result<Ledger> {
    let held: HashMap<&str, &str> =
        pictures.iter().map(|wanted| (wanted.name.as_str(), wanted.file.as_str())).collect();
    let (out, afresh) = (&arguments.out, arguments.force && !arguments.resume);
    let opening = Opening { out, shard, key, pictures: pictures.len(), afresh };
    Ok(Ledger::open(opening, |entry| held.get(entry.name.as_str()) == Some(&entry.file.as_str()))?)
}

/// Explains the picture of a record as the record says.
fn again(asked: Asked, folders: &[PathBuf], limit: Limit, stop: &Stop) -> Result<()> {
    let Asked { model, settings, style, arguments, repeat } = asked;
    let (bar, picture, name) = (progress(1), repeat.picture.clone(), repeat.name.clone());
    let work = Work::new(model, settings, style, &arguments, folders, (limit.memory(), 1), bar.clone());
    let mut tally = Tally::default();
    tally.count(work.repeating(Some(repeat)).one(&picture, &name), &bar);
    tally.conclude(1, stop, false)
}

fn settings(arguments: &Arguments, card: &Card) -> Result<Settings> {
    let recommended = Settings::recommended(card);
    let class = arguments.class.as_ref().map(|text| class(card, text)).transpose()?;
    let smoothing_px = arguments.drawing.smoothing.unwrap_or(recommended.smoothing_px);
    within("--smoothing", smoothing_px, MOST_SMOOTHING_PX)?;
    let rule = arguments.rule.unwrap_or(recommended.rule);
    if arguments.compare_rule == Some(rule) {
        bail!("--compare-rule is {0}, and so is the rule in use; give another", rule.name());
    }
    Ok(Settings {
        smoothing_px,
        rule,
        evidence: arguments.evidence.unwrap_or(recommended.evidence),
        magnitude: arguments.magnitude.unwrap_or(recommended.magnitude),
        cam: Cam { method: arguments.cam, layer: None },
        class,
    })
}

fn style(drawing: &Drawing, card: &Card) -> Result<Style> {
    let mut style = Style::default();
    let fractions = [
        ("--cam-opacity", drawing.cam_opacity, 1.0, &mut style.cam.opacity),
        ("--threshold", drawing.threshold, 1.0, &mut style.cam.threshold),
        ("--clear-opacity", drawing.clear_opacity, 1.0, &mut style.clear.opacity),
        ("--gain", drawing.gain, MOST_GAIN, &mut style.clear.gain),
    ];
    for (name, given, most, place) in fractions {
        *place = given.unwrap_or(*place);
        within(name, *place, most)?;
    }
    style.cam.colours = drawing.cam_colours.unwrap_or_default();
    style.palette = drawing.palette.unwrap_or_default();
    style.clear.on_black = !drawing.clear_over_input;
    style.boxed = !drawing.no_box;
    style.cam_boxed = drawing.cam_box;
    let off = drawing.without.iter().map(|text| class(card, text)).collect::<Result<Vec<_>>>()?;
    style.clear.enabled = (0..card.classes.len()).map(|c| !off.contains(&c)).collect();
    Ok(style)
}

fn class(card: &Card, text: &str) -> Result<usize> {
    card.class_index(text).with_context(|| {
        let known: Vec<_> = card.classes.iter().map(|c| format!("{} ({})", c.name, c.label)).collect();
        format!("model `{}` has no class `{text}`; it has {}", card.name, known.join(", "))
    })
}

fn fraction(name: &str, value: f32) -> Result<()> {
    within(name, value, 1.0)
}

fn within(name: &str, value: f32, most: f32) -> Result<()> {
    if !(0.0..=most).contains(&value) {
        bail!("{name} is {value}; it must lie between 0 and {most}");
    }
    Ok(())
}
