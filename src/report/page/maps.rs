//! The maps inside the page, as the script draws them: coordinates in twelve bits each.

use base64::Engine;
use serde::Serialize;

use super::super::axis::Axis;
use crate::geometry::{Geometry, Map};

/// The maps of the page.
#[derive(Serialize)]
pub(super) struct Maps<'a> {
    stimuli: &'a [usize],
    maps: Vec<Coded>,
}

#[derive(Serialize)]
struct Coded {
    /// Of which layer it is.
    place: String,
    stress: f64,
    /// Three bytes per point, base64: x and y in steps of the square from 0 to 4,095.
    points: String,
}

impl<'a> Maps<'a> {
    pub(super) fn of(geometry: &'a Geometry, axis: &Axis) -> Self {
        let maps = geometry.maps.iter().map(|map| coded(map, axis.place(map.layer)));
        Self { stimuli: &geometry.stimuli, maps: maps.collect() }
    }
}

/// The largest step.
const STEPS: f64 = 4095.0;

fn coded(map: &Map, place: String) -> Coded {
    let extent = map.points.iter().flatten().fold(0.0, |extent: f64, x| extent.max(x.abs()));
    let step = |x: f64| {
        let share = if extent > 0.0 { f64::midpoint(x / extent, 1.0) } else { 0.5 };
        (share.clamp(0.0, 1.0) * STEPS).round() as u32
    };
    let bytes: Vec<u8> = map
        .points
        .iter()
        .flat_map(|&[x, y]| {
            let [_, a, b, c] = (step(x) << 12 | step(y)).to_be_bytes();
            [a, b, c]
        })
        .collect();
    let points = base64::engine::general_purpose::STANDARD.encode(bytes);
    Coded { place, stress: map.stress, points }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_three_bytes_of_twelve_bits_each() {
        let map = Map { layer: 0, stress: 0.0, points: vec![[-1.0, 1.0], [0.0, 0.0]] };
        let bytes =
            base64::engine::general_purpose::STANDARD.decode(coded(&map, String::new()).points).unwrap();
        assert_eq!(bytes, [0x00, 0x0f, 0xff, 0x80, 0x08, 0x00]);
    }
}
