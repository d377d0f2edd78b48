from __future__ import annotations

from stratolab.sweeps.models import Goal, Trial, TrialState
from stratolab.sweeps.view import View


def trial(number, state=TrialState.RUNNING, value=None, *, revision=0, started=None, ended=None):
    return Trial(
        sweep="s-1", number=number, state=state, params={"x": number}, job=f"j{number}", owner="me", fence=1,
        lease=0.0, created=0.0, started=started, ended=ended, value=value, revision=revision,
    )  # fmt: skip


def test_a_view_is_the_fold_of_the_changes_in_whatever_portions_they_come():
    changes = [
        trial(0, revision=1),
        trial(1, revision=2),
        trial(1, TrialState.SUCCEEDED, 3.0, revision=3, started=0.0, ended=4.0),
        trial(2, revision=4),
        trial(0, TrialState.FAILED, revision=5, started=0.0, ended=6.0),
        trial(2, TrialState.SUCCEEDED, 1.0, revision=6, started=10.0, ended=11.0),
    ]
    at_once, piecemeal = View(Goal.MINIMIZE), View(Goal.MINIMIZE)
    at_once.take(changes)
    for change in changes:
        piecemeal.take([change])
    assert at_once == piecemeal
    assert at_once.best.number == 2
    assert at_once.best_at == 3
    assert at_once.losses == [3.0, None, 1.0]
    assert at_once.running == {}
    assert at_once.next_number == 3
    assert at_once.seconds == 7.0


def test_greater_is_better_when_the_goal_says_so():
    view = View(Goal.MAXIMIZE)
    view.take([trial(0, TrialState.SUCCEEDED, 1.0), trial(1, TrialState.SUCCEEDED, 2.0)])
    assert view.best.number == 1
    assert [seen.loss for seen in view.observed] == [-1.0, -2.0]


def test_a_pruned_trial_is_never_the_best_and_tells_how_bad_it_looked():
    view = View(Goal.MINIMIZE)
    view.take([trial(0, TrialState.PRUNED, 0.1), trial(1, TrialState.SUCCEEDED, 5.0)])
    assert view.best.number == 1
    assert (view.observed[0].loss, view.observed[0].pruned_loss) == (None, 0.1)
