"""MLEM with the habits of scikit-learn, which it does without."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from . import _native
from ._activations import Activations
from ._arrays import numpy
from ._errors import InputError, UsageError
from ._frames import Frame
from ._options import Option, threads_of, words
from ._report import warn
from ._stimuli import Stimuli, as_stimuli


class MLEM:
    """Metric Learning Encoding Model: the weighted feature distance that tracks the neural one.

    ``fit(X, Y)`` takes features ``X`` (a data frame, a dict of columns, a matrix) and activations ``Y`` ``(n_stimuli, d)``, and
    fits on all pairs of the stimuli; ``score(X, Y)`` is Spearman's correlation of the two distances on others, or what ``scoring`` says. It has the manners
    of scikit-learn's estimators (``get_params``, ``clone``, ``cross_val_score`` with any splitter over stimuli) and does not
    need it. Arguments are the options of ``probe fit``.

    After a fit:

    ``weights_``
        W at unit Frobenius norm, ``(n_features, n_features)``.
    ``importances_``
        ``feature, order, importance, sd``: what the score on the stimuli of the fit loses when a feature is permuted.
    ``objective_``, ``pairs_``, ``warnings_``
        Pearson's correlation of the modelled and the target distance; on how many pairs; what was warned of.

    >>> import numpy
    >>> x = numpy.random.default_rng(0).normal(size=(64, 8)).astype("float32")
    >>> x[1::2] += 2
    >>> model = MLEM().fit({"number": ["sg", "pl"] * 32, "length": list(range(64))}, x)
    >>> model.feature_names_in_.tolist(), model.weights_.shape
    (['number', 'length'], (2, 2))
    """

    weights_: Any
    importances_: Frame
    objective_: float
    pairs_: int
    warnings_: list[str]
    feature_names_in_: Any
    n_features_in_: int

    def __init__(
        self,
        *,
        interactions: bool = False,
        distance: str = "euclidean",
        target: str = "squared",
        scoring: str = "spearman",
        constraint: str = "spd",
        solver: str = "exact",
        soft_rank_strength: float = 1.0,
        missing: str = "zero",
        permutations: int = 5,
        permute: str | None = None,
        conditional: float | None = None,
        group: Mapping[str, list[str]] | None = None,
        pairs: int | str | None = None,
        seed: int = 0,
        threads: int | None = None,
    ) -> None:
        self.interactions = interactions
        self.distance = distance
        self.target = target
        self.scoring = scoring
        self.constraint = constraint
        self.solver = solver
        self.soft_rank_strength = soft_rank_strength
        self.missing = missing
        self.permutations = permutations
        self.permute = permute
        self.conditional = conditional
        self.group = group
        self.pairs = pairs
        self.seed = seed
        self.threads = threads

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The arguments that it was made with."""
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params: Any) -> MLEM:
        """Sets some of them."""
        for name, value in params.items():
            if name not in self._names():
                raise UsageError(f"`{name}` is no argument of {type(self).__name__}", f"there are {', '.join(self._names())}")
            setattr(self, name, value)
        return self

    def _words(self) -> list[str]:
        options: dict[str, Option] = {name: value for name, value in self.get_params().items() if name != "threads"}
        return words(options)

    def fit(self, X: Any, y: Any = None, /) -> MLEM:
        """Fits W to the distances of the activations ``y`` on all pairs of the stimuli of ``X``."""
        stimuli, activations = _both(X, y)
        fitted = _native.Fitted.fit(stimuli._native, activations._native, self._words(), threads_of(self.threads))
        np = numpy()
        self._fitted = fitted
        self.weights_ = np.array(fitted.weights)
        self.feature_names_in_ = np.array(fitted.features, dtype=object)
        self.n_features_in_ = len(fitted.features)
        self.objective_, self.pairs_, self.warnings_ = fitted.objective, fitted.pairs, fitted.warnings
        for warning in self.warnings_:
            warn(warning)
        self.importances_ = self._importance(stimuli, activations)
        return self

    def score(self, X: Any, y: Any = None, /) -> float:
        """How well modelled distances go with neural ones over the pairs of these stimuli: Spearman's correlation, or as ``scoring`` says."""
        stimuli, activations = _both(X, y)
        return self._model().score(stimuli._native, activations._native, threads_of(self.threads))

    def importance(self, X: Any, y: Any = None, /) -> Frame:
        """``importances_``, on other stimuli."""
        return self._importance(*_both(X, y))

    def _model(self) -> _native.Fitted:
        fitted: _native.Fitted | None = getattr(self, "_fitted", None)
        if fitted is None:
            raise _not_fitted(self)
        return fitted

    def _importance(self, stimuli: Stimuli, activations: Activations) -> Frame:
        rows: list[tuple[str, str, float, float]] = []
        if self.permutations:
            native = self._model()
            rows = native.importances(stimuli._native, activations._native, [self.seed], threads_of(self.threads))[0]
        feature, order, importance, sd = ([list(column) for column in zip(*rows)] if rows else [[], [], [], []])
        return Frame(
            _native.Frame(
                [
                    ("feature", "text", feature),
                    ("order", "text", order),
                    ("importance", "float", importance),
                    ("sd", "float", sd),
                ]
            )
        )

    def __sklearn_is_fitted__(self) -> bool:
        return getattr(self, "_fitted", None) is not None

    def __sklearn_tags__(self) -> Any:
        # Asked by scikit-learn alone, which is there then.
        utils: Any = importlib.import_module("sklearn.utils")
        return utils.Tags(
            estimator_type=None,
            target_tags=utils.TargetTags(required=True, multi_output=True, single_output=False),
            input_tags=utils.InputTags(categorical=True, string=True, allow_nan=True),
        )

    def __getstate__(self) -> dict[str, Any]:
        # The fitted model itself does not travel: what it told does.
        return {name: value for name, value in self.__dict__.items() if name != "_fitted"}

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        changed = {name: value for name, value in self.get_params().items() if value != defaults[name].default}
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in changed.items())})"


def _both(X: Any, y: Any) -> tuple[Stimuli, Activations]:
    if y is None:
        raise InputError("there are no activations", "fit(X, Y): features first, then activations, a row per stimulus each")
    stimuli = as_stimuli(X)
    activations = y if isinstance(y, Activations) else Activations({0: y})
    if len(activations) != 1:
        raise InputError(f"activations of {len(activations)} layers", "give those of one layer: activations[3]")
    if activations.n_stimuli != len(stimuli):
        raise InputError(
            f"the activations have {activations.n_stimuli:,} rows, and there are {len(stimuli):,} stimuli",
            "give one row per stimulus, in their order",
        )
    return stimuli, activations


def _not_fitted(model: object) -> Exception:
    message = f"this {type(model).__name__} has not been fitted"
    hint = "call fit(X, Y) first; a model that was pickled keeps its weights_ and importances_ alone"
    return UsageError(message, hint)
