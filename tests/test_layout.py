"""The shape that the import system and the design rely on."""

from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_platform_is_no_package_for_it_would_shadow_the_standard_library():
    assert not (ROOT / "platform" / "__init__.py").exists()


def test_no_test_folder_is_a_package():
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_no_folder_lies_deeper_than_two_folders_below_its_root():
    for root in ("platform/samples", "cli/samples_cli", "schemas/samples_schemas", "queries/samples_queries"):
        deepest = max(len(path.relative_to(ROOT / root).parts) for path in (ROOT / root).rglob("*.py"))
        assert deepest <= 3
