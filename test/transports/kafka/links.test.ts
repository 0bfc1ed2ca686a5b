import { afterEach, describe, expect, it, vi } from 'vitest'
import { AlertError } from '../../../src/errors.ts'
import { abortable } from '../../../src/transports/kafka/abortable.ts'
import { formatAddress, parseAddress } from '../../../src/transports/kafka/address.ts'
import { engineConfig } from '../../../src/transports/kafka/config.ts'
import { KafkaTransport } from '../../../src/transports/kafka/KafkaTransport.ts'
import { versionFault } from '../../../src/transports/kafka/kafkajs.ts'
import { Links } from '../../../src/transports/kafka/links.ts'
import { firstReady } from '../../../src/transports/kafka/search.ts'
import { connectionError, type Progress } from '../../../src/transports/kafka/troubles.ts'
import { WireWriter } from '../../bed/wire.ts'
import { ALL_VERSIONS, fakeBroker, versionsAnswer } from './fakeBroker.ts'
import { ReadBroker } from './readBroker.ts'

describe('an address', () => {
  it.each([
    ['kafka.example:9092', { host: 'kafka.example', port: 9092 }],
    ['127.0.0.1:1', { host: '127.0.0.1', port: 1 }],
    ['[::1]:9092', { host: '::1', port: 9092 }],
    ['[fe80::1%eth0]:9092', { host: 'fe80::1%eth0', port: 9092 }],
  ])('%s is read and written', (text, address) => {
    expect(parseAddress(text)).toEqual(address)
    expect(formatAddress(address)).toBe(text)
  })

  it.each([
    'kafka.example',
    'kafka.example:',
    ':9092',
    '::1:9092',
    'kafka.example:0',
    'kafka.example:65536',
    'kafka://kafka.example:9092',
    '[::1]',
    '',
  ])('%s is none', text => expect(() => parseAddress(text)).toThrow(expect.objectContaining({ code: 'ALERT_CONFIG' })))

  it('is looked at when a transport is made', () => {
    expect(() => new KafkaTransport({ server: 'kafka.example' })).toThrow('is not host:port')
    expect(() => new KafkaTransport({ server: 'kafka.example:9092', brokers: [] })).toThrow('No broker is named')
  })
})

describe('the version of kafkajs', () => {
  it('is exactly the one whose internals are used', () => {
    expect(versionFault('2.2.4')).toBeUndefined()
    expect(versionFault(undefined)).toBeUndefined()
    expect(versionFault('2.3.0')).toMatchObject({
      fatal: true,
      message: expect.stringMatching(/kafkajs 2\.3\.0 is installed, 2\.2\.4 is needed.*Install kafkajs 2\.2\.4/),
    })
  })
})

describe('why a connection ended', () => {
  const progress: Progress = { tls: true, reached: true, secured: false, opened: false, answered: false, authenticated: false }
  const failure = (code: string, message = 'said'): NodeJS.ErrnoException => Object.assign(new Error(message), { code })

  it.each([
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'ALERT_TLS_TRUST'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'ALERT_TLS_TRUST'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ALERT_TLS_TRUST'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'ALERT_TLS_TRUST'],
    ['CERT_HAS_EXPIRED', 'ALERT_TLS_TRUST'],
    ['CERT_NOT_YET_VALID', 'ALERT_TLS_TRUST'],
    ['CERT_REVOKED', 'ALERT_TLS_TRUST'],
    ['INVALID_CA', 'ALERT_TLS_TRUST'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'ALERT_TLS_HOSTNAME'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'ALERT_PROTOCOL'],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'ALERT_PROTOCOL'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'ALERT_PROTOCOL'],
    ['ECONNREFUSED', 'ALERT_CONNECTION'],
    ['ECONNRESET', 'ALERT_CONNECTION'],
    ['ENOTFOUND', 'ALERT_CONNECTION'],
  ])('%s is %s', (code, expected) => {
    expect(connectionError('host:1', failure(code), progress)).toMatchObject({
      code: expected,
      fatal: false,
      message: expect.stringContaining('host:1'),
    })
  })

  it('is no verdict on TLS once TLS stood', () => {
    expect(connectionError('host:1', failure('ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC'), { ...progress, secured: true })).toMatchObject(
      { code: 'ALERT_CONNECTION' },
    )
  })

  it('names each address that was tried', () => {
    const all = Object.assign(new AggregateError([failure('ECONNREFUSED', 'connect ::1'), failure('ETIMEDOUT', 'connect 127.0.0.1')], ''), {
      code: 'ECONNREFUSED',
    })
    expect(connectionError('host:1', all, progress).message).toBe('host:1: connect ::1; connect 127.0.0.1')
  })
})

