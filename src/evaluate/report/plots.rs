//! Plots as SVG and as pixels, drawn by `plotters`.

use std::error::Error;
use std::sync::Once;

use image::RgbImage;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

use crate::evaluate::{Axis, Line, Plot, PlotKind, Span};

/// In CSS pixels; the pixels of a picture are finer by [`FINER`].
const WIDTH: u32 = 640;
const HEIGHT: u32 = 420;
const FINER: u32 = 3;
/// Between the spans of a plot of them, and what is above and below.
const ROW: u32 = 26;
const AROUND_ROWS: u32 = 90;
/// Told apart by red-blind and green-blind readers, too (Okabe and Ito 2008).
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(90, 90, 90),
];
const GREY: RGBColor = RGBColor(130, 130, 130);
const FONT: &str = "sans-serif";

/// What may go wrong inside of `plotters`; of plots as they are made here nothing is known to.
pub type PlotError = Box<dyn Error>;

/// # Errors
/// None that is known of.
pub fn svg(plot: &Plot) -> Result<String, PlotError> {
    let mut text = String::new();
    draw(plot, SVGBackend::with_string(&mut text, size(plot)).into_drawing_area(), 1)?;
    Ok(text)
}

/// # Errors
/// None that is known of.
pub fn pixels(plot: &Plot) -> Result<RgbImage, PlotError> {
    let (width, height) = size(plot);
    let (width, height) = (width * FINER, height * FINER);
    let mut bytes = vec![255; 3 * width as usize * height as usize];
    draw(plot, BitMapBackend::with_buffer(&mut bytes, (width, height)).into_drawing_area(), FINER)?;
    RgbImage::from_raw(width, height, bytes).ok_or_else(|| "a picture of another size".into())
}

fn size(plot: &Plot) -> (u32, u32) {
    match &plot.kind {
        PlotKind::Lines(_) => (WIDTH, HEIGHT),
        PlotKind::Spans { spans, .. } => (WIDTH, AROUND_ROWS + ROW * spans.len() as u32),
        PlotKind::Matrix { .. } => (HEIGHT + 60, HEIGHT),
    }
}

type Area<DB> = DrawingArea<DB, Shift>;

fn draw<DB: DrawingBackend>(plot: &Plot, area: Area<DB>, finer: u32) -> Result<(), PlotError>
where
    DB::ErrorType: 'static,
{
    static TYPEFACE: Once = Once::new();
    TYPEFACE.call_once(|| {
        // Refused only were it no typeface.
        let _ = register_font(FONT, FontStyle::Normal, dejavu::sans::regular());
    });
    area.fill(&WHITE)?;
    match &plot.kind {
        PlotKind::Lines(lines) => draw_lines(plot, lines, &area, finer)?,
        PlotKind::Spans { spans, at } => draw_spans(plot, spans, *at, &area, finer)?,
        PlotKind::Matrix { names, counts } => draw_matrix(plot, names, counts, &area, finer)?,
    }
    area.present()?;
    Ok(())
}

/// A range that `plotters` can divide.
fn range(axis: &Axis) -> std::ops::Range<f64> {
    let [low, high] = axis.range;
    let is_sound = low.is_finite() && high.is_finite() && high > low;
    if is_sound { low..high } else { 0.0..1.0 }
}

fn draw_lines<DB: DrawingBackend>(plot: &Plot, lines: &[Line], area: &Area<DB>, finer: u32) -> Result<(), PlotError>
where
    DB::ErrorType: 'static,
{
    let px = |css: u32| css * finer;
    let mut chart = ChartBuilder::on(area)
        .margin(px(12))
        .x_label_area_size(px(42))
        .y_label_area_size(px(56))
        .build_cartesian_2d(range(&plot.x), range(&plot.y))?;
    chart
        .configure_mesh()
        .x_desc(plot.x.label.as_str())
        .y_desc(plot.y.label.as_str())
        .label_style((FONT, px(12)))
        .axis_desc_style((FONT, px(13)))
        .light_line_style(WHITE.mix(0.0))
        .draw()?;
    let mut colours = COLOURS.iter().cycle();
    for line in lines {
        let colour = if line.is_baseline { GREY } else { *colours.next().unwrap_or(&GREY) };
        let points = line.points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite());
        let wide = if line.is_baseline { finer } else { 2 * finer };
        let style = ShapeStyle::from(&colour).stroke_width(wide);
        let drawn = if line.is_marks {
            chart.draw_series(points.map(|at| Circle::new(at, px(4) as i32, ShapeStyle::from(&colour).filled())))?
        } else if line.is_baseline {
            chart.draw_series(DashedLineSeries::new(points, px(5), px(4), style))?
        } else {
            chart.draw_series(LineSeries::new(points, style))?
        };
        if !line.name.is_empty() {
            let long = px(18) as i32;
            drawn.label(line.name.as_str()).legend(move |(x, y)| PathElement::new([(x, y), (x + long, y)], style));
        }
    }
    if lines.iter().any(|line| !line.name.is_empty()) {
        chart
            .configure_series_labels()
            .label_font((FONT, px(12)))
            .legend_area_size(px(26))
            .margin(px(6))
            .background_style(WHITE.mix(0.85))
            .border_style(GREY.mix(0.5))
            .position(free_corner(plot, lines))
            .draw()?;
    }
    Ok(())
}

