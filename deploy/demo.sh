#!/bin/sh
# The demo: real problems, a small real model at two temperatures, a real vLLM, and what the samples show.
# Again: only what is missing.
set -eu
: "${K:=16}"
export SAMPLES_LAKE="${SAMPLES_LAKE:-.demo/lake}"
model=.demo/SmolLM2-135M-Instruct

python deploy/demo_model.py "$model"
for temperature in 1.0 0.5; do
    samples ingest 'reasoning-gym:chain_sum?size=12&min_terms=2&max_terms=3&min_digits=1&max_digits=1' \
        --name "sums-t$temperature" --label "temperature=$temperature" --model "$model" --k "$K" --verifier numeric \
        --suffix 'Answer with only the final answer.' \
        --temperature "$temperature" --top-p 0.95 --max-tokens 24 --max-model-len 512 --max-num-seqs 64
done

runs=sums-t1.0,sums-t0.5
echo
echo "pass@k of SmolLM2-135M-Instruct on sums of two or three numbers, at two temperatures:"
samples query pass_at_k --runs "$runs"
echo
echo "drawing the chart, then the report"
samples plot pass_at_k --runs "$runs" -o .demo/pass_at_k.svg
samples report --run sums-t1.0 --run sums-t0.5 -o .demo/report.html
cat <<END

Look at it (the environment is .venv, the lake $SAMPLES_LAKE):
  .demo/report.html                                      the whole comparison as one page; .demo/pass_at_k.svg is its chart
  export PATH=$PWD/.venv/bin:\$PATH SAMPLES_LAKE=$SAMPLES_LAKE
  samples browse --tokenizer run                         read the samples, both temperatures side by side
Try next:
  make demo K=$((K * 2))                                        the same samples, and $K more of each problem
  samples show sums-t1.0 chain_sum-0000 0                one completion, each token with its log-prob
  samples runs                                           what is in the lake
  samples query                                          every question; samples plot draws the answers
END
