"""The report: JSON files in, one page out.

    load         a file becomes checked nodes, or an InputError that names file, place and reason
    conformance  rules, scenarios, targets and what each result says
    automaton    the order of callbacks, drawn from the checker's table
    mutants      servers that misbehave on purpose, and who noticed
    benchmark    rows, ratios, targets and curves of one interleaved run
    walk         the functions that one request passes through, folded by layer
    names        how things are called in front of readers
    traces       a recorded trace as lines to read
    diagram      the traces of all targets side by side, encoded for page.js
    tags         which lines of the programs correspond
    sources      the programs of both styles and their originals, highlighted
    charts       matplotlib's SVG, made to follow the page's colours
    answer       the sentences at the top, computed
    good_at      what each model is good at, said only where the run bears it out
    render       the templates, and a file that is whole or not there
    text         the same summary for a terminal and for a pull request
    cli          flags and exit statuses

Nothing here looks at a clock, the network or the machine: the same files give the same bytes.
"""
