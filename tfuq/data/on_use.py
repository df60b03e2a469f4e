"""Large libraries that are imported when they are first used, so that commands start at once."""

from __future__ import annotations

import importlib
from types import ModuleType


class ModuleOnUse(ModuleType):
    """Stands for a module, and imports it when something of it is first asked for.

    A file that uses it everywhere, but seldom at once, names it for type checkers too::

        if TYPE_CHECKING:
            import nibabel
        else:
            nibabel = ModuleOnUse("nibabel")
    """

    def __getattr__(self, name: str) -> object:
        return getattr(importlib.import_module(self.__name__), name)
