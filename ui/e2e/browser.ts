/**
 * Opens screens in the Chromium that is installed, and hears what goes wrong in them.
 *
 * Downloads no browser. Animations are off and the fixtures hold the clock still.
 *
 * Rule: a page that writes an error to the console, or asks another host for anything, fails its test.
 */
import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { afterAll, beforeAll, inject } from 'vitest'
import { base, windows, type Look, type WindowKind } from './looks'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Text is drawn the same on every machine.
  '--font-render-hinting=none',
  '--disable-lcd-text',
]

let browser: Browser | null = null
/** One for each size and look; pages in one share what was already compiled. */
const contexts = new Map<string, Promise<BrowserContext>>()

/** Starts the browser for the tests of a file. */
export function useBrowser(): void {
  beforeAll(async () => {
    const executablePath = CHROMIUM.find((path) => existsSync(path))
    if (!executablePath) throw new Error(`no Chromium: none of ${CHROMIUM.join(', ')}`)
    browser = await chromium.launch({ executablePath, args: ARGUMENTS })
  })
  afterAll(async () => {
    await browser?.close()
    browser = null
    contexts.clear()
  })
}

export interface Opened {
  page: Page
  /** What went wrong so far. */
  complaints: string[]
  close: () => Promise<void>
}

function contextOf(kind: WindowKind, look: Look): Promise<BrowserContext> {
  if (!browser) throw new Error('useBrowser() comes first')
  const id = `${kind} ${look.name}`
  const known = contexts.get(id)
  if (known) return known
  const context = browser.newContext({
    viewport: look.size ?? windows[kind],
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    ...look.context,
  })
  contexts.set(id, context)
  return context
}

/** Opens the window of a fixture in a look. */
export async function open(fixture: string, kind: WindowKind, look: Look): Promise<Opened> {
  const origin = inject('origin')
  const context = await contextOf(kind, look)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      complaints.push(`${message.type()}: ${message.text()}`)
    }
  })
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(`${origin}/`) && !/^(data|blob):/.test(url)) complaints.push(`asked for ${url}`)
  })
  const address = new URLSearchParams({ fixture, ...look.address })
  await page.goto(`${origin}/index.html?${address}`)
  await page.locator('h1').first().waitFor({ state: 'attached' })
  if (!(await page.evaluate(() => 'lockstep' in window))) throw new Error(`no fixture named ${fixture}`)
  await settle(page)
  return { page, complaints, close: () => page.close() }
}

/** Waits until the page has its fonts, has stopped changing, and shows that it waits where it does. */
export async function settle(page: Page): Promise<void> {
  await quiet(page)
  const waiting = page.locator('.rows[role="status"]')
  if ((await waiting.count()) === 0) return
  await waiting.locator('.bone').first().waitFor()
}

function quiet(page: Page): Promise<void> {
  return page.evaluate(async () => {
    await document.fonts.ready
    await new Promise<void>((done) => {
      const end = (): void => {
        observer.disconnect()
        done()
      }
      let timer = setTimeout(end, 80)
      const observer = new MutationObserver(() => {
        clearTimeout(timer)
        timer = setTimeout(end, 80)
      })
      observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true })
    })
  })
}

/** An empty page, for tests of the checks themselves. */
export async function blank(): Promise<Page> {
  return (await contextOf('main', base)).newPage()
}
