"""A sweep's report: one HTML file that needs nothing else, to read, to print and to send.

The story, in order:

1. `facts.py` reads what the ledger and the jobs know of the sweep into one value, `Facts`. Nothing later asks a
   database, a clock or the environment: the same facts give the same bytes.
2. `figures/` draws. Each module is a function from facts to a `Figure` (an SVG, what it shows in words, a caption)
   or to a sentence that says why there is none. `axes.py` says where a value lies, `plot.py` draws the frame.
3. `tables.py` writes what is read rather than seen: numbers, best parameters, failures, trials.
4. `page.py` puts them together, with the one style sheet of `style.py`.

What holds for all of it:

- Text reaches the page through `markup.el` alone, which escapes whatever was not made by itself. A metric named
  `<script>` is a metric with an odd name. Attributes hold our own words and numbers, never the user's.
- The page forbids itself scripts, network and frames by a content security policy; its one style sheet is
  allowed by its hash.
- A figure shows some hundred marks, however many trials there are, and its caption says what was left out.

What it costs: tooltips are the browser's own, and nothing can be zoomed. What it buys: a file that opens anywhere, in
ten years too, and that a mail filter lets through.
"""
