"""Timers: done when due, in order; replaced, called off and brought forward by name."""

from functools import partial

from tankwarden.sim.timers import Timers


def test_actions_are_done_once_when_due_in_order_of_time() -> None:
    timers = Timers()
    done: list[str] = []
    for due_us, name in ((30, "c"), (10, "a"), (20, "b")):
        timers.set(due_us, name, partial(done.append, name))
    timers.run(9)
    assert done == []
    timers.run(20)
    assert done == ["a", "b"]
    timers.run(100)
    timers.run(100)
    assert done == ["a", "b", "c"]


def test_a_name_stands_for_one_action_which_can_be_called_off_or_hurried() -> None:
    timers, done = Timers(), []
    timers.set(10, "x", lambda: done.append("old"))
    timers.set(50, "x", lambda: done.append("new"))
    timers.set(20, "y", lambda: done.append("never"))
    timers.cancel("y")
    timers.cancel("z")
    timers.run(40)
    assert done == []
    timers.hurry("x")
    timers.hurry("x")
    timers.run(100)
    assert done == ["new"]


def test_an_action_may_set_and_cancel_timers() -> None:
    timers, done = Timers(), []

    def first() -> None:
        done.append("first")
        timers.cancel("second")
        timers.set(500, "first", lambda: done.append("again"))

    timers.set(1, "first", first)
    timers.set(2, "second", lambda: done.append("second"))
    timers.run(100)
    assert done == ["first"]
    timers.run(500)
    assert done == ["first", "again"]
