//! Textures: the visible part of the picture and of every layer, remade only when something about them has changed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use egui::{Color32, ColorImage, Context, TextureFilter, TextureHandle, TextureOptions};
use image::{RgbImage, RgbaImage};
use rayon::prelude::*;

use crate::layers::Style;
use crate::session::camera::LevelRegion;
use crate::session::picture::{Codes, Level};
use crate::session::{Current, Layer, Session};

/// The picture on the screen, or the one beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pane {
    Present,
    Beside,
}

/// The picture's own pixels stay pixels when they are magnified; those of a halved one are no pixels of its own.
fn filters(region: LevelRegion) -> TextureOptions {
    let magnification = if region.level == 0 { TextureFilter::Nearest } else { TextureFilter::Linear };
    TextureOptions { magnification, ..TextureOptions::LINEAR }
}

/// Most thumbnails kept; beyond that those out of sight go.
const MOST_THUMBNAILS: usize = 300;

/// What a layer was made from; where it is the same, the layer is.
#[derive(Debug, Clone, PartialEq)]
struct Key {
    /// Of the picture, or of what was derived from it.
    of: u64,
    /// Of what is compared with it, where that plays a part.
    other: Option<u64>,
    class: usize,
    style: Option<Style>,
}

/// One texture with what it shows.
#[derive(Default)]
struct Slot {
    made: Option<(Key, LevelRegion)>,
    texture: Option<TextureHandle>,
}

/// A texture and the part of the picture that it shows.
pub struct Seen<'a> {
    pub texture: &'a TextureHandle,
    pub region: LevelRegion,
}

/// All textures of the window.
#[derive(Default)]
pub struct Textures {
    /// Views may differ in size, and so in what they need.
    base: HashMap<(Pane, Layer), Slot>,
    layers: HashMap<(Pane, Layer), Slot>,
    thumbnails: HashMap<PathBuf, TextureHandle>,
    named: HashMap<&'static str, (String, TextureHandle)>,
    /// Layers composed, for tests.
    pub composed: u64,
}

impl Textures {
    /// The picture itself for `view`; `needed` lies within the region given back.
    pub fn base(
        &mut self,
        ctx: &Context,
        view: (Pane, Layer),
        current: &Current,
        needed: LevelRegion,
        wide: LevelRegion,
    ) -> Option<Seen<'_>> {
        let version = current.grey.as_ref().map_or(0, |grey| grey.version);
        let key = Key { of: current.id, other: None, class: version, style: None };
        let slot = self.base.entry(view).or_default();
        slot.show(ctx, "picture", key, needed, wide, || Some(part(current, wide)))
    }

    /// The layer over the picture in `view`, where there is one.
    pub fn layer(
        &mut self,
        ctx: &Context,
        view: (Pane, Layer),
        session: &Session,
        needed: LevelRegion,
        wide: LevelRegion,
    ) -> Option<Seen<'_>> {
        let (scene, shown) = match view.0 {
            Pane::Present => (session.scene()?, session.shown()?),
            Pane::Beside => (session.companion_scene()?, session.companion_shown()?),
        };
        let kind = view.1.kind();
        let (class, style) = kind.depends_on(&scene);
        let other = session.compared().filter(|_| view.0 == Pane::Present && kind.compares()).map(|other| other.id);
        let key = Key { of: shown.id, other, class, style: Some(style) };
        let composed = &mut self.composed;
        self.layers.entry(view).or_default().show(ctx, "layer", key, needed, wide, || {
            let layer = kind.compose(&scene, &wide.region_from_source(), (wide.width, wide.height))?;
            *composed += 1;
            Some(premultiplied(&layer))
        })
    }

    pub fn thumbnail(&mut self, ctx: &Context, path: &Path, thumbnail: &RgbImage) -> &TextureHandle {
        if self.thumbnails.len() > MOST_THUMBNAILS && !self.thumbnails.contains_key(path) {
            self.thumbnails.clear();
        }
        self.thumbnails.entry(path.to_owned()).or_insert_with(|| {
            ctx.load_texture("thumbnail", opaque(thumbnail, whole(thumbnail)), TextureOptions::LINEAR)
        })
    }

    /// A small picture that is redrawn when `key` changes.
    pub fn named(
        &mut self,
        ctx: &Context,
        name: &'static str,
        key: String,
        draw: impl FnOnce() -> RgbImage,
    ) -> &TextureHandle {
        let load = |draw: RgbImage| ctx.load_texture(name, opaque(&draw, whole(&draw)), TextureOptions::LINEAR);
        if self.named.get(name).is_some_and(|(known, _)| *known != key) {
            self.named.remove(name);
        }
        &self.named.entry(name).or_insert_with(|| (key, load(draw()))).1
    }

    pub fn forget(&mut self, name: &'static str) {
        self.named.remove(name);
    }
}

