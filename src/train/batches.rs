//! Which examples each step sees, and how they are changed for it. Everything that is drawn by chance depends on the
//! seed and the step's number alone.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::Schedule;
use super::augment::{self, Motion};
use super::camera::{self, Retake};
use super::data::{DataSet, Example, Values};
use super::loss::Batch;
use crate::input::{InputError, finish};

/// Streams of chance below this belong to steps, from here on to the orders of the epochs; the last is the weights'.
const FIRST_ORDER_STREAM: u64 = 1 << 48;
/// A rare class's picture is not shown more often than so many times an average one.
const MOST_OFTEN: f64 = 8.0;

/// All batches of a training; asked for in their order they cost the least.
#[derive(Debug)]
pub struct Batches<'a> {
    schedule: &'a Schedule,
    data: &'a DataSet,
    /// An epoch and the examples in the order in which it shows them.
    order: Option<(usize, Vec<usize>)>,
}

impl<'a> Batches<'a> {
    pub fn new(schedule: &'a Schedule, data: &'a DataSet) -> Self {
        Self { schedule, data, order: None }
    }

    /// The chance of the first weights.
    pub fn first_weights(&self) -> ChaCha8Rng {
        self.chance(u64::MAX)
    }

    /// The batch of step `step`.
    ///
    /// # Errors
    /// Steps of a card that do not fit together.
    pub fn at(&mut self, step: usize, steps_per_epoch: usize) -> Result<Batch, InputError> {
        let (epoch, at) = (step / steps_per_epoch, step % steps_per_epoch);
        if self.order.as_ref().is_none_or(|(known, _)| *known != epoch) {
            self.order = Some((epoch, self.order(epoch)));
        }
        let order = self.order.as_ref().map_or(&[][..], |(_, order)| order);
        let chosen = order.iter().skip(at * self.schedule.batch).take(self.schedule.batch);
        self.batch(&chosen.map(|index| &self.data.learn[*index]).collect::<Vec<_>>(), step)
    }

