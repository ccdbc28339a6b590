# SPDX-License-Identifier: Apache-2.0
"""docs/status.schema.json: whether an answer of the API is as it says."""

import functools
import json

import jsonschema

from . import places

SCHEMA = json.loads((places.TOP / "docs/status.schema.json").read_text())


@functools.cache
def _validator(part):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    return jsonschema.Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{part}"})


def check(answer, part="status"):
    """part: the name of a definition: status, result, events, gate_answer."""
    wrong = [f"{'/'.join(map(str, error.absolute_path)) or 'the answer'}: {error.message}"
             for error in _validator(part).iter_errors(answer)]
    assert not wrong, "\n".join(wrong)
