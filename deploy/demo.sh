#!/bin/sh
# The demo: real problems, a small real model, a real vLLM, and the pass@k curve they give. Again: only what is missing.
set -eu
: "${K:=16}"
export SAMPLES_LAKE="${SAMPLES_LAKE:-.demo/lake}"
model=.demo/SmolLM2-135M-Instruct

python deploy/demo_model.py "$model"
samples ingest 'reasoning-gym:chain_sum?size=12&min_terms=2&max_terms=3&min_digits=1&max_digits=1' \
    --name smollm2-sums --model "$model" --k "$K" --verifier numeric --suffix 'Answer with only the final answer.' \
    --temperature 1.0 --top-p 0.95 --max-tokens 24 --max-model-len 512 --max-num-seqs 64

echo
echo "pass@k of SmolLM2-135M-Instruct on sums of two or three numbers:"
samples query pass_at_k --runs smollm2-sums
cat <<END

Try next (the environment is .venv, the lake $SAMPLES_LAKE):
  make demo K=$((K * 2))                                        the same samples, and $K more of each problem
  export PATH=$PWD/.venv/bin:\$PATH SAMPLES_LAKE=$SAMPLES_LAKE
  samples show smollm2-sums chain_sum-0000 0             one completion, each token with its log-prob
  samples runs                                           what is in the lake
  samples problems                                       what was asked
  samples query pass_at_k --ks 1,3,10 --format csv       the curve, for a plot
END
