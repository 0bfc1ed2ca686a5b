"""Decodes with hop, without a broker. Options: none. Each line of standard input is {"headers": [[name, base64 or null]], "value": base64 or null}.

Prints for each {"refused": the error's name and text}, or {"format": hop's name of it, "content": what it holds}. In the content numbers are
{"n": text}, bytes {"b": base64} and lists {"l": [...]}, so that no digit is lost and nothing is taken for something else.
"""

import dataclasses
import json
import logging
import struct
import sys

from hop.io import Deserializer
from hop.models import format_name

from common import emit, headers_in, packed, unpacked

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


def number(value):
    """Whole numbers in full, if they are exact; other floats by their bits."""
    if isinstance(value, int) or (value == value and abs(value) < 2 ** 53 and value == int(value)):
        return str(int(value))
    return 'NaN' if value != value else struct.pack('>d', value).hex()


def plain(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return {'n': number(value)}
    if isinstance(value, (bytes, bytearray)):
        return {'b': packed(value)}
    if isinstance(value, (list, tuple)):
        return {'l': [plain(item) for item in value]}
    return {'d': {str(key): plain(item) for key, item in value.items()}}


def content(model):
    if hasattr(model, 'content'):
        return model.content
    return {name: value for name, value in dataclasses.asdict(model).items() if not name.startswith('_')}


def main():
    for line in sys.stdin:
        try:
            model = Deserializer.deserialize(Message(line))
            emit(format=format_name(type(model)), content=plain(content(model)))
        except Exception as error:
            emit(refused=f'{type(error).__name__}: {error}'[:200])


main()
