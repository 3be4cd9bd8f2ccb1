"""The header of a run of these tests says which reference figures are compared, and which are not computed yet."""


def pytest_report_header() -> str:
    from tests.analysis import test_reference as reference

    left = [vector["id"] for vector in reference.REFERENCE["vectors"] if reference.is_open(vector)]
    return f"reference: {len(reference.COVERED)} compared, not computed yet: {', '.join(left)}"
