"""Reads with hop. Options: access, topics, group?, start ('earliest'), count?, untilEnd?, tests?, autocommit?, exact?; prints a line
a record, with exact its payload as common.plain has it.

Prints {"ready": true} once its partitions are assigned. Ends after count records, at the end (untilEnd), or when standard input ends.
"""

from datetime import timedelta

from hop import Stream
from hop.io import StartPosition
from hop.models import format_name

from common import content, emit, headers_out, hop_auth, on_stdin_closed, options, packed, plain


def described(model, exact):
    """The format's name and the decoded content."""
    payload = content(model)
    return {'format': format_name(type(model)), 'payload': plain(payload) if exact else payload}


def first_or_last(headers, name, which):
    values = [value for key, value in headers or [] if key == name]
    return values[which] if values else None


def main():
    given = options()
    start = {'earliest': StartPosition.EARLIEST, 'latest': StartPosition.LATEST}[given.get('start', 'earliest')]
    stream = Stream(auth=hop_auth(given['access']), start_at=start, until_eos=given.get('untilEnd', False))
    url = f"kafka://{given['access']['server']}/{','.join(given['topics'])}"
    source = stream.open(url, 'r', group_id=given.get('group'), ignoretest=not given.get('tests', False))
    with source:
        on_stdin_closed(source.stop)
        emit(ready=True)
        left = given.get('count')
        wait = timedelta(seconds=0.1)
        for model, metadata in source.read(metadata=True, autocommit=given.get('autocommit', True), batch_size=1, batch_timeout=wait):
            identity = first_or_last(metadata.headers, '_id', -1)
            sender = first_or_last(metadata.headers, '_sender', -1)
            emit(topic=metadata.topic, partition=metadata.partition, offset=metadata.offset, timestamp=metadata.timestamp,
                 key=packed(metadata.key), headers=headers_out(metadata.headers), id=identity.hex() if identity else None,
                 sender=sender.decode() if sender else None, test=source.is_test(metadata._raw), **described(model, given.get('exact', False)))
            if left is not None:
                left -= 1
                if left == 0:
                    break


main()
