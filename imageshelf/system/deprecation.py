"""Old names of public parameters, which still work for a while, with a warning."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar
from warnings import warn

P = ParamSpec("P")
R = TypeVar("R")


def renamed_parameters(**new_names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that accepts keyword arguments by their old names, with a warning.

    >>> @renamed_parameters(colour="color")
    ... def paint(color: str) -> str:
    ...     return color
    >>> paint(color="red")
    'red'
    """

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            for old, new in new_names.items():
                if old in kwargs and new not in kwargs:
                    sentence = f"{function.__name__}({old}=...) is now {new}=..."
                    warn(sentence, DeprecationWarning, stacklevel=2)
                    kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return call

    return decorated
