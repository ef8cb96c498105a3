"""The rig of `antiphon bench`: whole servers as processes, measured in interleaved pairs.

    main         the command line
    plan         what is measured, row by row, and how long in each mode
    runner       runs the plan: rounds of samples, counts, curves
    schedule     the order A B B A, and which rows a filter wants
    stats        medians, ratios and their bootstrap intervals
    servers      how each server is started, and why one is missing
    process      a server as a process: pinned, watched, always ended
    loads        wrk, h2load and antiphon-bench-load
    callgrind    instructions per request, and by function
    groups       what a function is for
    counts       instructions, system calls, allocations
    workers      two workers over one: instructions, locks, futex calls
    crowd        10,000 connections over 64
    curves       latency over the rate, memory over connections
    machine      what the figures were taken on
    conformance  no figure of a build that breaks a rule
    document     the JSON
    notes        why a row is not met, of what was measured; what is met in all
    estimate     how long a run takes
    words        figures as people read them
    table        the table of the targets, for a terminal
"""
