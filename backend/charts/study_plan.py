"""What each study of a chart needs computed, in words that are the same for every chart: equal ones share their work."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias

from backend.charts.chart_state import Study
from backend.errors import InvalidInput, TriiError
from backend.indicators.group import Member
from backend.indicators.registry import check_source, checked_params, spec_of

Chain: TypeAlias = tuple[Member, ...]  # what an indicator reads, link by link, the indicator itself last


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """Chains by the id of a study, and why the others cannot be computed."""

    chains: Mapping[str, Chain] = field(default_factory=lambda: MappingProxyType({}))
    errors: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


NOTHING: Final = StudyPlan()


def plan_of(studies: tuple[Study, ...]) -> StudyPlan:
    """Find what every study reads, whatever their order; one that is wrong stops no other. Loads no kernels."""
    by_id = {study.id: study for study in studies}
    chains: dict[str, Chain] = {}
    errors: dict[str, str] = {}
    for study in studies:
        try:
            chains[study.id] = _chain(study, by_id, ())
        except TriiError as error:
            errors[study.id] = str(error)
    return StudyPlan(MappingProxyType(chains), MappingProxyType(errors))


def _chain(study: Study, by_id: Mapping[str, Study], readers: tuple[str, ...]) -> Chain:
    spec = spec_of(study.indicator)
    params = tuple(checked_params(spec, dict(study.params)).items())
    if not spec.has_source:
        return (Member("0", spec.name, params),)
    if not study.source.study:
        source = check_source(spec, study.source.field or spec.default_source)
        return (Member("0", spec.name, params, source),)
    read = by_id.get(study.source.study)
    if read is None:
        raise InvalidInput(
            f"{spec.short} reads a study that is not on the chart.", hint="Choose what it reads.", code="study.source"
        )
    if read.id == study.id or read.id in readers:
        raise InvalidInput(f"{spec.short} would read its own values.", hint="Choose another source.", code="study.circle")
    before = _chain_read(read, by_id, (*readers, study.id))
    outputs = [output.name for output in spec_of(read.indicator).outputs]
    if study.source.field not in outputs:
        raise InvalidInput(
            f"{spec.short} reads {study.source.field!r}, which {spec_of(read.indicator).short} does not give.",
            hint=f"It gives: {', '.join(outputs)}.",
            code="study.source",
        )
    return (*before, Member(str(len(before)), spec.name, params, f"{before[-1].key}.{study.source.field}"))


def _chain_read(read: Study, by_id: Mapping[str, Study], readers: tuple[str, ...]) -> Chain:
    try:
        return _chain(read, by_id, readers)
    except TriiError as error:
        if error.code == "study.circle":
            raise
        raise InvalidInput("What it reads cannot be computed.", hint="Mend that first.", code="study.source") from error
