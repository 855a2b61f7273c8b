"""Running trials: the worker loop, its processes, their progress.

How it works, and what may be relied on:

**No epoch is trained twice.** A training is known by its objective and version, hyperparameters
without the fidelity, settings, seed, precision, device type and threads. Its finished epochs are
rows in the database, its last state a checkpoint on disk. A 20-epoch level contains the 5- and the
10-epoch level, the baseline is trained once for all factors, and adding a level, a seed or more
epochs costs only what is new. Of the 95 epochs of `studies/report.toml`, row by row, 65 are
trained.

**A killed run loses nothing.** Interrupt it, or kill it: every finished epoch is kept, and the same
command goes on from there. A worker process that dies is replaced and its point tried again (one
that dies five times at the same epoch has failed); a point that raises is recorded with its error,
the others go on, and the next run tries it again. Two runs at once on one study share the work.

**Anybody may join**, from wherever the database is reached: what a command was asked for is noted
with its study, and `hpstudy worker` does the same under the same invocation, to its last look, its
confirmation, its ablation. Whoever is left ends it. Each pool of processes tells FAIL for its own
dead, and all tell it for those of pools that are gone, as nobody holds their trials' locks. What
was interrupted counts as no death.

**A trial that doesn't end is ended**, with `trial_timeout`: it is asked between epochs, and
where an epoch never returns its process is killed, with all that it has started (on Linux), 15
seconds or a tenth of the limit later. It has failed, with the line where it hung; its epochs are
kept. The limit is of what the trial itself takes, on a clock that nobody sets. `hpstudy train` has
none.

**A worker that the kernel kills for want of memory** is told from other kills by what Linux counts.
Its point is tried again with a worker less, if there are others; the second time it has failed.

**Same seed, same numbers**, however many workers run: each training uses one thread unless told
otherwise, and what is random comes from the seed and the epoch. This holds on one kind of processor
and one version of torch; others order their sums differently.

**Whatever an objective does is the outcome of its point**, and the others go on. What raises, calls
`sys.exit`, crashes or kills its process is recorded with its place and said once for all points
that fail alike. If the first three fail alike and nothing has ever worked, the run stops there; if
the metric that the file names is not among what the objective returns, after the first. Trainings
run in processes of their own, with their threads told to torch, BLAS and OpenMP alike; what they
write goes to stderr, marked with its point.

**NaN or infinity in the metric is a result**: the training has diverged. It is recorded once, is
trained no further, and counts against its setting. In another metric it is kept as not known, and
said.

**Trials mean the total.** `search --trials 50` ends when the study has 50 finished trials, complete
or pruned, whoever ran them; again with 50 it does nothing, with 80 it adds 30. Trials that raise do
not count and do not stop it; ten in a row that raise the same error do. A trial that diverged is
finished, and counts. An interrupted trial is taken up at the epoch that it had reached, by the next
run. A pruned training's checkpoint is kept like any other, and the same setting asked for again
goes on from there. A training of the confirmation that raises is named, and the exit code is 1.

**The search learns to keep away from what diverges or raises.** Its sampler is told of such a
setting as the worst of all; Optuna's samplers never hear of failed trials and ask for their like
again and again.

**Each trial's sampler is made anew** from the seed and the trial's number. So one worker gives the
same trials again, in one go or in parts. Several workers share a search without asking for anything
twice, but what each is told depends on what the others have finished: their trials differ from run
to run. Seed, sampler and pruner are kept with the search: left out, the next run takes them as they
were; another seed is another search.

**What an objective has to keep to can be checked before a study begins.** `hpstudy check` trains a
few epochs or calls at the cheapest setting, through the same code, in processes that come and go
and a database that is thrown away. What it says of an objective is kept by name, version and source
in `runs/checked.json`; `grid` says, as it begins a study, where that is missing.

**A full disk, or a `runs/` that was deleted meanwhile**, ends a run with one line and exit code 1;
no point is blamed for it, and with room again the same command goes on. Reports and exports are
written beside and renamed, so that the old one survives. A damaged database is refused as it is
opened. `.github/FAULTS.md` is the list of what was tried, and what came of it.

**What is not promised.** SQLite keeps no sums of its rows: a value that a disk has changed into
another is not noticed. Nor is a network file system whose locks don't work. After a power cut the
last epochs may be trained again. `--timeout`, trials' times and which model is the newest go by the
clock; an epoch that never returns is waited for where no `trial_timeout` is given.

**A PostgreSQL server as the database** (`--storage postgresql://me@host/studies`) is waited for
where it restarts or a connection is cut: a minute, then the run ends with one line. A worker's
locks go with its connection: it asks for them between epochs, lets go of its trial and takes the
next; what was recorded is kept, and at most the epoch at which it was cut off is trained twice, if
another took it up meanwhile. A machine that vanishes is noticed after 35 seconds. The locks are a
session's, so that PgBouncer may stand between by session, not by transaction (which is refused). A
worker has two connections, a command up to three: 100 (`max_connections`) carry 45 workers. The
password is read where libpq looks for it, and shown nowhere.

**Kinds are not mixed.** A study in the database carries its settings, objective and version,
metric, precision, device type and threads. Where one of these has changed, that is said, and the
study needs a name of its own.

**Others' studies are left alone.** In a database that holds plain Optuna studies and nothing of
hpstudy's, `grid` and `search` write nothing: give `--runs` or `--storage` for one of its own.
`hpstudy dashboard` shows them, no other command does. In a database of hpstudy's, a plain study of
the same name is never taken over. Its tables carry a version: older ones are brought up, newer
ones are refused.

**A program ends with what started it.** Pruned, too slow or interrupted, it is asked by SIGTERM,
with all that it has started, and killed ten seconds later; if its worker is killed, it is killed at
once. One that names `${checkpoint}` goes on from what it has left in that folder (kept up to the
budget, as last states are), any other starts over. Without a fidelity its epochs are recorded at
its end; with one, as they come.

**A model that `hpstudy train` saves is its training's last epoch**, trained as in a grid, under the
same lock, its epochs shared; no trial is made of it. File, card and page are written beside and
renamed. The card holds the file's digest, so that no other file is taken for it. `clean` and
`delete` leave models alone. Weights run no code; `hpstudy predict` imports the objective that the
card names, from the folder that it names, as a study file's is: use no card of someone whose code
you would not run.

**Code that runs is what a study file names**, by `grid`, `search`, `compare`, `worker`, `check` and
`train`, with `--plan` too, which asks it what it would cost; `report` and `show --quick` import it
for what it shows. `show`, `export`, `import`, `clean`, `delete` and `dashboard` import none, and no
command runs what a database names or holds: checkpoints are read as tensors and JSON alone, notes
as plain values of their kinds, and a line says where one is of another. Names and errors are drawn
as text: reports load nothing from elsewhere, figures take no tags, the note no links, and what a
terminal would obey is spelled out. No name in a database leads out of `runs/`.

**Everything lies in `runs/`**: the database `hpstudy.db` (SQLite) with its locks, `checkpoints/`,
`data/`, `artifacts/` (Optuna's artifact store), `programs/` (what programs print and write),
`studies/` (those made in Python), `models/`, `checked.json`. The database is created whole or not
at all. A checkpoint of the built-in network takes 12 bytes a parameter (20 MB at 512 hidden units,
155 MB at 4096). All trainings' last states are kept, so that more epochs go on from there, up to a
budget (`--keep`). Over it the least recently used go first, but none that a point of the running
study waits for or that a worker is at. Where a state is gone, the training starts over, and the
line after a run says how many epochs that took again.

**A training goes on on another machine** where its last state is within reach of both: in a
`runs/` that they share, or where `--checkpoints` says, which the database notes for whoever comes
later. There, each epoch's state is copied once the epoch is recorded; what fails costs no training,
is said in a line and tried again after the next epoch. Anywhere else it begins again, with the same
numbers. The budget holds for either place, `clean` and `delete` look at both. In the database a
state may take 64 MB; a larger one stays in `runs/`. What programs print stays there too.
"""
