"""Replace Unicode signs by LaTeX. A text of ASCII characters is returned as it is."""

import re
import unicodedata

_SIGNS = {
    **dict.fromkeys("−–—‒﹣－", "-"),
    **dict.fromkeys("·⋅∙", r"\cdot "),
    **dict.fromkeys("\u00a0\u2009\u202f\u2003\u2002\u200a", " "),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u200e\u200f", ""),
    **dict.fromkeys("≤⩽≦", r"\le "),
    **dict.fromkeys("≥⩾≧", r"\ge "),
    **dict.fromkeys("°º˚", r"^\circ "),
    **dict.fromkeys("€£¥₹₩₽￥￡", r"\$"),
    **dict.fromkeys("’′‘", "'"),
    **dict.fromkeys("“”", '"'),
    **dict.fromkeys("⁄∕", "/"),
    "∶": ":",
    "\u00d7": r"\times ",
    "÷": "/",
    "∞": r"\infty ",
    "√": r"\sqrt ",
    "∛": r"\sqrt[3] ",
    "∜": r"\sqrt[4] ",
    "±": r"\pm ",
    "∓": r"\mp ",
    "≠": r"\neq ",
    "≈": r"\approx ",
    "≡": r"\equiv ",
    "∪": r"\cup ",
    "∩": r"\cap ",
    "∈": r"\in ",
    "∉": r"\notin ",
    "∅": r"\emptyset ",
    "∣": r"\mid ",
    "∑": r"\sum ",
    "∏": r"\prod ",
    "∫": r"\int ",
    "∠": r"\angle ",
    "△": r"\triangle ",
    "⟨": r"\langle ",
    "⟩": r"\rangle ",
    "⌊": r"\lfloor ",
    "⌋": r"\rfloor ",
    "⌈": r"\lceil ",
    "⌉": r"\rceil ",
    "→": r"\to ",
    "…": r"\ldots ",
    "⋯": r"\cdots ",
    "ℝ": r"\mathbb{R}",
    "ℤ": r"\mathbb{Z}",
    "ℕ": r"\mathbb{N}",
    "ℚ": r"\mathbb{Q}",
    "ℂ": r"\mathbb{C}",
    "、": ",",
    "。": ".",
    "℃": r"^\circ C",
    "℉": r"^\circ F",
}
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "µ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho",
    "σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "ϕ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
    "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi",
    "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
_TABLE = {
    **{ord(sign): text for sign, text in _SIGNS.items()},
    **{ord(letter): rf"\{name} " for letter, name in _GREEK.items()},
}
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱˣ", "0123456789+-()nix", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₙᵢₓₖ", "0123456789+-()nixk", strict=True))
_RUN = re.compile(f"([{''.join(_RAISED)}]+)|([{''.join(_LOWERED)}]+)|([¼-¾⅐-⅞↉])")
_ROOT = re.compile(r"(√|∛|∜)\s*(\d+(?:\.\d+)?)")


def _script(found: re.Match[str]) -> str:
    raised, lowered, fraction = found.groups()
    if raised:
        return f"^{{{''.join(_RAISED[sign] for sign in raised)}}}"
    if lowered:
        return f"_{{{''.join(_LOWERED[sign] for sign in lowered)}}}"
    top, bottom = unicodedata.normalize("NFKC", fraction).split("\u2044")
    return rf"\frac{{{top}}}{{{bottom}}}"


def to_latex(text: str) -> str:
    """Return a text with its mathematical signs, letters, scripts and fractions as LaTeX, and wide forms as ASCII."""
    if text.isascii():
        return text
    text = _ROOT.sub(r"\1{\2}", _RUN.sub(_script, text))
    return unicodedata.normalize("NFKC", text.translate(_TABLE)).translate(_TABLE)
