//! The claims of a run, and whether another run makes them too.

use super::facts::{Facts, Sign};

/// A feature peaks at the layers around its largest importance at which it has at least this share of it.
const NEAR_PEAK: f64 = 0.95;
/// Of so many features every two are compared, of more those that follow each other.
const PAIRED: usize = 12;

/// What is claimed of a feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimKind {
    /// It is the largest at this layer.
    Largest {
        /// The layer.
        layer: usize,
    },
    /// It is at its largest at one of these layers, which follow each other.
    Peak {
        /// The layers.
        layers: Vec<usize>,
    },
    /// Its mean over layers is larger than that of another.
    More {
        /// The other.
        than: String,
    },
    /// At this layer, where it is at its largest, it stands so to 0.
    Sign {
        /// The layer.
        layer: usize,
        /// How.
        sign: Sign,
    },
}

impl ClaimKind {
    /// As tables have it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Largest { .. } => "largest",
            Self::Peak { .. } => "peak",
            Self::More { .. } => "more",
            Self::Sign { .. } => "sign",
        }
    }
}

/// A claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The feature that it is of.
    pub feature: String,
    /// What it says.
    pub kind: ClaimKind,
    /// The claim as a sentence.
    pub text: String,
    /// As the label of a row.
    pub label: String,
    /// Whether only features next to each other in size are compared by it; all other claims are such too.
    pub adjacent: bool,
}

/// Layers by their names: `layer 4`, `layers 4–5`, or the name of a region.
fn places(facts: &Facts, places: &[usize]) -> String {
    let name = |at: usize| facts.layers[at].1.as_str();
    let numbered = places.iter().all(|&at| facts.layers[at].0.to_string() == facts.layers[at].1);
    match places {
        [] => String::new(),
        &[at] => format!("{}{}", if numbered { "layer " } else { "" }, name(at)),
        [first, .., last] => {
            let (word, dash) = if numbered { ("layers ", "–") } else { ("", " to ") };
            format!("{word}{}{dash}{}", name(*first), name(*last))
        }
    }
}

fn in_words(sign: Sign, tested: bool) -> &'static str {
    match (sign, tested) {
        (Sign::Above, true) => "significant",
        (Sign::Neither, true) => "not significant",
        (Sign::Above, false) => "above 0",
        (Sign::Below, _) => "below 0",
        (Sign::Neither, false) => "not told from 0",
    }
}

fn in_short(sign: Sign, tested: bool) -> &'static str {
    match (sign, tested) {
        (Sign::Above, true) => "has a star",
        (Sign::Neither, true) => "has no star",
        (Sign::Above, false) => "> 0",
        (Sign::Below, _) => "< 0",
        (Sign::Neither, false) => "≈ 0",
    }
}