    fn chance(&self, stream: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.schedule.seed);
        rng.set_stream(stream);
        rng
    }

    /// Every example once, or as many as there are by their classes' shares.
    fn order(&self, epoch: usize) -> Vec<usize> {
        let (learn, mut rng) = (&self.data.learn, self.chance(FIRST_ORDER_STREAM + epoch as u64));
        let Some(shares) = &self.schedule.class_shares else {
            let mut order: Vec<usize> = (0..learn.len()).collect();
            order.shuffle(&mut rng);
            return order;
        };
        let counts = self.data.counts(shares.len());
        let weight = |example: &Example| {
            (shares[example.class] / counts[example.class] as f64).min(MOST_OFTEN / learn.len() as f64)
        };
        let sums: Vec<f64> = learn
            .iter()
            .scan(0.0, |sum, example| {
                *sum += weight(example);
                Some(*sum)
            })
            .collect();
        let all = sums.last().copied().unwrap_or(0.0);
        let mut draw = || {
            let at = rng.random::<f64>() * all;
            sums.partition_point(|sum| *sum <= at).min(learn.len() - 1)
        };
        (0..learn.len()).map(|_| draw()).collect()
    }

    fn batch(&self, chosen: &[&Example], step: usize) -> Result<Batch, InputError> {
        let settings = &self.schedule.augmentation;
        let mut rng = self.chance(step as u64);
        let (mut values, mut motions, mut photographs) = (Vec::new(), Vec::new(), Vec::new());
        for example in chosen {
            match (&example.values, &settings.camera) {
                (Values::Framed(bytes), Some(camera)) => {
                    let retake = Retake::draw(camera, &mut rng);
                    motions.push(camera::motion(settings, camera, &mut rng));
                    photographs.push((bytes, retake, motions[motions.len() - 1]));
                }
                (Values::Ready(_), _) | (_, None) => {
                    let motion = Motion::draw(settings, &mut rng);
                    self.change(&self.data.input_of(example)?, &motion, &mut rng, &mut values);
                    motions.push(motion);
                }
            }
        }
        let views = photographs.par_iter().map(|(bytes, retake, motion)| self.view(bytes, retake, motion));
        for view in views.collect::<Result<Vec<_>, InputError>>()? {
            values.extend(view);
        }
        let (mut cells, mut known) = (Vec::new(), Vec::new());
        if let Some(grid) = self.data.cells {
            for (example, motion) in chosen.iter().zip(&motions) {
                motion.apply(&example.lesions.cells, grid, false, &mut cells);
                known.extend(&example.lesions.known);
            }
        }
        let classes = chosen.iter().map(|example| example.class).collect();
        Ok(Batch { values, classes, cells, known, grid: self.data.cells })
    }

    /// Appends the changed planes of one example.
    fn change(&self, planes: &[f32], motion: &Motion, rng: &mut ChaCha8Rng, values: &mut Vec<f32>) {
        let (input, settings, start) = (self.data.input, &self.schedule.augmentation, values.len());
        motion.apply(planes, input, settings.repeat_edges, values);
        augment::add_edge_bars(&mut values[start..], input, settings, rng);
        augment::change_exposure(&mut values[start..], settings, rng);
        augment::change_contrast(&mut values[start..], input[1] * input[2], settings, rng);
    }

    /// A photograph as another camera gives it, moved, then through the card's last steps.
    fn view(&self, bytes: &[u8], retake: &Retake, motion: &Motion) -> Result<Vec<f32>, InputError> {
        let [_, height, width] = self.data.input;
        let picture = image::RgbImage::from_raw(width as u32, height as u32, bytes.to_vec());
        let picture = picture.ok_or_else(|| InputError::Steps("the picture is not of the input's size".to_owned()))?;
        let mut moved = Vec::new();
        motion.apply(&retake.apply(picture), self.data.input, false, &mut moved);
        finish(moved, self.data.input, &self.data.steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Recipe;

    fn data(classes: &[usize]) -> DataSet {
        let learn = classes.iter().map(|class| Example { class: *class, ..Example::default() }).collect();
        DataSet { learn, ..DataSet::default() }
    }

    #[test]
    fn classes_are_drawn_by_their_shares_and_rare_ones_at_most_eight_times_as_often() {
        let mut schedule = Recipe::find("retina-dr").unwrap().schedule;
        schedule.class_shares = Some(vec![0.5, 0.3, 0.2, 0.0, 0.0]);
        // 600 of class 0, 399 of class 1, one of class 2.
        let data = data(&(0..1000).map(|i| if i == 0 { 2 } else { usize::from(i >= 600) }).collect::<Vec<_>>());
        let mut counts = [0; 3];
        for epoch in 0..50 {
            let order = Batches::new(&schedule, &data).order(epoch);
            assert_eq!(order.len(), 1000);
            order.iter().for_each(|index| counts[data.learn[*index].class] += 1);
        }
        let share = |class: usize| f64::from(counts[class]) / 50_000.0;
        // Class 2 would be 0.2; eight times its part is 0.008, and the shares are then of 0.808.
        assert!((share(2) - 0.008 / 0.808).abs() < 0.003, "{}", share(2));
        assert!((share(0) - 0.5 / 0.808).abs() < 0.02 && (share(1) - 0.3 / 0.808).abs() < 0.02);
    }

    #[test]
    fn without_shares_every_example_comes_once() {
        let mut schedule = Recipe::find("retina-dr").unwrap().schedule;
        schedule.class_shares = None;
        let data = data(&[0; 30]);
        let mut order = Batches::new(&schedule, &data).order(3);
        assert_ne!(order, Batches::new(&schedule, &data).order(4));
        order.sort_unstable();
        assert_eq!(order, (0..30).collect::<Vec<_>>());
    }
}
