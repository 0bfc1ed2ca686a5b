/** The fault suite: one row, one test file. `docs/reliability.md` shows them with what a run measured. */
export interface Row {
  /** `test/faults/<name>.test.ts` */
  readonly name: string
  readonly fault: string
  readonly mustShow: string
}

export const rows = [
  {
    name: 'brokerKilled',
    fault: 'broker killed (-9), back after 5 s and 60 s; graceful restart; with and without a group',
    mustShow:
      '0 lost; 0 doubled without a group; next alert within 5 s of the first successful metadata of a probe client, in a group within session time-out + 5 s',
  },
  {
    name: 'threeBrokers',
    fault:
      '3 brokers, restarted one after the other, then killed one after the other, then all at once, 50 alerts/s in and out, SASL over TLS with re-authentication every 5 s',
    mustShow:
      '0 lost in, 0 acknowledged lost out, order per partition, 0 doubled without a group and out; a partition whose leader lives is never silent for more than 1 s',
  },
  { name: 'killedBeforeFirst', fault: 'new group at latest, killed (-9) before its first record, 20 sent, restart', mustShow: '20 of 20' },
  {
    name: 'processKilled',
    fault: 'a process killed (-9) in the middle of handle, restarted, with and without instanceId; SIGTERM in the middle of 1000',
    mustShow:
      'each record handled at least once, only un-handled or not yet committed ones twice; next alert within session time-out + 5 s, with instanceId 5 s',
  },
  {
    name: 'network',
    fault:
      'TCP proxy: cut, black hole for 60 s with connections left open, 1 byte at a time, 500 ms delay, reset in mid-handshake, answers of Produce swallowed',
    mustShow: "0 lost; recovery within 15 s of the network's return; 0 doubled where idempotent",
  },
  {
    name: 'handlers',
    fault: 'handler slower than the session time-out; never acks; throws every kind of error; a poison record among 1000',
    mustShow:
      'membership kept (same member id and generation at the broker), no re-delivery loop; stalled reported; the stream lives; deadLetter gets exactly the poison',
  },
  {
    name: 'members',
    fault:
      '4 members (one Python) join, leave, are killed at random for 2 minutes, 20 000 records over 12 partitions, claims settled out of order',
    mustShow: '0 lost; doubled only what was un-handled at a revocation or kill, counted',
  },
  {
    name: 'twoStreams',
    fault: 'two Observables of one client, one consumerGroup, two topics; topics added and removed while running',
    mustShow: "each gets its own, also by the broker's assignment; nothing lost at the change",
  },
  {
    name: 'backlog',
    fault: 'backlog 10 000 x 100 KB, a reader of 1 ms a record',
    mustShow: "resident memory within 4 x maxBytes + maxUnhandled bytes of an idle reader's",
  },
  {
    name: 'topicsChange',
    fault:
      'topic deleted and created again (reader alive, reader away); partitions added; retention passes the cursor; group offsets deleted; topic created later',
    mustShow: 'what happened is said, nothing silent; nothing lost but what the log no longer has',
  },
  {
    name: 'refusals',
    fault: 'password changed, right revoked, then granted again (refusalTimeout 0 and long), with retryOnFatal',
    mustShow: 'exact number of tries, then the error; with the grant in between, no loss',
  },
  {
    name: 'closing',
    fault: 'close at 100 random moments of start, rebalance, reconnect',
    mustShow: 'no socket, timer, member left; no event after close',
  },
  {
    name: 'liveness',
    fault: 'a process asleep for 60 s (SIGSTOP), a wall clock that jumps, a socket that died without a word',
    mustShow: '0 lost; goes on within 15 s; 0 doubled without a group',
  },
  {
    name: 'soak',
    fault: 'soak with random faults: 30 minutes by hand, 2 minutes in npm test',
    mustShow: '0 lost; memory slope under 1 MB a minute after the first; handles as at the start',
  },
] as const satisfies readonly Row[]

export type RowName = (typeof rows)[number]['name']
