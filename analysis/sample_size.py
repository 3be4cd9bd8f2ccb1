"""How many persons must be asked (*cỡ mẫu*)? Every size is a real number; `whole_size` rounds it up at the very end."""

from math import ceil, inf, isfinite, sqrt

from scipy.stats import norm

# A size that arithmetic left a hair above a whole number is that whole number.
_HAIR = 1e-9


class SizeError(ValueError):
    """A figure that no size can be computed from; the sentence is for the user."""


def _check(holds: bool, sentence: str) -> None:
    if not holds:
        raise SizeError(sentence)


def _two_sided(alpha: float) -> float:
    _check(0 < alpha < 1, "Mức ý nghĩa phải lớn hơn 0 và nhỏ hơn 1, ví dụ 0,05.")
    return float(norm.ppf(1 - alpha / 2))


def _check_proportion(p: float) -> None:
    _check(0 < p < 1, "Tỷ lệ ước tính phải lớn hơn 0 và nhỏ hơn 1, ví dụ 0,5.")


def _check_margin(e: float) -> None:
    _check(0 < e < 1, "Sai số phải lớn hơn 0 và nhỏ hơn 1, ví dụ 0,05.")


def _check_population(population: float) -> None:
    _check(population >= 1, "Số người trong khung mẫu phải từ 1 trở lên.")


def whole_size(size: float, population: float = inf) -> int:
    """`size` rounded up, at least 1 and never more than the population. R: `min(max(ceiling(n), 1), N)`."""
    _check(isfinite(size) and size > 0, "Không tính được cỡ mẫu từ các số này.")
    return int(min(max(1, ceil(size - _HAIR)), population))


def yamane(population: float, e: float) -> float:
    """n = N / (1 + N e²): the rule of official guidance, for p = 0.5 and z = 2.

    Source: Yamane (1967), attributed to Slovin. R: `N / (1 + N * e^2)`.
    """
    _check_population(population)
    _check_margin(e)
    return 1 / (e**2 + 1 / population)


def size_for_proportion(
    e: float, p: float = 0.5, alpha: float = 0.05, population: float = inf, design_effect: float = 1
) -> float:
    """n so that the 1 - alpha interval of a proportion is p ± e.

    n = deff z² S² / (e² + deff z² S² / N) with S² = p (1 - p) N / (N - 1), the finite population correction; N
    infinite leaves it out. Source: Cochran (1977) 4.4; Valliant, Dever & Kreuter (2018) 3.2.
    R: `PracTools::nPropMoe(moe.sw = 1, e, alpha, pU = p, N)`.
    """
    _check_margin(e)
    _check_proportion(p)
    _check(design_effect > 0, "Hệ số thiết kế phải lớn hơn 0, ví dụ 1 hoặc 1,5.")
    _check(population > 1, "Khung mẫu phải có từ 2 người trở lên.")
    inflation = 1.0 if population == inf else population / (population - 1)
    spread = design_effect * _two_sided(alpha) ** 2 * p * (1 - p) * inflation
    return spread / (e**2 + spread / population)


def proportion_margin(
    size: float, p: float = 0.5, alpha: float = 0.05, population: float = inf, design_effect: float = 1
) -> float:
    """The half width e that `size` answers give: `size_for_proportion` solved for e; 0 for a full count.

    R: `qnorm(0.975) * sqrt(p * (1 - p) / n * (1 - n / N) * N / (N - 1))`, solved from `PracTools::nProp`."""
    _check(size > 0, "Cỡ mẫu phải lớn hơn 0.")
    _check_proportion(p)
    if size >= population or population <= 1:
        return 0.0
    inflation = 1.0 if population == inf else population / (population - 1)
    spread = design_effect * _two_sided(alpha) ** 2 * p * (1 - p) * inflation
    return sqrt(spread * (1 / size - 1 / population))


def size_for_proportion_wilson(e: float, p: float, alpha: float = 0.05) -> tuple[float, float, float]:
    """(n, low, high) so that the Wilson interval of a proportion is 2 e wide; for p near 0 or 1.

    The positive root of e² (n + z²)² = z² (p q n + z²/4). Source: Wilson (1927); Newcombe (1998).
    R: `PracTools::nWilson(moe.sw = 1, alpha, pU = p, e)`.
    """
    _check_margin(e)
    _check_proportion(p)
    z2 = _two_sided(alpha) ** 2
    half = (z2 * p * (1 - p) - 2 * e**2 * z2) / 2
    size = (half + sqrt(half**2 - e**2 * z2**2 * (e**2 - 0.25))) / e**2
    centre = (p + z2 / (2 * size)) / (1 + z2 / size)
    return size, centre - e, centre + e


