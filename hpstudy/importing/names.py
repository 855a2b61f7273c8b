"""What the name of a column says of it."""

from __future__ import annotations

import re

from hpstudy.metric import Direction, direction_of

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_LESS = _set("""
    loss error err mse mae rmse msle mape perplexity ppl wer cer fid bpb bpc nll logloss deviance
    regret latency brier ece mad misclassification
""")
_MORE = _set("""
    acc accuracy f1 fbeta auc auroc auprc r2 score reward return returns bleu rouge meteor iou miou
    dice jaccard precision recall psnr ssim kappa mcc ndcg mrr hits top1 top5 em likelihood
    throughput sensitivity specificity
""")
_ANY = _set("value values metric objective target result fitness")
_TWO_WORDS = {"error rate": "error", "explained variance": "r2"}
_PARTS = _set("val valid validation test eval dev train training best final last")
_KINDS = _set("macro micro weighted mean avg average ovr ovo samples binary")

_SEEDS = re.compile(
    r"(?:.*[_. /-])?(?:seed|random_?state|random_?seed|rng|replicate|repeat|repetition|rep)", re.I
)
_FOLDS = re.compile(r"(?:cv_?)?(?:fold|split)(?:_?(?:id|idx|index|number|no))?", re.I)
_STATES = re.compile(r"(?:run_?|trial_?)?(?:state|status)", re.I)
_TIMES = re.compile(
    r"_?(?:runtime|duration|elapsed|seconds|wall_?(?:time|clock|seconds)|mean_fit_time|"
    r"(?:train|training|fit|total|run)_?(?:time|seconds|duration))(?:_?s(?:ec)?)?",
    re.I,
)
_BOOKS = re.compile(
    r"_.*|(?:.*[_. /-])?(?:id|uid|uuid|run_?name|experiment|experiment_?name|dir|directory|path|"
    r"file|filename|checkpoint|ckpt|url|uri|host|hostname|user|username|notes?|tags?|comment|"
    r"date|time|datetime|timestamp|created|created_at|updated|started|finished|start_?time|"
    r"end_?time|heartbeat|sweep|group|job_?type|commit|sha|git_?hash|git|pid|gpu|hash|digest|"
    r"version)|"
    r"name|number|trial(?: number)?|trial_?number|index|idx|row|unnamed.*|run|epoch|step|"
    r"global_?step|best_?epoch|iteration|iter|rank_test_.*|(?:mean|std)_score_time|std_fit_time|"
    r"trainer/global_step|datetime_.*|system_attrs_.*|",
    re.I,
)


def words_of(name: str) -> list[str]:
    """Returns a name's words: "valAccTop1", "val_acc-top1" and "val/acc/top1" have the same."""
    joined = re.sub(r"(?i)(?<![a-z0-9])(f|r|top)[_ -]?(\d)", r"\1§\2", name)
    found = re.findall(r"[a-zA-Z]+§\d+|" + _WORD.pattern, joined)
    return [word.replace("§", "").lower() for word in found]


def is_seed(name: str) -> bool:
    """Tells whether a name is that of a seed."""
    return _SEEDS.fullmatch(name) is not None


def is_fold(name: str) -> bool:
    """Tells whether a name is that of a fold of a cross-validation."""
    return _FOLDS.fullmatch(name) is not None


def is_state(name: str) -> bool:
    """Tells whether a name says how runs ended."""
    return _STATES.fullmatch(name) is not None


def is_time(name: str) -> bool:
    """Tells whether a name is that of what a run took."""
    return _TIMES.fullmatch(name) is not None


def is_bookkeeping(name: str) -> bool:
    """Tells whether a name is that of what somebody keeps books by."""
    return _BOOKS.fullmatch(name) is not None


def metric_rank(name: str) -> int | None:
    """Returns how likely a name is the metric that counts, least first; None where it is none."""
    words = words_of(name)
    last = _kind(words)
    if last is None:
        return None
    parts = _PARTS & {*words}
    place = 3 if parts & {"train", "training"} else 1 if parts - {"best", "final", "last"} else 2
    return 10 * place + (0 if last in _MORE else 1 if last in _LESS else 2)


def direction_by(name: str) -> Direction | None:
    """Returns which direction of a metric is better, if its name says it."""
    last = _kind(words_of(name))
    if last is None or last in _ANY:
        return None
    return direction_of(minimize=last in _LESS)


def is_accuracy(name: str) -> bool:
    """Tells whether a name is that of a share, which some write in per cent."""
    return bool({*words_of(name)} & {"acc", "accuracy", "top1", "top5"})


def _kind(words: list[str]) -> str | None:
    """Returns the word that says what kind of metric a name is of: its last one, mostly."""
    rest = [word for word in words if word not in _KINDS and not word.isdigit()]
    if not rest:
        return None
    if (known_as := _TWO_WORDS.get(" ".join(rest[-2:]))) is not None:
        return known_as
    known = _LESS | _MORE | _ANY
    if rest[-1] in known:
        return rest[-1]
    ends = {*rest[-2:]} & known - _ANY
    return ends.pop() if rest[0] in _PARTS and len(ends) == 1 else None
