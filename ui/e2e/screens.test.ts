/** Each screen in each of its states and looks: nothing complains, nothing is cut off, everybody can use it. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { open, useBrowser, type Opened } from './browser'
import { accessibility, clippedTexts, sideways } from './inspect'
import { base, contrast, dark, forced, german, large, narrow, pseudo, type Look } from './looks'
import { inSystemColours, screens, type Screen } from './screens'

useBrowser()

const out = process.env.LOCKSTEP_E2E_OUT ?? ''

/** One state of a screen. */
interface Shown {
  name: string
  screen: Screen
  /** The first one of its screen. */
  isFirst: boolean
}

const shown: Shown[] = screens.flatMap((screen) =>
  screen.states.map((state, index) => ({ name: `${screen.name}.${state}`, screen, isFirst: index === 0 })),
)

/** The looks that one window goes through, without being opened again. */
function looksOf({ name, screen, isFirst }: Shown): Look[] {
  return [
    base,
    ...(screen.all ? [dark, contrast] : []),
    ...(inSystemColours.includes(name) ? [forced] : []),
    ...(isFirst ? [pseudo] : []),
    ...(screen.all ? [large] : []),
    narrow,
  ]
}

/** Everything that is wrong with a window in the look it has. */
async function problemsOf({ page }: Opened, name: string, look: Look): Promise<string[]> {
  if (out !== '' && look.picture) {
    await page.screenshot({ path: join(out, `${name.replace('.', '--')}--${look.name}.png`) })
  }
  const problems = [
    ...(await clippedTexts(page)),
    ...(look.upright ? await sideways(page) : []),
    ...(look.axe === 'none' ? [] : await accessibility(page, look.axe)),
  ]
  return problems.map((problem) => `${look.name}: ${problem}`)
}

/** Opens a window, shows it in its looks one after the other, and fails with all that is wrong. */
async function look({ name, screen }: Shown, [first, ...others]: Look[]): Promise<void> {
  if (!first) return
  const opened = await open(name, screen.window, first, 'still')
  const problems = await problemsOf(opened, name, first)
  for (const next of others) {
    await opened.show(next)
    problems.push(...(await problemsOf(opened, name, next)))
  }
  await opened.close()
  expectNone([...problems, ...opened.complaints])
}

/** Problems that are told one by one; the rest is a number. */
const TOLD = 8

function expectNone(problems: string[]): void {
  if (problems.length === 0) return
  const rest = problems.length > TOLD ? [`and ${problems.length - TOLD} more`] : []
  expect.fail([...problems.slice(0, TOLD), ...rest].join('\n  '))
}

describe.concurrent('screens', () => {
  test.each(shown)('$name', (one) => look(one, looksOf(one)))
})

describe.concurrent('in German', () => {
  test.each(shown.filter(({ screen }) => screen.all))('$name', (one) => look(one, [german]))
})

test('the list of screens and the fixtures of the windows are the same', async () => {
  const opened = await open('overview.synced', 'main', base, 'still')
  const fixtures = await opened.page.evaluate(() => window.lockstep?.fixtures ?? [])
  await opened.close()
  expect(fixtures.toSorted()).toEqual(shown.map(({ name }) => name).toSorted())
})

test('text that is made larger in a narrow window leaves in sight what a choice is about', async () => {
  const small: Look = { ...large, address: base.address }
  const opened = await open('conflicts.edit-edit-text', 'conflicts', small, 'still')
  await opened.show(large)
  const name = await opened.page.getByRole('heading', { name: 'Report.md' }).boundingBox()
  const choice = await opened.page.getByRole('radio').first().boundingBox()
  await opened.close()
  expect(name?.y).toBeGreaterThan(0)
  expect(choice?.y).toBeGreaterThan((name?.y ?? Infinity) + (name?.height ?? 0))
})
