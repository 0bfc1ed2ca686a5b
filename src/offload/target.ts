import { AlertError } from '../errors.ts'

/** Where a message is said to be. */
export interface Target {
  readonly url: URL
  /** As errors and logs show it: without query and user information, which may hold secrets. */
  readonly shown: string
}

const LONGEST_SHOWN = 200

/** @throws AlertError ALERT_EXTERNAL for what is no URL of a web server, or carries user information */
export function targetOf(text: string): Target {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    const what = url === undefined ? 'no URL' : `a URL of the scheme ${url.protocol.slice(0, -1)}`
    throw new AlertError('ALERT_EXTERNAL', `the payload is said to be at ${what}, expected https://...`)
  }
  const whole = `${url.origin}${url.pathname}`
  const shown = whole.length > LONGEST_SHOWN ? `${whole.slice(0, LONGEST_SHOWN)}...` : whole
  if (url.username !== '' || url.password !== '') {
    throw new AlertError('ALERT_EXTERNAL', `the URL ${shown} carries user information, which is never sent`)
  }
  url.hash = ''
  return { url, shown }
}
