//! ROC curve and calibration.

use egui::accesskit::Role;
use egui::{Color32, PointerButton, Sense, Ui, WidgetInfo};
use egui_plot::{Line, LineStyle, Plot, PlotPoints, PlotResponse, PlotUi, Points};

use super::super::{App, theme};
use super::percent;
use crate::session::LabCommand;
use crate::session::lab::Measured;

/// Room for a title above a plot.
const TITLE: f32 = 22.0;
const LARGEST: f32 = 300.0;

impl App {
    /// Sensitivity over false alarms; a click or a drag takes the nearest corner as the operating point.
    pub(super) fn curve(&mut self, ui: &mut Ui, measured: &Measured, height: f32) {
        let side = (height - TITLE).min(LARGEST);
        let Some(point) = self.session.operating_point() else { return };
        let found = measured.at(point);
        let here = found.specificity().zip(found.sensitivity()).map(|(spec, sens)| [1.0 - spec, sens]);
        let auc = measured.auc.map_or_else(|| "–".to_owned(), |auc| format!("{auc:.3}"));
        let corners: Vec<[f64; 2]> =
            measured.curve.iter().map(|corner| [corner.false_positive_rate, corner.sensitivity]).collect();
        let (line, dot) = (theme::curve(ui.visuals()), theme::warning(ui.visuals()));
        let drawn = framed(ui, &format!("ROC, AUC {auc}"), "roc", side, ["1 − specificity", "sensitivity"], |plot| {
            plot.line(chance());
            plot.line(plain("curve", PlotPoints::new(corners)).color(line).width(2.0));
            if let Some(here) = here {
                plot.points(Points::new("operating point", PlotPoints::new(vec![here])).radius(6.0).color(dot));
            }
        });
        let says = format!(
            "ROC curve, area {auc}; at the operating point sensitivity {}, specificity {}",
            percent(found.sensitivity()),
            percent(found.specificity())
        );
        drawn.response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &says));
        let is_moved = drawn.response.dragged_by(PointerButton::Primary) || drawn.response.clicked();
        if let Some(at) = drawn.response.interact_pointer_pos().filter(|_| is_moved) {
            let at = drawn.transform.value_from_position(at);
            let apart = |x: f64, y: f64| (x - at.x).powi(2) + (y - at.y).powi(2);
            let corners = measured.curve.iter();
            let nearest = corners.min_by(|a, b| {
                let (a, b) = [a, b].map(|c| apart(c.false_positive_rate, c.sensitivity)).into();
                a.total_cmp(&b)
            });
            // Nothing reaches more than 1.
            let point = nearest.map(|corner| corner.threshold.map_or(1.0, f64::from));
            self.commands.extend(point.map(|point| LabCommand::Point(Some(point)).into()));
        }
    }

    /// Of what is called so and so probable, how much was there.
    pub(super) fn calibration(&mut self, ui: &mut Ui, measured: &Measured, height: f32) {
        let side = (height - TITLE).min(LARGEST);
        let (line, faint) = (theme::curve(ui.visuals()), ui.visuals().weak_text_color());
        let reached = |bin: &crate::statistics::Bin| Some([bin.predicted?, bin.observed?]);
        let points: Vec<[f64; 2]> = measured.bins.iter().filter_map(reached).collect();
        let most = measured.bins.iter().map(|bin| bin.n).max().unwrap_or(1).max(1) as f64;
        // How many pictures each bin holds, as a bar from below.
        let bars: Vec<Vec<[f64; 2]>> = measured
            .bins
            .iter()
            .filter(|bin| bin.n > 0)
            .map(|bin| {
                let middle = f64::midpoint(bin.low, bin.high);
                vec![[middle, 0.0], [middle, 0.25 * bin.n as f64 / most]]
            })
            .collect();
        let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
        let (error, brier) = (number(measured.calibration_error), number(measured.brier));
        let title = format!("Calibration, ECE {error}, Brier {brier}");
        let drawn = framed(ui, &title, "calibration", side, ["said", "true"], |plot| {
            plot.line(chance());
            for (at, bar) in bars.into_iter().enumerate() {
                let bar = plain(format!("pictures {at}"), PlotPoints::new(bar)).color(faint.gamma_multiply(0.5));
                plot.line(bar.width(8.0));
            }
            plot.line(plain("observed", PlotPoints::new(points.clone())).color(line).width(1.5));
            plot.points(Points::new("bins", PlotPoints::new(points)).radius(4.0).color(line));
        });
        let says = format!("Reliability diagram: expected calibration error {error}, Brier score {brier}");
        drawn.response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &says));
    }
}

/// A curve as a curve: one that goes straight up would be drawn as a filled band.
pub(super) fn plain(name: impl Into<String>, points: PlotPoints<'_>) -> Line<'_> {
    Line::new(name, points).allow_band(false)
}

/// Where a coin would be, and where what is said is true.
fn chance() -> Line<'static> {
    let line = Line::new("chance", PlotPoints::new(vec![[0.0, 0.0], [1.0, 1.0]]));
    line.color(Color32::GRAY).width(1.0).style(LineStyle::dashed_loose())
}

/// A square plot from 0 to 1 with a title; it stays where it is, whatever the mouse does.
pub(super) fn framed<'a>(
    ui: &mut Ui,
    title: &str,
    id: &str,
    side: f32,
    [x, y]: [&str; 2],
    draw: impl FnOnce(&mut PlotUi<'a>) + 'a,
) -> PlotResponse<()> {
    ui.vertical(|ui| {
        ui.set_width(side + 24.0);
        ui.small(title);
        Plot::new(id.to_owned())
            .width(side + 24.0)
            .height(side)
            .default_x_bounds(-0.02, 1.02)
            .default_y_bounds(-0.02, 1.02)
            .allow_zoom(false)
            .allow_drag(false)
            .allow_scroll(false)
            .allow_boxed_zoom(false)
            .allow_double_click_reset(false)
            .allow_axis_zoom_drag(false)
            .show_x(false)
            .show_y(false)
            .show_crosshair(false)
            .x_axis_label(x)
            .y_axis_label(y)
            .sense(Sense::click_and_drag())
            .show(ui, draw)
    })
    .inner
}
