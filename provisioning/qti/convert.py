"""From the bytes of a package to a paper and its keys, whole or not at all."""

from collections.abc import Iterator

import msgspec

from exam import paper as papers
from provisioning.archive import read_archive
from provisioning.problems import Place, Problem, Problems
from provisioning.qti import messages, xml
from provisioning.qti.counting import Source
from provisioning.qti.html import Renderer, is_for_candidates
from provisioning.qti.items import convert_item
from provisioning.qti.labels import make_labels
from provisioning.qti.outline import ItemRef, Outline, Section, read_outline
from provisioning.qti.pictures import Shelf


class Converted(msgspec.Struct, frozen=True, kw_only=True):
    """What a package holds. ``assets`` are the bytes of the paper's pictures by name."""

    paper: papers.Paper
    keys: papers.AnswerKeys
    assets: dict[str, bytes]
    notes: tuple[Problem, ...]
    """What was left out on purpose."""
    identifiers: dict[str, str]
    """Our label of each item by the identifier that its author gave it."""


def convert(
    data: bytes,
    *,
    subject: str,
    revision: int = 1,
    title: str = "",
    language: str = "zh-CN",
    file: str = "",
) -> Converted:
    """Return the paper in the package ``data`` (bytes of a zip, which a person calls ``file``).

    ``title`` and ``language`` count where the package names none.
    Raises `InputRefusedError` with every problem of the package.
    """
    problems = Problems()
    files = read_archive(data, problems, file)
    problems.refuse_if_any()
    outline = read_outline(files, problems)
    problems.refuse_if_any()
    assert outline is not None
    shelf = Shelf()
    reader = _Reader(files, shelf, problems)
    sources = reader.sources(outline)
    parts, keys = reader.parts(outline, sources)
    problems.refuse_if_any()
    made = papers.Paper(
        subject=subject,
        revision=revision,
        title=outline.title or title,
        language=outline.language or language,
        parts=parts,
        assets=shelf.assets(),
    )
    return Converted(
        paper=made,
        keys=papers.AnswerKeys(subject=subject, revision=revision, items=keys),
        assets=shelf.contents(),
        notes=reader.notes(),
        identifiers={source.identifier: source.label for source in sources.values()},
    )


class _Reader:
    """Reads the items that an outline names."""

    def __init__(self, files: dict[str, bytes], shelf: Shelf, problems: Problems) -> None:
        self._files = files
        self._shelf = shelf
        self._problems = problems
        self._notes: list[Problem] = []

    def sources(self, outline: Outline) -> dict[ItemRef, Source]:
        """Return each item's XML and label; items named twice are problems."""
        roots: list[tuple[ItemRef, xml.Element, str]] = []
        seen: dict[str, str] = {}
        for ref in (ref for section in outline.sections for ref in section.items):
            root = xml.parse(self._files[ref.file], ref.file, self._problems)
            if root is None or not xml.check_root(root, "assessmentItem", ref.file, self._problems):
                continue
            identifier = xml.attribute(root, "identifier")
            if identifier in seen:
                place = Place(file=ref.file, item=identifier)
                self._problems.add(
                    messages.ITEM_TWICE, place, name=identifier, came=seen[identifier]
                )
                continue
            seen[identifier] = ref.file
            roots.append((ref, root, identifier))
        labels = make_labels(seen, "item")
        return {
            ref: Source(
                root=root,
                file=ref.file,
                identifier=identifier,
                label=labels[identifier],
                weight=ref.weight,
            )
            for ref, root, identifier in roots
        }

    def parts(
        self, outline: Outline, sources: dict[ItemRef, Source]
    ) -> tuple[tuple[papers.Part, ...], tuple[papers.ItemKey, ...]]:
        """Return the parts of the paper, and the keys of their items in the same order."""
        parts, keys = [], []
        for section in outline.sections:
            made = [
                pair
                for ref in section.items
                if ref in sources and (pair := self._convert(sources[ref])) is not None
            ]
            keys += [key for _, key in made]
            parts.append(
                papers.Part(
                    title=section.title,
                    items=tuple(item for item, _ in made),
                    shuffle=section.shuffle,
                    instructions="".join(self._instructions(section)),
                )
            )
        return tuple(parts), tuple(keys)

    def notes(self) -> tuple[Problem, ...]:
        """Return what was left out so far."""
        return tuple(self._notes)

    def _convert(self, source: Source) -> tuple[papers.Item, papers.ItemKey] | None:
        renderer = self._renderer(source.file, source.identifier)
        made = convert_item(source, renderer, self._problems)
        self._notes += renderer.notes.found()
        return made

    def _instructions(self, section: Section) -> Iterator[str]:
        for rubric in section.rubrics:
            if is_for_candidates(rubric):
                yield self._renderer(section.file, "").render(rubric)

    def _renderer(self, file: str, item: str) -> Renderer:
        return Renderer(
            file=file, item=item, files=self._files, shelf=self._shelf, problems=self._problems
        )
