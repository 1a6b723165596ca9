"""Quantiles: SciPy's, to many digits, for what intervals ask of them, without SciPy being imported."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from samples_queries import quantiles
from samples_queries.quantiles import beta_quantiles, student_quantile

LEVELS = [0.005, 0.025, 0.5, 0.975, 0.995]
SHAPES = np.array([0.5, 0.6, 1, 1.5, 3, 30, 300, 1e4, 1e6, 1e8])


def test_the_rule_of_integration_is_gausss():
    nodes, weights = np.polynomial.legendre.leggauss(8)
    assert np.allclose(quantiles.NODES, nodes[4:], rtol=1e-15)
    assert np.allclose(quantiles.WEIGHTS, weights[4:], rtol=1e-15)


@pytest.mark.parametrize("level", LEVELS)
def test_beta_quantiles_are_scipys_for_all_shapes(level):
    alpha, beta = map(np.ravel, np.meshgrid(SHAPES, SHAPES))
    spread = np.sqrt(alpha * beta / (alpha + beta + 1)) / (alpha + beta)
    found, expected = beta_quantiles(alpha, beta, [level])[0], special.betaincinv(alpha, beta, level)
    assert np.max(np.abs(found - expected) / spread) < 1e-6
    usual = np.maximum(alpha, beta) <= 1e6
    assert np.max((np.abs(found - expected) / spread)[usual]) < 1e-8


@settings(max_examples=100, deadline=None)
@given(st.floats(0.5, 1e5), st.floats(0.5, 1e5), st.floats(0.001, 0.999))
def test_the_chance_below_a_quantile_is_its_level(alpha, beta, level):
    ((found,),) = beta_quantiles(np.array([alpha]), np.array([beta]), [level])
    assert special.betainc(alpha, beta, found) == pytest.approx(level, abs=1e-8)


def test_students_quantiles_are_scipys():
    degrees = np.array([1.0, 2, 3, 5, 10, 30, 100, 1e3, 1e4, 1e6])
    for level in (0.9, 0.975, 0.995):
        assert np.allclose(student_quantile(degrees, level), special.stdtrit(degrees, level), rtol=1e-9)
    assert np.isnan(student_quantile(np.array([0.0]), 0.975)).all()


def test_an_answer_imports_no_scipy(filled):
    """It takes half a second to import, as long as all else of an answer."""
    asks = [
        "lake.query('pass_at_k')",
        "lake.query('compare', a='a', b='b')",
        "lake.query('forecast')",
        "lake.query('reliability')",
        "lake.query('best_of')",
        "lake.query('efficiency_gap', base='a')",
    ]
    program = (
        f"import sys, samples; lake = samples.open({filled.uri!r}); {'; '.join(asks)}; print('scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
