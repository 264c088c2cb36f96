//! Threads that work, one pool for every number of them.
//!
//! A fork has the list of its parent's threads and none of the threads: it makes its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::failure::{Failure, Result};

/// By process and number. It is locked only under the interpreter's lock, under which a process forks: no fork finds it locked.
static POOLS: Mutex<BTreeMap<(u32, usize), Arc<ThreadPool>>> = Mutex::new(BTreeMap::new());

/// As much as the main thread of a program has; threads have 2 MiB otherwise.
const STACK: usize = 8 << 20;
/// A slip of the keys must not make a machine unusable.
const MOST: usize = 4096;

/// The pool of `threads` threads; of all cores when `None`.
pub fn of(threads: Option<usize>) -> Result<Arc<ThreadPool>> {
    if threads.is_some_and(|n| !(1..=MOST).contains(&n)) {
        let message = format!("{} threads", threads.unwrap_or_default());
        return Err(Failure::usage(
            message,
            format!("give a whole number from 1 to {MOST}, or None for all cores"),
        ));
    }
    let process = std::process::id();
    let key = (process, threads.unwrap_or(0));
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    // To end a pool of the parent would wait for threads that are not here.
    let (own, parents) =
        std::mem::take(&mut *pools).into_iter().partition(|((owner, _), _)| *owner == process);
    *pools = own;
    std::mem::forget::<BTreeMap<(u32, usize), Arc<ThreadPool>>>(parents);
    if let Some(pool) = pools.get(&key) {
        return Ok(Arc::clone(pool));
    }
    let name = |index| format!("mlem-probe-{index}");
    let built = ThreadPoolBuilder::new().num_threads(key.1).stack_size(STACK).thread_name(name).build();
    let pool = Arc::new(built.map_err(|error| {
        Failure::usage(format!("cannot start {} threads: {error}", key.1), "ask for fewer with threads=")
    })?);
    pools.insert(key, Arc::clone(&pool));
    Ok(pool)
}
