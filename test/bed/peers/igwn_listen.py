"""Listens with igwn-alert. Options: access, group, topics? (default: all of the group), consumerGroup?, start ('earliest'), count?, exact?.

Prints {topic, payload} as its callback gets them ('payload' has the Python type as 'type'); with exact as common.plain has it, of hop's
models what they hold. Ends after count alerts, or when standard input ends.
"""

import threading

from hop.io import StartPosition

from common import content, emit, igwn_client, on_stdin_closed, options, plain


def main():
    given = options()
    client = igwn_client(given['access'], group=given['group'], consumer_group=given.get('consumerGroup'))
    # The client itself has no way to say so; hop's stream beneath it has. Without it alerts sent while it starts are lost.
    client.start_at = {'earliest': StartPosition.EARLIEST, 'latest': StartPosition.LATEST}[given.get('start', 'earliest')]
    left = given.get('count')
    seen = 0
    asked_to_stop = threading.Event()

    def callback(topic, payload):
        nonlocal seen
        seen += 1
        is_json = isinstance(payload, (dict, list, str, int, float, bool, type(None)))
        if given.get('exact', False):
            shown = plain(payload if is_json else content(payload))
        else:
            shown = payload if is_json else repr(payload)
        emit(topic=topic, payload=shown, type=type(payload).__name__)
        if seen == left or asked_to_stop.is_set():
            client.stop()

    def stop():
        asked_to_stop.set()
        client.stop()

    on_stdin_closed(stop)
    client.listen(callback, given.get('topics'))


main()