/// The corner in which the fewest points of the curves are.
fn free_corner(plot: &Plot, lines: &[Line]) -> SeriesLabelPosition {
    let (x, y) = (range(&plot.x), range(&plot.y));
    let middle = |range: std::ops::Range<f64>| 0.5 * (range.start + range.end);
    let (x, y) = (middle(x), middle(y));
    let points = || lines.iter().flat_map(|line| &line.points);
    let count = |right: bool, upper: bool| points().filter(|(px, py)| (*px > x) == right && (*py > y) == upper).count();
    let corners = [
        (count(true, false), SeriesLabelPosition::LowerRight),
        (count(true, true), SeriesLabelPosition::UpperRight),
        (count(false, true), SeriesLabelPosition::UpperLeft),
        (count(false, false), SeriesLabelPosition::LowerLeft),
    ];
    corners.into_iter().min_by_key(|(points, _)| *points).map_or(SeriesLabelPosition::LowerRight, |(_, corner)| corner)
}

fn draw_spans<DB: DrawingBackend>(
    plot: &Plot,
    spans: &[Span],
    at: Option<f64>,
    area: &Area<DB>,
    finer: u32,
) -> Result<(), PlotError>
where
    DB::ErrorType: 'static,
{
    let px = |css: u32| css * finer;
    let rows = spans.len() as f64;
    let mut chart = ChartBuilder::on(area)
        .margin(px(12))
        .x_label_area_size(px(42))
        .y_label_area_size(px(210))
        .build_cartesian_2d(range(&plot.x), rows..0.0)?;
    chart
        .configure_mesh()
        .x_desc(plot.x.label.as_str())
        .label_style((FONT, px(12)))
        .axis_desc_style((FONT, px(13)))
        .light_line_style(WHITE.mix(0.0))
        .disable_y_mesh()
        .y_labels(0)
        .draw()?;
    if let Some(at) = at {
        let style = ShapeStyle::from(&GREY).stroke_width(finer);
        chart.draw_series(DashedLineSeries::new([(at, 0.0), (at, rows)], px(5), px(4), style))?;
    }
    let left = range(&plot.x).start;
    for (row, span) in spans.iter().enumerate() {
        let (y, colour) = (row as f64 + 0.5, COLOURS[0]);
        let style = ShapeStyle::from(&colour).stroke_width(2 * finer);
        if let Some([low, high]) = span.interval {
            chart.draw_series([PathElement::new([(low, y), (high, y)], style)])?;
        }
        chart.draw_series([Circle::new((span.value, y), px(4) as i32, style.filled())])?;
        let place = plotters::style::text_anchor::Pos::new(
            plotters::style::text_anchor::HPos::Right,
            plotters::style::text_anchor::VPos::Center,
        );
        let words = TextStyle::from((FONT, px(12)).into_font()).pos(place);
        let (x, y) = chart.backend_coord(&(left, y));
        area.draw(&Text::new(shortened(&span.name, 32), (x - px(8) as i32, y), words))?;
    }
    Ok(())
}

/// Of a name that may come from a file.
fn shortened(name: &str, most: usize) -> String {
    if name.chars().count() <= most { name.to_owned() } else { name.chars().take(most - 1).chain(['…']).collect() }
}

