/** Kafka's security protocols. */
export type Protocol = 'PLAINTEXT' | 'SASL_PLAINTEXT' | 'SASL_SSL' | 'SSL'

/** The addresses of a broker by what is spoken there. */
export type ListenerName = 'plaintext' | 'saslPlaintext' | 'saslSsl' | 'ssl' | 'wrongName'

/** Which kinds of listener can be had a second time, advertised at the address of a proxy. */
export type ProxiedName = 'plaintext' | 'saslPlaintext' | 'saslSsl'

export interface ListenerKind {
  /** Kafka's name of the listener. */
  readonly name: string
  readonly protocol: Protocol
  /** The host it is advertised under; all are bound to 127.0.0.1. */
  readonly host: string
  /** The certificate of wrongName names `wrong.invalid`. */
  readonly certificate?: 'broker' | 'wrong' | undefined
  /** Takes bearer tokens (OAUTHBEARER), and no passwords. */
  readonly bearer?: boolean | undefined
}

export const listenerKinds: Readonly<Record<ListenerName, ListenerKind>> = {
  plaintext: { name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: '127.0.0.1' },
  saslPlaintext: { name: 'SASL_PLAINTEXT', protocol: 'SASL_PLAINTEXT', host: '127.0.0.1' },
  saslSsl: { name: 'SASL_SSL', protocol: 'SASL_SSL', host: 'localhost', certificate: 'broker' },
  ssl: { name: 'SSL', protocol: 'SSL', host: 'localhost', certificate: 'broker' },
  wrongName: { name: 'WRONG_NAME', protocol: 'SASL_SSL', host: 'localhost', certificate: 'wrong' },
}

export const listenerNames = Object.keys(listenerKinds) as ListenerName[]

/** One listener of one broker. */
export interface Listener extends ListenerKind {
  /** Where the broker listens. */
  readonly port: number
  /** Where it tells clients to connect: the same, or the port of a proxy. */
  readonly advertisedPort: number
}

export function listener(kind: ListenerName, port: number): Listener {
  return { ...listenerKinds[kind], port, advertisedPort: port }
}

export function proxiedListener(kind: ProxiedName, port: number, advertisedPort: number): Listener {
  const { name, ...rest } = listenerKinds[kind]
  return { ...rest, name: `PROXIED_${name}`, host: '127.0.0.1', port, advertisedPort }
}

export function bearerListener(port: number): Listener {
  return { name: 'BEARER', protocol: 'SASL_SSL', host: 'localhost', certificate: 'broker', bearer: true, port, advertisedPort: port }
}

/** A listener whose advertised address is kept free for a proxy, so that all that a client does there passes through it. */
export interface ProxiedAddress {
  /** What the proxy connects to. */
  readonly target: string
  /** What clients are told, and where the proxy has to listen. */
  readonly advertised: string
}

/** 'host:port' of each listener of a broker. */
export type BrokerAddresses = Readonly<Record<ListenerName, string>> & {
  readonly proxied: Readonly<Partial<Record<ProxiedName, ProxiedAddress>>>
  /** SASL_SSL with OAUTHBEARER, where the bed has an `issuer`. */
  readonly bearer?: string | undefined
}
