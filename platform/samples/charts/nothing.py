"""What it means that a query has nothing to draw, of all runs or of some."""

NOTHING = {  # what it means that a query has nothing to draw about a run
    "lengths": "no tokens are known",
    "tokens_by_run": "no tokens are known",
    "perplexity_by_run": "no log-probs are known",
    "perplexity_distribution": "no log-probs are known",
    "perplexity_by_step": "no log-probs are known",
    "perplexity_by_verdict": "no problem has correct and other samples with known log-probs",
    "perplexity_by_support": "no log-probs are known",
    "likelihood_ratio_by_run": "no log-probs are known",
    "divergence": "no log-probs are known",
    "entropy": "no log-probs of other tokens are known",
    "power_law": "all problems are solved, or none",
    "duplicates": "no text is there twice",
    "errors": "every sample has a completion, and a verdict",
}
