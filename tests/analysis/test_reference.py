"""Every figure of the reference file against R, within the tolerance the file names; none is left out."""

import numpy as np
import pytest

from tests.analysis import reference_estimates as asked
from tests.analysis import reference_models as models
from tests.analysis.reference import VECTORS

RUNNERS = {
    "mean": asked.table_vector, "total": asked.table_vector, "ratio": asked.table_vector, "domain": asked.table_vector,
    "domain_by": asked.table_vector, "replicate": asked.table_vector, "lonely_psu": asked.table_vector,
    "calibration_estimate": asked.table_vector, "vcov": asked.covariance_vector, "contrast": asked.contrast_vector,
    "contrast_nonlinear": asked.contrast_vector, "variance": asked.variance_vector,
    "proportion_ci": asked.proportion_vector, "quantile": asked.quantile_vector, "test": asked.test_vector,
    "rao_scott": asked.rao_scott_vector, "crosstab": asked.crosstab_vector, "index": asked.index_vector,
    "design_weights": asked.weights_vector, "calibration_weights": asked.weights_vector,
    "replicate_weights": asked.replicates_vector, "sample_size": models.sample_size_vector,
    "allocation": models.allocation_vector, "pps": models.pps_vector, "nonresponse": models.nonresponse_vector,
    "weighting_effect": models.weighting_effect_vector, "reliability": models.reliability_vector,
    "quality": models.quality_vector, "fay_herriot": models.fay_herriot_vector,
    "fay_herriot_mse": models.fay_herriot_vector, "rank": models.rank_vector,
    "rank_bootstrap": models.rank_bootstrap_vector,
}  # fmt: skip
# Labels of the other arrays.
NOT_COMPARED = {"names", "level", "rows", "cols", "items"}
# Figures that R draws by chance, so that no program can meet them to `rtol`: their own tolerance, and why.
DRAWN_BY_R = {
    "propensities_first5": (1e-4, "PracTools::pclass adds jitter() to the propensities to break ties"),
}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_figures_agree_with_r(vector: dict) -> None:
    assert vector["capability"] in RUNNERS, f"{vector['id']}: {vector['capability']} is not computed"
    found = RUNNERS[vector["capability"]](vector)
    for key, expected in vector["expected"].items():
        if key in NOT_COMPARED or expected is None:
            continue
        assert key in found, f"{key} is not computed"
        if isinstance(expected, str):
            assert found[key] == expected
            continue
        want, got = (np.asarray(value, dtype=float).ravel() for value in (expected, found[key]))
        known = ~np.isnan(want)
        np.testing.assert_allclose(
            got[known], want[known], rtol=DRAWN_BY_R.get(key, (vector["rtol"],))[0],
            atol=vector.get("atol") or 1e-10, err_msg=key,
        )  # fmt: skip
