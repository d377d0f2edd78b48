"""The registry of models: which bytes came from which job, who may open them, and which version counts.

    a job writes files ──► stage: a copy of ours, hashed while it is copied (or MLflow's own folder, hashed)
                       ──► inspect: what kind of files, would opening them run code? nothing is opened
                       ──► sign: the lab's key vouches for name, run, hash and what was found
                       ──► publish: one version in MLflow's registry, with everything as tags, or none

MLflow's registry is the truth: names, versions and aliases are its own, so that its pages and its client show the
same. What it does not know (job, capsule, data, hash, signature, schema) stands in tags `stratolab.*` that are
written together with the version. Its tables are read and written directly where they are known, because importing
MLflow takes seconds; where they are not, MLflow itself is asked.

What opening runs code, a pickle above all, is registered only on request, and opened only when its bytes still have
the hash that the lab's key has signed. The list of what a pickle imports is for the reader who decides.

`models` values; `protocol` what a registry does (here and on AWS); `service` the verbs; `local` the registry in a
lab's folder; `tree` files as one value; `inspection`, `kinds`, `pickles`, `archives`, `onnx`, `mlmodel`, `streams` what
they are; `signing` the key; `schema` what a model takes; `tags`, `tables`, `client` MLflow's side;
`delivery`, `opening` the way out.
"""
