-- g_pass_at_k(n, c, k, tau): chance that at least a share tau of k samples is correct, and at least one of them
-- Liu et al. 2024, arXiv:2412.13147. The k are drawn without replacement from n with c correct. It is NULL where n < k or
-- tau is not in [0, 1]. A tau is read as the decimal number that is written. The chance is a tail of the hypergeometric
-- distribution. Weights are taken relative to the likeliest number of correct samples, so that no ratio is above 1.
CREATE MACRO hypergeometric_mode(n, c, k) AS (k + 1) * (c + 1) // (n + 2);

-- the weight of i + 1 correct samples over the weight of i
CREATE MACRO hypergeometric_step(n, c, k, i) AS (c - i) * (k - i) / ((i + 1) * (n - c - k + i + 1));

-- the sum of the weights of `first` and more, over the weight of `first`
CREATE MACRO hypergeometric_above(n, c, k, first) AS list_reduce(
    list_transform(range(least(c, k) - 1, first - 1, -1), lambda i: hypergeometric_step(n, c, k, i)),
    lambda total, ratio: 1 + total * ratio,
    1::DOUBLE
);

-- the sum of the weights of `last` and fewer, over the weight of `last`
CREATE MACRO hypergeometric_below(n, c, k, last) AS list_reduce(
    list_transform(range(greatest(k - (n - c), 0), last), lambda i: 1 / hypergeometric_step(n, c, k, i)),
    lambda total, ratio: 1 + total * ratio,
    1::DOUBLE
);

-- the weight of `far` over that of the mode
CREATE MACRO hypergeometric_weight(n, c, k, mode, far) AS coalesce(list_product(
    CASE
        WHEN far > mode THEN list_transform(range(mode, far), lambda i: hypergeometric_step(n, c, k, i))
        ELSE list_transform(range(far, mode), lambda i: 1 / hypergeometric_step(n, c, k, i))
    END
), 1);

CREATE MACRO hypergeometric_tail(n, c, k, mode, needed) AS CASE
    WHEN needed > least(c, k) THEN 0
    WHEN needed <= greatest(k - (n - c), 0) THEN 1
    WHEN needed > mode
    THEN hypergeometric_weight(n, c, k, mode, needed) * hypergeometric_above(n, c, k, needed)
        / (hypergeometric_above(n, c, k, mode) + hypergeometric_below(n, c, k, mode) - 1)
    ELSE 1 - hypergeometric_weight(n, c, k, mode, needed - 1) * hypergeometric_below(n, c, k, needed - 1)
        / (hypergeometric_above(n, c, k, mode) + hypergeometric_below(n, c, k, mode) - 1)
END;

CREATE MACRO g_pass_at_k(n, c, k, tau) AS CASE
    WHEN k::BIGINT BETWEEN 1 AND n::BIGINT AND c::BIGINT BETWEEN 0 AND n::BIGINT AND tau BETWEEN 0 AND 1
    THEN hypergeometric_tail(
        n::BIGINT, c::BIGINT, k::BIGINT, hypergeometric_mode(n::BIGINT, c::BIGINT, k::BIGINT),
        greatest(1, ceil(tau::VARCHAR::DECIMAL(18, 17) * k::BIGINT))::BIGINT
    )
END;
