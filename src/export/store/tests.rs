use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use zarrs::array::Array;
use zarrs::filesystem::FilesystemStore;

use super::{About, MapStore, Placed};
use crate::explain::Explanation;
use crate::export::drawn;
use crate::method::BackwardRule;

const SIZE_PX: (u32, u32) = (64, 48);

fn explained(brightness: f32) -> Explanation {
    let mut explanation = drawn::explained(&drawn::card("retina-dr"), BackwardRule::Linear, SIZE_PX);
    explanation.response.data.iter_mut().for_each(|value| *value *= brightness);
    explanation
}

fn open(folder: &Path, made_by: &str, taken: &[u64]) -> Result<MapStore, super::StoreError> {
    let about = About { model: "m", model_sha256: "0", classes: vec!["a", "b"], made_by };
    MapStore::open(folder, &about, taken.iter().copied().collect::<BTreeSet<_>>(), 5)
}

fn values<T: zarrs::array::ElementOwned>(folder: &Path, name: &str) -> (Vec<u64>, Vec<T>) {
    let store = Arc::new(FilesystemStore::new(folder).unwrap());
    let array = Array::open(store, &format!("/{name}")).unwrap();
    (array.shape().to_vec(), array.retrieve_array_subset(&array.subset_all()).unwrap())
}

fn by_row(placed: &[&Placed]) -> BTreeMap<u64, Placed> {
    placed.iter().map(|placed| (placed.row, (*placed).clone())).collect()
}

#[test]
fn maps_come_back_bit_for_bit_and_what_nobody_counts_goes() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("maps.zarr");
    let (first, lost, second) = (explained(1.0), explained(7.0), explained(0.25));
    let store = open(&folder, "one", &[]).unwrap();
    let a = store.put(&first).unwrap();
    // Written, and killed before it counted.
    let torn = store.put(&lost).unwrap();
    assert_eq!((a.row, torn.row), (0, 1));
    let while_growing = values::<f32>(&folder, "response").0;
    assert_eq!(while_growing[0], 5, "a reader sees room for all that may come");
    drop(store);
    std::fs::write(folder.join("response/c.1.0.0.0"), "torn").unwrap();

    let store = open(&folder, "one", &[0]).unwrap();
    assert!(store.has(0) && !store.has(2));
    let b = store.put(&second).unwrap();
    let c = store.put(&lost).unwrap();
    assert_eq!((b.row, c.row), (1, 2), "a row that does not count is free");
    store.finish(&by_row(&[&a, &b])).unwrap();

    let (shape, response) = values::<f32>(&folder, "response");
    let each = first.response.data.len();
    assert_eq!(shape, [2, 5, 24, 24]);
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&response[..each]), bits(&first.response.data));
    assert_eq!(bits(&response[each..]), bits(&second.response.data));
    assert!(!folder.join("response/c.2.0.0.0").exists());
    let (shape, matrices) = values::<f64>(&folder, "source_from_model");
    assert_eq!((shape, &matrices[9..]), (vec![2, 3, 3], &*second.source_from_model.0.concat()));
    assert_eq!(values::<i64>(&folder, "response_classes"), (vec![2, 5], vec![0, 1, 2, 3, 4, 0, 1, 2, 3, 4]));

    // Once more, with one picture more: what is there stays as it is.
    let store = open(&folder, "one", &[0, 1]).unwrap();
    let d = store.put(&lost).unwrap();
    store.finish(&by_row(&[&a, &b, &d])).unwrap();
    let (shape, response) = values::<f32>(&folder, "response");
    assert_eq!((shape[0], bits(&response[each..2 * each])), (3, bits(&second.response.data)));
}

#[test]
fn maps_of_another_model_are_not_put_beside() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("maps.zarr");
    open(&folder, "one", &[]).unwrap().put(&explained(1.0)).unwrap();
    let other = open(&folder, "two", &[0]).err().unwrap().to_string();
    assert!(other.contains("another model") && other.contains("--out"), "{other}");
    let mut wider = explained(1.0);
    wider.response = crate::maps::ClassMaps::new(5, 2, 3, vec![0.0; 30]);
    let other = open(&folder, "one", &[]).unwrap().put(&wider).err().unwrap().to_string();
    assert!(other.contains("[5, 24, 24]") && other.contains("[5, 2, 3]"), "{other}");
    // Where nothing counts, all of it gives way.
    let anew = open(&folder, "two", &[]).unwrap();
    assert!(!anew.has(0) && anew.put(&wider).unwrap().row == 0);
    std::fs::write(folder.join("zarr.json"), "{}").unwrap();
    assert!(open(&folder, "one", &[]).is_err(), "somebody else's group");
}
