//! The nearest populated place, from the GeoNames list that `reverse_geocoder` carries.

use std::fmt;

use quick_cache::unsync::Cache;
use reverse_geocoder::ReverseGeocoder;

/// Mean radius of the Earth in km.
const EARTH_KM: f64 = 6371.0088;

/// Cells a degree is cut into for the cache: 0.01 degree, at most 1.2 km.
const CELLS: f64 = 100.0;

/// A town or city.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub(crate) name: String,
    /// State, province, canton ..; may be empty.
    pub(crate) region: String,
    /// Two letters, ISO 3166.
    pub(crate) country: String,
    latitude: f64,
    longitude: f64,
}

#[cfg(test)]
impl Place {
    pub(crate) fn named(name: &str, region: &str, country: &str) -> Place {
        let (name, region, country) = (name.to_owned(), region.to_owned(), country.to_owned());
        Place { name, region, country, latitude: 0.0, longitude: 0.0 }
    }
}

/// All populated places: read once, never changed, shared by every life of the enrich stage.
pub(crate) struct Places(ReverseGeocoder);

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Places(..)")
    }
}

impl Places {
    /// Reads the list; some hundred thousand places, half a second or so.
    pub(crate) fn load() -> Places {
        Places(ReverseGeocoder::new())
    }

    fn nearest(&self, latitude: f64, longitude: f64) -> Place {
        let record = self.0.search((latitude, longitude)).record;
        Place {
            name: record.name.clone(),
            region: record.admin1.clone(),
            country: record.cc.clone(),
            latitude: record.lat,
            longitude: record.lon,
        }
    }
}

/// Nearest places already looked up, a bounded number of them.
///
/// Earthquakes come in swarms, so the next one is often next door. A cell's place is the one
/// nearest to the middle of the cell, whoever asked first, so the answer does not depend on the
/// order of the events; where two towns are equally far to within a kilometre it may be the other.
pub(crate) struct PlaceCache {
    cells: Cache<(i32, i32), Place>,
    pub(crate) hits: u64,
}

impl fmt::Debug for PlaceCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlaceCache").field("cells", &self.cells.len()).field("hits", &self.hits).finish()
    }
}

impl PlaceCache {
    /// `capacity`: cells kept.
    pub(crate) fn new(capacity: usize) -> PlaceCache {
        PlaceCache { cells: Cache::new(capacity), hits: 0 }
    }

    /// The place nearest to the point, and how far it is in km.
    pub(crate) fn nearest(&mut self, places: &Places, latitude: f64, longitude: f64) -> (Place, f64) {
        // In range by validation, so both fit an `i32` many times over.
        let cell = ((latitude * CELLS).floor() as i32, (longitude * CELLS).floor() as i32);
        let place = match self.cells.get(&cell) {
            Some(place) => {
                self.hits += 1;
                place.clone()
            }
            None => {
                let middle = |index: i32| (f64::from(index) + 0.5) / CELLS;
                let place = places.nearest(middle(cell.0), middle(cell.1));
                self.cells.insert(cell, place.clone());
                place
            }
        };
        let distance = distance_km((latitude, longitude), (place.latitude, place.longitude));
        (place, distance)
    }
}

/// Distance along the surface, by the haversine formula; points are (latitude, longitude).
fn distance_km(a: (f64, f64), b: (f64, f64)) -> f64 {
    let half_chord = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
    let squared =
        half_chord(a.0, b.0) + a.0.to_radians().cos() * b.0.to_radians().cos() * half_chord(a.1, b.1);
    2.0 * EARTH_KM * squared.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_atlas() {
        let (paris, london, auckland) = ((48.8566, 2.3522), (51.5074, -0.1278), (-36.8485, 174.7633));
        assert!((distance_km(paris, london) - 343.6).abs() < 0.5);
        assert!((distance_km(paris, auckland) - 18_500.0).abs() < 50.0);
        assert_eq!(distance_km(paris, paris), 0.0);
        // Over the date line it is a step, not a journey round the world.
        assert!(distance_km((0.0, 179.9), (0.0, -179.9)) < 23.0);
    }

    #[test]
    fn the_nearest_place_is_found_and_remembered() {
        let places = Places::load();
        let mut cache = PlaceCache::new(10);
        let (place, distance) = cache.nearest(&places, 34.4945, -118.667_166_7);
        assert_eq!((place.name.as_str(), place.country.as_str()), ("Castaic", "US"));
        assert!((3.0..6.0).contains(&distance), "{distance}");
        assert_eq!(cache.hits, 0);
        assert_eq!(cache.nearest(&places, 34.4944, -118.6672).0, place);
        assert_eq!(cache.hits, 1);
    }

    #[test]
    fn the_cache_is_bounded_and_poles_and_date_line_have_a_nearest_place() {
        let places = Places::load();
        let mut cache = PlaceCache::new(8);
        for step in 0..100 {
            cache.nearest(&places, f64::from(step) / 10.0, f64::from(step));
        }
        assert!(cache.cells.len() <= 8);
        for (latitude, longitude) in [(90.0, 180.0), (-90.0, -180.0), (0.0, 180.0)] {
            assert!(cache.nearest(&places, latitude, longitude).1.is_finite());
        }
    }
}
