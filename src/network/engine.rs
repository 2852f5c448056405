//! A network on a device: one forward pass, and from it CLEAR's way back for any class under any rule.

use std::sync::{Arc, Mutex, PoisonError};

use burn_tensor::{Tensor, TensorData, activation};
use rayon::prelude::*;

use super::head::Head;
use super::op::Prepared;
use super::plan::{MapLayer, Plan, Trace};
use super::rewrite::{Draft, fold_norms, swap_pools};
use super::{ComputeDevice, NetworkError};
use crate::bundle::Bundle;
use crate::bundle::blueprint::Shape;
use crate::input::ModelInput;
use crate::maps::ClassMaps;
use crate::method::{BackProjection, BackwardRule};

/// A network, ready to run on one device.
#[derive(Debug)]
pub struct Network {
    input: Shape,
    plan: Plan,
    head: Head,
    device: ComputeDevice,
}

/// What one forward pass leaves behind.
#[derive(Debug)]
pub struct Pass {
    /// Class scores, bias included.
    pub scores: Vec<f32>,
    /// The class maps M_c without bias, `[1, classes, h, w]`.
    maps: Tensor<4>,
    /// The layer that was asked for, and its value.
    layer: Option<(usize, Tensor<4>)>,
    way_back: Mutex<WayBack>,
}

/// What a pass holds for its ways back. Once a rule has asked for masks, they replace the values that they were made of:
/// a quarter of the memory, good for every rule.
#[derive(Debug)]
enum WayBack {
    Kept(Trace),
    Ready(Arc<Vec<Prepared>>),
}

impl Pass {
    /// The layer of [`Network::layers`] whose value is kept.
    pub fn layer(&self) -> Option<usize> {
        self.layer.as_ref().map(|(layer, _)| *layer)
    }
}

impl Network {
    /// Puts a bundle's network on `device`.
    ///
    /// # Panics
    /// Where the bundle was not checked against its card (`bundle::weights::read`).
    pub fn load(bundle: &Bundle, device: &ComputeDevice) -> Self {
        let blueprint = bundle.card.architecture.blueprint().expect("the network of a checked card is sound");
        Self::planned(Draft { blueprint, weights: bundle.weights.clone() }, device)
    }

    /// With everything that makes it faster.
    pub(super) fn planned(draft: Draft, device: &ComputeDevice) -> Self {
        Self::new(&swap_pools(fold_norms(draft)), device, true)
    }

    /// Step by step as it was drafted, on the CPU: what every rewrite is held against.
    #[cfg(test)]
    pub(super) fn as_it_is(draft: Draft) -> Self {
        Self::new(&draft, &super::device::cpu(), false)
    }

    fn new(draft: &Draft, device: &ComputeDevice, is_fast: bool) -> Self {
        Self {
            input: draft.blueprint.input,
            plan: Plan::new(draft, device, is_fast),
            head: Head::load(&draft.blueprint.head, &draft.weights, device),
            device: device.clone(),
        }
    }

    /// The device that it computes on.
    pub fn device(&self) -> &ComputeDevice {
        &self.device
    }

    /// Channels, height and width of what it reads.
    pub fn input(&self) -> Shape {
        self.input
    }

    /// How many classes the network has.
    pub fn classes(&self) -> usize {
        self.head.classes()
    }

    /// The layers at which Grad-CAM and HiResCAM can be taken, in the order of the data; the last is the CAM's.
    pub fn layers(&self) -> &[MapLayer] {
        self.plan.layers()
    }

    /// The last layer of more than one cell: behind a pooling inside the network there are no places.
    pub fn usual_layer(&self) -> Option<usize> {
        self.layers().iter().rposition(|layer| layer.shape[1] * layer.shape[2] > 1)
    }

    /// Whether class maps have places. They have none where something stands between the global pooling and the last layer.
    pub fn has_cam(&self) -> bool {
        self.layers().last().is_none_or(|layer| layer.shape[1] * layer.shape[2] > 1)
    }

    /// Runs the network on one input and keeps what the way back needs.
    ///
    /// # Errors
    /// An input of another shape, or a device that fails.
    pub fn forward(&self, input: &ModelInput) -> Result<Pass, NetworkError> {
        self.forward_with(input, None)
    }

    /// Like [`Self::forward`], and keeps the value of one `layer` of [`Self::layers`].
    ///
    /// # Errors
    /// Like [`Self::forward`].
    pub fn forward_with(&self, input: &ModelInput, layer: Option<usize>) -> Result<Pass, NetworkError> {
        let layer = layer.filter(|layer| *layer < self.layers().len());
        let (features, trace) = self.plan.forward(self.upload(input)?, true, layer);
        let maps = self.head.maps(features);
        let layer = layer.and_then(|layer| Some((layer, self.plan.value(&trace, layer)?)));
        Ok(Pass { scores: self.scores_of(&maps)?, maps, layer, way_back: Mutex::new(WayBack::Kept(trace)) })
    }

    /// Class scores alone: nothing is kept for a way back.
    ///
    /// # Errors
    /// Like [`Self::forward`].
    pub fn scores(&self, input: &ModelInput) -> Result<Vec<f32>, NetworkError> {
        let (features, _) = self.plan.forward(self.upload(input)?, false, None);
        self.scores_of(&self.head.maps(features))
    }

