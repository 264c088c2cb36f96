//! What `--null` and `--bootstrap` can show, said before the work.

use mlem_probe::profile::Reach;
use mlem_probe::progress::Progress;

use crate::args::EstimatorArgs;

/// Says which p-values cannot be reached with as many draws as were asked for, and gives what was warned of.
pub fn say(args: &EstimatorArgs, features: usize, layers: usize, progress: &dyn Progress) -> Vec<String> {
    let pairs = if args.interactions { features * features.saturating_sub(1) / 2 } else { 0 };
    // Without importances the scores are all that is tested.
    let terms = if args.permutations == 0 { 1 } else { features + pairs + args.group.len() };
    let mut reaches = Vec::new();
    if args.null > 0 {
        reaches.push(Reach::of_null(args.null, terms * layers));
    }
    if args.bootstrap > 0 {
        reaches.push(Reach::of_bootstrap(args.bootstrap, layers));
    }
    let mut warnings = Vec::new();
    for reach in reaches {
        if reach.is_vain() {
            progress.warn(&reach.to_string());
            warnings.push(reach.to_string());
        } else if !reach.is_enough() {
            progress.note(&reach.to_string());
        }
    }
    warnings
}
