"""Writes with confluent-kafka (librdkafka). Options: access, topic, codec?, config?, transaction? ('commit' or 'abort'), and either
messages [{value, key?, headers?, partition?, timestamp?}] (base64; value null: a tombstone), or count, size, intervalMs?, prefix?, which
writes values `PREFIX.N.` padded to size, one every intervalMs.

Prints a line for each acknowledgement, with the time it came (ms since 1970).
"""

import time

from confluent_kafka import Producer

from common import emit, headers_in, librdkafka, options, unpacked


def generated(given):
    for n in range(given['count']):
        text = f"{given.get('prefix', 'value')}.{n}."
        yield {'value': text.ljust(given.get('size', 0), 'x').encode()}


def given_messages(given):
    for message in given['messages']:
        yield {'value': unpacked(message['value']), 'key': unpacked(message.get('key')), 'headers': headers_in(message.get('headers')),
               **{name: message[name] for name in ('partition', 'timestamp') if name in message}}


def main():
    given = options()
    # One batch of a call of librdkafka: all is queued within the time it lingers.
    config = {'compression.type': given.get('codec', 'none'), 'linger.ms': 50, 'message.max.bytes': 10 << 20, **given.get('config', {})}
    transaction = given.get('transaction')
    if transaction:
        config['transactional.id'] = given['topic']
    producer = Producer(librdkafka(given['access'], **config))
    if transaction:
        producer.init_transactions(20)
        producer.begin_transaction()

    def acknowledged(error, message):
        place = {} if error else {'topic': message.topic(), 'partition': message.partition(), 'offset': message.offset()}
        emit(error=str(error) if error else None, value=(message.value() or b'')[:40].decode('utf-8', 'replace'), at=time.time() * 1000, **place)

    pause = given.get('intervalMs', 0) / 1000
    due = time.monotonic()
    for message in given_messages(given) if 'messages' in given else generated(given):
        producer.produce(given['topic'], on_delivery=acknowledged, **message)
        due += pause
        while True:  # poll() returns at the first acknowledgement, long before its time is over
            left = due - time.monotonic()
            producer.poll(max(0, left) if pause else 0)
            if not pause or due <= time.monotonic():
                break
    if producer.flush(30) > 0:
        raise RuntimeError('not all was acknowledged within 30 s')
    if transaction == 'commit':
        producer.commit_transaction(20)
    elif transaction == 'abort':
        producer.abort_transaction(20)


main()
