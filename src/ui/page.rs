//! Where menu, list, views, inspector and status go: side by side, or, with very large text or in a narrow window, stacked
//! on a page that scrolls.

use egui::scroll_area::ScrollSource;
use egui::{CentralPanel, Frame, Panel, ScrollArea, Ui, UiBuilder, vec2};

use super::App;

/// The least width of list and inspector, and of what is between them, in points.
const LIST: f32 = 150.0;
const INSPECTOR: f32 = 260.0;
const VIEWS: f32 = 200.0;
/// Heights of the evidence.
const EVIDENCE: f32 = 270.0;
const EVIDENCE_LEAST: f32 = 150.0;

impl App {
    pub(super) fn panels(&mut self, ui: &mut Ui) {
        Panel::top("menu").show(ui, |ui| {
            named(ui, "Menu and toolbar");
            self.menu(ui);
        });
        Panel::bottom("status").show(ui, |ui| {
            named(ui, "Status");
            self.status(ui);
        });
        self.notices(ui);
        let has_list = self.shows_worklist && self.session.worklist.len() > 1;
        let has_picture = self.session.current().is_some();
        let has_inspector = has_picture && self.shows_inspector;
        let has_evidence = self.has_evidence();
        let window = ui.ctx().content_rect().width();
        let least = if has_list { LIST } else { 0.0 } + if has_inspector { INSPECTOR } else { 0.0 } + VIEWS;
        let is_page = has_picture && window < least;
        if !is_page && has_evidence {
            self.evidence_drawer(ui);
        }
        if !is_page {
            self.sidebars(ui, has_list, has_inspector);
        }
        let frame = Frame::new().fill(ui.visuals().panel_fill).inner_margin(4);
        CentralPanel::default().frame(frame).show(ui, |ui| {
            named(ui, if has_picture { "Views" } else { "Start" });
            match has_picture {
                true if is_page => self.page(ui, has_list, has_evidence),
                true => self.views(ui),
                false => self.start(ui),
            }
        });
    }

    /// Below everything else, over the full width: it is about the whole list.
    fn evidence_drawer(&mut self, ui: &mut Ui) {
        let most = (0.5 * ui.ctx().content_rect().height()).max(EVIDENCE_LEAST);
        let panel = Panel::bottom("evidence").resizable(true);
        panel.default_size(EVIDENCE.min(most)).size_range(EVIDENCE_LEAST..=most).show(ui, |ui| {
            within(ui, |ui| self.evidence(ui));
        });
    }

    fn sidebars(&mut self, ui: &mut Ui, has_list: bool, has_inspector: bool) {
        // In a small window the views need the room more than the sidebars do.
        let (window, list, inspector) = (ui.ctx().content_rect().width(), 256.0_f32, 340.0_f32);
        if has_list {
            let most = (0.2 * window).clamp(170.0, 420.0);
            let panel = Panel::left("worklist").default_size(list.min(most)).size_range(LIST..=most);
            panel.show(ui, |ui| {
                named(ui, "Pictures");
                within(ui, |ui| self.list(ui));
            });
        }
        if has_inspector {
            let most = (0.29 * window).clamp(280.0, 520.0);
            let panel = Panel::right("inspector").default_size(inspector.min(most)).size_range(INSPECTOR..=most);
            panel.show(ui, |ui| {
                named(ui, "What the model says");
                within(ui, |ui| self.inspector(ui));
            });
        }
    }

    /// Everything stacked. Over a view the wheel zooms, elsewhere it scrolls the page.
    fn page(&mut self, ui: &mut Ui, has_list: bool, has_evidence: bool) {
        let height = ui.available_height();
        let scrolls = ScrollSource { mouse_wheel: self.pointed.is_none(), ..ScrollSource::ALL };
        ScrollArea::vertical().id_salt("page").auto_shrink(false).scroll_source(scrolls).show(ui, |ui| {
            let width = ui.available_width();
            ui.allocate_ui(vec2(width, 0.9 * height), |ui| {
                ui.set_min_size(vec2(width, 0.9 * height));
                self.views(ui);
            });
            if has_list {
                ui.allocate_ui(vec2(width, 0.8 * height), |ui| {
                    ui.set_max_height(0.8 * height);
                    self.list(ui);
                });
                ui.separator();
            }
            self.inspector_parts(ui);
            if has_evidence {
                ui.separator();
                ui.allocate_ui(vec2(width, EVIDENCE), |ui| {
                    ui.set_min_size(vec2(width, EVIDENCE));
                    self.evidence(ui);
                });
            }
        });
    }
}

/// Wide contents do not make a sidebar grow: the reader chooses its width.
fn within(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    let rect = ui.available_rect_before_wrap();
    let mut inner = ui.new_child(UiBuilder::new().max_rect(rect));
    inner.set_clip_rect(rect.expand(2.0).intersect(ui.clip_rect()));
    contents(&mut inner);
    ui.advance_cursor_after_rect(rect);
}

/// Names a part of the window for screen readers.
pub(super) fn named(ui: &Ui, name: &str) {
    ui.ctx().accesskit_node_builder(ui.unique_id(), |node| {
        node.set_role(egui::accesskit::Role::Region);
        node.set_label(name);
    });
}