impl Facts {
    /// What a reader takes from them.
    #[must_use]
    pub fn claims(&self) -> Vec<Claim> {
        let mut claims = Vec::new();
        let claim = |feature: usize, kind, text, label, adjacent| Claim {
            feature: self.features[feature].clone(),
            kind,
            text,
            label,
            adjacent,
        };
        if self.features.len() > 1 {
            for at in 0..self.layers.len() {
                let Some(feature) = self.largest(at) else { continue };
                let (name, place) = (&self.features[feature], places(self, &[at]));
                let kind = ClaimKind::Largest { layer: self.layers[at].0 };
                let text = format!("{name} is the largest at {place}");
                claims.push(claim(feature, kind, text, format!("{place}: {name}"), true));
            }
        }
        let features = || 0..self.features.len();
        if self.layers.len() > 1 {
            for feature in features() {
                let Some(peak) = self.peak(feature) else { continue };
                // Where chance alone peaks tells nothing.
                if !matches!(self.signs[feature][peak], Some(Sign::Above) | None) {
                    continue;
                }
                let near = self.near(feature, peak);
                let (name, place) = (&self.features[feature], places(self, &near));
                let layers = near.iter().map(|&at| self.layers[at].0).collect();
                let text = format!("{name} matters most at {place}");
                claims.push(claim(
                    feature,
                    ClaimKind::Peak { layers },
                    text,
                    format!("{name}: {place}"),
                    true,
                ));
            }
        }
        let mut order: Vec<usize> = features().filter(|&feature| self.overall(feature).is_finite()).collect();
        order.sort_by(|&a, &b| self.overall(b).total_cmp(&self.overall(a)));
        for (rank, &more) in order.iter().enumerate() {
            for (other, &less) in order.iter().enumerate().skip(rank + 1) {
                let adjacent = other == rank + 1;
                if self.overall(more) <= self.overall(less) || (!adjacent && order.len() > PAIRED) {
                    continue;
                }
                let (name, than) = (&self.features[more], &self.features[less]);
                let text = format!("{name} matters more than {than} over all layers");
                let kind = ClaimKind::More { than: than.clone() };
                claims.push(claim(more, kind, text, format!("{name} > {than}"), adjacent));
            }
        }
        for feature in features() {
            let means = &self.means[feature];
            let defined = (0..means.len()).filter(|&at| means[at].is_finite());
            let Some(at) = defined.reduce(|best, at| if means[at] > means[best] { at } else { best }) else {
                continue;
            };
            let Some(sign) = self.signs[feature][at] else { continue };
            let (name, place, word) =
                (&self.features[feature], places(self, &[at]), in_words(sign, self.tested));
            let kind = ClaimKind::Sign { layer: self.layers[at].0, sign };
            let text = format!("{name} is {word} at {place}, where it is at its largest");
            claims.push(claim(feature, kind, text, format!("{name} {}", in_short(sign, self.tested)), true));
        }
        claims
    }

    /// The layers around `peak`, one after the other, at which a feature is about as large as there.
    fn near(&self, feature: usize, peak: usize) -> Vec<usize> {
        let means = &self.means[feature];
        let is_near = |at: &usize| means[*at] >= NEAR_PEAK * means[peak];
        let mut first = peak;
        while first > 0 && is_near(&(first - 1)) {
            first -= 1;
        }
        let mut last = peak;
        while last + 1 < means.len() && is_near(&(last + 1)) {
            last += 1;
        }
        (first..=last).collect()
    }
}

impl Claim {
    /// What this claim is in `facts` of another run: whether it holds, and what holds there; none where it cannot be asked, for a layer, a
    /// feature or a number is not there.
    #[must_use]
    pub fn ask(&self, facts: &Facts) -> Option<(bool, String)> {
        let feature = facts.feature(&self.feature)?;
        match &self.kind {
            ClaimKind::Largest { layer } => {
                let at = facts.layer(*layer)?;
                let largest = facts.largest(at).map(|largest| facts.features[largest].as_str());
                Some((
                    largest == Some(self.feature.as_str()),
                    largest.unwrap_or("none is above 0").to_owned(),
                ))
            }
            ClaimKind::Peak { layers } => {
                if facts.layers.len() < 2 {
                    return None;
                }
                Some(match facts.peak(feature) {
                    Some(peak) => (layers.contains(&facts.layers[peak].0), places(facts, &[peak])),
                    None => (false, "nowhere above 0".to_owned()),
                })
            }
            ClaimKind::More { than } => {
                let other = facts.feature(than)?;
                let difference = facts.overall(feature) - facts.overall(other);
                difference.is_finite().then(|| {
                    (
                        difference > 0.0,
                        format!("{difference:+.3}").replacen(
                            "0.",
                            ".",
                            usize::from(difference.abs() < 0.9995),
                        ),
                    )
                })
            }
            ClaimKind::Sign { layer, sign } => {
                let found = facts.signs[feature][facts.layer(*layer)?]?;
                Some((found == *sign, in_words(found, facts.tested).to_owned()))
            }
        }
    }
}
