"""The header of a run of these tests says which reference figures they are compared with."""


def pytest_report_header() -> str:
    from tests.analysis.reference import FOLDER, VECTORS

    return f"reference: {FOLDER}, {len(VECTORS)} vectors"
