"""librdkafka from Python: so many produced, then flushed."""

import json
import uuid

from confluent_kafka import Producer

from meter import Meter, payloads, task

producer = Producer({'bootstrap.servers': task['server'], 'acks': 'all', 'linger.ms': 5})
topic = f"{task['group']}.{task['topic']}"
alerts = payloads()
encode = bytes if task.get('encoded') else json.dumps
failed = []


def acknowledged(error, _message):
    if error is not None:
        failed.append(error)


def produce(i):
    headers = [('_id', uuid.uuid4().bytes), ('_format', b'json')]
    producer.produce(topic, encode(alerts[i % len(alerts)]), partition=0, headers=headers, on_delivery=acknowledged)


meter = Meter()
produce(0)
producer.flush()
meter.start()
for sent in range(0, task['count'], task['batch']):
    for i in range(task['batch']):
        produce(sent + i)
    producer.flush()
meter.stop(task['count'])
if failed:
    raise RuntimeError(f'{len(failed)} not stored, first: {failed[0]}')
meter.report()