fn draw_matrix<DB: DrawingBackend>(
    plot: &Plot,
    names: &[String],
    counts: &[Vec<u64>],
    area: &Area<DB>,
    finer: u32,
) -> Result<(), PlotError>
where
    DB::ErrorType: 'static,
{
    let px = |css: u32| css * finer;
    let side = names.len().max(1);
    let mut chart = ChartBuilder::on(area)
        .margin(px(12))
        .x_label_area_size(px(46))
        .y_label_area_size(px(110))
        .build_cartesian_2d((0..side - 1).into_segmented(), (0..side - 1).into_segmented())?;
    let name = |at: &SegmentValue<usize>| match at {
        SegmentValue::CenterOf(at) => names.get(*at).map(|name| shortened(name, 14)).unwrap_or_default(),
        SegmentValue::Exact(_) | SegmentValue::Last => String::new(),
    };
    // Rows go down, as tables do.
    let row_name = |at: &SegmentValue<usize>| match at {
        SegmentValue::CenterOf(at) if *at < side => name(&SegmentValue::CenterOf(side - 1 - at)),
        _ => String::new(),
    };
    chart
        .configure_mesh()
        .disable_mesh()
        .x_labels(side)
        .y_labels(side)
        .x_label_formatter(&name)
        .y_label_formatter(&row_name)
        .x_desc(plot.x.label.as_str())
        .y_desc(plot.y.label.as_str())
        .label_style((FONT, px(11)))
        .axis_desc_style((FONT, px(13)))
        .draw()?;
    let centred = plotters::style::text_anchor::Pos::new(
        plotters::style::text_anchor::HPos::Center,
        plotters::style::text_anchor::VPos::Center,
    );
    for (row, counts) in counts.iter().enumerate() {
        let whole = counts.iter().sum::<u64>().max(1) as f64;
        for (column, count) in counts.iter().enumerate() {
            // Shaded by the part of the row: rare classes are seen as well as common ones.
            let part = *count as f64 / whole;
            let y = side - 1 - row;
            let corners = [
                (SegmentValue::Exact(column), SegmentValue::Exact(y)),
                (SegmentValue::Exact(column + 1), SegmentValue::Exact(y + 1)),
            ];
            chart.draw_series([Rectangle::new(corners, COLOURS[0].mix(0.85 * part).filled())])?;
            let ink = if part > 0.55 { WHITE } else { BLACK };
            let words = TextStyle::from((FONT, px(13)).into_font()).color(&ink).pos(centred);
            let (x, y) = chart.backend_coord(&(SegmentValue::CenterOf(column), SegmentValue::CenterOf(y)));
            area.draw(&Text::new(count.to_string(), (x, y), words))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plots() -> [Plot; 3] {
        let axis = |label: &str| Axis::new(label, 0.0, 1.0);
        let curve = vec![(0.0, 0.0), (0.2, 0.7), (1.0, 1.0), (f64::NAN, 2.0)];
        let lines = vec![
            Line::curve("any retinopathy <0.86>", curve),
            Line::baseline("chance", vec![(0.0, 0.0), (1.0, 1.0)]),
            Line::marks("", vec![(0.2, 0.7)]),
        ];
        let span = |name: &str, value, interval| Span { name: name.to_owned(), value, interval };
        let spans = vec![
            span("camera & lens", 0.7, Some([0.6, 0.8])),
            span("a name that is far too long to be set", 0.5, None),
        ];
        let names = ["none", "mild", "severe"].map(str::to_owned).to_vec();
        let counts = vec![vec![40, 2, 1], vec![5, 6, 7], vec![0, 1, 0]];
        [
            Plot { x: axis("1 − specificity"), y: axis("sensitivity"), kind: PlotKind::Lines(lines) },
            Plot { x: axis("AUC"), y: axis(""), kind: PlotKind::Spans { spans, at: Some(0.5) } },
            Plot { x: axis("answer"), y: axis("truth"), kind: PlotKind::Matrix { names, counts } },
        ]
    }

    #[test]
    fn every_kind_is_drawn_in_letters_and_in_pixels() {
        for plot in plots() {
            let text = svg(&plot).unwrap();
            assert!(text.starts_with("<svg") && !text.contains("NaN") && !text.contains("<0.86>"), "{text}");
            let picture = pixels(&plot).unwrap();
            let ink = picture.pixels().filter(|pixel| pixel.0 != [255; 3]).count();
            assert!(ink > 2000, "{ink}");
            if let Ok(folder) = std::env::var("FOVEA_PLOTS") {
                picture.save(format!("{folder}/plot-{}x{}.png", picture.width(), picture.height())).unwrap();
                std::fs::write(format!("{folder}/plot-{}x{}.svg", picture.width(), picture.height()), text).unwrap();
            }
        }
    }

    #[test]
    fn an_axis_without_length_is_drawn_all_the_same() {
        for range in [[1.0, 1.0], [f64::NAN, 1.0], [0.0, f64::INFINITY]] {
            let axis = Axis { label: String::new(), range };
            assert!(svg(&Plot { x: axis.clone(), y: axis, kind: PlotKind::Lines(Vec::new()) }).is_ok());
        }
        let empty = PlotKind::Matrix { names: Vec::new(), counts: Vec::new() };
        let axis = Axis::new("", 0.0, 1.0);
        assert!(svg(&Plot { x: axis.clone(), y: axis, kind: empty }).is_ok());
    }
}
