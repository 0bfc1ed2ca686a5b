"""Reads and writes Avro with fastavro and hop: one case a line of standard input, its outcome a line of standard output.

Options: do
  read       a line is a file in base64; prints {values, hop}: all records, and the content that hop's reader gives (or {refused})
  write      a line is {schema, seed, codec}; prints {file, values}: random records that fastavro writes, and what it reads back
  writeHop   a line is a value; prints {file}: what hop's AvroBlob writes

Values are JSON, but for {"$": kind, "v": ...} of bytes (base64), int and float (as text) and dict (a list of pairs). What is refused prints
{refused: "the exception"}.
"""

import base64
import json
import os
import random
import resource
import signal
import sys
from io import BytesIO

import fastavro
from fastavro.utils import generate_many
from hop.models import AvroBlob

MOST_MEMORY = 1 << 30
MOST_SECONDS = 5


def packed(value):
    if isinstance(value, bytes):
        return {'$': 'bytes', 'v': base64.b64encode(value).decode()}
    if isinstance(value, float):
        return {'$': 'float', 'v': repr(value)}
    if isinstance(value, int) and not isinstance(value, bool):
        return {'$': 'int', 'v': str(value)}
    if isinstance(value, dict):
        return {'$': 'dict', 'v': [[key, packed(inner)] for key, inner in value.items()]}
    if isinstance(value, list):
        return [packed(inner) for inner in value]
    return value


def unpacked(value):
    if isinstance(value, list):
        return [unpacked(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    kind, inner = value['$'], value['v']
    if kind == 'dict':
        return {key: unpacked(each) for key, each in inner}
    return {'bytes': base64.b64decode, 'int': int, 'float': float}[kind](inner)


def attempt(action, *arguments):
    try:
        return action(*arguments)
    except Exception as error:
        return {'refused': f'{type(error).__name__}: {error}'[:500]}


def read(line):
    data = base64.b64decode(line)
    result = attempt(lambda: {'values': packed(list(fastavro.reader(BytesIO(data))))})
    hop = attempt(lambda: {'content': packed(AvroBlob.deserialize(data).content)})
    return {**result, 'hop': hop}


def write(line):
    given = json.loads(line)
    random.seed(given['seed'])
    schema = fastavro.parse_schema(given['schema'])
    file = BytesIO()
    fastavro.writer(file, schema, generate_many(schema, 3), codec=given['codec'], sync_interval=random.choice([1, 16000]))
    values = list(fastavro.reader(BytesIO(file.getvalue())))
    return {'file': base64.b64encode(file.getvalue()).decode(), 'values': packed(values)}


def write_hop(line):
    return {'file': base64.b64encode(bytes(AvroBlob(unpacked(json.loads(line))))).decode()}


def confined(action, line):
    """In a process of its own: a fault in a file may take all memory or end the process."""
    source, target = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(source)
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with os.fdopen(target, 'w') as out:
            out.write(json.dumps(attempt(action, line)))
        os._exit(0)
    os.close(target)
    with os.fdopen(source) as answer:
        text = answer.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return json.dumps({'refused': f'killed by {signal.Signals(os.WTERMSIG(status)).name}'})
    return text or json.dumps({'refused': f'ended with {status}'})


def main():
    do = json.loads(sys.argv[1])['do']
    for line in sys.stdin:
        if do == 'read':
            print(confined(read, line))
        else:
            print(json.dumps(attempt({'write': write, 'writeHop': write_hop}[do], line)))


main()
