"""Ways to show results; computes nothing.

The page is one file that opens offline and asks no host for anything. It answers from the top:
which setting to use, what each hyperparameter does, how sure that is, which published claims hold;
then curves, costs, the search, what is misread, and the versions and commands behind it all. It
follows the system's light or dark look, fits a phone, and prints on A4; where there is too little
data it says so. What a finished grid or search leaves for optuna-dashboard is a note, its figures,
and its results as JSON. The server there has no login: a request with a foreign `Host` or `Origin`
gets 403. The export's column `study` says whether a row is of the grid, the search or its
confirmation; `training` joins the files.
"""
