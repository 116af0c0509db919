/**
 * Shows every screen in a real browser and looks at it: `npm run e2e [-- --out DIR] [-- NAME …]`.
 *
 * Builds the windows with their fixtures, serves them and runs the tests of this folder. `--out` also writes
 * a picture of each screen; a NAME (`overview`, `overview.synced`) runs only the tests that have it in theirs.
 *
 * Rule: the last line says how many tests passed and failed, for whoever counts.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startVitest } from 'vitest/node'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string' }, built: { type: 'boolean', default: false } },
})

/** The bundle of the tests; not where somebody's own build may stand. */
const bundle = join(root, 'node_modules', '.cache', 'lockstep-e2e')

if (!values.built) {
  const built = spawnSync(
    process.execPath,
    [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--outDir', bundle, '--logLevel', 'error'],
    { cwd: root, stdio: 'inherit', env: { ...process.env, VITE_FIXTURES: '1', NODE_ENV: 'production' } },
  )
  if (built.status !== 0) process.exit(1)
}
if (values.out) mkdirSync(resolve(values.out), { recursive: true })
process.env.LOCKSTEP_E2E_BUNDLE = bundle
process.env.LOCKSTEP_E2E_OUT = values.out ? resolve(values.out) : ''

/** Tells what failed at once, as a run takes minutes, and adds up what ran. */
class Tally {
  passed = 0
  failed = 0

  onTestCaseResult(test) {
    const { state, errors } = test.result()
    if (state === 'passed') this.passed += 1
    if (state === 'failed') this.#fail(test.fullName, errors)
  }

  onTestModuleEnd(module) {
    // A file that could not even be read fails as one.
    if (!module.ok() && [...module.children.allTests()].length === 0)
      this.#fail(module.relativeModuleId, module.errors())
  }

  onTestRunEnd(_modules, errors) {
    for (const error of errors) this.#fail('outside of the tests', [error])
  }

  #fail(name, errors) {
    this.failed += 1
    console.log(`FAILED ${name}`)
    for (const { message, diff } of errors ?? []) console.log(`  ${diff ?? message}`)
  }
}

const tally = new Tally()
const vitest = await startVitest('test', [], {
  root,
  config: join(root, 'e2e/vitest.config.ts'),
  watch: false,
  testNamePattern: positionals.length > 0 ? positionals.map(escape).join('|') : undefined,
  reporters: [tally],
})
await vitest.close()
console.log(`${tally.passed} passed, ${tally.failed} failed`)
process.exit(tally.failed === 0 && tally.passed > 0 && !process.exitCode ? 0 : 1)

function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
