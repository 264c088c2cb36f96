//! The maps of the stimuli, layer by layer, coloured by the feature that matters most.

use super::super::axis::Axis;
use super::super::svg::{Drawing, Group, Maps, Panel};
use super::super::words;
use super::figure::{Exact, Figure, STYLES, short};
use crate::geometry::Geometry;
use crate::numeric::interval::Interval;
use crate::profile::{Order, Summary};
use crate::stimuli::{Feature, Stimuli, Values};

/// How many stimuli a panel shows; the page's own map shows all.
const SHOWN: usize = 400;

/// The figure of `geometry`; none where there are no maps or no features.
pub(in crate::report) fn maps(
    geometry: &Geometry,
    stimuli: &Stimuli,
    summary: &Summary,
    axis: &Axis,
) -> Option<Figure> {
    let feature = stimuli.features().iter().nth(colour_by(stimuli, summary))?;
    if geometry.maps.is_empty() {
        return None;
    }
    let groups = Groups::of(feature);
    let step = geometry.stimuli.len().div_ceil(SHOWN).max(1);
    let panels = geometry.maps.iter().map(|map| {
        let mut by_style: Vec<Group> = (0..=STYLES)
            .rev()
            .map(|s| Group { style: (s < STYLES).then_some(s), points: Vec::new() })
            .collect();
        for (&stimulus, &point) in geometry.stimuli.iter().zip(&map.points).step_by(step) {
            let style = groups.style(feature, stimulus).unwrap_or(STYLES);
            by_style[STYLES - style].points.push(point);
        }
        by_style.retain(|group| !group.points.is_empty());
        let title = (axis.place(map.layer), format!(", stress {}", words::short(map.stress, 2)));
        Panel { title, groups: by_style }
    });
    let name = words::visible(feature.name());
    let stresses: Vec<String> = geometry
        .maps
        .iter()
        .map(|map| format!("{}: {}", axis.place(map.layer), words::short(map.stress, 2)))
        .collect();
    let description = format!("Stimuli as points, coloured by {name}. Stress: {}.", stresses.join("; "));
    let title = "Geometry";
    let panels = panels.collect();
    let maps = Maps { name: title, description: &description, legend: groups.legend, panels };
    let svg = Drawing::of(|room| maps.render(room));
    Some(Figure {
        id: "geometry",
        title,
        short: short("geometry"),
        note: format!(
            "Multidimensional scaling (SMACOF) of the distances between the activations of {} stimuli: near points have \
             similar activations; the axes mean nothing. Stress is the part that the plane cannot show. Coloured by {name}.",
            geometry.stimuli.len()
        ),
        description,
        svg,
        legend: Vec::new(),
        names_curves: true,
        exact: Exact {
            along: axis.noun(),
            rows: vec!["stress".to_owned()],
            columns: geometry.maps.iter().map(|map| axis.label(map.layer)).collect(),
            mean: vec![geometry.maps.iter().map(|map| map.stress).collect()],
            ..Exact::default()
        },
    })
}

/// The feature (a position in the table) that maps are coloured by: the one of the largest peak.
pub(in crate::report) fn colour_by(stimuli: &Stimuli, summary: &Summary) -> usize {
    let ranked = summary.ranked(Order::Main);
    ranked.iter().find_map(|term| stimuli.features().position(&term.name).ok()).unwrap_or(0)
}

/// The values of a feature as colours: levels, or parts of the range of a number.
struct Groups {
    legend: Vec<(String, Option<usize>)>,
    interval: Interval,
}

/// Of what is no number.
const NONE: Interval = Interval { low: 0.0, high: 0.0 };

impl Groups {
    fn of(feature: &Feature) -> Self {
        match feature.values() {
            // No stimulus has a value to be coloured by.
            Values::Distances(_) => Self { legend: Vec::new(), interval: NONE },
            Values::Categorical { levels, .. } => {
                let named = levels.iter().take(STYLES).enumerate();
                let mut legend: Vec<_> = named.map(|(i, level)| (words::visible(level), Some(i))).collect();
                if levels.len() > STYLES {
                    legend.push((format!("{} more", levels.len() - STYLES), None));
                }
                Self { legend, interval: NONE }
            }
            Values::Numeric(values) => {
                let known = Interval::of(values.iter().flatten().copied());
                let interval = known.unwrap_or(NONE);
                let Interval { low, high } = interval;
                let end = |i: usize| {
                    words::short(low + (high / NUMERIC as f64 - low / NUMERIC as f64) * i as f64, 2)
                };
                let range = |i: usize| format!("{} to {}", end(i), end(i + 1));
                Self { legend: (0..NUMERIC).map(|i| (range(i), Some(i))).collect(), interval }
            }
        }
    }

    fn style(&self, feature: &Feature, stimulus: usize) -> Option<usize> {
        match feature.values() {
            Values::Categorical { codes, .. } => {
                codes[stimulus].map(|code| code as usize).filter(|&code| code < STYLES)
            }
            Values::Numeric(values) => {
                let part = self.interval.part(values[stimulus]?);
                part.is_finite().then(|| ((part * NUMERIC as f64) as usize).min(NUMERIC - 1))
            }
            Values::Distances(_) => None,
        }
    }
}

/// Into how many ranges a number is divided.
const NUMERIC: usize = 4;
