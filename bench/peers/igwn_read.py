"""igwn-alert's listener: with batch_size, or at its defaults.

With "toTheEnd" the time runs until listen() has returned: it commits the position after each batch, and waits for that at its end.
"""

import os

from hop.io import StartPosition
from igwn_alert import client

from meter import Meter, task

host, port = task['server'].rsplit(':', 1)
size = {'batch_size': task['batch']} if 'batch' in task else {}
reader = client(server=f'kafka://{host}:{port}/', port=int(port), noauth=True, group=task['group'], **size)
reader.start_at = StartPosition.EARLIEST
meter = Meter()


def callback(topic, payload):
    if meter.add(payload['event']['far']):
        if not task.get('toTheEnd'):
            meter.report()
            os._exit(0)
        reader.stop()


reader.listen(callback, task['topic'])
meter.stop(task['count'])
meter.report()