describe('the search', () => {
  const late = new AlertError('ALERT_CLOSED', 'late')
  const failing = (code: AlertError['code']) => ({ ready: Promise.reject(new AlertError(code, code)), kill: vi.fn() })
  const ready = () => ({ ready: Promise.resolve(), kill: vi.fn() })
  const silent = () => ({ ready: new Promise<void>(() => {}), kill: vi.fn() })

  it('takes the first that is ready, and ends the slower ones', async () => {
    const candidates = { a: silent(), b: ready() }
    const onFailed = vi.fn()
    const found = await firstReady({ addresses: ['a', 'b'], hedge: 20, open: address => candidates[address as 'a' | 'b'], onFailed, late })
    expect(found).toBe(candidates.b)
    expect(candidates.a.kill).toHaveBeenCalledExactlyOnceWith(late)
    expect(candidates.b.kill).not.toHaveBeenCalled()
    expect(onFailed).not.toHaveBeenCalled()
  })

  it('opens no more than it needs', async () => {
    const open = vi.fn(ready)
    await firstReady({ addresses: ['a', 'b', 'c'], hedge: 20, open, onFailed: () => {}, late })
    expect(open).toHaveBeenCalledTimes(1)
  })

  it('rejects with what weighs most', async () => {
    const codes = { a: 'ALERT_CONNECTION', b: 'ALERT_CREDENTIALS', c: 'ALERT_TIMEOUT' } as const
    const failed: string[] = []
    const search = firstReady({
      addresses: ['a', 'b', 'c'],
      hedge: 20,
      open: address => failing(codes[address as 'a']),
      onFailed: address => failed.push(address),
      late,
    })
    await expect(search).rejects.toMatchObject({ code: 'ALERT_CREDENTIALS' })
    expect(failed).toEqual(['a', 'b', 'c'])
  })
})

describe('a question', () => {
  const closing: (() => void)[] = []
  afterEach(() => {
    for (const close of closing.splice(0)) close()
  })

  it('whose link dies is asked again', async () => {
    const broker = await ReadBroker.start()
    broker.topics.set('t', { leaders: [true, false] })
    const links = new Links(engineConfig({ server: broker.address }))
    closing.push(() => void links.close(), broker.broker.close)
    const { answer } = broker.broker
    let deaths = 2
    broker.broker.answer = request => {
      if (request.apiKey !== 3 || deaths-- <= 0) return answer(request)
      request.socket.destroy()
      return undefined
    }
    const known = await links.metadata(['t', 'absent'])
    expect(known.get('t')).toMatchObject({
      leaders: [broker.address, undefined],
      epochs: [5, 5],
      topicId: Buffer.alloc(16, 1).toString('base64url'),
    })
    expect(known.get('absent')?.error?.code).toBe('ALERT_TOPIC_UNKNOWN')
    expect(broker.broker.connections).toBe(3)
  })

  it('on a link that has died without a word is asked again on a new one, long before the time-out', async () => {
    const broker = await ReadBroker.start()
    broker.topics.set('t', {})
    const links = new Links(engineConfig({ server: broker.address, hedge: 20, requestTimeout: 60_000 }))
    closing.push(() => void links.close(), broker.broker.close)
    await links.metadata(['t'])
    const { answer } = broker.broker
    broker.broker.answer = request => (request.connection === 1 ? new Promise(() => {}) : answer(request))
    expect((await links.metadata(['t'])).get('t')?.error).toBeUndefined()
    expect((await links.main()).dead).toBeUndefined()
    expect(broker.broker.connections).toBe(2)
  })

  it('that a broker thinks about for long is left to it where the new link is no faster', async () => {
    const broker = await ReadBroker.start()
    broker.topics.set('t', {})
    const links = new Links(engineConfig({ server: broker.address, hedge: 20 }))
    closing.push(() => void links.close(), broker.broker.close)
    const { answer } = broker.broker
    broker.broker.answer = async request => {
      if (request.apiKey === 3) await new Promise(resolve => setTimeout(resolve, 400))
      return answer(request)
    }
    expect((await links.metadata(['t'])).get('t')?.error).toBeUndefined()
    expect(broker.broker.connections).toBe(2)
  })

  it('is asked without ids where the broker has none', async () => {
    const broker = await fakeBroker(({ apiKey, apiVersion, body }) => {
      if (apiKey === 18) return versionsAnswer({ ...ALL_VERSIONS, 3: [0, 9] })
      if (apiKey !== 3 || apiVersion !== 6) return undefined
      const names = body.arrayLength() <= 0 ? ['t', '__internal'] : ['t']
      const writer = new WireWriter()
        .int32(0)
        .int32(1)
        .int32(7)
        .string('127.0.0.1')
        .int32(9092)
        .string(null)
        .string(null)
        .int32(7)
        .int32(names.length)
      for (const name of names) {
        writer
          .int16(0)
          .string(name)
          .int8(name === 't' ? 0 : 1)
          .int32(2)
        for (const [partition, leader] of [
          [1, -1],
          [0, 7],
        ] as const)
          writer.int16(0).int32(partition).int32(leader).int32(0).int32(0).int32(0)
      }
      return writer.build()
    })
    const links = new Links(engineConfig({ server: broker.address }))
    closing.push(() => void links.close(), broker.close)
    const expected = { topicId: undefined, leaders: ['127.0.0.1:9092', undefined], epochs: [-1, -1], internal: false }
    expect((await links.metadata(['t'])).get('t')).toMatchObject(expected)
    expect([...(await links.metadata('all')).keys()]).toEqual(['t'])
  })
})

describe('abortable', () => {
  it('gives the answer, or ALERT_CLOSED as soon as it is aborted', async () => {
    const abort = new AbortController()
    await expect(abortable(Promise.resolve(1), 'describe', abort.signal)).resolves.toBe(1)
    const waiting = abortable(new Promise(() => {}), 'describe', abort.signal)
    abort.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'ALERT_CLOSED', message: 'describe was aborted' })
    await expect(abortable(new Promise(() => {}), 'locate', abort.signal)).rejects.toMatchObject({ code: 'ALERT_CLOSED' })
  })
})
