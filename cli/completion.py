"""Completion of what is typed of a command, by the shell."""

from __future__ import annotations

from collections.abc import Iterable

import click
from click.shell_completion import CompletionItem

from tfuq.config import shipped, shipped_studies


def complete_config(
    context: click.Context,
    parameter: click.Parameter,
    incomplete: str,
) -> list[CompletionItem]:
    """Files, and the names of the configurations that come with tfuq."""
    return _files_and(shipped(), incomplete)


def complete_study(
    context: click.Context,
    parameter: click.Parameter,
    incomplete: str,
) -> list[CompletionItem]:
    """Files, and the names of the studies that come with tfuq."""
    return _files_and(shipped_studies(), incomplete)


def _files_and(known: Iterable[str], incomplete: str) -> list[CompletionItem]:
    files = CompletionItem(incomplete, type="file")
    names = sorted(_beginning_with(incomplete, known))
    return [files, *map(CompletionItem, names)]


def complete_phantom(
    context: click.Context,
    parameter: click.Parameter,
    incomplete: str,
) -> list[str]:
    """The names of phantoms."""
    from tfuq.data.phantoms import PHANTOMS

    return _beginning_with(incomplete, PHANTOMS)


def complete_perturbation(
    context: click.Context,
    parameter: click.Parameter,
    incomplete: str,
) -> list[str]:
    """The names of perturbations."""
    from tfuq.data.perturbations import PERTURBATIONS

    return _beginning_with(incomplete, PERTURBATIONS)


def complete_model(
    context: click.Context,
    parameter: click.Parameter,
    incomplete: str,
) -> list[CompletionItem]:
    """Folders, and the names of the models that come with tfuq."""
    from tfuq.runs.models import shipped_models

    return _files_and(shipped_models(), incomplete)


def _beginning_with(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
