//! Agreement whose feature no column has: most often agreement the wrong way round.

use super::constraint::{Kind, Operand};
use super::document::{Computation, Document};
use super::slot::{Slot, slot_named};
use crate::grammar::doubt::Doubt;
use crate::grammar::error::SourceText;

impl Document {
    /// Features that a slot takes from another whose list of features lacks them. A feature that is decided by agreement is the
    /// column of the slot that decides it: here it is no column at all.
    pub(in crate::grammar) fn hidden_agreement(&self, source: SourceText<'_>) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        for template in &self.templates {
            let pairs = template.constraints.iter().filter_map(|constraint| match &constraint.kind {
                Kind::Agree(pairs) => Some(pairs.iter().map(|pair| (constraint.span.start, pair))),
                _ => None,
            });
            for (start, (taker, giver)) in pairs.flatten() {
                let (
                    Operand::Feature { slot: taker, feature },
                    Operand::Feature { slot: giver, feature: given },
                ) = (taker, giver)
                else {
                    continue;
                };
                let slots = slot_named(&template.slots, taker).zip(slot_named(&template.slots, giver));
                let Some((of_taker, of_giver)) = slots else { continue };
                let lists = |slot: &Slot, feature: &String| {
                    slot.features.as_ref().is_some_and(|features| features.contains(feature))
                };
                let fixed = |slot: &Slot, feature: &String| {
                    slot.only.iter().any(|(name, values)| name == feature && values.len() < 2)
                };
                // Who lists the features of both leaves it out on purpose.
                let meant = of_giver.features.is_none()
                    || of_taker.features.is_some()
                    || lists(of_giver, given)
                    || self.computes(taker, feature)
                    || self.computes(giver, given);
                if meant || fixed(of_taker, feature) || fixed(of_giver, given) {
                    continue;
                }
                let before = source.text.get(..start).unwrap_or_default();
                let doubt = Doubt::HiddenAgreement {
                    slot: taker.clone(),
                    from: giver.clone(),
                    feature: given.clone(),
                    line: 1 + before.matches('\n').count(),
                };
                if !doubts.contains(&doubt) {
                    doubts.push(doubt);
                }
            }
        }
        doubts
    }

    /// Whether a feature of the sentence is worked out from this one.
    fn computes(&self, slot: &str, feature: &str) -> bool {
        let is = |side: &Operand| matches!(side, Operand::Feature { slot: of, feature: name } if of == slot && name == feature);
        self.computed.iter().any(|computed| match &computed.rule {
            Computation::Value(side) => is(side),
            Computation::Holds(condition) => {
                let mut found = false;
                condition.sides(&mut |side| found |= is(side));
                found
            }
            Computation::Words => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::grammar::Grammar;

    const AGREE: &str = "verb = \"subj\"";

    fn doubts(agree: &str, extra: &str) -> Vec<String> {
        let text = format!(
            r#"
[lexicon.noun]
inflect = {{ number = ["sg", "pl"] }}
words = [{{ sg = "dog", pl = "dogs", size = "big" }}, {{ sg = "cat", pl = "cats", size = "small" }}]
[lexicon.verb]
inflect = {{ tense = ["present", "past"], number = ["sg", "pl"] }}
words = [{{ lemma = "run", present = {{ sg = "runs", pl = "run" }}, past = "ran" }}]
[slots]
subj = "noun"
verb = {{ lexicon = "verb", features = ["tense"] }}
{extra}
[constraints]
agree = {{ {agree} }}
[[template]]
text = "the {{subj}} {{verb}}."
"#
        );
        let grammar = Grammar::parse(&text, "g.toml").unwrap();
        grammar.doubts().unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn agreement_the_wrong_way_round_leaves_no_column() {
        assert_eq!(doubts(AGREE, ""), Vec::<String>::new());
        let wrong = doubts("subj = \"verb\"", "");
        assert_eq!(
            wrong,
            [
                "no column has the number of subj: it is that of verb (line 13), whose `features` leave it out; write agree = { verb \
              = \"subj\" } if verb is to follow subj, or list number among the features of verb"
            ]
        );
        // What is worked out from it has it in a column.
        assert_eq!(doubts("subj = \"verb\"", "[computed]\nnumber = \"subj.number\""), Vec::<String>::new());
    }
}
