"""Score: how likely a model finds stored samples that it did not draw, or drew elsewhere.

In: a model, and samples of the lake. Out: one score per sample and scorer, with the log-prob of each of its tokens.
Samples never change. A score is of the completion: prompt tokens never count. The same command again scores only what
is missing.

What a scorer is shown of a sample:

    tokens ids    the token ids that the run drew, as they are: where the run's tokenizer has the scorer's vocabulary
    tokens text   the text, encoded by the scorer's tokenizer: everywhere else, and for imported samples
    prompt run    the prompt that the run's model was given (default with ids)
    prompt own    the question, rendered with the scorer's own template (default with text)

Log-probs per token of the two ways are never one number: only bits per byte compare across tokenizers.
"""
