//! What a row is of, as the columns `feature` and `order` have it.

use super::row::Cells;
use crate::mlem::Order;
use crate::profile::{Of, ScoreMeasure};

/// What stands for the order in the row of a score, whose measure stands for the feature.
const SCORE: &str = "score";

/// The kinds of effects by their names in the tables.
pub(super) const ORDERS: [(&str, Order); 3] =
    [("main", Order::Main), ("interaction", Order::Interaction), ("group", Order::Group)];

pub(super) fn order_name(order: Order) -> &'static str {
    ORDERS.iter().find(|(_, other)| *other == order).map_or("", |(name, _)| name)
}

/// What stands for `of` in the columns of the feature and its order, where scores are `measure`.
pub(super) fn of_cells(of: &Of, measure: ScoreMeasure) -> (&str, &'static str) {
    match of {
        Of::Score => (measure.row_name(), SCORE),
        Of::Effect(order, feature) => (feature, order_name(*order)),
    }
}

/// What a row is of, whose feature and order are in these columns.
pub(super) fn of_row(cells: &Cells<'_>, feature: usize, order: usize) -> Result<Of, String> {
    let measures = [ScoreMeasure::Spearman, ScoreMeasure::Pearson, ScoreMeasure::SquaredError];
    let is_score = |measure: ScoreMeasure| cells.text(feature) == measure.row_name();
    if cells.text(order) == SCORE && measures.into_iter().any(is_score) {
        return Ok(Of::Score);
    }
    Ok(Of::Effect(cells.one_of(order, &ORDERS)?, cells.text(feature)))
}
