"""Define a run (one way of sampling one problem set) and record it in the lake before its first sample.

In: what a person asks for (`request`). Out: a `Run`, whose id is the hash of its specification, and rendered prompts.

Where each setting is kept, and when it is decided:

    setting                              kept in                 why
    -----------------------------------  ----------------------  ------------------------------------------------------
    model, weights, tokenizer files,     the id                  a hub's commit, or the hash of every file of the
    config.json, generation_config.json                          folder; each replica checks the folder before and
                                                                 after it loads, and refuses another content
    dtype                                the id                  auto is the checkpoint's own, decided before the first
                                                                 replica; one that cannot compute in it says so
    template, its options, system,       the id                  the date is fixed, never the clock's; prompts are
    suffix, the date that it writes                              recorded, and other ones are refused later
    sampling parameters, stop, log-prob  the id                  all are sent with each request, so that no default of
    mode, seed                                                   generation_config.json counts (but its end tokens do)
    max_model_len, when given            the id                  it cuts completions
    max_model_len, when not given        the id (by the          the model's own limit, from config.json; the number is
                                         weights), each segment  recorded, because versions of engines derive it
    engine, engine arguments that may    the id                  quantization, rope scaling, KV cache types …
    change the distribution
    engine arguments in                  neither                 they place the work (`engines.engine_args`): rounding
    `engine_args.PLACEMENT`, replicas                            at most, as another batch has
    problems and their order             the id; not the order   edited problems are new problems
    k, unit, name, labels                neither                 they change no sample
    top_logprobs                         neither; each row of    it changes no sample and no score, it keeps more; vLLM
                                         table top_logprobs      scores another way with it, which a segment records
                                         has its N
    attention backend, device, vLLM's    each segment            chosen by the hardware: rounding, unless it has a fault
    model runner
    versions of engine, torch,           the run's row (first)   an upgrade must not end a run; prompts that it changes
    transformers                         and each segment        are refused
    drivers, CUDA, environment           neither                 nobody can list them; rounding
    variables of engines

What a segment records is in the footer of its file, under the key samples.drawn_by. Table `setups` has each
combination of a run once. An answer notes the runs that have several; `samples status RUN` shows them. Rounding changes
single tokens of seeded samples, and not the distribution: a seed repeats a sample on the same hardware and batch only.
"""
