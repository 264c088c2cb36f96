//! What is known of rules before anything is derived: which variables matter where, and how deep symbols nest.

use crate::grammar::rules::{Item, Rules, Test};

/// For each position of a rule the variables that anything from there on depends on.
pub(super) fn needed(rule_id: usize, rules: &Rules) -> Vec<Vec<u32>> {
    let rule = &rules.all[rule_id];
    let last = rule.body.len();
    let mut head = Vec::new();
    rule.head.variables(&mut head);
    // Backwards over the positions: what the arcs from here on name.
    let mut named: Vec<Vec<u32>> = vec![head; last + 1];
    for position in (0..last).rev() {
        let mut here = named[last].clone();
        for arc in &rule.body[position] {
            here.extend(&named[arc.to]);
            if let Item::Call { features, .. } = &arc.item {
                for (_, term) in features {
                    term.variables(&mut here);
                }
            }
        }
        here.sort_unstable();
        here.dedup();
        named[position] = here;
    }
    // A test keeps its variables alive as long as one of them is still to come.
    let tests: Vec<Vec<u32>> = rule.tests.iter().map(Test::variables).collect();
    named
        .iter()
        .map(|named| {
            let mut all = named.clone();
            for test in tests.iter().filter(|test| test.iter().any(|variable| named.contains(variable))) {
                all.extend(test);
            }
            all.sort_unstable();
            all.dedup();
            all
        })
        .collect()
}

/// For each symbol how deep its derivations nest at most, words included; `None` where it contains itself, or one that does.
pub(super) fn heights(rules: &Rules) -> Vec<Option<usize>> {
    // From the words upwards: a symbol's height is known once those of all symbols that it calls are.
    let n = rules.symbols.len();
    let mut heights = vec![None; n];
    let mut callers: Vec<Vec<usize>> = vec![Vec::new(); n];
    let mut unknown = vec![0usize; n];
    let mut tallest = vec![1usize; n];
    for (symbol, own) in rules.symbols.iter().enumerate() {
        for arc in own.iter().flat_map(|&rule| rules.all[rule].body.iter().flatten()) {
            match arc.item {
                Item::Call { symbol: called, .. } => {
                    callers[called].push(symbol);
                    unknown[symbol] += 1;
                }
                Item::Text(_) => tallest[symbol] = tallest[symbol].max(2),
                Item::Skip => {}
            }
        }
    }
    let mut known: Vec<usize> = (0..n).filter(|&symbol| unknown[symbol] == 0).collect();
    while let Some(symbol) = known.pop() {
        heights[symbol] = Some(tallest[symbol]);
        for &caller in &callers[symbol] {
            tallest[caller] = tallest[caller].max(tallest[symbol] + 1);
            unknown[caller] -= 1;
            if unknown[caller] == 0 {
                known.push(caller);
            }
        }
    }
    heights
}
