"""What the peers' programs share: options in, one JSON object a line out, the way to the cluster."""

import base64
import dataclasses
import json
import logging
import os
import struct
import sys
import threading
import time

from hop.auth import Auth, SASLMethod

logging.basicConfig(stream=sys.stderr, level=logging.WARNING)

_print = threading.Lock()


def options():
    """The one argument: a JSON object, or @FILE that holds it."""
    text = sys.argv[1]
    if text.startswith('@'):
        with open(text[1:], encoding='utf-8') as file:
            text = file.read()
    return json.loads(text)


def emit(**fields):
    """Prints a line; bytes anywhere in it become base64 text."""
    with _print:
        print(json.dumps(fields, default=packed), flush=True)


def packed(value):
    """Bytes (or None) as base64 text."""
    return None if value is None else base64.b64encode(value).decode('ascii')


def unpacked(text):
    return None if text is None else base64.b64decode(text)


def number(value):
    """Whole numbers in full, if they are exact; other floats by their bits."""
    if isinstance(value, int) or (value == value and abs(value) < 2 ** 53 and value == int(value)):
        return str(int(value))
    return 'NaN' if value != value else struct.pack('>d', value).hex()


def plain(value):
    """Numbers are {"n": text}, bytes {"b": base64}, lists {"l": [...]}, dicts {"d": {...}}: no digit is lost, nothing taken for something else."""
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
    """What a model of hop's holds; of one of several parts, all but the private ones."""
    if hasattr(model, 'content'):
        return model.content
    return {name: value for name, value in dataclasses.asdict(model).items() if not name.startswith('_')}


def headers_out(headers):
    return [[name, packed(value)] for name, value in headers or []]


def headers_in(headers):
    return [(name, unpacked(value)) for name, value in headers or []]


def on_stdin_closed(stop):
    """Calls stop() when standard input ends or has a line: the way to end a reader early."""
    def wait():
        os.read(0, 1)  # not sys.stdin: its lock, held at the end of the program, kills the interpreter
        while True:  # hop forgets a stop that comes before its loop begins
            stop()
            time.sleep(0.1)
    threading.Thread(target=wait, daemon=True).start()


def hop_auth(access):
    """hop's credentials; False: none."""
    if access['protocol'] == 'PLAINTEXT':
        return False
    tls = {'ssl_ca_location': access['caFile']} if access['protocol'] == 'SASL_SSL' else {}
    method = SASLMethod[access['mechanism'].replace('-', '_')]
    token = {name: access[key] for name, key in (('token_endpoint', 'tokenEndpoint'), ('token_command', 'tokenCommand')) if key in access}
    return Auth(access['username'], access['password'], ssl=access['protocol'] == 'SASL_SSL', method=method, **tls, **token)


def librdkafka(access, **more):
    config = {'bootstrap.servers': access['server'], 'security.protocol': access['protocol'], 'log_level': 3}
    if 'caFile' in access:
        config['ssl.ca.location'] = access['caFile']
    if 'tokenEndpoint' in access:
        config.update({'sasl.mechanism': access['mechanism'], 'sasl.oauthbearer.method': 'oidc',
                       'sasl.oauthbearer.client.id': access['username'], 'sasl.oauthbearer.client.secret': access['password'],
                       'sasl.oauthbearer.token.endpoint.url': access['tokenEndpoint']})
    elif 'username' in access:
        config.update({'sasl.mechanism': access['mechanism'], 'sasl.username': access['username'], 'sasl.password': access['password']})
    return {**config, **more}


def igwn_client(access, **more):
    """igwn-alert's client; it takes the port apart from the server."""
    from igwn_alert import client

    host, port = access['server'].rsplit(':', 1)
    auth = hop_auth(access)
    return client(server=f'kafka://{host}:{port}/', port=int(port), **({'auth': auth} if auth else {'noauth': True}), **more)
