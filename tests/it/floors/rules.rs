//! What must hold of the files of a crate: no circle, and nothing from a room above.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::library::Arrow;

/// The heading over the table of rooms in the docs of a module.
const HEADING: &str = "//! # Rooms, from the ground up";

/// Circles of files that import each other, shortest first. Of those that have an arrow in common one is shown.
pub fn circles(arrows: &BTreeSet<Arrow>) -> Vec<String> {
    let mut below: BTreeMap<&str, BTreeMap<&str, &Arrow>> = BTreeMap::new();
    for arrow in arrows {
        below.entry(&arrow.from).or_default().entry(&arrow.to).or_insert(arrow);
    }
    let mut all: Vec<_> = below.keys().filter_map(|file| circle(&below, file)).collect();
    all.sort_by_key(Vec::len);
    let mut shown = BTreeSet::new();
    let mut found = Vec::new();
    for circle in all {
        let pairs: Vec<_> = circle.iter().map(|arrow| (&arrow.from, &arrow.to)).collect();
        if !pairs.iter().any(|pair| shown.contains(pair)) {
            shown.extend(pairs);
            let lines = circle.into_iter().map(|arrow| format!("    {}", said(arrow)));
            found.push(lines.collect::<Vec<_>>().join("\n"));
        }
    }
    found
}

/// A shortest way from `file` along the arrows back to it.
fn circle<'a>(below: &BTreeMap<&'a str, BTreeMap<&'a str, &'a Arrow>>, file: &str) -> Option<Vec<&'a Arrow>> {
    let mut came: BTreeMap<&str, &Arrow> = BTreeMap::new();
    let mut next = VecDeque::from([file]);
    while let Some(at) = next.pop_front() {
        for (&to, &arrow) in below.get(at).into_iter().flatten() {
            if came.contains_key(to) {
                continue;
            }
            came.insert(to, arrow);
            if to == file {
                let mut way = vec![arrow];
                while way[way.len() - 1].from != file {
                    way.push(came[way[way.len() - 1].from.as_str()]);
                }
                way.reverse();
                return Some(way);
            }
            next.push_back(to);
        }
    }
    None
}

fn said(arrow: &Arrow) -> String {
    format!("{}:{} imports {} ({})", arrow.from, arrow.line, arrow.to, arrow.written)
}

/// The rooms that the docs of a module list, from the ground up: the names of each row.
pub fn rooms(text: &str) -> Option<Vec<Vec<String>>> {
    let mut lines = text.lines().skip_while(|line| *line != HEADING);
    lines.next()?;
    let rows = lines.skip_while(|line| !line.starts_with("//! |") && line.starts_with("//!"));
    let rows = rows.take_while(|line| line.starts_with("//! |")).skip(2);
    Some(
        rows.map(|row| {
            let cell = row.trim_start_matches("//! |").split('|').next().unwrap_or_default();
            let names = cell.split('`').skip(1).step_by(2);
            names.map(|name| name.trim_end_matches('/').to_owned()).collect()
        })
        .collect(),
    )
}

/// The folder of the modules of the file `module` (`a/mod.rs`, `a.rs`), with a slash at its end.
pub fn folder(module: &str) -> String {
    let name = module.strip_suffix("mod.rs");
    name.map_or_else(|| format!("{}/", module.trim_end_matches(".rs")), ToOwned::to_owned)
}

/// What is wrong with the rooms of the file `module`, whose table is `rooms`: files that stand in no row, rows of no file, and
/// imports from above. `files`: those of the crate, without those for tests alone; `all`: with them.
pub fn wrong_rooms(
    module: &str,
    rooms: &[Vec<String>],
    files: &BTreeSet<&str>,
    all: &BTreeSet<&str>,
    arrows: &BTreeSet<Arrow>,
) -> Vec<String> {
    let folder = folder(module);
    let room_of = |file: &str| -> Option<String> {
        let inside = file.strip_prefix(&folder).filter(|_| file != module)?;
        Some(inside.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned())
    };
    let row_of = |room: &str| rooms.iter().position(|row| row.iter().any(|name| name == room));
    let mut found = Vec::new();
    let there: BTreeSet<String> = files.iter().filter_map(|file| room_of(file)).collect();
    for room in there.iter().filter(|room| row_of(room).is_none()) {
        found.push(format!("{module}: `{room}` stands in no row of the table of rooms"));
    }
    let there: BTreeSet<String> = all.iter().filter_map(|file| room_of(file)).collect();
    for name in rooms.iter().flatten().filter(|name| !there.contains(*name)) {
        found.push(format!("{module}: the table of rooms names `{name}`, which is not there"));
    }
    let mut sideways: BTreeMap<(String, String), &Arrow> = BTreeMap::new();
    for arrow in arrows {
        let Some(from) = room_of(&arrow.from) else { continue };
        if arrow.to == module {
            found.push(format!("{}: what holds the rooms together is above them", said(arrow)));
            continue;
        }
        let Some(to) = room_of(&arrow.to) else { continue };
        let (Some(own), Some(other)) = (row_of(&from), row_of(&to)) else { continue };
        if other > own {
            found.push(format!("{}: the room `{to}` is above `{from}`", said(arrow)));
        } else if other == own && from != to {
            if let Some(back) = sideways.get(&(to.clone(), from.clone())) {
                found.push(format!(
                    "{}, and {}: `{from}` and `{to}` ask each other",
                    said(back),
                    said(arrow)
                ));
            }
            sideways.entry((from, to)).or_insert(arrow);
        }
    }
    found
}
