"""The same as meter.mjs, for the peers in Python."""

import json
import resource
import sys
import time

task = json.loads(sys.argv[1])


def payloads():
    """To be written, over and over: alerts, or with "encoded" their bytes."""
    with open(task['alerts'], encoding='utf-8') as file:
        alerts = json.load(file)
    return [json.dumps(alert).encode() for alert in alerts] if task.get('encoded') else alerts


def _cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _most_megabytes():
    """The most memory this process had. Linux counts into ru_maxrss what the process had that started this one."""
    try:
        with open('/proc/self/status', encoding='ascii') as file:
            kilobytes = next(line.split()[1] for line in file if line.startswith('VmHWM:'))
    except (OSError, StopIteration):
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(kilobytes) / 1024


class Meter:
    def __init__(self):
        self.count = 0
        self.far = 0.0
        self.time = None

    def start(self):
        self.time = time.perf_counter()
        self.cpu = _cpu_seconds()

    def add(self, far):
        """Whether that was the last one; more are not counted."""
        if self.time is None:
            self.start()
        if self.count == task['count']:
            return True
        self.far += far
        self.count += 1
        return self.count == task['count'] and self.stop(self.count)

    def stop(self, count):
        self.result = {'count': count, 'far': self.far, 'seconds': time.perf_counter() - self.time,
                       'cpuSeconds': _cpu_seconds() - self.cpu}
        return True

    def report(self):
        print(json.dumps({**self.result, 'megabytes': _most_megabytes()}), flush=True)
