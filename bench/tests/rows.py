"""Rows of a run, made up; and the way to the rig and to the programs beside it."""

import os
import sys

BENCH = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [BENCH, os.path.join(BENCH, "rig")]

from antiphon_rig import document, groups, plan  # noqa: E402


def a_row(subject, against, metric=plan.CPU, target=plan.Target("<=", 1.05), other="bare_asio"):
    return document.row(plan.Row("keep_alive/64conn", metric, "asio_style", other, target, "a title"), subject, against)


def an_instructions_row(work, style, other, figure=200.0):
    parts = groups.breakdown({style: {("llhttp_init", "x"): figure}, other: {("llhttp_init", "x"): 100.0}})
    return document.row(plan.Row(work, plan.INSTRUCTIONS, style, other, plan.Target("<=", 1.25), "t"), [figure], [100.0], breakdown=parts)
