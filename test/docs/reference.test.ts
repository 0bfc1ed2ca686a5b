import { Application, Logger, LogLevel } from 'typedoc'
import { expect, it } from 'vitest'
import { root } from './pages.ts'

class Listener extends Logger {
  readonly said: string[] = []

  override log(message: string, level: LogLevel): void {
    if (level >= LogLevel.Warn) this.said.push(message)
  }
}

/** What typedoc complains of: what has no comment, links to nothing, or names a type that cannot be imported. */
async function complaintsOf(...more: readonly string[]): Promise<{ readonly said: string[]; readonly modules: readonly string[] }> {
  const app = await Application.bootstrapWithPlugins({ options: root, skipErrorChecking: true })
  const logger = new Listener()
  app.logger = logger
  app.options.setValue('entryPoints', [...app.options.getValue('entryPoints'), ...more])
  const project = await app.convert()
  if (project) app.validate(project)
  return { said: logger.said, modules: project?.children?.map(({ name }) => name) ?? [] }
}

it('the reference has every public name, with a comment, and no link to nothing', async () => {
  const { said, modules } = await complaintsOf('test/docs/undocumented.ts')
  expect(modules.filter(name => name.startsWith('igwn-alert-rx')).sort()).toEqual(
    ['', '/bridge', '/browser', '/operators', '/testing'].map(path => `igwn-alert-rx${path}`),
  )
  // Those of the last module are there to be found.
  expect(said.sort()).toEqual([
    expect.stringMatching(/^Failed to resolve link to "Nothing"/),
    expect.stringMatching(/^Unexported, .* but not included in the documentation/),
    expect.stringMatching(/^test\/docs\/undocumented\.withoutComment .* does not have any documentation/),
  ])
}, 120_000)
