#!/bin/sh
# The paper in miniature: train, sample, judge, score, report. Again: only what is missing. README.md has the protocol.
#     sh benchmarks/paper/study.sh            # the study, in .paper/full
#     QUICK=1 sh benchmarks/paper/study.sh    # all of it at a tenth of the size, in .paper/quick
set -eu
here=benchmarks/paper
if [ -n "${QUICK:-}" ]; then
    : "${OUT:=.paper/quick}" "${STEPS:=4}" "${EVERY:=2}" "${SUMS:=12}" "${PRODUCTS:=6}"
    : "${K:=32}" "${K_STEPS:=16}" "${K_PRODUCTS:=16}" "${SCORED:=4}"
else
    : "${OUT:=.paper/full}" "${STEPS:=100}" "${EVERY:=25}" "${SUMS:=50}" "${PRODUCTS:=30}"
    : "${K:=512}" "${K_STEPS:=64}" "${K_PRODUCTS:=64}" "${SCORED:=8}"
fi
: "${BASE:=.demo/SmolLM2-135M-Instruct}" # a folder that is there already is taken as it is
: "${ENGINE:=vllm}"
block=
# Prompts have about 54 tokens. With vLLM's CPU default, blocks of 128, no two samples share the work on their prompt.
[ "$ENGINE" != vllm ] || block=32
export SAMPLES_LAKE="$OUT/lake"
problems="$OUT/problems" models="$OUT/models" charts="$OUT/charts"
child=$(printf 'rloo-%03d' "$STEPS")
began=$(date +%s)

stage() { # WHAT: say what begins, and when
    echo
    echo "== $1  ($(($(date +%s) - began)) s)"
}
draw() { # NAME MODEL PROBLEMS K STEP ALGORITHM: draw the samples of a run that are missing
    samples ingest "$problems/$3.jsonl" --name "$1-$3" --model "$2" -k "$4" --label "step=$5" --label "algorithm=$6" \
        --suffix 'Answer with only the final answer.' --temperature 1.0 --max-tokens 24 --dtype float32 \
        --engine "$ENGINE" --max-model-len 256 --max-num-seqs 64 ${block:+--engine-arg "block_size=$block"}
}
chart() { # NAME ARGUMENTS…: draw a chart
    name=$1
    shift
    samples plot "$@" -o "$charts/$name.svg"
}

stage "the model and the problems"
python deploy/demo_model.py "$BASE"
[ -e "$problems/training.jsonl" ] ||
    python $here/problems.py "$problems" --prompts $((8 * STEPS)) --sums "$SUMS" --products "$PRODUCTS"

stage "training: $STEPS steps"
# The settings keep libraries quiet. TRL warns of vLLM's version, which it does not use here: transformers draws.
[ -e "$models/training.jsonl" ] ||
    HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error TQDM_DISABLE=1 VLLM_LOGGING_LEVEL=ERROR \
        PYTHONWARNINGS='ignore:TRL currently supports vLLM' \
        python $here/train.py "$problems/training.jsonl" "$BASE" "$models" --steps "$STEPS" --every "$EVERY"

stage "sampling: $K samples of each sum from the base and from its child, $K_STEPS from the steps between them"
draw base "$BASE" sums "$K" 0 none
step=$EVERY
while [ "$step" -lt "$STEPS" ]; do
    name=$(printf '%03d' "$step")
    draw "rloo-$name" "$models/step-$name" sums "$K_STEPS" "$step" rloo
    step=$((step + EVERY))
done
draw "$child" "$models/step-${child#rloo-}" sums "$K" "$STEPS" rloo
draw base "$BASE" products "$K_PRODUCTS" 0 none
draw "$child" "$models/step-${child#rloo-}" products "$K_PRODUCTS" "$STEPS" rloo

stage "judging: numeric is lenient, stated is strict"
samples rescore --verifier numeric
samples rescore --verifier $here/stated.py:stated

stage "scoring: the first $SCORED samples of each problem and run, under the base"
samples score --model "$BASE" --name base-sums --limit-per-problem "$SCORED" --dtype float32 --engine "$ENGINE" \
    --max-model-len 256 --max-num-seqs 64

stage "charts, tables, report, export"
mkdir -p "$charts"
chart pass_at_k pass_at_k --runs "base-sums,$child-sums" --verifier numeric
chart pass_at_k_strict pass_at_k --runs "base-sums,$child-sums" --verifier stated
chart compare compare --a base-sums --b "$child-sums" --verifier numeric
chart products pass_at_k --runs "base-products,$child-products" --verifier numeric
chart coverage coverage --a base-sums --b "$child-sums" --verifier numeric
chart accuracy accuracy_histogram --runs "base-sums,$child-sums" --verifier numeric
chart problems pass_at_k_by_problem --runs "base-sums,$child-sums" --verifier numeric
chart perplexity perplexity_by_run --dataset sums --scorer base-sums --verifier numeric
chart divergence divergence --dataset sums --scorer base-sums
python $here/results.py "$OUT/results.md"
if samples report --help >/dev/null 2>&1; then
    samples report --run base-sums --run "$child-sums" --verifier numeric -o "$OUT/report.html"
fi
for run in base-sums "$child-sums"; do
    samples export --run "$run" --verifier numeric -o "$OUT/$run.parquet" --force
done

stage "done"
echo "$OUT: results.md, charts, base-sums.parquet and $child-sums.parquet; the lake has $(du -sh "$OUT/lake" | cut -f 1)"
cat <<END

Ask more (the environment is .venv):
  export PATH=$PWD/.venv/bin:\$PATH SAMPLES_LAKE=$SAMPLES_LAKE
  samples query crossing --a base-sums --b $child-sums --verifier numeric
  samples show $child-sums sums-000 0
END
