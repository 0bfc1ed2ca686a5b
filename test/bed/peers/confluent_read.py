"""Reads with confluent-kafka (librdkafka). Options: access, topics, group?, start ('earliest'), count?, commit?, config?.

With a group it is a member of it, and prints {"assigned": [[topic, partition], ...]} at each change; without one it reads all partitions.
Prints a line a record. commit: after each record, and waits for the broker. Ends after count records, or when standard input ends.
"""

import threading

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaException, TopicPartition

from common import emit, headers_out, librdkafka, on_stdin_closed, options, packed


def assign_all(consumer, topics, start):
    at = {'earliest': OFFSET_BEGINNING, 'latest': OFFSET_END}[start]
    known = consumer.list_topics(timeout=10).topics
    partitions = [TopicPartition(topic, partition, at) for topic in topics for partition in known[topic].partitions]
    consumer.assign(partitions)
    emit(assigned=[[each.topic, each.partition] for each in partitions])


def main():
    given = options()
    start = given.get('start', 'earliest')
    no_group = f"{given['access'].get('username', 'anonymous')}-none"  # librdkafka wants one, and the user has to have a right to it
    config = {'group.id': given.get('group', no_group), 'auto.offset.reset': start, 'enable.auto.commit': False, **given.get('config', {})}
    consumer = Consumer(librdkafka(given['access'], **config))
    stopped = threading.Event()
    on_stdin_closed(stopped.set)

    def changed(consumer, _):
        emit(assigned=sorted([each.topic, each.partition] for each in consumer.assignment()))

    def assigned(consumer, partitions):
        consumer.assign(partitions)
        changed(consumer, partitions)

    if 'group' in given:
        consumer.subscribe(given['topics'], on_assign=assigned, on_revoke=lambda *_: emit(assigned=[]))
    else:
        assign_all(consumer, given['topics'], start)
    left = given.get('count', -1)
    while left != 0 and not stopped.is_set():
        message = consumer.poll(0.1)
        if message is None:
            continue
        if message.error():
            raise KafkaException(message.error())
        emit(topic=message.topic(), partition=message.partition(), offset=message.offset(), timestamp=message.timestamp()[1],
             key=packed(message.key()), value=packed(message.value()), headers=headers_out(message.headers()))
        if given.get('commit'):
            consumer.commit(message=message, asynchronous=False)
        left -= 1
    consumer.close()


main()