impl Slot {
    fn show(
        &mut self,
        ctx: &Context,
        name: &str,
        key: Key,
        needed: LevelRegion,
        wide: LevelRegion,
        draw: impl FnOnce() -> Option<ColorImage>,
    ) -> Option<Seen<'_>> {
        let is_current = self.made.as_ref().is_some_and(|(known, region)| *known == key && region.covers(&needed));
        if !is_current {
            let pixels = draw()?;
            match &mut self.texture {
                Some(texture) => texture.set(pixels, filters(wide)),
                None => self.texture = Some(ctx.load_texture(name, pixels, filters(wide))),
            }
            self.made = Some((key, wide));
        }
        let (texture, (_, region)) = self.texture.as_ref().zip(self.made.as_ref())?;
        Some(Seen { texture, region: *region })
    }
}

fn part(current: &Current, region: LevelRegion) -> ColorImage {
    match current.picture.level(region.level) {
        Level::Colour(colours) => opaque(colours, region),
        Level::Grey(codes) => {
            let lookup = current.grey.as_ref().map(|grey| grey.lookup.as_slice()).unwrap_or_default();
            looked_up(codes, region, lookup)
        }
    }
}

/// Codes as window and level show them.
fn looked_up(codes: &Codes, region: LevelRegion, lookup: &[u8]) -> ColorImage {
    let (width, height) = (region.width as usize, region.height as usize);
    let lights: Vec<Color32> = lookup.iter().map(|light| Color32::from_gray(*light)).collect();
    let mut pixels = vec![Color32::BLACK; width * height];
    let lines = codes.as_raw().par_chunks_exact(codes.width() as usize).skip(region.y as usize);
    pixels.par_chunks_exact_mut(width.max(1)).zip(lines).with_min_len(32).for_each(|(to, from)| {
        for (to, code) in to.iter_mut().zip(&from[region.x as usize..]) {
            *to = lights.get(usize::from(*code)).copied().unwrap_or(Color32::BLACK);
        }
    });
    ColorImage::new([width, height], pixels)
}

fn whole(picture: &RgbImage) -> LevelRegion {
    LevelRegion { level: 0, x: 0, y: 0, width: picture.width(), height: picture.height() }
}

fn opaque(picture: &RgbImage, region: LevelRegion) -> ColorImage {
    let (width, height) = (region.width as usize, region.height as usize);
    let mut pixels = vec![Color32::BLACK; width * height];
    let line_bytes = 3 * picture.width() as usize;
    let start = 3 * region.x as usize;
    let lines = picture.as_raw().par_chunks_exact(line_bytes).skip(region.y as usize);
    pixels.par_chunks_exact_mut(width.max(1)).zip(lines).with_min_len(32).for_each(|(to, from)| {
        let (from, _) = from[start..start + 3 * width].as_chunks::<3>();
        for (to, &[r, g, b]) in to.iter_mut().zip(from) {
            *to = Color32::from_rgb(r, g, b);
        }
    });
    ColorImage::new([width, height], pixels)
}

/// Colours times alpha, as the graphics card blends them; in the same space as [`crate::compose::over`].
fn premultiplied(layer: &RgbaImage) -> ColorImage {
    let (pixels, _) = layer.as_raw().as_chunks::<4>();
    let times = |channel: u8, alpha: u8| ((u32::from(channel) * u32::from(alpha) + 127) / 255) as u8;
    let pixel = |&[r, g, b, a]: &[u8; 4]| match a {
        0 => Color32::TRANSPARENT,
        255 => Color32::from_rgb(r, g, b),
        _ => Color32::from_rgba_premultiplied(times(r, a), times(g, a), times(b, a), a),
    };
    let size = [layer.width() as usize, layer.height() as usize];
    ColorImage::new(size, pixels.par_iter().with_min_len(1 << 14).map(pixel).collect())
}
