"""The published package's class, ``from mlem import MLEM`` of version 0.1.0, on this engine.

``from mlem_probe.compat import MLEM`` takes its arguments and returns its frames, so that code that was written for it runs
unchanged. Where something means here what it does not mean there, a :class:`CompatWarning` says so:

* scores and importances are over all pairs, so that a batch size has no meaning for them;
* with interactions a weight off the diagonal counts twice, as in a quadratic form, and once there;
* stimuli that were not fitted are scaled as those that were, and on their own range there.

It trains by batches, as the package does, which stops short of the optimum, with small weights too large. ``solver="exact"``, which the
package has not, computes the optimum, on all pairs: batches, steps, learning rates and patience have no meaning then, and two
seeds differ in the permutations alone. With interactions that is the default (``solver="stochastic"`` trains): there the package's
training ends elsewhere with every seed, below the model without interactions. Without a ``random_seed`` the seed is 0.

It needs pandas, as the package does, and no torch.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Optional, Union

from . import _native
from ._activations import Activations
from ._arrays import array, as_matrix, numpy
from ._errors import CompatWarning, DependencyError, InputError, ProbeWarning, UsageError
from ._report import warn
from ._stimuli import Stimuli
from ._tables import columns_of

if TYPE_CHECKING:
    import pandas

__all__ = ["MLEM", "CompatWarning"]

#: What training by batches takes, and the exact fit does not.
_TRAINING = (
    "batch_size",
    "n_trials",
    "threshold",
    "factor",
    "batch_size_min",
    "batch_size_max",
    "max_steps",
    "lr",
    "weight_decay",
    "patience",
)


class MLEM:
    """``mlem.MLEM`` of the published package: its arguments, its methods, its frames.

    >>> import numpy, pandas
    >>> features = pandas.DataFrame({"number": ["sg", "pl"] * 32, "length": range(64)})
    >>> x = numpy.random.default_rng(0).normal(size=(64, 8))
    >>> x[1::2] += 2
    >>> model = MLEM(random_seed=0).fit(features, x)
    >>> importances, scores = model.score()
    >>> importances.shape, scores.shape, importances.mean().idxmax()
    ((5, 2), (10,), 'number')
    """

    def __init__(
        self,
        interactions: bool = False,
        n_permutations: int = 5,
        distance: Union[str, Callable[[Any, Any], Any]] = "euclidean",
        nan_to_num: float = 0.0,
        batch_size: Optional[int] = None,
        n_trials: int = 16,
        threshold: float = 0.01,
        factor: float = 1.2,
        batch_size_min: int = 256,
        batch_size_max: int = 2**20,
        max_steps: int = 1000,
        lr: float = 0.1,
        weight_decay: float = 0.0,
        patience: int = 50,
        device: str = "cpu",
        verbose: bool = False,
        memory: str = "medium",
        random_seed: Optional[int] = None,
        corr_warning_threshold: float = 0.5,
        *,
        solver: Optional[str] = None,
    ) -> None:
        self.interactions = interactions
        self.n_permutations = n_permutations
        self.distance = distance
        self.nan_to_num = nan_to_num
        self.batch_size = batch_size
        self.n_trials = n_trials
        self.threshold = threshold
        self.factor = factor
        self.batch_size_min = batch_size_min
        self.batch_size_max = batch_size_max
        self.max_steps = max_steps
        self.lr = lr
        self.weight_decay = weight_decay
        self.patience = patience
        self.device = device
        self.verbose = verbose
        self.memory = memory
        self.random_seed = random_seed
        self.corr_warning_threshold = corr_warning_threshold
        self.solver = solver

        self.model_: Optional[_native.Fitted] = None
        self.feature_names: Optional[list[str]] = None
        self.X_: Any = None
        self.Y_: Any = None
        self.batch_size_fit_: Optional[int] = None
        self._spans: dict[str, tuple[float, float]] = {}

    def fit(self, X: Any, Y: Any, feature_names: Optional[Sequence[str]] = None) -> MLEM:
        """Fits the features ``X`` to the representations ``Y``: by batches of pairs, or to the optimum (``solver``)."""
        self._say_what_differs()
        stimuli, names = self._features(X, feature_names)
        activations = self._representations(Y, len(stimuli))
        words = ["--permutations=1", f"--solver={self._solver()}", f"--seed={self.random_seed or 0}"]
        if self.interactions:
            words.append("--interactions")
        distance = self.distance if isinstance(self.distance, str) else "precomputed"
        if distance not in ("euclidean", "manhattan", "cosine", "norm_diff", "precomputed"):
            raise UsageError(
                f"Unknown distance: {distance}", "euclidean, manhattan, cosine, norm_diff, precomputed, or a function"
            )
        words.append(f"--distance={distance.replace('_', '-')}")
        if self.nan_to_num not in (0, 1):
            raise UsageError(
                f"nan_to_num={self.nan_to_num}: the distance to a missing value is 0 or 1 here",
                "0 counts it as no difference, 1 as the largest",
            )
        words.append(f"--missing={'one' if self.nan_to_num == 1 else 'zero'}")
        self.model_ = _native.Fitted.fit(stimuli._native, activations._native, words, None, self._training())
        for warning in self.model_.warnings:
            warn(warning, ProbeWarning)
        self.feature_names, self.X_, self.Y_ = names, X, Y
        self._data = stimuli, activations
        self.batch_size_fit_ = self.model_.batch_size or self.model_.pairs
        return self

    def score(
        self,
        X: Any = None,
        Y: Any = None,
        warning_threshold: float = 0.05,
        batch_size: Optional[int] = None,
    ) -> tuple[pandas.DataFrame, pandas.Series[float]]:
        """Importances, a row per permutation and a column per term, and scores: on the stimuli of the fit, or on others.

        The score is over all pairs, so that the series holds one number as often as the package would have drawn batches.
        """
        pandas = _pandas()
        model = self._fitted("score")
        if (X is None) != (Y is None):
            raise UsageError("You must provide both X and Y or none of them.", "score() is on the stimuli of the fit")
        if X is None:
            stimuli, activations = self._data
        else:
            known = dict(self._spans)
            stimuli, _ = self._features(X, self.feature_names)
            self._say_where_scales_differ(known)
            activations = self._representations(Y, len(stimuli))
        if batch_size is not None:
            warn("batch_size has no meaning: all pairs are scored", CompatWarning)
        seed = self.random_seed or 0
        seeds = [seed + permutation for permutation in range(self.n_permutations)]
        drawn = model.importances(stimuli._native, activations._native, seeds, None)
        terms = self._terms()
        rows = [{name: importance for name, _, importance, _ in row} for row in drawn]
        importances = pandas.DataFrame([[row[ours] for ours, _ in terms] for row in rows], columns=[name for _, name in terms])
        spearman = model.score(stimuli._native, activations._native, None)
        scores = pandas.Series([spearman] * (len(terms) * self.n_permutations), name="spearman", dtype=float)
        return importances, scores

    def get_weights(self) -> pandas.DataFrame:
        """The weights: a column ``Weight``, or with interactions the lower triangle of W."""
        module, np = _pandas(), numpy()
        weights = np.array(self._fitted("get_weights").weights)
        if not self.interactions:
            weights, columns = np.diag(weights).copy(), ["Weight"]
        else:
            weights[np.triu_indices_from(weights, 1)] = np.nan
            columns = self.feature_names or []
        frame: pandas.DataFrame = module.DataFrame(weights, index=self.feature_names, columns=columns)
        return frame

    def estimate_batch_size(self, X: Any, feature_names: Optional[Sequence[str]] = None) -> int:
        """The fewest pairs with which the correlations between feature distances are stable; all of them for the exact fit."""
        stimuli, _ = self._features(X, feature_names)
        if self._solver() == "exact":
            warn("there is no batch size to estimate: the fit is on all pairs", CompatWarning)
            return len(stimuli) * (len(stimuli) - 1) // 2
        words = [f"--seed={self.random_seed or 0}", "--solver=stochastic"]
        return _native.batch_size(stimuli._native, words, {**self._training(), "batch_size": None})

    def _fitted(self, verb: str) -> _native.Fitted:
        if self.model_ is None:
            raise UsageError(f"You must call fit before calling {verb}.", "fit(X, Y)")
        return self.model_

    def _terms(self) -> list[tuple[str, str]]:
        """What every term is called here, and there."""
        names = self.feature_names or []
        if not self.interactions:
            return [(name, name) for name in names]
        terms = []
        for i, later in enumerate(names):
            terms += [(f"{earlier} x {later}", f"{later} x {earlier}") for earlier in names[:i]]
            terms.append((later, later))
        return terms

    def _say_what_differs(self) -> None:
        defaults = inspect.signature(type(self).__init__).parameters
        given = [name for name in _TRAINING if getattr(self, name) != defaults[name].default]
        if given and self._solver() == "exact":
            verb = "has" if len(given) == 1 else "have"
            warn(f"{', '.join(given)} {verb} no meaning: the fit is exact, and on all pairs", CompatWarning)
        if self.interactions:
            warn(
                "with interactions a weight off the diagonal counts twice, as in a quadratic form; the published package counts "
                "it once, and what it calls W is not the form's matrix",
                CompatWarning,
            )
        if self.device != "cpu":
            warn(f"device={self.device!r}: the fit is the processor's", CompatWarning)

    def _solver(self) -> str:
        if self.solver is not None:
            return self.solver
        return "exact" if self.interactions else "stochastic"

    def _training(self) -> dict[str, Any]:
        return {
            "batch_size": self.batch_size,
            "n_trials": self.n_trials,
            "threshold": self.threshold,
            "factor": self.factor,
            "batch_size_min": self.batch_size_min,
            "batch_size_max": self.batch_size_max,
            "max_steps": self.max_steps,
            "learning_rate": self.lr,
            "weight_decay": self.weight_decay,
            "patience": self.patience,
        }

    def _features(self, X: Any, feature_names: Optional[Sequence[str]]) -> tuple[Stimuli, list[str]]:
        if self.distance == "precomputed":
            found = array(X, "X")
            if found.ndim != 3 or found.shape[0] != found.shape[1]:
                shape = "×".join(map(str, found.shape))
                raise InputError(
                    f"If precomputed, X should be of shape (n_stimuli, n_stimuli, n_features) but found {shape}",
                    "one matrix of distances per feature, along the last axis",
                )
            names = self._named(found.shape[2], feature_names, X)
            return Stimuli({name: as_matrix(found[:, :, place], name) for place, name in enumerate(names)}), names
        if hasattr(X, "iloc") or hasattr(X, "get_columns"):
            _, columns, _ = columns_of(X)
            names = self._named(len(columns), feature_names, X)
            columns = [(name, kind, values) for name, (_, kind, values) in zip(names, columns)]
        else:
            found = array(X, "X")
            if found.ndim != 2:
                shape = "×".join(map(str, found.shape))
                raise InputError(
                    f"If not precomputed, X should be of shape (n_stimuli, n_features) but found {shape}",
                    "one row per stimulus, one column per feature",
                )
            names = self._named(found.shape[1], feature_names, X)
            columns = [self._clipped(name, found[:, place]) for place, name in enumerate(names)]
        for name, kind, values in columns:
            if kind == "numeric":
                there = [value for value in values if value is not None]
                self._spans[name] = (min(there, default=0.0), max(there, default=0.0))
        stimuli = Stimuli.__new__(Stimuli)
        n_stimuli = len(columns[0][2]) if columns else 0
        stimuli._native, stimuli._name = _native.Stimuli.of_columns(n_stimuli, columns, None), None
        return stimuli, names

    def _named(self, n: int, feature_names: Optional[Sequence[str]], X: Any) -> list[str]:
        if feature_names is not None:
            names = [str(name) for name in feature_names]
            if len(names) != n:
                raise InputError(f"{len(names)} names for {n} features", "give one name per feature")
            return names
        if hasattr(X, "columns"):
            return [str(name) for name in X.columns]
        return [f"feature_{place}" for place in range(n)]

    def _clipped(self, name: str, values: Any) -> tuple[str, str, Any]:
        """A column of a matrix. The package takes differences as they are, and none for larger than 1."""
        np = numpy()
        found = np.asarray(values, dtype=np.float64)
        there = found[~np.isnan(found)]
        listed = [None if value != value else value for value in found.tolist()]
        span = float(there.max() - there.min()) if there.size else 0.0
        if span <= 1 or not np.isfinite(there).all():
            return name, "numeric", listed
        if (there == np.round(there)).all():
            # Whole numbers differ by 1 at least, and no difference counts for more: they are names.
            return name, "categorical", [None if value is None else str(int(value)) for value in listed]
        warn(
            f"`{name}` spans {span:.3g}: differences are divided by that here, and cut off at 1 by the published package; a "
            "pandas.DataFrame means the same to both",
            CompatWarning,
        )
        return name, "numeric", listed

    def _say_where_scales_differ(self, known: dict[str, tuple[float, float]]) -> None:
        names = [name for name, span in self._spans.items() if name in known and known[name] != span]
        self._spans = known
        if names:
            warn(
                f"{', '.join(names)}: numbers are scaled as those of the fit; the published package scales them on their own range",
                CompatWarning,
            )

    def _representations(self, Y: Any, n_stimuli: int) -> Activations:
        found = array(Y, "Y")
        if found.ndim == 0:
            raise InputError("Y is a single number", "one row per stimulus")
        if found.shape[0] != n_stimuli:
            raise InputError(
                "X and Y should have the same first dimension (number of stimuli) but found "
                f"{n_stimuli} and {found.shape[0]}",
                "one row per stimulus in both",
            )
        flat = as_matrix(found.reshape(found.shape[0], -1), "Y")
        if callable(self.distance):
            flat = _distances(self.distance, flat)
        return Activations({0: flat})


def _distances(of: Callable[[Any, Any], Any], Y: Any) -> Any:
    """The distances of all pairs by a function of two batches: of tensors where torch is there, else of arrays."""
    np = numpy()
    try:
        batch: Callable[[Any], Any] = importlib.import_module("torch").from_numpy
    except ImportError:
        batch = np.asarray
    Y = np.array(Y)
    n = len(Y)
    found = np.zeros((n, n), dtype=np.float32)
    for row in range(n - 1):
        others = Y[row + 1 :]
        one = np.broadcast_to(Y[row], others.shape).copy()
        found[row, row + 1 :] = np.asarray(of(batch(one), batch(others)), dtype=np.float32)
    return found + found.T


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise DependencyError("the published package's frames are of pandas, which is not here", "pip install pandas") from error
    return pandas
