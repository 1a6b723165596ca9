"""The usual names of fields, by what they hold.

Of several fields in a row, the outermost counts, and of those the one that is named first here.
"""

import re

COMPLETION = (
    *("_texts", "completion", "completions", "generation", "generations", "generated_text", "generated_texts"),
    *("generated_response", "generated_responses", "response", "responses", "output", "outputs", "output_text"),
    *("output_list", "model_output", "model_outputs", "model_response", "model_responses", "model_completion"),
    *("model_generation", "llm_output", "llm_response", "response_message", "response_text", "raw_output"),
    *("raw_outputs", "raw_response", "raw_responses", "raw_generation", "full_response", "full_generation"),
    *("origin_prediction", "samples", "sample", "sampled_text", "rollout", "rollouts", "resps", "text", "texts"),
    *("message", "candidates", "sequences", "choices", "reply", "replies", "generated", "generated_code"),
    *("content", "messages", "conversation", "conversations", "turns", "trajectory", "dialog", "chat"),
    *("prediction", "predictions", "code_list", "codes", "code", "solutions", "solution"),
)
QUESTION = (
    *("question", "question_content", "problem", "problem_statement", "original_question", "prompt", "query"),
    *("instruction", "input", "raw_prompt", "origin_prompt", "full_prompt", "formatted_prompt", "prompt_text"),
    *("input_text", "raw_input", "messages", "prompts", "inputs"),
)
GOLD = (
    *("ground_truth", "gold", "golds", "gold_answer", "gold_answers", "gt", "gts", "gt_answer", "ground_truths"),
    *("reference_answer", "expected_answer", "expected_answers", "correct_answer", "correct_answers", "answer_key"),
    *("expected", "final_answer", "answer", "target", "targets", "reference", "references", "solution"),
)
ID = (
    *("problem_id", "question_id", "task_id", "example_id", "prompt_id", "unique_id", "doc_id", "custom_id", "uuid"),
    *("qid", "problem_idx", "question_idx", "task_index", "_ng_task_index", "orig_dset_idx", "id", "uid"),
    *("_key", "idx", "index", "group_id", "sample_id", "original_row_idx", "key"),
)
INDEX = (
    *("sample_index", "sample_idx", "completion_index", "completion_idx", "generation_index", "generation_idx"),
    *("rollout_index", "rollout_idx", "_ng_rollout_index", "repeat_index", "repeat_idx", "trial", "attempt"),
)
ANSWER = (
    *("extracted_answer", "extracted_answers", "extracted_prediction", "predicted_answer", "pred", "preds"),
    *("parsed_answer", "extracted", "model_answer", "predictions", "prediction", "answer"),
)
FINISH_REASON = ("finish_reason", "finish_reasons", "stop_reason", "stop_reasons", "finishreason", "is_truncated")
REASONING = ("reasoning_content", "reasoning", "reasonings", "thinking", "thoughts")
ERROR = (
    *("error", "errors", "error_message", "response_errors", "exception", "__inference_error__", "failure"),
    "status_code",
)
# Where errors stand, though no row says one so far.
ERRORS = (
    *("error", "errors", "error_message", "response_errors", "__inference_error__", "response.error"),
    *("response.body.error", "response.status_code", "result.error"),
)
MODEL = ("model", "model_name", "model_id", "generator_model")
SEED = ("seed", "sampling_seed")
TOKENS = (
    *("num_generated_tokens", "num_output_tokens", "completion_tokens", "output_tokens", "num_completion_tokens"),
    *("generated_token_count", "num_tokens", "n_tokens", "token_count", "response_length", "completion_length"),
    *("generated_tokens", "output"),
)
TOKEN_IDS = (
    *("token_ids", "output_token_ids", "completion_token_ids", "completion_ids", "generated_token_ids"),
    *("generated_tokens", "generation_token_ids", "response_token_ids", "response_ids", "output_ids"),
    *("output_tokens", "completion_tokens", "tokens"),
)
TOKEN_LOGPROBS = (
    *("token_logprobs", "logprobs", "output_token_logprobs", "completion_logprobs", "completion_token_logprobs"),
    *("generation_log_probs", "generated_logprobs", "response_logprobs", "rollout_log_probs", "output_logprobs"),
    *("log_probs", "sampling_logprobs", "tokens"),
)

# Names that fields of problems have too.
SOLUTIONS = frozenset({"solution", "solutions", "code", "codes", "code_list"})
TEXTS = frozenset({"text", "texts", "content", "message", "sample"})
TASKS = ("task_id", "question_id", "problem_id")
TESTS = (
    *("test", "tests", "test_list", "test_cases", "unit_tests", "public_test_cases", "entry_point"),
    *("canonical_solution", "input_output", "test_setup_code", "challenge_test_list"),
)
# Words in names that nobody knows: of one that holds the role, and of one that does not.
WORDS = {
    "completion": (
        *("completion", "completions", "generation", "generations", "generated", "response", "responses", "output"),
        *("outputs", "rollout", "rollouts", "reply", "replies", "sampled", "prediction", "predictions"),
    ),
    "question": ("question", "problem", "prompt", "instruction", "query"),
    "gold": ("gold", "truth", "reference", "expected", "target", "groundtruth"),
}
OTHER_WORDS = frozenset(
    {
        *("token", "tokens", "len", "length", "num", "count", "time", "reason", "id", "ids", "idx", "index", "logprob"),
        *(
            "logprobs",
            "score",
            "correct",
            "error",
            "errors",
            "format",
            "type",
            "path",
            "file",
            "name",
            "hash",
            "extracted",
        ),
        *("parsed", "pred", "tokens", "template", "system", "stats", "metadata", "usage", "params", "config", "reward"),
    }
)

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")  # of a name, also in camelCase


def has_word(name: str, role: str) -> bool:
    """Return whether a name that nobody knows has a word of a role in it, and none of another."""
    held = {word.lower() for word in _WORD.findall(name)}
    return bool(held & set(WORDS[role])) and not held & OTHER_WORDS


ROLES = {
    "completion": COMPLETION,
    "question": QUESTION,
    "gold": GOLD,
    "id": ID,
    "index": INDEX,
    "answer": ANSWER,
    "finish_reason": FINISH_REASON,
    "reasoning": REASONING,
    "error": ERROR,
    "model": MODEL,
    "seed": SEED,
    "tokens": TOKENS,
    "token_ids": TOKEN_IDS,
    "token_logprobs": TOKEN_LOGPROBS,
}

# Objects that are no part of an answer: an id or a gold answer may lie in them.
ABOUT_THE_PROBLEM = frozenset(
    {
        *("doc", "metadata", "meta", "info", "extra_info", "extra", "sample_metadata", "sample_score", "original_row"),
        *(
            "generic_request",
            "problem",
            "row",
            "example",
            "sample",
            "data",
            "task",
            "reward_model",
            "logs",
            "review",
            "item",
        ),
        *("score", "choices", "verifier_metadata", "responses_create_params", "target", "environment", "env"),
    }
)
# Objects that hold no completions.
NO_ANSWER = frozenset(
    {
        *("error", "errors", "response_errors", "request", "raw_request", "generic_request", "responses_create_params"),
        *(
            "doc",
            "metadata",
            "extra_info",
            "info",
            "original_row",
            "reward_model",
            "problem",
            "usage",
            "distilabel_metadata",
        ),
    }
)
# Objects that may say why there is no answer.
ABOUT_THE_ANSWER = frozenset(
    {"response", "body", "result", "raw_response", "output", "model_output", "choices", "message"}
)
