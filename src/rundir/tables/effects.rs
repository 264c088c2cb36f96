//! What a row is of, as the columns `feature` and `order` have it.

use super::row::Cells;
use crate::mlem::Order;
use crate::profile::Of;

/// What stands for a feature and its order in the row of a score.
const OF_SCORE: (&str, &str) = ("spearman", "score");

/// The kinds of effects by their names in the tables.
pub(super) const ORDERS: [(&str, Order); 3] =
    [("main", Order::Main), ("interaction", Order::Interaction), ("group", Order::Group)];

pub(super) fn order_name(order: Order) -> &'static str {
    ORDERS.iter().find(|(_, other)| *other == order).map_or("", |(name, _)| name)
}

/// What stands for `of` in the columns of the feature and its order.
pub(super) fn of_cells(of: &Of) -> (&str, &'static str) {
    match of {
        Of::Score => OF_SCORE,
        Of::Effect(order, feature) => (feature, order_name(*order)),
    }
}

/// What a row is of, whose feature and order are in these columns.
pub(super) fn of_row(cells: &Cells<'_>, feature: usize, order: usize) -> Result<Of, String> {
    if (cells.text(feature).as_str(), cells.text(order).as_str()) == OF_SCORE {
        return Ok(Of::Score);
    }
    Ok(Of::Effect(cells.one_of(order, &ORDERS)?, cells.text(feature)))
}
