/** Each screen in each of its states and looks: nothing complains, nothing is cut off, everybody can use it. */
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { open, settle, useBrowser } from './browser'
import { accessibility, clippedTexts, sideways } from './inspect'
import { base, forced, more, pseudo, type Look } from './looks'
import { inSystemColours, screens, type Screen } from './screens'

useBrowser()

const out = process.env.LOCKSTEP_E2E_OUT ?? ''

/** The narrowest window that content has to fit into, in CSS pixels. */
const NARROW = { width: 320, height: 640 }

/** Shows a screen and answers with everything that is wrong with it. */
async function problemsOf(screen: Screen, state: string, look: Look): Promise<string[]> {
  const opened = await open(`${screen.name}.${state}`, screen.window, look)
  const { page, complaints } = opened
  try {
    if (out !== '') await page.screenshot({ path: join(out, `${screen.name}--${state}--${look.name}.png`) })
    const problems = await clippedTexts(page)
    // The system's colours replace ours: their contrast is the system's matter.
    if (look !== forced) problems.push(...(await accessibility(page)))
    if (look === base) problems.push(...(await narrow(page)))
    return [...problems, ...complaints]
  } finally {
    await opened.close()
  }
}

/** Problems that are told one by one; the rest is a number. */
const TOLD = 8

function expectNone(problems: string[]): void {
  if (problems.length === 0) return
  const rest = problems.length > TOLD ? [`and ${problems.length - TOLD} more`] : []
  expect.fail([...problems.slice(0, TOLD), ...rest].join('\n  '))
}

async function narrow(page: Page): Promise<string[]> {
  await page.setViewportSize(NARROW)
  // The window hears of its new width a moment later.
  await page.waitForFunction(
    (width) => innerWidth === width && document.documentElement.hasAttribute('data-narrow'),
    NARROW.width,
  )
  await settle(page)
  const problems = [...(await sideways(page)), ...(await clippedTexts(page))]
  return problems.map((problem) => `at 320 pixels: ${problem}`)
}

describe.concurrent.each(screens)('$name', (screen) => {
  const looks = screen.all ? [base, ...more] : [base]
  const shots = screen.states.flatMap((state) => looks.map((look) => ({ state, look })))

  test.each(shots)('$state, $look.name', async ({ state, look }) => {
    expectNone(await problemsOf(screen, state, look))
  })
})

describe.concurrent('the colours of the system', () => {
  const shots = screens.flatMap((screen) => screen.states.map((state) => ({ screen, state })))
  const chosen = shots.filter(({ screen, state }) => inSystemColours.includes(`${screen.name}.${state}`))

  test.each(chosen)('$screen.name, $state', async ({ screen, state }) => {
    expectNone(await problemsOf(screen, state, forced))
  })
})

test('the list of screens and the fixtures of the windows are the same', async () => {
  const opened = await open('overview.synced', 'main', base)
  const fixtures = await opened.page.evaluate(() => window.lockstep?.fixtures ?? [])
  await opened.close()
  const listed = screens.flatMap(({ name, states }) => states.map((state) => `${name}.${state}`))
  expect(fixtures.toSorted()).toEqual(listed.toSorted())
})

describe.concurrent('texts that are longer and accented', () => {
  const first = screens.map((screen) => ({ screen, state: screen.states[0] ?? '' }))
  test.each(first)('fit on $screen.name', async ({ screen, state }) => {
    const opened = await open(`${screen.name}.${state}`, screen.window, pseudo)
    const problems = await clippedTexts(opened.page)
    await opened.close()
    expectNone(problems)
  })
})
