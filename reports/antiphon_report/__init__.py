"""The report: JSON files in, one page out.

    load         a file becomes checked nodes, or an InputError that names file, place and reason
    conformance  rules, scenarios, targets and what each result says
    benchmark    repetitions, and the ratios of one interleaved run
    names        how things are called in front of readers
    traces       a recorded trace as lines to read
    sources      the examples of both styles, highlighted
    charts       matplotlib's SVG, made to follow the page's colours
    answer       the sentences at the top, computed
    render       the templates, and a file that is whole or not there
    text         the same summary for a terminal
    cli          flags and exit statuses

Nothing here looks at a clock, the network or the machine: the same files give the same bytes.
"""
