import { spawn } from 'node:child_process'
import { AlertError } from '../errors.ts'
import { tokenSecrets, withoutSecrets } from '../transports/secrets.ts'
import { isToken, readClaims } from './jwt.ts'
import type { CommandOrigin } from './proof.ts'
import type { Issued, TokenRequest } from './TokenSource.ts'

/** Characters of the output; a token has some thousand. */
const LONGEST_OUTPUT = 256 * 1024
/** Characters of what it says as its errors: those that are kept, and those that are passed on, the last ones. */
const LONGEST_ERRORS = 64 * 1024
const LONGEST_SAID = 500
/** A JWT, or what of one there is: its header, a JSON object, begins so. */
const TOKEN_LIKE = /eyJ[\w-]{8,}(\.[\w-]*)*/g
const WHAT = 'token_command'

/**
 * Runs a shell command that prints a token: a JWT with `sub` and `exp`, as hop wants it. Neither the command nor its output is ever shown,
 * what it says on standard error is.
 */
export function tokenCommand({ command }: CommandOrigin): TokenRequest {
  return {
    what: WHAT,
    ask: async (signal, clock) => issued(await run(command, signal), clock.now()),
  }
}

function issued(output: string, now: number): Issued {
  const token = output.trim()
  const claims = isToken(token) ? readClaims(token) : undefined
  if (claims === undefined) {
    const kind = token === '' ? 'nothing' : 'what is no JWT (three parts in base64url, a dot between them)'
    throw new AlertError('ALERT_PROTOCOL', `${WHAT} prints ${kind}`, {
      mend: 'It has to print the token, and nothing else, on standard output',
    })
  }
  const { subject, expires } = claims
  if (subject === undefined) throw new AlertError('ALERT_PROTOCOL', `${WHAT} prints a token without a subject (sub)`)
  if (expires === undefined) throw new AlertError('ALERT_PROTOCOL', `${WHAT} prints a token without the time of its end (exp, a number)`)
  if (expires <= now) {
    const since = Math.round((now - expires) / 1_000)
    throw new AlertError('ALERT_CREDENTIALS', `${WHAT} prints a token that expired ${since} s ago`, {
      mend: "Check also this machine's clock",
    })
  }
  return { token, subject, lifetime: expires - now }
}

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Standard output. The shell and what it started are killed when the signal aborts, or the output is too long. */
async function run(command: string, signal: AbortSignal): Promise<string> {
  const isUnix = process.platform !== 'win32'
  // In a process group of its own, so that what the shell started can be killed too.
  const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'], detached: isUnix, windowsHide: true })
  const kill = (): void => {
    try {
      if (isUnix && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      else child.kill('SIGKILL')
    } catch {
      // It is gone.
    }
  }
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    if (output.length > LONGEST_OUTPUT) kill()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-LONGEST_ERRORS)
  })
  signal.addEventListener('abort', kill)
  if (signal.aborted) kill()
  try {
    const ended = await new Promise<Ended>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, killedBy) => resolve({ code, signal: killedBy }))
    })
    if (output.length > LONGEST_OUTPUT) throw new AlertError('ALERT_PROTOCOL', `${WHAT} prints more than ${LONGEST_OUTPUT} characters`)
    if (ended.code !== 0) throw failed(ended, errors, output)
    return output
  } catch (error) {
    if (error instanceof AlertError) throw error
    // Its message names the command.
    throw new AlertError('ALERT_CONNECTION', `${WHAT} could not be started: ${(error as NodeJS.ErrnoException).code}`)
  } finally {
    signal.removeEventListener('abort', kill)
  }
}

/** Why it fails it alone knows, and that may pass: the token server is away, a network is down. */
function failed({ code, signal }: Ended, errors: string, output: string): AlertError {
  const how = signal === null ? `code ${code}` : `the signal ${signal}`
  const words = withoutSecrets(errors.trim(), tokenSecrets(output.trim()), 'what it said').replace(TOKEN_LIKE, '(a token)')
  return new AlertError('ALERT_CONNECTION', `${WHAT} ended with ${how}${words === '' ? '' : `: ${words.slice(-LONGEST_SAID)}`}`)
}
