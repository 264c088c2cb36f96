//! Drawing from a grammar: all, a uniform sample, a balanced one.

use super::balance;
use super::draw::{Balance, Draw, Drawn, IndexSample, Uneven};
use super::error::{Error, Result};
use super::generate::Labelled;
use super::ready::Grammar;
use crate::numeric::rng::Stream;
use crate::stimuli::confounds::Confounds;
use crate::text;

/// More sentences than this are not held in memory at once.
const HELD: u128 = 1 << 25;

/// More characters than this are not held in memory at once.
const HELD_CHARS: u128 = 1 << 32;

/// So many characters are written at most to learn something of a grammar: to count its sentences, to look them over, or to
/// find enough that differ.
const TRIED_CHARS: u128 = if cfg!(fuzzing) { 1 << 22 } else { 1 << 28 };

/// Up to so many derivations are written out to count the sentences among them, or to find enough that differ.
const TRIED: u128 = if cfg!(fuzzing) { 1 << 12 } else { 1 << 18 };

/// How many sentences a balanced sample is chosen from, where the grammar has more.
const POOL: usize = 1 << 16;

impl Grammar {
    /// Draws stimuli. When at least as many are asked for as there are, all are drawn.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] when the grammar generates nothing, with what removed the last candidate of each template;
    /// [`Error::TooMany`] when more are asked for than fit in memory.
    pub fn generate(&self, draw: &Draw) -> Result<Drawn> {
        self.generate_for(draw, |_| true)
    }

    /// Draws stimuli as [`Grammar::generate`] does, and balances a sample over those features alone whose name is `fitted`: what a fit leaves
    /// out is to cost the others nothing. The stimuli have all features.
    ///
    /// # Errors
    ///
    /// Those of [`Grammar::generate`].
    pub fn generate_for(&self, draw: &Draw, fitted: impl Fn(&str) -> bool) -> Result<Drawn> {
        let (n, seed) = match *draw {
            Draw::All => (usize::MAX, 0),
            Draw::Sample { n, seed } | Draw::Balanced { n, seed } => (n, seed),
        };
        self.require_some()?;
        let count = self.lattice.count;
        self.require_held(count.min(n as u128))?;
        if n as u128 >= count {
            let all = self.generator().all();
            let drawn = format!("all {} sentences", text::count(all.sentences.len() as u128));
            return Ok(Drawn { stimuli: self.stimuli(all, drawn)?, complete: true, balance: None });
        }
        if let Draw::Balanced { .. } = draw {
            return self.balanced(n, seed, fitted);
        }
        let (sample, complete) = self.sample(n, seed);
        let drawn = format!(
            "a sample of {} from {} derivations, seed {seed}",
            text::count(sample.sentences.len() as u128),
            self.candidates()
        );
        Ok(Drawn { stimuli: self.stimuli(sample, drawn)?, complete, balance: None })
    }

    /// Refuses a grammar that generates nothing.
    pub(super) fn require_some(&self) -> Result<()> {
        if self.lattice.count > 0 {
            return Ok(());
        }
        Err(Error::Empty { grammar: self.name.clone(), reasons: self.reasons()? })
    }

    /// Refuses to hold `n` sentences where they do not fit.
    pub(super) fn require_held(&self, n: u128) -> Result<()> {
        if n <= HELD.min(HELD_CHARS / self.size()) {
            return Ok(());
        }
        Err(Error::TooMany { grammar: self.name.clone(), count: n })
    }

    /// How many derivations there are to draw from, in words.
    fn candidates(&self) -> String {
        let count = text::count(self.lattice.count);
        if self.sieve.is_empty() { count } else { format!("at most {count}") }
    }

    /// Characters of the longest sentence, or more.
    fn size(&self) -> u128 {
        self.lattice.size.max(1) as u128
    }

    /// Whether all derivations are few enough to be written out to count them.
    pub(super) fn can_be_written_out(&self) -> bool {
        self.lattice.count <= TRIED.min(TRIED_CHARS / self.size())
    }

    /// How many sentences are looked at where all are too many.
    pub(super) fn pool(&self) -> usize {
        POOL.min((TRIED_CHARS / self.size()) as usize)
    }

    fn balanced(&self, n: usize, seed: u64, fitted: impl Fn(&str) -> bool) -> Result<Drawn> {
        let (pool, complete) = self.sample(self.pool().max(n.saturating_mul(2)), seed);
        let candidates = pool.sentences.len();
        let lemma = self.rules.names.get("lemma");
        let words = self.generator().words(&pool, lemma);
        let of = if complete { text::count(candidates as u128) } else { self.candidates() };
        let drawn = format!("a balanced sample of {} from {of}, seed {seed}", text::count(n as u128));
        let pool = self.stimuli(pool, drawn)?;
        if candidates <= n {
            return Ok(Drawn { stimuli: pool, complete, balance: None });
        }
        let mut among = pool.features().clone();
        among.retain(|feature| fitted(feature.name()));
        let rows = balance::choose(&among, &words, n, seed);
        let stimuli = pool.select(&rows);
        let chosen = among.select(&rows);
        let confounds = Confounds::of(&chosen);
        let before = Confounds::of(&among).largest();
        let after = confounds.largest();
        let (uneven_before, uneven_after) = (Uneven::most(&among), Uneven::most(&chosen));
        let balance = Balance { candidates, before, after, confounds, uneven_before, uneven_after };
        Ok(Drawn { stimuli, complete: false, balance: Some(balance) })
    }

    /// `n` different sentences in the grammar's order (fewer where there are no more, or they are hard to find), and whether
    /// these are all.
    pub(super) fn sample(&self, n: usize, seed: u64) -> (Labelled, bool) {
        let generator = self.generator();
        let count = self.lattice.count;
        if count <= n as u128 {
            return (generator.all(), true);
        }
        let most =
            ((TRIED_CHARS / self.size()) as usize).min(n.saturating_mul(16).max(TRIED as usize)).max(n);
        let mut stream = Stream::new(seed, "sample");
        let mut indices = IndexSample::new(count, n);
        let mut drawn = indices.take(n, &mut stream);
        let in_order = |drawn: &[u128]| {
            let mut sorted = drawn.to_vec();
            sorted.sort_unstable();
            generator.labelled(&sorted)
        };
        let sample = in_order(&drawn);
        if sample.sentences.len() == n {
            return (sample, false);
        }
        // Some derivations make the same sentence, or fail a test: more are drawn, and the first that give enough are kept.
        loop {
            let more = indices.take(drawn.len().min(most.saturating_sub(drawn.len())), &mut stream);
            let ended = more.is_empty();
            drawn.extend(more);
            let enough = generator.enough(&drawn, n);
            if enough.is_some() || ended {
                drawn.truncate(enough.unwrap_or(drawn.len()));
                let complete = enough.is_none() && drawn.len() as u128 == count;
                return (in_order(&drawn), complete);
            }
        }
    }
}
