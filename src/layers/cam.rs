//! The map of one class: CAM, Grad-CAM or HiResCAM. One scale holds for all classes of a picture.

use image::{DynamicImage, RgbImage, RgbaImage};

use super::{LayerFile, LayerKind, Scene, Style};
use crate::bundle::Card;
use crate::compose::{self, ColourBar, cam_bar, cam_layer};
use crate::geometry::{PixelBox, Transform};

pub struct Cam;

impl Cam {
    fn of_class(scene: &Scene<'_>, class: usize, frame_from_source: &Transform, size: (u32, u32)) -> RgbaImage {
        let explanation = scene.maps.explanation;
        let frame_from_cam = explanation.source_from_cam().then(frame_from_source);
        cam_layer(&explanation.cam, class, &frame_from_cam, size, scene.maps.cam_scale, &scene.style.cam)
    }

    fn title_of(scene: &Scene<'_>, class: usize) -> String {
        scene.maps.explanation.cam_title(&scene.class(class))
    }
}

impl LayerKind for Cam {
    fn name(&self) -> &'static str {
        "cam"
    }

    fn plain(&self, _card: Option<&Card>) -> String {
        "CAM".to_owned()
    }

    fn only(&self) -> &'static str {
        "Only the CAM"
    }

    /// The largest part above a fifth of the map's maximum (Zhou 2016), where it is wanted.
    fn red_box(&self, scene: &Scene<'_>) -> Option<PixelBox> {
        let explanation = scene.maps.explanation;
        let is_wanted = scene.style.cam_boxed && explanation.cam_caveat().is_none();
        is_wanted.then(|| explanation.cam_box()).flatten().map(|region| region.bounds)
    }

    fn title(&self, scene: &Scene<'_>) -> String {
        Self::title_of(scene, scene.maps.explanation.shown_class())
    }

    fn scale(&self, scene: &Scene<'_>) -> Option<(f32, f32)> {
        let scale = scene.maps.cam_scale;
        scene.maps.explanation.cam_caveat().is_none().then_some((scale.low, scale.high))
    }

    fn legend(&self, scene: &Scene<'_>) -> Option<ColourBar> {
        self.scale(scene).map(|_| cam_bar(scene.maps.cam_scale, &scene.style.cam))
    }

    fn empty(&self, scene: &Scene<'_>) -> Option<&'static str> {
        let explanation = scene.maps.explanation;
        let Some(map) = explanation.cam.class(explanation.shown_class()) else {
            return Some("Not computed: this class is not among the most activated");
        };
        if explanation.cam_caveat().is_some() {
            return Some("No class activation map: one value for the whole picture (but see Grad-CAM)");
        }
        let most = map.iter().filter(|v| v.is_finite()).fold(0.0f32, |most, v| most.max(v.abs()));
        match scene.maps.cam_scale.reach() {
            None => Some("The map is empty: no evidence for any class"),
            Some(_) if most == 0.0 => Some("The map is empty: no evidence for this class"),
            Some(reach) if most < reach * scene.style.cam.threshold => {
                Some("Too weak to be seen: below the threshold of the scale that all classes share")
            }
            Some(_) => None,
        }
    }

    fn depends_on(&self, scene: &Scene<'_>) -> (usize, Style) {
        (scene.maps.explanation.shown_class(), Style { cam: scene.style.cam.clone(), ..Style::default() })
    }

    fn compose(&self, scene: &Scene<'_>, frame_from_source: &Transform, size: (u32, u32)) -> Option<RgbaImage> {
        // One value for the whole picture would only be a colour over it.
        let explanation = scene.maps.explanation;
        let is_a_map = explanation.cam_caveat().is_none();
        is_a_map.then(|| Self::of_class(scene, explanation.shown_class(), frame_from_source, size))
    }

    /// Every class's own, transparent where it says nothing, and the shown class's over the picture.
    fn files(&self, card: &Card) -> Vec<String> {
        let own = card.classes.iter().map(|class| format!("cam-{}.png", class.name));
        own.chain(["cam-overlay.png".to_owned()]).collect()
    }

    fn file(&self, index: usize, scene: &Scene<'_>, picture: &RgbImage) -> Option<LayerFile> {
        let of = |class| Self::of_class(scene, class, &Transform::IDENTITY, picture.dimensions());
        let explanation = scene.maps.explanation;
        if index < scene.card.classes.len() {
            explanation.cam.class(index)?;
            let picture = DynamicImage::ImageRgba8(of(index));
            return Some(LayerFile { title: Self::title_of(scene, index), picture });
        }
        let mut over = compose::over(picture, &of(explanation.shown_class()));
        if let Some(frame) = self.red_box(scene) {
            compose::draw_box(&mut over, frame, compose::box_line_px(picture.dimensions()));
        }
        Some(LayerFile { title: self.title(scene), picture: DynamicImage::ImageRgb8(over) })
    }
}