def size_for_mean(
    e: float, sd: float, alpha: float = 0.05, population: float = inf, design_effect: float = 1
) -> float:  # fmt: skip
    """n so that the 1 - alpha interval of a mean is ± e in the unit of `sd`, the standard deviation (divisor N - 1).

    n = deff z² S² / (e² + deff z² S² / N). Source: Cochran (1977) 4.6.
    R: `PracTools::nContMoe(moe.sw = 1, e, alpha, S2 = sd^2, N)`.
    """
    _check(e > 0 and sd > 0, "Sai số và độ lệch chuẩn phải lớn hơn 0.")
    _check(design_effect > 0, "Hệ số thiết kế phải lớn hơn 0, ví dụ 1 hoặc 1,5.")
    spread = design_effect * (_two_sided(alpha) * sd) ** 2
    return spread / (e**2 + spread / population)


def size_for_mean_cv(cv: float, population_cv: float, population: float = inf) -> float:
    """n so that the estimated mean has the coefficient of variation `cv`; `population_cv` is S / mean.

    n = CV² / (cv² + CV² / N). Source: Valliant, Dever & Kreuter (2018) 3.1. R: `PracTools::nCont(CV0, CVpop, N)`.
    """
    _check(cv > 0 and population_cv > 0, "Hệ số biến thiên phải lớn hơn 0.")
    return population_cv**2 / (cv**2 + population_cv**2 / population)


def size_for_two_proportions(p1: float, p2: float, alpha: float = 0.05, power: float = 0.8, sides: int = 2) -> float:
    """n per group that finds the difference p1 - p2 with the power, at level alpha.

    n = (z_a sqrt((p1 + p2)(1 - (p1 + p2)/2)) + z_b sqrt(p1 q1 + p2 q2))² / (p1 - p2)². Source: Fleiss (1981).
    R: `power.prop.test(p1, p2, sig.level, power)$n` (which searches the root to 1e-4).
    """
    _check_proportion(p1)
    _check_proportion(p2)
    _check(p1 != p2, "Hai tỷ lệ phải khác nhau.")
    z_alpha, z_power = norm.ppf(1 - alpha / sides), norm.ppf(power)
    pooled = (p1 + p2) * (1 - (p1 + p2) / 2)
    apart = p1 * (1 - p1) + p2 * (1 - p2)
    return float((z_alpha * sqrt(pooled) + z_power * sqrt(apart)) ** 2 / (p1 - p2) ** 2)


def sizes_for_two_overlapping_samples(
    p1: float, p2: float, both: float, overlap: float = 1, ratio: float = 1, alpha: float = 0.05, power: float = 0.8,
    sides: int = 1,
) -> tuple[float, float]:  # fmt: skip
    """(n1, n2) for a change between two surveys that share persons: `overlap` is the share of sample 1 also in 2.

    `both` is the share with the property in both years, `ratio` = n1 / n2.
    n1 = (z_a + z_b)² (v1 + r v2 - 2 g r cov) / (p1 - p2)². Source: Valliant, Dever & Kreuter (2018) 4.4; Woodward
    (1992). R: `PracTools::nProp2sam(px, py, pxy, g, r, alt)`, which rounds up.
    """
    _check_proportion(p1)
    _check_proportion(p2)
    _check(p1 != p2, "Hai tỷ lệ phải khác nhau.")
    z = norm.ppf(1 - alpha / sides) + norm.ppf(power)
    spread = p1 * (1 - p1) + ratio * p2 * (1 - p2) - 2 * overlap * ratio * (both - p1 * p2)
    first = float(z**2 * spread / (p1 - p2) ** 2)
    return first, first / ratio


def size_for_nonresponse(size: float, response_rate: float) -> float:
    """How many to invite so that `size` answer: n / r. Source: Lohr (2021) 8.2. R: `n / r`."""
    _check(0 < response_rate <= 1, "Tỷ lệ trả lời phải lớn hơn 0 và không quá 1, ví dụ 0,8.")
    return size / response_rate
