"""What the results show, as frozen dataclasses; knows no plotting and prints nothing.

The method: how real is told from luck. Its error rates are checked by simulation in the tests.

**One training a setting cannot tell a difference from luck.** With replicates every level gets the
95 % interval of its mean, its difference from the baseline with its interval, and a verdict:
better, worse, or no difference shown, and then how large a difference the data still allow. An
interval that holds all that the metric can be is not shown: so few seeds cannot tell.

**Seeds are blocks, the spread is pooled.** A seed means the same first weights and the same order
of images at every level. The spread is learned from all levels together, because three seeds are
too few to learn a spread of its own from: with three seeds, a spread of 0.17 points and a true
difference of 0.4, a paired t test a level finds it in fewer than one study of ten, this in more
than a third. A level that has collapsed to one answer (its mean lies thirty spreads from the
others') or whose share of what is left to luck is unlike the others' (F test on what seeds don't
explain) stays out of the pool: its own differences on each seed tell (paired t). One that stays,
but seems to have more luck than the rest (as one of ten would), counts with its own: with three
seeds twice the spread is seldom found out, and made one study of eight wrong. Levels that no chain
of shared seeds connects are compared by Welch's test.

**Each difference by its own seeds.** The pool trusts that luck moves most levels alike, and few
seeds don't tell whether it does: with three, and a baseline that is 2.5 to 5 times as noisy as the
levels, one simulated study of ten is wrong, with a third of the levels on which a seed does
something else, one of six; ten seeds tell. Where that may be so, `spreads = "own"` in the study
file judges each difference by itself (paired t, Welch's without seeds in common; the 5 % shared by
Holm): at most 5 % are wrong at any number of seeds, however unlike the spreads. It costs seeds: of
gains of three spreads among twelve levels it shows 6 % with three seeds and 41 % with five, where
the pool shows 68 and 92 %; with three seeds it is of use for the largest differences alone. So:
"alike" for levels of one kind (learning rates, widths), "own" for methods that have little in
common, a baseline that is no network, or where a wrong verdict is dear, and five to ten seeds then.
It is chosen before there are values: who takes the one that shows more is wrong more often. Neither
holds where luck has one long tail that is much longer for one level than for the others (5 to 9 %
wrong): no test of a mean holds for any tail whatever (Bahadur and Savage, "The nonexistence of
certain statistical procedures in nonparametric problems", 1956).

**All verdicts of a study together** are wrong in at most 5 % of studies without any difference:
the clearest difference first, each among those that are left (step-down Dunnett; those outside of
the pool have their share of the 5 %), and what claims say of two levels is one of them. The
intervals of differences hold all together and never disagree with their verdicts. A level's own
interval pools what seeds do, too (Satterthwaite). A verdict holds at the baseline of the other
hyperparameters: a one-factor design cannot see interactions. Each claim of the study file is
judged: supported, contradicted, equal within the margin that counts, or not shown, with the
figures that say so.

**Seeds until decided.** The rates hold for a number of seeds that was fixed beforehand: who adds
seeds until a verdict turns is wrong in 17 % of studies, looking five times. Looks that are
announced before the first share the 5 % out (Lan and DeMets): each level closes as it is better,
worse, equal within the margin, or without a gain of the margin, and gets no more seeds. A claim
keeps what it compares open until it is supported, contradicted or too small, whatever part of it
says so: intervals of all looks hold at once, so where one ends makes none of them wrong. **Levels
that are better by themselves** need not be so together: `--combine` trains them, and says whether
they add up (the interaction: together, less each level, plus the baseline once less than there are
levels). They are used together where that is shown to be better than the baseline and not shown to
be worse than the best of them by itself. All this is judged as if it had been three more of what
the grid compares, which leaves room for which levels were chosen.

**A level that diverges is never recommended**, whatever its other seeds reached: they are the
luckier part. Its outcomes are compared with the baseline's by rank (Mann and Whitney), a diverged
seed being the worst outcome, and no difference is told, as the other seeds' could have the wrong
sign. It is `worse` where that shows it, else `unstable: 3 of 6 seeds diverged`, and `diverges`
where all of them did.

**Where no difference is shown**, the number of seeds is told that would show one of the size seen
in four studies of five, and with one seed what three would cost. How far a factor moves the metric
stands beside how far luck alone would: a factor says something only where it clears that bar. Give
one setting several names, and all of this shows nothing; the tests train such a study.

**A published accuracy** carries the luck of its test images (98.78 % of 10,000: 98.55 to 98.98,
Wilson's interval). It is marked where it lies further from ours than the luck of both explains.

**What a search chooses, it chooses on examples held out of training.** The built-in objective holds
out `search.validation` images, each digit by its share, the same ones in every trial. The test
images are read after each epoch too, but nothing is chosen by them: of many settings that score
alike, the best-looking one is partly the luckiest, so its test figure promises more than new digits
will keep. A study file whose search metric is a test metric gets a warning.

**The best of fifty noisy values flatters itself** in the same way. So the best three settings and
the baseline are trained again on all training examples with two fresh seeds, and the one with the
best mean is the winner. It goes on beside the baseline, to looks after four and eight fresh seeds
that were announced before the first, and the difference of the last look is the result. What luck
does is learned from all finalists. The two seeds that chose the winner flatter it, and this is paid
for: its quantile is that of the best of three on a share of its seeds (Thall, Simon and Ellenberg;
Stallard and Todd). With 218 epochs, a gain of 0.3 points, the spread 0.17, is shown in four
simulated searches of five. The test images chose among three, too: where that is unwanted,
`choose_held_out` chooses apart, on validation data and other seeds. A finalist that diverges on a
fresh seed cannot win.

**Which change made a winner better** is asked on the seeds that it shares with the baseline: each
change by itself, then one after the other, that which gains most by itself first. All of these
differences are one family, so that choosing the order is paid for, and so are winner and baseline,
which were chosen to lie apart: in a simulation of whole searches a change that does nothing is
called in 4 to 5 of 100.

**The answer weighs grid and search at once.** A setting that is shown to be better comes before the
baseline, on fresh seeds before in the grid, unless the grid's lies further ahead. What is worse, or
diverged on any seed, in one of the two, is never recommended; a baseline that diverged is kept with
care or not at all.
"""
