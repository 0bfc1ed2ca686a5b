import type { Command } from 'commander'
import { type DoctorOptions, doctor, type Finding, summaryOf } from '../index.ts'
import { errorText } from './exit.ts'
import { type CommonFlags, clientOptions } from './options.ts'
import type { Output } from './output.ts'
import { running } from './running.ts'

export interface DoctorFlags extends CommonFlags {
  readonly json: boolean | undefined
  readonly write: boolean | undefined
}

const EXAMPLES = `
Exits with 1 if something failed. Nothing is changed at the server.

Examples:
  $ igwn-alert-rx doctor superevent
  $ igwn-alert-rx -g gracedb-playground -c jdoe-1a2b3c4d-pager doctor superevent`

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('say what stands between this machine and its alerts, and the mend')
    .argument('[topics...]', 'topics without the group; none: all of the group')
    .option('--write', 'look whether the topics can be published to, too; nothing is written')
    .option('--json', 'one JSON object a line: check, ok, subject, what, mend')
    .addHelpText('after', EXAMPLES)
    .action((names: string[], _flags, command: Command) => run(names, command.optsWithGlobals<DoctorFlags>()))
}

async function run(topics: readonly string[], flags: DoctorFlags): Promise<void> {
  const { json, write } = flags
  await running(async ({ output, signal }) => {
    const options: DoctorOptions = { ...clientOptions(flags), topics: topics.length > 0 ? topics : undefined, write, signal }
    const findings: Finding[] = []
    for await (const finding of doctor(options)) {
      findings.push(finding)
      if (json) await output.line(JSON.stringify(finding))
      else if (finding.ok !== 'skipped') await output.line(lineOf(finding, output, process.stdout.isTTY))
    }
    signal.throwIfAborted()
    const skipped = json ? [] : findings.filter(({ ok }) => ok === 'skipped')
    for (const text of skippedLines(skipped, output, process.stdout.isTTY)) await output.line(text)
    const { ok, what } = summaryOf(findings)
    if (!ok) throw new Error(what)
    if (!json) await output.line(what)
  })
}

const LOOKS: Readonly<Record<Finding['ok'], { readonly symbol: string; readonly colour: Parameters<Output['style']>[0] }>> = {
  ok: { symbol: '✓', colour: 'green' },
  warning: { symbol: '!', colour: 'yellow' },
  failed: { symbol: '✗', colour: 'red' },
  unknown: { symbol: '?', colour: 'dim' },
  skipped: { symbol: '-', colour: 'dim' },
}

type Style = Pick<Output, 'style'>

/** For people: the verdict, a symbol on a terminal, what was found, and the mend. */
export const lineOf = ({ check, ok, what, mend }: Finding, output: Style, isTerminal: boolean): string =>
  line(ok, check, mend === undefined ? what : `${what}. ${output.style('bold', mend)}`, output, isTerminal)

/** What was not looked at: one line for each reason. */
export function skippedLines(skipped: readonly Finding[], output: Style, isTerminal: boolean): readonly string[] {
  const reasons = [...new Set(skipped.map(({ what }) => what))]
  const checksOf = (reason: string): string =>
    skipped
      .filter(({ what }) => what === reason)
      .map(({ check }) => check)
      .join(', ')
  return reasons.map(reason => line('skipped', checksOf(reason), reason, output, isTerminal))
}

function line(ok: Finding['ok'], label: string, text: string, { style }: Style, isTerminal: boolean): string {
  const { symbol, colour } = LOOKS[ok]
  return `${style(colour, isTerminal ? symbol : ok.padEnd(7))} ${label.padEnd(11)}  ${errorText(text)}`
}
