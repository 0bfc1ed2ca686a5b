"""librdkafka from Python, tuned: 1000 records a call, large fetches, much fetched in advance, no commits."""

import json

from confluent_kafka import Consumer, TopicPartition

from meter import Meter, task

consumer = Consumer({
    'bootstrap.servers': task['server'],
    'group.id': 'confluent',
    'enable.auto.commit': False,
    'fetch.message.max.bytes': 16_000_000,
    'queued.max.messages.kbytes': 200_000,
    'queued.min.messages': 200_000,
    'fetch.queue.backoff.ms': 10,
})
consumer.assign([TopicPartition(f"{task['group']}.{task['topic']}", 0, 0)])
meter = Meter()
done = False
while not done:
    for message in consumer.consume(1000, 0.5):
        done = meter.add(json.loads(message.value())['event']['far']) or done
meter.report()
consumer.close()
