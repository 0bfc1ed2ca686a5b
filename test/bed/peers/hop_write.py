"""Writes with hop. Options: access, topic, messages [{format?, content, key?, headers?, test?}]; prints where each was stored.

format: json (default; content any JSON value), jsonText (content is JSON as Python reads it: NaN, integers of any size), text (a str,
which hop encodes as JSON again: igwn-alert's and GraceDB's way), blob (base64), voevent (XML), circular ({header, body}), notice (text),
avro (any JSON value).
"""

import json
from datetime import timedelta

from hop import Stream
from hop.models import AvroBlob, GCNCircular, GCNTextNotice, VOEvent

from common import emit, headers_in, hop_auth, options, unpacked

MODELS = {
    'json': lambda content: content,
    'jsonText': json.loads,
    'text': str,
    'blob': unpacked,
    'voevent': VOEvent.load,
    'circular': lambda content: GCNCircular(header=content['header'], body=content['body']),
    'notice': lambda content: GCNTextNotice.deserialize(content.encode()),
    'avro': AvroBlob,
}


def main():
    given = options()

    def stored(error, message):
        if error is not None:
            raise RuntimeError(f'not stored: {error}')
        emit(topic=message.topic(), partition=message.partition(), offset=message.offset())

    stream = Stream(auth=hop_auth(given['access']))
    url = f"kafka://{given['access']['server']}/{given['topic']}"
    with stream.open(url, 'w', produce_timeout=timedelta(seconds=20)) as sink:
        for message in given['messages']:
            model = MODELS[message.get('format', 'json')](message['content'])
            sink.write(model, headers=headers_in(message.get('headers')), test=message.get('test', False), key=message.get('key'),
                       delivery_callback=stored)
            sink.flush(timedelta(seconds=20))


main()
