"""A member of a group with confluent-kafka that says all it does. Options: access, group, topic, work (ms a record, at most), config?.

Prints lines with `type` and `at` (ms since 1970): started; assigned (partitions); revoked (lost); begun (n, partition, offset), handled (n) and,
where the broker did not take its commit, uncommitted (n); closed. Commits after each record, and waits for the broker. Ends when standard input
ends.
"""

import random
import threading
import time

from confluent_kafka import Consumer, KafkaException

from common import emit, librdkafka, on_stdin_closed, options


def say(kind, **fields):
    emit(type=kind, at=time.time() * 1000, **fields)


def main():
    given = options()
    config = {'group.id': given['group'], 'auto.offset.reset': 'earliest', 'enable.auto.commit': False, **given.get('config', {})}
    consumer = Consumer(librdkafka(given['access'], **config))
    stopped = threading.Event()
    on_stdin_closed(stopped.set)
    say('started')
    consumer.subscribe(
        [given['topic']],
        on_assign=lambda _, partitions: say('assigned', partitions=[each.partition for each in partitions]),
        on_revoke=lambda *_: say('revoked', lost=False),
        on_lost=lambda *_: say('revoked', lost=True),
    )
    n = 0
    while not stopped.is_set():
        message = consumer.poll(0.1)
        if message is None:
            continue
        if message.error():
            raise KafkaException(message.error())
        say('begun', n=n, partition=message.partition(), offset=message.offset())
        time.sleep(random.uniform(0, given['work']) / 1000)
        say('handled', n=n)
        try:
            consumer.commit(message=message, asynchronous=False)
        except KafkaException:
            say('uncommitted', n=n)
        n += 1
    consumer.close()
    say('closed')


main()
