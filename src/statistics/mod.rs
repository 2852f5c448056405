//! Figures of merit from plain numbers, with what is known of how sure they are. Must not know models, pictures or files.

mod bootstrap;
mod calibration;
mod confusion;
mod logistic;
mod rank;
mod roc;
mod screening;

pub use self::bootstrap::{Figure, MayGoOn, Measure, RESAMPLINGS, Unit, Units, mean};
pub use self::calibration::{
    BINS, Bin, expected_calibration_error, reliability, squared_error, squared_error_of_classes,
};
pub use self::confusion::{Confusion, KappaWeights};
pub use self::logistic::Logistic;
pub use self::rank::spearman;
pub use self::roc::{Detection, Ranked, RocPoint, auc};
pub use self::screening::{Assumed, Screening};
