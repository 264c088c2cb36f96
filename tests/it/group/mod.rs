//! Subjects as a sample: the numbers against MNE, `SciPy`, statsmodels and rsatoolbox, and `probe group` as a user runs it.

mod command;
mod numbers;
