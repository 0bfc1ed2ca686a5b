"""Decodes with hop, without a broker. Options: none. Each line of standard input is {"headers": [[name, base64 or null]], "value": base64 or null}.

Prints for each {"refused": the error's name and text}, or {"format": hop's name of it, "content": what it holds, as common.plain has it}.
"""

import json
import logging
import sys

from hop.io import Deserializer
from hop.models import format_name

from common import content, emit, headers_in, plain, unpacked

logging.disable(logging.CRITICAL)


class Message:
    """What hop asks of a record."""

    def __init__(self, line):
        given = json.loads(line)
        self._value = unpacked(given['value'])
        self._headers = headers_in(given['headers']) or None

    def value(self):
        return self._value

    def headers(self):
        return self._headers


def shown(model):
    """Prints it, also if it is as deep as hop reads: that takes more of the stack than reading it did."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20 * limit)
    try:
        emit(format=format_name(type(model)), content=plain(content(model)))
    finally:
        sys.setrecursionlimit(limit)


def main():
    for line in sys.stdin:
        try:
            shown(Deserializer.deserialize(Message(line)))
        except Exception as error:
            emit(refused=f'{type(error).__name__}: {error}'[:200])


main()
