"""The study file: its sections, their rules, finding and reading it.

A TOML file. Unknown keys are refused, and nothing is converted: 1 is a whole number, 1.0 is not.
[studies/report.toml](../../studies/report.toml) says most of what follows.

**At the top.** `title`; `objective`, what is trained: "module:name"; `fidelity`, the hyperparameter
that only says how long to train; `[baseline]`, the setting that all factors but one are held at;
`imported`, where results come from that hpstudy did not measure: such a study needs no objective
until something is trained beside them; `[settings]`, passed to the objective as they are, with
`validation` of `[grid]` or `[search]` added.

**A program.** `command`, in place of `objective`: a program that is not changed, and its arguments,
as a list or as one text that is split as a shell would. Values stand in it as `${lr}` or `{lr}`, or
all of them as `${args}` (`${args_no_boolean_flags}` where true is a mere `--amp`, false nothing);
`flags` says how that spells names, "hyphen" (`--batch-size=32`) or "underscore"
([hpstudy.objective.command](../objective/command.py)). It runs in the study file's folder.
`version` (1) is raised when it gives other numbers. What it prints is searched for numbers with
names, and for epochs ([hpstudy.objective.output](../objective/output.py)); or `[output]` says where
they stand: a regular expression with one group for each metric, for `epoch` too, and the `file`
that they are in if they are not printed (`"${run_dir}/metrics.jsonl"`). With `fidelity` it is told
how long to train and must not depend on that otherwise: the longest run serves shorter levels.
Without it, how many epochs there are is its own affair, and its last value counts.

**`[grid]`.** `metric` ("value", a function's one number, where it is left out) and its `direction`,
"minimize" if less is better. `seeds`: how many (3: 0 to 2) or which ([0, 7], "3-5"). `validation`:
examples held out. `targets`: values of the metric; how many epochs does each level take to get
there? `equal_within`: the margin of `--until`, in the metric's own unit (0.003 of a share are 0.3
points), and `looks`, after how many seeds it looks ([3, 5, 8, 12, 20]). `metric_epochs`, here or in
`[search]`, is declared before the first run: a training's value is then the mean of its last 3
epochs, say; each epoch's own is what prunes. Where epochs jump about it takes fewer seeds, not
where some levels still learn.

`spreads`, here or in `[search]`, says from whose values the verdicts learn what luck does: "alike",
from those of all levels, as where it is left out; "own", each difference from its own seeds alone,
where some levels may be much noisier than others, or the baseline. That is right on any data, and
with five seeds or fewer it finds much less; [hpstudy.analysis](../analysis/__init__.py) has the
rates. Choose before there are values; who announces looks (`--until`) announces it with them.

`trial_timeout`, here or in `[search]`: after how long ("90s", "1h30m") a trial is ended and has
failed: a program at once, anything else at the end of an epoch; an epoch that doesn't return is
killed a little later (15 s, or a tenth of the limit) and said with the line where it hangs.

**`[grid.factors]`.** The levels of a hyperparameter, of a key of `[settings]`, or of `precision`.
What the database would change (whole numbers beyond 2**53) or take for one (1, 1.0 and true) is
refused.

**`[metrics]`.** What values are: `recall = { unit = "share" }`, "%", or what stands behind the
number, such as "s". An accuracy is shown in per cent without it.

**`[search]`.** `metric`, `direction`, `validation` as above; `trials`, finished ones in all.
`finalists` (3): how many settings are trained again; `choose_held_out`: whether without the
examples held out. `confirm_looks` ([4, 8]) and `confirm_seeds`, the last of them: after how many
fresh seeds the winner is compared; `equal_within`: what difference counts; `confirm_metric` and
`confirm_direction`: what by.

**`[search.space]`.** What is searched: `{ low = 1e-4, high = 0.1, log = true }`, a `step` that
divides the range, or a list of `choices`. What is of use only beside a value of another one says
so: `C = { low = 0.01, high = 100, log = true, when = { model = "svm" } }` (or `["svm", "svr"]`);
elsewhere it isn't chosen, and the objective isn't given it. `[baseline]` names such a
hyperparameter where the baseline has that value; otherwise it may leave it out, and what it says of
it counts for the grid alone.

**`[published.FACTOR]`.** Figures of others, by level, to show beside your own. With `test_examples`
in `[published]`, of how many test examples these figures are shares, it is tested whether they
agree with yours; 10,000 for MNIST.

**`[[claims]]`.** Sentences in checkable form: what it `says`, the `factor`, the `level` or levels,
and what to `expect`: one of `below`, `above`, `higher_than`, `lower_than`, `equal_within`, `best`,
`rising`, `falling`, `matters_most`.
"""