    /// Reads the class maps back, `[classes, h, w]`.
    ///
    /// # Errors
    /// A device that fails.
    pub fn class_maps(&self, pass: &Pass) -> Result<ClassMaps, NetworkError> {
        let [_, classes, height, width] = pass.maps.dims();
        Ok(ClassMaps::new(classes, height, width, self.read(pass.maps.clone())?))
    }

    /// Back-projects the evidence of every class in `classes` to the input grid: the signed sum over the input channels
    /// of G_1 U_1 … G_L^c z_L (CLEAR, eq. 4), `[classes.len(), H, W]`.
    ///
    /// # Errors
    /// A device that fails.
    pub fn back_project(
        &self,
        pass: &Pass,
        classes: &[usize],
        how: impl Into<BackProjection>,
    ) -> Result<ClassMaps, NetworkError> {
        let BackProjection { rule, evidence } = how.into();
        let prepared = self.prepared(pass, rule);
        let back = |classes: &[usize]| {
            let starts = classes.iter().map(|class| self.head.back(&pass.maps, *class, evidence)).collect();
            let signal = self.plan.back(Tensor::cat(starts, 0), &prepared, rule, None).sum_dim(1);
            let values = self.read(signal)?;
            if values.iter().all(|v| v.is_finite()) {
                Ok(values)
            } else {
                Err(NetworkError::NotFinite { device: self.device.name.clone() })
            }
        };
        let values = self.by_classes(classes, back)?;
        let [_, height, width] = self.input;
        Ok(ClassMaps::of(classes.to_vec(), self.classes(), height, width, values))
    }

    /// Maps of `classes` by the gradient of their scores at the layer that the pass kept, `[classes.len(), h, w]`: its
    /// values weighted by the gradient's means (Grad-CAM, Selvaraju 2017, eq. 1 and 2) or times the gradient place by
    /// place (HiResCAM, Draelos 2020). The gradient is that of the map's sum, which is the score times the map's cells: so
    /// HiResCAM at the last layer of a network with a linear head is its CAM. Gates are held constant. `None` where the
    /// pass kept no layer.
    ///
    /// # Errors
    /// A device that fails.
    pub fn gradient_maps(
        &self,
        pass: &Pass,
        classes: &[usize],
        place_by_place: bool,
    ) -> Result<Option<ClassMaps>, NetworkError> {
        let Some((layer, value)) = &pass.layer else { return Ok(None) };
        let prepared = self.prepared(pass, BackwardRule::Gated);
        let maps_of = |classes: &[usize]| {
            let starts = classes.iter().map(|class| self.head.gradient(&pass.maps, *class)).collect();
            let gradient = self.plan.back(Tensor::cat(starts, 0), &prepared, BackwardRule::Gated, Some(*layer));
            self.read(if place_by_place {
                (gradient * value.clone()).sum_dim(1)
            } else {
                activation::relu((gradient.mean_dims(&[2, 3]) * value.clone()).sum_dim(1))
            })
        };
        let maps = self.by_classes(classes, maps_of)?;
        let [_, _, height, width] = value.dims();
        Ok(Some(ClassMaps::of(classes.to_vec(), self.classes(), height, width, maps)))
    }

    /// The values that `work` gives of classes: on a GPU of all in one batch; on the CPU of each alone and several at a
    /// time, since one class's signal stays in the cache.
    fn by_classes(
        &self,
        classes: &[usize],
        work: impl Fn(&[usize]) -> Result<Vec<f32>, NetworkError> + Sync,
    ) -> Result<Vec<f32>, NetworkError> {
        if self.device.is_gpu {
            return work(classes);
        }
        Ok(classes.par_iter().map(|class| work(&[*class])).collect::<Result<Vec<_>, _>>()?.concat())
    }

    fn prepared(&self, pass: &Pass, rule: BackwardRule) -> Arc<Vec<Prepared>> {
        let mut way_back = pass.way_back.lock().unwrap_or_else(PoisonError::into_inner);
        let prepared = match &*way_back {
            WayBack::Ready(prepared) => return Arc::clone(prepared),
            WayBack::Kept(trace) => Arc::new(self.plan.prepare(trace, rule.uses_forward_mask())),
        };
        if rule.uses_forward_mask() {
            *way_back = WayBack::Ready(Arc::clone(&prepared));
        }
        prepared
    }

    /// Puts an input on the device, `[1, channels, height, width]`.
    fn upload(&self, input: &ModelInput) -> Result<Tensor<4>, NetworkError> {
        let found = [input.channels, input.height, input.width];
        if found != self.input {
            return Err(NetworkError::InputShape { expected: self.input, found });
        }
        let [channels, height, width] = found;
        let values = TensorData::new(input.values.clone(), [1, channels, height, width]);
        Ok(Tensor::from_data(values, &self.device.burn))
    }

    fn scores_of(&self, maps: &Tensor<4>) -> Result<Vec<f32>, NetworkError> {
        Ok(self.head.scores(&self.read(maps.clone().mean_dims(&[2, 3]))?))
    }

    fn read(&self, tensor: Tensor<4>) -> Result<Vec<f32>, NetworkError> {
        let (device, is_gpu) = (&self.device.name, self.device.is_gpu);
        let failed = |reason: String| NetworkError::Device { device: device.clone(), reason, is_gpu };
        let data = tensor.try_into_data().map_err(|error| failed(error.to_string()))?;
        data.try_to_vec::<f32>().map_err(|error| failed(format!("{error:?}")))
    }
}
