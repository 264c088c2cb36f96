//! `metadata.csv`: the fit of models by their metadata, and the fits without each feature.

use super::Metadata;
use crate::files::table::{number, table};

/// The file of models as stimuli.
pub const METADATA: &str = "metadata.csv";

const HEADER: [&str; 10] =
    ["left_out", "feature", "order", "quantity", "value", "sd", "weight", "p", "p_holm", "p_max"];

impl Metadata {
    /// The bytes of `metadata.csv`.
    #[must_use]
    pub fn to_csv(&self) -> Vec<u8> {
        let cell = |x: f64| if x.is_finite() { number(x) } else { String::new() };
        let p = |p: Option<f64>| p.map_or_else(String::new, number);
        let score = |left_out: &str, value: f64, of: Option<f64>| {
            let [left_out, quantity] = [left_out, "spearman"].map(str::to_owned);
            let none = String::new;
            [left_out, none(), none(), quantity, cell(value), none(), none(), p(of), none(), none()]
        };
        let mut rows = vec![score("", self.fit.score, self.fit.p)];
        let order = |order: crate::mlem::Order| match order {
            crate::mlem::Order::Group => "group".to_owned(),
            _ => "main".to_owned(),
        };
        for effect in &self.fit.effects {
            rows.push([
                String::new(),
                effect.name.clone(),
                order(effect.order),
                "importance".to_owned(),
                cell(effect.importance),
                cell(effect.sd),
                cell(effect.weight),
                p(effect.p),
                p(effect.holm),
                p(effect.max),
            ]);
        }
        for left in &self.fit.left_out {
            rows.push(score(&left.feature, left.score, left.p));
            for effect in &self.fit.effects {
                let found = effect.without.iter().filter(|without| without.left_out == left.feature);
                rows.extend(found.map(|without| {
                    [
                        left.feature.clone(),
                        effect.name.clone(),
                        order(effect.order),
                        "importance".to_owned(),
                        cell(without.importance),
                        String::new(),
                        String::new(),
                        p(without.p),
                        String::new(),
                        String::new(),
                    ]
                }));
            }
        }
        table(HEADER, rows.into_iter())
    }
}
